"""The body of a voice quality report: application/vq-rtcpxr (RFC 6035 section 4.6).

Lines and their parts stand in the order of the RFC's grammar; its own examples put the groups before the addresses, and a
collector that goes by names takes either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tuiphone.model.address import AddressError, parse_uri, printable
from tuiphone.model.call import Call, Direction
from tuiphone.model.media import MediaStream, VoipMetrics
from tuiphone.model.quality import Quality, QualitySummary

EVENT = "vq-rtcpxr"
CONTENT_TYPE = "application/vq-rtcpxr"
_ALGORITHM = "G.107"
_PLC_STANDARD = 3
_BUFFER_ADAPTIVE = 3
_UNKNOWN_ADDRESS = "0.0.0.0:0"
_LOWEST_LEVEL, _HIGHEST_LEVEL = -99, 99
_LONGEST_MS = 3_600_000
_WORD = frozenset("-.!%*_+`'~()<>:\\/[]?")
_WORD_PLUS = _WORD | frozenset("{}= ")
"""What the RFC has in a word, and in a group's name, beside letters and digits; quotation marks are left out of both."""
_SAMPLES = frozenset({"PCMU", "PCMA", "G722"})
"""Codecs without frames, of 8 octets a millisecond: what a packet holds counts as one frame (section 4.6.2.3)."""
_FRAMES = {
    ("G729", 10): (10, 10),
    ("GSM", 20): (20, 33),
    ("ILBC", 20): (20, 38),
    ("ILBC", 30): (30, 50),
}
"""Milliseconds and octets of a frame, by codec and the packet time that it divides."""
_ONE_A_PACKET = frozenset({"OPUS", "ISAC"})


@dataclass(frozen=True, slots=True)
class Alert:
    """A figure that crossed a limit (RFC 6035 section 4.6.1): ``clear`` when it came back."""

    metric: str
    critical: bool = False
    clear: bool = False

    @property
    def line(self) -> str:
        """The first line of the report."""
        severity = "Clear" if self.clear else "Critical" if self.critical else "Warning"
        return f"VQAlertReport: Type={self.metric} Severity={severity} Dir=local"


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """What a report tells of: the call, our own address and group in it, its figures, and the time of the report.

    ``lost_pct`` and ``discarded_pct`` are of the whole call, None where nothing was measured; ``stop`` is in seconds
    since the epoch.
    """

    call: Call
    address: str
    group: str
    stop: float
    quality: Quality | None = None
    summary: QualitySummary | None = None
    lost_pct: float | None = None
    discarded_pct: float | None = None
    silence_suppression: bool = False


def session_report(reported: ReportedCall) -> str:
    """The report at the end of a call."""
    return _report("VQSessionReport: CallTerm", reported)


def alert_report(reported: ReportedCall, alert: Alert) -> str:
    """The report when a figure crosses its limit."""
    return _report(alert.line, reported)


def _report(first: str, reported: ReportedCall) -> str:
    media = reported.call.media or MediaStream()
    lines = [first, *_session(reported, media), "LocalMetrics:", *_local(reported, media)]
    remote = _remote(reported)
    if remote:
        lines += ["RemoteMetrics:", *remote]
    return "".join(f"{line}\r\n" for line in lines)


# --- who --------------------------------------------------------------------------------------------------------------


def _session(reported: ReportedCall, media: MediaStream) -> list[str]:
    call = reported.call
    local, remote = _name_addr("", reported.address), _name_addr(call.remote.name, call.remote.uri)
    heard = reported.quality.source if reported.quality else 0
    return [
        f"CallID: {_call_id(call)}",
        f"LocalID: {local}",
        f"RemoteID: {remote}",
        f"OrigID: {local if call.direction is Direction.OUTGOING else remote}",
        f"LocalAddr: {_endpoint(media.local, media.local_ssrc)}",
        f"RemoteAddr: {_endpoint(media.remote, heard or media.remote_ssrc)}",
        f"LocalGroup: {_kept(reported.group, _WORD_PLUS)}",
        f"RemoteGroup: {_kept(_host(call.remote.uri), _WORD_PLUS)}",
    ]


def _call_id(call: Call) -> str:
    left, at, right = call.sip_call_id.partition("@")
    if not left:
        return call.id
    return f"{_kept(left, _WORD)}@{_kept(right, _WORD)}" if at else _kept(left, _WORD)


def _name_addr(name: str, uri: str) -> str:
    quoted = printable(name).replace("\\", "\\\\").replace('"', '\\"')
    address = f"<{''.join(printable(uri).split())}>"
    return f'"{quoted}" {address}' if quoted else address


def _host(uri: str) -> str:
    try:
        return parse_uri(uri).host
    except AddressError:
        return ""


def _kept(text: str, marks: frozenset[str]) -> str:
    """The text without what the grammar does not have in it."""
    kept = "".join(c for c in text if c.isascii() and (c.isalnum() or c in marks)).strip()
    return kept or "unknown"


def _endpoint(address: str, ssrc: int) -> str:
    host, _colon, port = (address or _UNKNOWN_ADDRESS).rpartition(":")
    return f"IP={host.strip('[]')} PORT={port} SSRC=0x{ssrc & 0xFFFFFFFF:x}"


# --- how it was -------------------------------------------------------------------------------------------------------


def _local(reported: ReportedCall, media: MediaStream) -> list[str]:
    quality, summary = reported.quality or Quality(reported.call.id), reported.summary or QualitySummary()
    delays = {
        "RTD": _whole(summary.rtt_ms if summary.rtt_ms is not None else quality.rtt_ms),
        "ESD": _whole(quality.end_system_ms),
        "IAJ": _whole(summary.jitter_ms if summary.jitter_ms is not None else quality.rx.jitter_ms),
    }
    return [
        _timestamps(reported),
        *_line("SessionDesc", _description(reported, media)),
        *_line("JitterBuffer", _buffer(quality)),
        *_line("PacketLoss", {"NLR": _percent(reported.lost_pct), "JDR": _percent(reported.discarded_pct)}),
        *_line("BurstGapLoss", _bursts(quality.own)),
        *_line("Delay", delays),
        *_line("Signal", {"SL": _level(_dbm0(quality.rx.level_db))}),
        *_line("QualityEst", _estimates(quality, summary)),
    ]


def _remote(reported: ReportedCall) -> list[str]:
    """What the far end told by RTCP, if it told anything."""
    quality, summary = reported.quality or Quality(reported.call.id), reported.summary or QualitySummary()
    far, jitter = quality.far, _whole(quality.tx.jitter_ms)
    if far is None:
        lines = [*_line("PacketLoss", {"NLR": _percent(summary.tx_loss_pct)}), *_line("Delay", {"IAJ": jitter})]
    else:
        delays = {"RTD": _whole(far.rtt_ms), "ESD": _whole(far.end_system_ms), "IAJ": jitter}
        signal = {"SL": _level(far.signal_db), "NL": _level(far.noise_db), "RERL": _whole(far.echo_loss_db, 127)}
        scores = {"RCQ": _whole(far.r, 120), "MOSLQ": _score(far.mos_lq), "MOSCQ": _score(far.mos_cq)}
        lines = [
            *_line("JitterBuffer", _far_buffer(far)),
            *_line("PacketLoss", {"NLR": _percent(far.loss_pct), "JDR": _percent(far.discarded_pct)}),
            *_line("BurstGapLoss", _bursts(far)),
            *_line("Delay", delays),
            *_line("Signal", signal),
            *_line("QualityEst", scores),
        ]
    return [_timestamps(reported), *lines] if lines else []


def _far_buffer(far: VoipMetrics) -> dict[str, str | None]:
    return {
        "JBA": str(far.buffer_kind),
        "JBR": str(far.buffer_rate),
        "JBN": _whole(far.buffer_ms),
        "JBM": _whole(far.buffer_max_ms),
        "JBX": _whole(far.buffer_limit_ms),
    }


def _bursts(metrics: VoipMetrics | None) -> dict[str, str | None]:
    if metrics is None:
        return {}
    return {
        "BLD": _percent(metrics.burst_pct),
        "BD": _whole(metrics.burst_ms, _LONGEST_MS),
        "GLD": _percent(metrics.gap_pct),
        "GD": _whole(metrics.gap_ms, _LONGEST_MS),
        "GMIN": _count(metrics.gap_minimum),
    }


def _timestamps(reported: ReportedCall) -> str:
    start = reported.call.answered_at or reported.call.created_at
    return f"Timestamps: START={_moment(start)} STOP={_moment(max(start, reported.stop))}"


def _description(reported: ReportedCall, media: MediaStream) -> dict[str, str | None]:
    if not media.codec:
        return {}
    duration, octets, frames = _framing(media.codec.upper(), media.ptime_ms)
    return {
        "PT": str(media.payload_type) if media.payload_type >= 0 else None,
        "PD": _kept(media.codec, _WORD),
        "SR": _count(media.clock_hz),
        "PPS": str(round(1000 / media.ptime_ms)) if media.ptime_ms else None,
        "FD": _count(duration),
        "FO": _count(octets),
        "FPP": _count(frames),
        "PLC": str(_PLC_STANDARD),
        "SSUP": "on" if reported.silence_suppression else "off",
    }


def _framing(codec: str, ptime_ms: int) -> tuple[int, int, int]:
    """Milliseconds and octets of a frame and frames in a packet; 0 for what is not known, or not constant."""
    if not ptime_ms:
        return 0, 0, 0
    if codec in _SAMPLES:
        return ptime_ms, 8 * ptime_ms, 1
    if codec in _ONE_A_PACKET:
        return ptime_ms, 0, 1
    fitting = [frame for (name, divisor), frame in _FRAMES.items() if name == codec and ptime_ms % divisor == 0]
    if len(fitting) != 1:
        return 0, 0, 0
    duration, octets = fitting[0]
    return duration, octets, ptime_ms // duration


def _buffer(quality: Quality) -> dict[str, str | None]:
    if quality.buffer_ms is None:
        return {}
    return {"JBA": str(_BUFFER_ADAPTIVE), "JBN": _whole(quality.buffer_ms)}


def _estimates(quality: Quality, summary: QualitySummary) -> dict[str, str | None]:
    mos = summary.mos_mean
    if quality.r is None and mos is None:
        return {}
    conversation = quality.mos_cq is not None
    return {
        "RLQ": None if conversation else _whole(quality.r),
        "RCQ": _whole(quality.r) if conversation else None,
        "MOSLQ": _score(quality.mos_lq),
        "MOSCQ": _score(mos if mos is not None else quality.mos_cq) if conversation else None,
        "QoEEstAlg": _ALGORITHM,
    }


# --- as text ----------------------------------------------------------------------------------------------------------


def _line(name: str, values: dict[str, str | None]) -> Iterable[str]:
    """A line of what is known, and none when nothing is."""
    known = [f"{key}={value}" for key, value in values.items() if value is not None]
    return [f"{name}: {' '.join(known)}"] if known else []


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _whole(value: float | None, most: int = 65535) -> str | None:
    return None if value is None else str(min(most, max(0, round(value))))


def _count(value: int) -> str | None:
    """A number of which 0 is none."""
    return str(value) if value > 0 else None


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{min(100.0, max(0.0, value)):.1f}"


def _dbm0(value: float | None) -> float | None:
    """Level in dBm0, which is 3.14 dB above the level below full scale in G.711's terms (ITU-T G.711 table 1a)."""
    return None if value is None else value + 3.14


def _level(value: float | None) -> str | None:
    return None if value is None else str(round(min(_HIGHEST_LEVEL, max(_LOWEST_LEVEL, value))))


def _score(value: float | None) -> str | None:
    return None if value is None else f"{min(4.9, value):.1f}"
