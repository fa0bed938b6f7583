"""pjsua2's values as the model's, and the other way round."""

from __future__ import annotations

import math
import re

import pjsua2 as pj

from tuiphone.model.media import SILENCE_DB, MediaStream

BRIDGE_HZ = 16000
"""The clock of the conference bridge: everything is mixed at wide-band quality."""

_NAME = re.compile(r"\s*\(PJ[A-Z0-9_]+\)")
_STATUS = re.compile(r"\s*[\[(](?:status=)?\d+[\])]\s*$")


def words_of(error: pj.Error) -> str:
    """What a pjsua2 error says, without numbers and file names (its ``str()`` is empty)."""
    return plain(str(error.reason)) or f"status {error.status}"


def plain(text: str) -> str:
    """An error text of the library without its own names and numbers."""
    return _NAME.sub("", _STATUS.sub("", text)).strip()


def call_param(code: int = 0, reason: str = "") -> pj.CallOpParam:
    """Parameters of a call operation: one audio line, and never the video and text lines pjsua would add."""
    param = pj.CallOpParam(True)
    param.opt.audioCount = 1
    only_audio(param.opt)
    if code:
        param.statusCode = code
        param.reason = reason
    return param


def only_audio(setting: pj.CallSetting) -> None:
    """Take video and text out of an offer or an answer."""
    setting.videoCount = 0
    if hasattr(setting, "textCount"):
        setting.textCount = 0


def level_db(level: int) -> float:
    """A level of pjsua2 in dBFS: percent of 255 of an average magnitude written as inverted mu-law (ITU-T G.711)."""
    return _LEVELS[max(0, min(level, 100))]


def direction_word(direction: int) -> str:
    """An SDP direction from pjmedia's bits, as seen from us."""
    return ("inactive", "sendonly", "recvonly", "sendrecv")[direction & 3]


def stream_of(info: pj.StreamInfo, direction: int, local: str, encryption: str) -> MediaStream:
    """The negotiated stream; ``local`` is our own "address:port"."""
    codec = info.audCodecParam
    frames = max(1, int(codec.setting.frmPerPkt)) if codec.setting else 1
    return MediaStream(
        codec=info.codecName,
        clock_hz=int(info.codecClockRate),
        channels=max(1, int(codec.info.channelCnt)),
        ptime_ms=int(codec.info.frameLen) * frames,
        direction=direction_word(direction),
        remote=info.remoteRtpAddress,
        encryption=encryption,
        local=local,
        payload_type=int(info.txPt),
    )


def ssrc_of(sdp: str) -> int:
    """The synchronization source that a session description announces (RFC 5576), 0 for none."""
    match = re.search(r"^a=ssrc:(\d{1,10})\b", sdp, re.MULTILINE)
    return int(match.group(1)) & 0xFFFFFFFF if match else 0


def srtp_suite(dump: str) -> str:
    """The SRTP suite that a call's dump names as active, or nothing."""
    match = re.search(r"SRTP status: Active Crypto-suite: (\S+)", dump)
    return match.group(1) if match else ""


def _decode(code: int) -> float:
    """Inverse of ``pjmedia_linear2ulaw(x) ^ 0xff`` for positive x; a sine's mean is 3.9 dB below its peak."""
    magnitude = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    value = magnitude - 0x84
    return max(SILENCE_DB, round(20 * math.log10(value / 32768), 1)) if value > 0 else SILENCE_DB


_LEVELS = tuple(_decode(round(percent * 2.55)) for percent in range(101))
