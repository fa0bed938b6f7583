"""What the history keeps of an ended call."""

from __future__ import annotations

from dataclasses import dataclass

from tuiphone.model.call import CallId, Direction, EndCause, EndedBy, EndKind
from tuiphone.model.quality import QualitySummary


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One row of the history; times in seconds since the epoch, ``duration_s`` from answer to end.

    ``quality`` is None for a call whose sound was never measured. ``recording`` is the file, ``pauses`` the gaps in it:
    begin and end in seconds from the start of the file.
    """

    call_id: CallId
    account_id: str
    direction: Direction
    remote_uri: str
    remote_name: str
    started_at: float
    answered_at: float | None
    ended_at: float | None
    duration_s: float
    codec: str
    end: EndCause | None
    seen: bool = True
    quality: QualitySummary | None = None
    recording: str = ""
    pauses: tuple[tuple[float, float], ...] = ()

    @property
    def missed(self) -> bool:
        """An incoming call that nobody answered, here or on another phone of the same number; nor declined by hand."""
        known = self.end is not None and (self.end.kind is EndKind.ELSEWHERE or self.end.by is EndedBy.US)
        return self.direction is Direction.INCOMING and self.answered_at is None and not known
