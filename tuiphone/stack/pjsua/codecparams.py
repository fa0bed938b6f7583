"""Parameters of single codecs, before the first offer is made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.controller.ports import CodecSettings


def set_parameters(endpoint: pj.Endpoint, settings: CodecSettings) -> None:
    """Apply what is configured; a codec this build lacks is passed over."""
    steps: tuple[Callable[[], None], ...] = (
        lambda: _opus(endpoint, settings),
        lambda: _fmtp(endpoint, "iLBC/8000/1", "mode", str(settings.ilbc_mode_ms), settings.ilbc_mode_ms),
        lambda: _frame(endpoint, "iSAC/16000/1", settings.isac_frame_ms),
        lambda: _annex_b(endpoint, settings.g729_annexb),
    )
    for step in steps:
        with contextlib.suppress(pj.Error):
            step()


def _opus(endpoint: pj.Endpoint, settings: CodecSettings) -> None:
    config = endpoint.getCodecOpusConfig()
    config.complexity = settings.opus_complexity
    config.bit_rate = settings.opus_bit_rate
    endpoint.setCodecOpusConfig(config)
    # pjmedia's generic switches: "plc" is in-band FEC, "vad" is DTX for this codec (opus.c).
    param = endpoint.codecGetParam("opus/48000/2")
    param.setting.plc = settings.opus_fec
    param.setting.vad = settings.opus_dtx
    endpoint.codecSetParam("opus/48000/2", param)


def _fmtp(endpoint: pj.Endpoint, codec_id: str, name: str, value: str, frame_ms: int) -> None:
    param = endpoint.codecGetParam(codec_id)
    entry = pj.CodecFmtp()
    entry.name, entry.val = name, value
    fmtp = pj.CodecFmtpVector()
    fmtp.append(entry)
    param.setting.decFmtp = fmtp
    param.info.frameLen = frame_ms
    endpoint.codecSetParam(codec_id, param)


def _frame(endpoint: pj.Endpoint, codec_id: str, packet_ms: int) -> None:
    param = endpoint.codecGetParam(codec_id)
    param.setting.frmPerPkt = max(1, packet_ms // max(1, param.info.frameLen))
    endpoint.codecSetParam(codec_id, param)


def _annex_b(endpoint: pj.Endpoint, on: bool) -> None:
    param = endpoint.codecGetParam("G729/8000/1")
    param.setting.vad = on
    endpoint.codecSetParam("G729/8000/1", param)
