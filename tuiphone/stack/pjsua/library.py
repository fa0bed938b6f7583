"""pjsua2's one endpoint in a process: how it is set up, taken down, and what it tells."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import Protocol

import pjsua2 as pj

from tuiphone.controller.ports import StackSettings
from tuiphone.i18n import _
from tuiphone.stack.pjsua.convert import BRIDGE_HZ
from tuiphone.stack.pjsua.native import Native

log = logging.getLogger(__name__)

_MAX_CALLS = 64
_MAX_ACCOUNTS = 64
_WHEEL_CALLS = 4
_WHEEL_ACCOUNTS = 8
"""Compiled into the library, which ends the process when asked for one account more."""

PLAY_BUFFER_MS = 100
"""What the ear's device holds. Of pjmedia's 140 ms one hears twice the difference: a buffer before the device grows as
large. Five of its periods of 20 ms outlast the pauses that a busy machine makes (docs/bench.md: mouth, glitch)."""


class Listener(Protocol):
    """Who is told."""

    def transport_changed(self, prm: pj.OnTransportStateParam) -> None: ...

    def call_rejected(self, prm: pj.OnRejectedIncomingCallParam) -> None: ...

    def device_failed(self) -> None: ...


class Library(pj.Endpoint):
    """Up from its construction until ``take_down``; raises pj.Error, with everything undone, when it does not come up."""

    def __init__(self, native: Native, settings: StackSettings, listener: Listener) -> None:
        super().__init__()
        self._native = native
        self._listener: Listener | None = listener
        self.max_accounts = _MAX_ACCOUNTS if native.features else _WHEEL_ACCOUNTS
        native.silence()
        if settings.log_file:
            Path(settings.log_file).touch(mode=0o600)
        self.libCreate()
        try:
            self.libInit(_config(settings))
            self.can_wake = native.start()
        except pj.Error:
            self.take_down()
            raise

    def take_down(self) -> None:
        """End it. Nothing of pjsua2 may be alive any more but this."""
        self._listener = None
        gc.collect()
        self.libHandleEvents(20)
        self._native.stop()
        self.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)

    def lacks(self) -> list[str]:
        """What this build cannot do at all, each as a sentence."""
        return [] if self._native.features else _what_the_wheel_lacks()

    def onTransportState(self, prm: pj.OnTransportStateParam) -> None:
        try:
            if self._listener:
                self._listener.transport_changed(prm)
        except Exception as error:
            _log(error)

    def onRejectedIncomingCall(self, prm: pj.OnRejectedIncomingCallParam) -> None:
        try:
            if self._listener:
                self._listener.call_rejected(prm)
        except Exception as error:
            _log(error)

    def onMediaEvent(self, prm: pj.OnMediaEventParam) -> None:
        if self._listener and prm.ev.type == pj.PJMEDIA_EVENT_AUD_DEV_ERROR:
            self._listener.device_failed()


def _log(error: Exception) -> None:
    log.error("a callback failed: %s: %s", type(error).__name__, error)


def _what_the_wheel_lacks() -> list[str]:
    return [
        _("This engine is the pjsua2 wheel from PyPI, not our own build: run make setup with a compiler installed"),
        _("It has no sound devices: calls can send and record files only"),
        _("It takes {n} calls at most").format(n=_WHEEL_CALLS),
        _("It has no Opus, G.729 and iSAC, no TLS 1.3 and no DTLS-SRTP"),
        _("It uses no STUN server and no SRV records"),
        _("It answers SIP requests that it does not know with errors, and uses more CPU when idle"),
    ]


def _config(settings: StackSettings) -> pj.EpConfig:
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = min(settings.max_calls, _MAX_CALLS)
    config.uaConfig.userAgent = settings.user_agent
    config.uaConfig.natTypeInSdp = 0
    config.logConfig.level = settings.log_level
    config.logConfig.consoleLevel = 0
    config.logConfig.msgLogging = settings.log_level >= 5
    config.logConfig.filename = settings.log_file
    media = config.medConfig
    media.clockRate = BRIDGE_HZ
    if not any(codec.lower().startswith("speex") for codec in settings.codecs):
        # Speex's resampler at 7 of 10 between bridge and codecs, inaudibly different, halves the CPU of many calls.
        # The same number lowers the bit rate of the Speex codec, so it stays where that one is used.
        media.quality = 4
    media.noVad = False  # it would rule out Opus' DTX and G.729's Annex B too: codecparams decides for each codec
    media.sndAutoCloseTime = -1
    media.sndPlayLatency = PLAY_BUFFER_MS
    # -1 leaves it to pjmedia.
    media.jbInit = settings.jitter_initial_ms or -1
    media.jbMinPre = settings.jitter_min_ms or -1
    media.jbMax = settings.jitter_max_ms or -1
    media.ecTailLen = 0  # cleaning sets the canceller before any device opens
    return config
