"""A stereo recording of a call: our side left, the far end's right. The helper's thread writes it (native/helper/record.c)."""

from __future__ import annotations

import os
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.controller.ports import RecordingReport
from tuiphone.i18n import _
from tuiphone.model.call import CallId
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import BRIDGE_HZ
from tuiphone.stack.pjsua.pump import Timer

_LOOK_S = 1.0
_BEEP_HZ, _BEEP_MS, _BEEP_AMPLITUDE = 1400, 200, 2000
"""The recorder connector tone of 47 CFR 64.501, kept soft."""


class Recording:
    """One file while it grows. ``over`` is called when it ended by itself."""

    def __init__(self, context: Context, call_id: CallId, path: str, beep_s: float, over: Callable[[], None]) -> None:
        self._context = context
        self._call_id = call_id
        self._path = path
        self._over = over
        self._connected: set[tuple[int, int]] = set()
        self._timer: Timer | None = None
        self.beep = _beeper(beep_s) if beep_s else None
        self._id, self._agent, self._far = context.native.record_start(path, BRIDGE_HZ)
        if self._id >= 0:
            self._timer = context.pump.later(_LOOK_S, self._look)
        else:
            self._tell(-self._id)

    @property
    def is_open(self) -> bool:
        """Whether the file could be begun and is not complete yet."""
        return self._id >= 0

    def follow(self, agent: list[int], far: list[int], afresh: bool) -> None:
        """Listen to these bridge ports; ``afresh`` when a port was made anew under its old number."""
        if not self.is_open:
            return
        wanted = {(port, self._agent) for port in agent} | {(port, self._far) for port in far}
        for source, sink in self._connected - wanted:
            self._context.native.disconnect(source, sink)
        for source, sink in wanted if afresh else wanted - self._connected:
            self._context.native.connect(source, sink)
        self._connected = wanted

    def pause(self, on: bool) -> None:
        """Write silence from a cue point on, or sound again."""
        if self.is_open:
            self._context.native.record_pause(self._id, on)

    def close(self) -> None:
        """Complete the file."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.is_open:
            number, self._id = self._id, -1
            error = self._context.native.record_stop(number)
            if error:
                self._tell(error)

    def _look(self) -> None:
        error = self._context.native.record_error(self._id)
        if not error:
            self._timer = self._context.pump.later(_LOOK_S, self._look)
            return
        self._timer = None
        self.close()
        self._over()

    def _tell(self, error: int) -> None:
        words = _("The recording {path} ended: {why}; the call goes on").format(path=self._path, why=os.strerror(error))
        self._context.report(RecordingReport(self._call_id, self._path, words))


def _beeper(every_s: float) -> pj.ToneGenerator:
    tone = pj.ToneDesc()
    tone.freq1, tone.freq2 = _BEEP_HZ, 0
    tone.on_msec, tone.off_msec = _BEEP_MS, max(1, min(32767, int(every_s * 1000) - _BEEP_MS))
    tone.volume = _BEEP_AMPLITUDE
    tones = pj.ToneDescVector()
    tones.append(tone)
    generator = pj.ToneGenerator()
    generator.createToneGenerator(BRIDGE_HZ)
    generator.play(tones, True)
    return generator
