"""Parameters of single codecs, before the first offer is made.

pjmedia has switches that mean something else with each codec: "vad" is silence suppression in G.711, DTX in Opus and
Annex B in G.729; "plc" is in-band FEC in Opus and concealment everywhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import pjsua2 as pj

from tuiphone.model.codec import CodecSettings
from tuiphone.stack.pjsua.convert import words_of

log = logging.getLogger(__name__)

OPUS = "opus/48000/2"
ILBC = "iLBC/8000/1"
ISAC = ("iSAC/16000/1", "iSAC/32000/1")
G729 = "G729/8000/1"


def set_parameters(endpoint: pj.Endpoint, ids: Iterable[str], settings: CodecSettings, vad: bool) -> None:
    """Apply what is configured to the codecs that this build has; ``vad`` is silence suppression in all of them."""
    adjust: dict[str, Callable[[pj.CodecParam], None]] = {
        OPUS: lambda param: _opus(param, settings, vad),
        ILBC: lambda param: _ilbc(param, settings.ilbc_mode_ms),
        **dict.fromkeys(ISAC, lambda param: _packet(param, settings.isac_frame_ms)),
        G729: lambda param: _g729(param, settings.g729_annexb or vad),
    }
    for codec_id in ids:
        try:
            param = endpoint.codecGetParam(codec_id)
            param.setting.vad = vad
            if codec_id in adjust:
                adjust[codec_id](param)
            endpoint.codecSetParam(codec_id, param)
            if codec_id == OPUS:
                _encode_opus(endpoint, settings)
        except pj.Error as error:
            log.warning("%s keeps its usual parameters: %s", codec_id, words_of(error))


def _opus(param: pj.CodecParam, settings: CodecSettings, vad: bool) -> None:
    param.setting.plc = settings.opus_fec
    param.setting.vad = settings.opus_dtx or vad
    # The offer's fmtp is made anew: taking one parameter out of an earlier one, pjmedia loses another.
    param.setting.decFmtp = pj.CodecFmtpVector()


def _encode_opus(endpoint: pj.Endpoint, settings: CodecSettings) -> None:
    # This makes the offer's fmtp out of the switches, so it comes after them.
    config = endpoint.getCodecOpusConfig()
    config.complexity = settings.opus_complexity
    config.bit_rate = settings.opus_bit_rate
    endpoint.setCodecOpusConfig(config)


def _ilbc(param: pj.CodecParam, mode_ms: int) -> None:
    param.setting.decFmtp = _fmtp("mode", str(mode_ms))
    param.info.frameLen = mode_ms


def _packet(param: pj.CodecParam, packet_ms: int) -> None:
    param.setting.frmPerPkt = max(1, packet_ms // max(1, param.info.frameLen))


def _g729(param: pj.CodecParam, annex_b: bool) -> None:
    param.setting.vad = annex_b
    # Said even where it is the default (RFC 4856 section 2.1.9): some gateways take silence about it for a no.
    param.setting.decFmtp = _fmtp("annexb", "yes" if annex_b else "no")


def _fmtp(name: str, value: str) -> pj.CodecFmtpVector:
    entry = pj.CodecFmtp()
    entry.name, entry.val = name, value
    fmtp = pj.CodecFmtpVector()
    fmtp.append(entry)
    return fmtp
