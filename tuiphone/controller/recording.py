"""Recordings of calls: when one begins, where it goes, what was left out of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tuiphone.controller.clock import Clock
from tuiphone.controller.ports import SipStack
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.call import Call, CallId

_UNSAFE = re.compile(r"[^A-Za-z0-9+_.-]")


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """``folder`` is made when first needed; ``beep_s`` of 0 is no beep."""

    folder: Path
    always: bool = False
    beep_s: int = 0


@dataclass(slots=True)
class _Recording:
    path: str
    began: float
    paused_at: float | None = None
    pauses: list[tuple[float, float]] = field(default_factory=list)
    running: bool = True


class Recordings:
    """The only one who says what is recorded. ``show`` puts file and pause on a call."""

    def __init__(
        self, stack: SipStack, clock: Clock, rules: RecordingRules, show: Callable[[CallId, str, bool], None]
    ) -> None:
        self._stack = stack
        self._clock = clock
        self.rules = rules
        self._show = show
        self._recordings: dict[CallId, _Recording] = {}

    def start(self, call: Call) -> str:
        """Begin; returns the path. Raises PhoneError when it runs already or the folder cannot be made."""
        if self._running(call.id):
            raise PhoneError(_("Line {line} is being recorded already").format(line=call.line))
        path = self._path(call)
        now = self._clock.now()
        self._recordings[call.id] = _Recording(str(path), now)
        self._stack.start_recording(call.id, str(path), self.rules.beep_s)
        self._show(call.id, str(path), False)
        return str(path)

    def pause(self, call: Call, on: bool | None) -> bool:
        """Leave a part out, or go on."""
        recording = self._running(call.id)
        if recording is None:
            raise PhoneError(_("Line {line} is not being recorded").format(line=call.line))
        on = recording.paused_at is None if on is None else on
        if on != (recording.paused_at is not None):
            self._stack.pause_recording(call.id, on)
            self._mark(recording, on)
            self._show(call.id, recording.path, on)
        return on

    def stop(self, call: Call) -> None:
        """Complete the file."""
        recording = self._running(call.id)
        if recording is None:
            raise PhoneError(_("Line {line} is not being recorded").format(line=call.line))
        self._stack.stop_recording(call.id)
        self._over(call.id, recording)

    def failed(self, call_id: CallId) -> None:
        """It ended by itself."""
        recording = self._running(call_id)
        if recording:
            self._over(call_id, recording)

    def taken(self, call_id: CallId) -> tuple[str, tuple[tuple[float, float], ...]]:
        """File and pauses of a call that is over, and forget them; an empty path when nothing was recorded."""
        recording = self._recordings.pop(call_id, None)
        if recording is None:
            return "", ()
        self._mark(recording, False)
        return recording.path, tuple(recording.pauses)

    def _over(self, call_id: CallId, recording: _Recording) -> None:
        self._mark(recording, False)
        recording.running = False
        self._show(call_id, "", False)

    def _mark(self, recording: _Recording, on: bool) -> None:
        at = self._clock.now() - recording.began
        if on:
            recording.paused_at = at
        elif recording.paused_at is not None:
            recording.pauses.append((round(recording.paused_at, 2), round(at, 2)))
            recording.paused_at = None

    def _running(self, call_id: CallId) -> _Recording | None:
        recording = self._recordings.get(call_id)
        return recording if recording and recording.running else None

    def _path(self, call: Call) -> Path:
        folder = self.rules.folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            text = _("The folder for recordings, {folder}, cannot be made: {reason} (recording.folder)")
            raise PhoneError(text.format(folder=folder, reason=error.strerror)) from None
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._clock.now()))
        number = _UNSAFE.sub("_", call.remote.number)[:40] or "unknown"
        for attempt in range(100):
            more = f"-{attempt}" if attempt else ""
            path = folder / f"{stamp}-{call.direction}-{number}{more}.wav"
            if not path.exists():
                return path
        raise PhoneError(_("The folder {folder} is full of recordings of this second").format(folder=folder))
