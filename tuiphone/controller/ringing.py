"""Which of the phone's own sounds play now: bell, call waiting, ringback, busy and congestion tones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tuiphone.controller.clock import Clock, Timer
from tuiphone.controller.ports import SipStack, Tone
from tuiphone.model.call import Call, CallState, Direction, EndedBy, EndKind
from tuiphone.model.device import DeviceRole

END_TONE_S = 3.0
"""How long busy and congestion tones play after a call that was not answered."""

_BUSY = frozenset({EndKind.BUSY, EndKind.DECLINED})
_CONGESTION = frozenset({EndKind.UNAVAILABLE, EndKind.UNREACHABLE, EndKind.FAILED, EndKind.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class ToneRules:
    """``ringback``: "auto" (unless the far end sends audio), "always" or "never"."""

    ringback: str = "auto"
    call_waiting: bool = True


def wanted_tones(calls: Iterable[Call], rules: ToneRules) -> set[Tone]:
    """The sounds that the state of all calls asks for."""
    tones: set[Tone] = set()
    calls = list(calls)
    busy = any(call.state is not CallState.INCOMING and not call.is_held for call in calls)
    if any(call.is_ringing for call in calls):
        if not busy:
            tones.add(Tone.RING)
        elif rules.call_waiting:
            tones.add(Tone.CALL_WAITING)
    for call in calls:
        if call.direction is Direction.OUTGOING and (
            (call.state is CallState.RINGING and rules.ringback != "never")
            or (call.state is CallState.EARLY_MEDIA and rules.ringback == "always")
        ):
            tones.add(Tone.RINGBACK)
    return tones


class Ringing:
    """Starts and stops tones so that what plays is what the calls ask for."""

    def __init__(self, stack: SipStack, clock: Clock, calls: Callable[[], Iterable[Call]], rules: ToneRules) -> None:
        self._stack = stack
        self._clock = clock
        self._calls = calls
        self._rules = rules
        self._playing: set[Tone] = set()
        self._end_tone: Tone | None = None
        self._end_timer: Timer | None = None

    def update(self) -> None:
        """Compare what plays with what should."""
        wanted = wanted_tones(self._calls(), self._rules)
        if self._end_tone and any(True for _ in self._calls()):
            self._stop_end_tone()
        if self._end_tone:
            wanted.add(self._end_tone)
        for tone in sorted(self._playing - wanted):
            self._stack.tone(tone, False, _role(tone))
        for tone in sorted(wanted - self._playing):
            self._stack.tone(tone, True, _role(tone))
        self._playing = wanted

    def call_ended(self, call: Call) -> None:
        """Play busy or congestion for a moment when the far end did not take our call."""
        if (
            call.direction is Direction.OUTGOING
            and call.answered_at is None
            and call.end
            and call.end.by is not EndedBy.US
        ):
            tone = Tone.BUSY if call.end.kind in _BUSY else Tone.CONGESTION if call.end.kind in _CONGESTION else None
            if tone and not any(True for _ in self._calls()):
                self._stop_end_tone()
                self._end_tone = tone
                self._end_timer = self._clock.later(END_TONE_S, self._end_tone_over)
        self.update()

    def close(self) -> None:
        """Silence everything."""
        self._stop_end_tone()
        for tone in sorted(self._playing):
            self._stack.tone(tone, False, _role(tone))
        self._playing = set()

    def _end_tone_over(self) -> None:
        self._stop_end_tone()
        self.update()

    def _stop_end_tone(self) -> None:
        if self._end_timer:
            self._end_timer.cancel()
        self._end_timer = self._end_tone = None


def _role(tone: Tone) -> DeviceRole:
    return DeviceRole.RING if tone is Tone.RING else DeviceRole.OUTPUT
