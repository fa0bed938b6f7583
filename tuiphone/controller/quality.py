"""The quality of calls: figures of the last seconds from counters that only grow, rated by the E-model, and a call's summary."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from tuiphone.controller.emodel import Impairment, Rating, rate
from tuiphone.controller.impairments import impairment_of
from tuiphone.model.call import Call, CallId, CallState
from tuiphone.model.media import MediaStream, StreamStats
from tuiphone.model.quality import Flow, Quality, QualitySummary, QualityWord

WINDOW_S = 5.0
"""What is shown is the quality of the last seconds: shorter jumps about, longer hides what is heard now."""
_GOOD, _FAIR = 80.0, 70.0
_SPEECH_DB = -45.0
_FEWEST_PACKETS = 25
"""Half a second of usual packets: with fewer a rate of loss says nothing."""


def word_of(r: float) -> QualityWord:
    """The word for a rating on the common range (ITU-T G.109: satisfied from 80, some dissatisfied from 70)."""
    return QualityWord.GOOD if r >= _GOOD else QualityWord.FAIR if r >= _FAIR else QualityWord.POOR


@dataclass(slots=True)
class _Spread:
    """Mean and extremes of what was seen."""

    total: float = 0.0
    count: int = 0
    low: float | None = None
    high: float | None = None

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total += value
            self.count += 1
            self.low = value if self.low is None else min(self.low, value)
            self.high = value if self.high is None else max(self.high, value)

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    stats: StreamStats


@dataclass(frozen=True, slots=True)
class _Report:
    """What the far end had reported when its report arrived."""

    number: int
    sent: int
    lost: int


@dataclass(slots=True)
class _Metered:
    """One call's figures."""

    window: deque[_Sample] = field(default_factory=deque)
    reports: tuple[_Report, ...] = ()
    """The last two."""
    codec: str = ""
    speech_kbps: float | None = None
    due: int = 0
    lost: int = 0
    late: int = 0
    sent: int = 0
    lost_there: int = 0
    mos: _Spread = field(default_factory=_Spread)
    loss: _Spread = field(default_factory=_Spread)
    jitter: _Spread = field(default_factory=_Spread)
    rtt: _Spread = field(default_factory=_Spread)
    last: Quality | None = None


class QualityMeter:
    """Rates every call once for each set of figures."""

    def __init__(self) -> None:
        self._calls: dict[CallId, _Metered] = {}

    def see(self, call: Call, stats: StreamStats, now: float) -> Quality:
        """Take in figures at ``now`` (seconds); a held call is not rated, since nothing should be heard."""
        metered = self._calls.setdefault(call.id, _Metered())
        if call.state is not CallState.TALKING or call.local_hold or call.remote_hold or call.media is None:
            metered.window.clear()
            metered.reports = ()
            silent = Quality(call.id, rx=Flow(stats.rx_packets), tx=Flow(stats.tx_packets))
            metered.last = replace(silent, far=stats.far_metrics, own=stats.own_metrics, source=stats.rx_ssrc)
            return metered.last
        if call.media.codec != metered.codec:
            metered.codec, metered.speech_kbps = call.media.codec, None
        _slide(metered, _Sample(now, stats))
        quality = _quality(call.id, call.media, metered)
        _sum_up(metered, quality)
        metered.last = quality
        return quality

    def last(self, call_id: CallId) -> Quality | None:
        """The newest quality of a call."""
        metered = self._calls.get(call_id)
        return metered.last if metered else None

    def summary(self, call_id: CallId) -> QualitySummary | None:
        """The whole call so far; None when nothing of it was measured."""
        metered = self._calls.get(call_id)
        if metered is None or not (metered.due or metered.sent):
            return None
        return QualitySummary(
            mos_mean=_rounded(metered.mos.mean, 2),
            mos_min=_rounded(metered.mos.low, 2),
            loss_pct=_share(metered.lost + metered.late, metered.due),
            loss_worst_pct=_rounded(metered.loss.high, 2),
            jitter_ms=_rounded(metered.jitter.mean, 1),
            jitter_worst_ms=_rounded(metered.jitter.high, 1),
            rtt_ms=_rounded(metered.rtt.mean, 1),
            rtt_worst_ms=_rounded(metered.rtt.high, 1),
            tx_loss_pct=_share(metered.lost_there, metered.sent),
            mos_max=_rounded(metered.mos.high, 2),
            loss_best_pct=_rounded(metered.loss.low, 2),
            jitter_best_ms=_rounded(metered.jitter.low, 1),
            rtt_best_ms=_rounded(metered.rtt.low, 1),
        )

    def losses(self, call_id: CallId) -> tuple[float | None, float | None]:
        """Packets of the whole call that never arrived and that came too late, in percent."""
        metered = self._calls.get(call_id) or _Metered()
        return _share(metered.lost, metered.due), _share(metered.late, metered.due)

    def forget(self, call_id: CallId) -> None:
        """The call is over."""
        self._calls.pop(call_id, None)


# --- counting ---------------------------------------------------------------------------------------------------------


def _slide(metered: _Metered, sample: _Sample) -> None:
    window, stats = metered.window, sample.stats
    before = window[-1].stats if window else None
    if before and (
        stats.rx_packets < before.rx_packets or stats.tx_packets < before.tx_packets or sample.at < window[-1].at
    ):
        window.clear()  # another stream: its counters began anew
        metered.reports = ()
        before = None
    if before:
        # A packet that was given up and arrived after all makes the count of lost ones fall.
        metered.due = max(0, metered.due + _due(stats) - _due(before))
        metered.lost = max(0, metered.lost + stats.rx_lost - before.rx_lost)
        metered.late += max(0, stats.rx_discarded - before.rx_discarded)
        _note_bit_rate(metered, window[-1], sample)
    window.append(sample)
    while sample.at - window[0].at > WINDOW_S:
        window.popleft()
    _take_report(metered, stats)


def _note_bit_rate(metered: _Metered, before: _Sample, after: _Sample) -> None:
    """Keep the highest rate of a second with speech: a variable rate falls in pauses, the quality of speech does not."""
    level = after.stats.rx_level_db
    if level is not None and level > _SPEECH_DB and after.at > before.at:
        rate_now = (after.stats.rx_bytes - before.stats.rx_bytes) * 8 / 1000 / (after.at - before.at)
        metered.speech_kbps = max(rate_now, metered.speech_kbps or 0.0)


def _take_report(metered: _Metered, stats: StreamStats) -> None:
    if not stats.far_reports or (metered.reports and metered.reports[-1].number == stats.far_reports):
        return
    report = _Report(stats.far_reports, stats.tx_packets, stats.tx_lost)
    if metered.reports:
        metered.sent += report.sent - metered.reports[-1].sent
        metered.lost_there = max(0, metered.lost_there + report.lost - metered.reports[-1].lost)
    metered.reports = (*metered.reports[-1:], report)


def _due(stats: StreamStats) -> int:
    return stats.rx_packets + stats.rx_lost


def _sum_up(metered: _Metered, quality: Quality) -> None:
    if quality.mos_lq is None:
        return
    metered.mos.add(quality.mos_lq if quality.mos_cq is None else quality.mos_cq)
    metered.loss.add((quality.rx.lost_pct or 0.0) + (quality.rx.discarded_pct or 0.0))
    metered.jitter.add(quality.rx.jitter_ms)
    metered.rtt.add(quality.rtt_ms)


# --- rating -----------------------------------------------------------------------------------------------------------


def _quality(call_id: CallId, media: MediaStream, metered: _Metered) -> Quality:
    newest = metered.window[-1].stats
    rx, tx = _arriving(metered), _leaving(metered)
    impairment = impairment_of(media.codec, media.clock_hz, metered.speech_kbps)
    rtt, buffer = _known(newest.rtt_ms), _known(newest.rx_buffer_ms)
    measured = replace(
        Quality(call_id, media.codec, media.clock_hz, rx, tx, buffer, rtt),
        far=newest.far_metrics,
        own=newest.own_metrics,
        source=newest.rx_ssrc,
    )
    if impairment is None:
        return measured
    if tx.lost_pct is not None:
        measured = replace(measured, tx=replace(tx, mos=_rounded(rate(impairment, tx.lost_pct).mos, 2)))
    if rx.lost_pct is None:
        return measured
    loss = rx.lost_pct + (rx.discarded_pct or 0.0)
    burst = _burst_ratio(newest, loss)
    delay = None if rtt is None else rtt / 2 + (buffer or 0.0) + media.ptime_ms + impairment.lookahead_ms
    listening = rate(impairment, loss, burst_ratio=burst)
    talking = None if delay is None else rate(impairment, loss, delay, burst)
    return _rated(measured, impairment, listening, talking, delay)


def _rated(
    measured: Quality, impairment: Impairment, listening: Rating, talking: Rating | None, delay: float | None
) -> Quality:
    overall = talking or listening
    return replace(
        measured,
        rx=replace(measured.rx, mos=_rounded(listening.mos, 2)),
        delay_ms=_rounded(delay, 1),
        r=_rounded(overall.common, 1),
        mos_lq=_rounded(listening.mos, 2),
        mos_cq=_rounded(talking.mos, 2) if talking else None,
        word=word_of(overall.common),
        assumed=impairment.assumed,
    )


def _arriving(metered: _Metered) -> Flow:
    first, last = metered.window[0], metered.window[-1]
    then, now, span = first.stats, last.stats, last.at - first.at
    came = now.rx_packets - then.rx_packets
    lost = max(0, now.rx_lost - then.rx_lost)
    late = max(0, now.rx_discarded - then.rx_discarded)
    due = came + lost
    enough = due >= _FEWEST_PACKETS
    return Flow(
        packets=now.rx_packets,
        kbps=_rounded((now.rx_bytes - then.rx_bytes) * 8 / 1000 / span, 1) if span > 0 and came else None,
        lost_pct=_rounded(100 * lost / due, 2) if enough else None,
        discarded_pct=_rounded(min(100.0, 100 * late / due), 2) if enough else None,
        jitter_ms=_known(now.rx_jitter_ms) if came else None,
        level_db=now.rx_level_db,
    )


def _leaving(metered: _Metered) -> Flow:
    first, last = metered.window[0], metered.window[-1]
    then, now, span = first.stats, last.stats, last.at - first.at
    lost: float | None = None
    if len(metered.reports) == 2:
        before, after = metered.reports
        sent = after.sent - before.sent
        if sent >= _FEWEST_PACKETS:
            lost = min(100.0, max(0.0, 100 * (after.lost - before.lost) / sent))
    return Flow(
        packets=now.tx_packets,
        kbps=_rounded((now.tx_bytes - then.tx_bytes) * 8 / 1000 / span, 1)
        if span > 0 and now.tx_bytes > then.tx_bytes
        else None,
        lost_pct=_rounded(lost, 2),
        jitter_ms=_known(now.tx_jitter_ms) if now.far_reports else None,
        level_db=now.tx_level_db,
    )


def _burst_ratio(stats: StreamStats, loss_pct: float) -> float:
    """BurstR of G.107: packets lost in a row, by what chance alone would lose in a row."""
    if stats.rx_loss_run < 1 or not 0 < loss_pct < 100:
        return 1.0
    return stats.rx_loss_run * (1 - loss_pct / 100)


def _share(part: int, whole: int) -> float | None:
    return round(min(100.0, 100 * part / whole), 2) if whole else None


def _known(value: float) -> float | None:
    return value if value >= 0 else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
