"""What is done to the sound of the devices: pjmedia's echo canceller, and the helper's noise suppression, gain control
and limiter. pjmedia's own switches for the latter work only within its canceller, and not at all with Speex'.
"""

from __future__ import annotations

import pjsua2 as pj

from tuiphone.controller.ports import StackSettings
from tuiphone.model.media import Processing
from tuiphone.stack.pjsua.native import Native

_ECHO = {"webrtc": pj.PJMEDIA_ECHO_WEBRTC_AEC3, "speex": pj.PJMEDIA_ECHO_SPEEX}

HEADROOM_DB = 2
"""Between the limiter's samples and the level that is promised to the ear."""


class Cleaning:
    """Counts for open devices at once, and for those that are opened later."""

    def __init__(self, manager: pj.AudDevManager, native: Native, settings: StackSettings) -> None:
        self._manager = manager
        self._native = native
        self._tail_ms = settings.echo_tail_ms
        self.set(settings.processing)

    def set(self, wanted: Processing) -> None:
        """Treat the sound like this from now on."""
        self._native.clean(wanted.noise_suppression, wanted.gain_control, _below(wanted.ear_limit_db))
        options = _ECHO.get(wanted.echo_canceller)
        # Does nothing when nothing changes; else an open device pauses for an instant.
        self._manager.setEcOptions(0 if options is None else self._tail_ms, options or 0)


def _below(limit_db: int) -> int:
    # 0 switches the limiter off. Else the samples stay so far below that what a device's resampler adds between them,
    # 1.3 dB measured at the onset of a shriek, does not pass the limit either.
    return limit_db - HEADROOM_DB if limit_db < 0 else 0
