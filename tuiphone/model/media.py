"""Media of a call: what was negotiated (RFC 3264, RFC 8866), levels, and RTP figures (RFC 3550)."""

from __future__ import annotations

from dataclasses import dataclass

ECHO_CANCELLERS = ("webrtc", "speex", "off")


@dataclass(frozen=True, slots=True)
class Processing:
    """What is done to the microphone's sound, and to the ear's.

    ``echo_canceller`` is one of ECHO_CANCELLERS. ``gain_control`` brings speech, whispered or shouted, to one level. No
    sample above ``ear_limit_db`` (dBFS, 0 or less) reaches the ear: a shriek is no acoustic shock.
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
    ``keys_awaited`` tells that SRTP was agreed on and a handshake (RFC 5764) still has to bring its keys: until then nothing
    is sent.
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
    keys_awaited: bool = False


SILENCE_DB = -90.0
"""The level reported for digital silence, in dB below full scale."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Audio levels in dBFS (0 is full scale, SILENCE_DB is silence) of one call, or of the devices when no call is named."""

    call_id: str = ""
    mic_db: float = SILENCE_DB
    ear_db: float = SILENCE_DB


@dataclass(frozen=True, slots=True)
class VoipMetrics:
    """What one end tells of the sound it gets: the VoIP metrics block of an extended report (RFC 3611 section 4.7).

    Packets lost and discarded are in percent of the whole session; a burst is a time with many of either, a gap the time
    between two bursts: ``burst_pct`` and ``gap_pct`` are the shares of missing packets within them, ``burst_ms`` and
    ``gap_ms`` their mean lengths, ``gap_minimum`` the packets without loss that end a burst. ``end_system_ms`` is the delay
    within that end. Levels are in dBm0, ``r`` on the scale of ITU-T G.107, scores from 1 to 5. ``buffer_kind`` (2 fixed,
    3 adaptive), ``buffer_rate`` (0 to 15, how fast it adapts) and ``concealment`` (1 none, 2 enhanced, 3 standard) are
    codes of the RFC, 0 where the end does not tell. None: it does not know.
    """

    loss_pct: float = 0.0
    discarded_pct: float = 0.0
    burst_pct: float = 0.0
    gap_pct: float = 0.0
    burst_ms: int = 0
    gap_ms: int = 0
    gap_minimum: int = 16
    rtt_ms: int | None = None
    end_system_ms: int | None = None
    signal_db: int | None = None
    noise_db: int | None = None
    echo_loss_db: int | None = None
    r: int | None = None
    mos_lq: float | None = None
    mos_cq: float | None = None
    buffer_ms: int = 0
    buffer_max_ms: int = 0
    buffer_limit_ms: int = 0
    buffer_kind: int = 0
    buffer_rate: int = 0
    concealment: int = 0


@dataclass(frozen=True, slots=True)
class StreamStats:
    """RTP and RTCP figures of one call. Counters are totals since the stream began.

    ``rx_lost`` never arrived, ``rx_discarded`` came too late to be played; jitter, buffer and round trip in
    milliseconds; -1 where nothing was measured yet. ``rx_empty_ms`` is how much sound the jitter buffer did not have when
    it was due, ``rx_loss_run`` the mean number of packets lost in a row. ``rx_from`` is the "address:port" that packets
    really come from, empty while none came, and ``rx_ssrc`` their synchronization source, 0 if unknown. ``tx_lost`` and
    ``tx_jitter_ms`` are what the far end reports by RTCP;
    ``far_reports`` counts its reports about our stream, ``far_rtcp`` tells that it sends RTCP at all. Levels are the
    loudest in dBFS since the previous figures, None if unknown. ``tx_refused`` tells that since then packets of ours could
    not be sent at all.
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
    rx_ssrc: int = 0
    rx_empty_ms: float = -1.0
    rx_loss_run: float = -1.0
    rx_level_db: float | None = None
    tx_level_db: float | None = None
    tx_refused: bool = False
    far_reports: int = 0
    far_rtcp: bool = False
    far_metrics: VoipMetrics | None = None
    """What the far end last told of the sound it gets from us; None where it sends no extended reports."""
    own_metrics: VoipMetrics | None = None
    """What we last told it of the sound we get; None while there was no report."""
