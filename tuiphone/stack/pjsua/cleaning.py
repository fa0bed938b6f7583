"""What is done to the sound of the devices: pjmedia's echo canceller, and the helper's noise suppression, gain control
and limiter. pjmedia's own switches for the latter work only within its canceller, and not at all with Speex'.
"""

from __future__ import annotations

import pjsua2 as pj

from tuiphone.controller.ports import StackSettings
from tuiphone.model.media import Processing
from tuiphone.stack.pjsua.native import Native

_ECHO = {"webrtc": pj.PJMEDIA_ECHO_WEBRTC_AEC3, "speex": pj.PJMEDIA_ECHO_SPEEX}


class Cleaning:
    """Counts for open devices at once, and for those that are opened later."""

    def __init__(self, manager: pj.AudDevManager, native: Native, settings: StackSettings) -> None:
        self._manager = manager
        self._native = native
        self._tail_ms = settings.echo_tail_ms
        self.set(settings.processing)

    def set(self, wanted: Processing) -> None:
        """Treat the sound like this from now on."""
        self._native.clean(wanted.noise_suppression, wanted.gain_control, wanted.ear_limit_db)
        options = _ECHO.get(wanted.echo_canceller)
        # Does nothing when nothing changes; else an open device pauses for an instant.
        self._manager.setEcOptions(0 if options is None else self._tail_ms, options or 0)
