"""Media of a call: what was negotiated (RFC 3264, RFC 8866), levels, and RTP figures (RFC 3550)."""

from __future__ import annotations

from dataclasses import dataclass

ECHO_CANCELLERS = ("webrtc", "speex", "off")


@dataclass(frozen=True, slots=True)
class Processing:
    """What is done to the microphone's sound, and to the ear's.

    ``echo_canceller`` is one of ECHO_CANCELLERS; Speex' brings a noise suppression and a gain control of its own that are
    always on. ``gain_control`` brings speech, whispered or shouted, to one level. No sample above ``ear_limit_db`` (dBFS,
    0 or less) reaches the ear: a shriek is no acoustic shock.
    """

    echo_canceller: str = "webrtc"
    noise_suppression: bool = True
    gain_control: bool = False
    ear_limit_db: int = -6


@dataclass(frozen=True, slots=True)
class MediaStream:
    """The audio stream in use.

    ``codec`` is its SDP name ("opus"), ``clock_hz`` its clock rate, ``ptime_ms`` the packet time, ``direction`` one of
    sendrecv, sendonly, recvonly, inactive; ``remote`` and ``local`` are "address:port" of either end's RTP as the SDP has
    it, ``encryption`` names the SRTP suite or is empty. ``payload_type`` is the RTP payload type, -1 if unknown;
    ``local_ssrc`` and ``remote_ssrc`` are the synchronization sources (RFC 5576), 0 where the SDP does not name them.
    """

    codec: str = ""
    clock_hz: int = 0
    channels: int = 1
    ptime_ms: int = 0
    direction: str = "sendrecv"
    remote: str = ""
    encryption: str = ""
    local: str = ""
    payload_type: int = -1
    local_ssrc: int = 0
    remote_ssrc: int = 0


SILENCE_DB = -90.0
"""The level reported for digital silence, in dB below full scale."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Audio levels in dBFS (0 is full scale, SILENCE_DB is silence) of one call, or of the devices when no call is named."""

    call_id: str = ""
    mic_db: float = SILENCE_DB
    ear_db: float = SILENCE_DB


@dataclass(frozen=True, slots=True)
class StreamStats:
    """RTP and RTCP figures of one call. Counters are totals since the stream began.

    ``rx_lost`` never arrived, ``rx_discarded`` came too late to be played; jitter, buffer and round trip in
    milliseconds; -1 where nothing was measured yet. ``rx_empty_ms`` is how much sound the jitter buffer did not have when
    it was due, ``rx_loss_run`` the mean number of packets lost in a row. ``rx_from`` is the "address:port" that packets
    really come from, empty while none came. ``tx_lost`` and ``tx_jitter_ms`` are what the far end reports by RTCP;
    ``far_reports`` counts its reports about our stream, ``far_rtcp`` tells that it sends RTCP at all. Levels are the
    loudest in dBFS since the previous figures, None if unknown.
    """

    call_id: str
    rx_packets: int = 0
    rx_bytes: int = 0
    rx_lost: int = 0
    rx_discarded: int = 0
    rx_jitter_ms: float = -1.0
    rx_buffer_ms: float = -1.0
    tx_packets: int = 0
    tx_bytes: int = 0
    tx_lost: int = 0
    tx_jitter_ms: float = -1.0
    rtt_ms: float = -1.0
    rx_silent_s: float = 0.0
    """Seconds since the last RTP packet arrived."""
    rx_from: str = ""
    rx_empty_ms: float = -1.0
    rx_loss_run: float = -1.0
    rx_level_db: float | None = None
    tx_level_db: float | None = None
    far_reports: int = 0
    far_rtcp: bool = False
