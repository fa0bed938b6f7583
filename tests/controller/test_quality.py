"""The quality of a call from counters that grow: what is shown each second, and what remains at the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.controller import bench
from tuiphone import texts_quality
from tuiphone.controller.quality import QualityMeter, word_of
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallState, Direction
from tuiphone.model.event import HistoryChanged
from tuiphone.model.media import MediaStream, StreamStats, VoipMetrics
from tuiphone.model.quality import Flow, Quality, QualitySummary, QualityWord

MEDIA = MediaStream("PCMU", 8000, ptime_ms=20, remote="192.0.2.9:4000")
CALL = Call(
    "c1", "desk", Direction.OUTGOING, CallState.TALKING, Party("sip:2@x.example"), 1, 0.0, answered_at=0.0, media=MEDIA
)


def figures(second: int, **others: object) -> StreamStats:
    """A perfect stream of 50 packets a second."""
    perfect = StreamStats(
        "c1",
        rx_packets=50 * second,
        rx_bytes=8000 * second,
        rx_jitter_ms=3.0,
        rx_buffer_ms=40.0,
        tx_packets=50 * second,
        tx_bytes=8000 * second,
        rtt_ms=30.0,
        rx_level_db=-20.0,
    )
    return replace(perfect, **others)  # type: ignore[arg-type]  # the callers name its own fields


def after(seconds: int, call: Call = CALL, **others: object) -> Quality:
    """What is shown after so many seconds of a stream; ``others`` grow by what is given each second."""
    meter = QualityMeter()
    quality = Quality("c1")
    for second in range(1, seconds + 1):
        grown = {name: value * second if isinstance(value, int) else value for name, value in others.items()}
        quality = meter.see(call, figures(second, **grown), float(second))
    return quality


def test_nothing_is_known_until_something_was_measured() -> None:
    first = after(1)
    assert (first.mos_lq, first.mos_cq, first.word, first.rx.lost_pct) == (None, None, None, None)


def test_what_the_far_end_tells_stays_known_while_the_call_is_held() -> None:
    far, own = VoipMetrics(mos_lq=3.9, r=79), VoipMetrics(mos_lq=4.4)
    talking = after(6, far_metrics=far, own_metrics=own)
    held = after(6, replace(CALL, local_hold=True), far_metrics=far, own_metrics=own)
    assert (talking.far, talking.own) == (held.far, held.own) == (far, own)
    assert (held.r, held.mos_lq) == (None, None), "nothing is made up for a held call"


def test_a_perfect_call_is_good_and_says_so() -> None:
    quality = after(6)
    assert quality.word is QualityWord.GOOD
    assert quality.mos_lq == pytest.approx(4.41, abs=0.01)
    assert quality.mos_cq == pytest.approx(4.36, abs=0.02), "75 ms of delay cost a little"
    assert quality.delay_ms == pytest.approx(15 + 40 + 20, abs=1)
    assert quality.rx == Flow(300, 64.0, 0.0, 0.0, 3.0, -20.0, 4.41)


def test_without_a_round_trip_only_listening_is_rated() -> None:
    quality = after(6, rtt_ms=-1.0)
    assert quality.mos_cq is quality.delay_ms is None
    assert quality.mos_lq is not None
    assert quality.word is QualityWord.GOOD


def test_lost_and_late_packets_both_count() -> None:
    lost = after(6, rx_packets=48, rx_lost=2)
    late = after(6, rx_discarded=2)
    assert (lost.rx.lost_pct, lost.rx.discarded_pct) == (4.0, 0.0)
    assert (late.rx.lost_pct, late.rx.discarded_pct) == (0.0, 4.0)
    assert lost.mos_lq == late.mos_lq == pytest.approx(4.03, abs=0.02)


def test_a_bad_line_is_poor_and_losses_in_a_row_make_it_worse() -> None:
    scattered = after(6, rx_packets=45, rx_lost=5)
    in_a_row = after(6, rx_packets=45, rx_lost=5, rx_loss_run=4.0)
    assert scattered.word is in_a_row.word is QualityWord.POOR
    assert scattered.mos_lq is not None
    assert in_a_row.mos_lq is not None
    assert in_a_row.mos_lq < scattered.mos_lq


def test_only_the_last_seconds_are_shown() -> None:
    meter = QualityMeter()
    lost = 0
    for second in range(1, 21):
        lost += 10 if second <= 8 else 0
        quality = meter.see(CALL, figures(second, rx_lost=lost), float(second))
        if second == 8:
            assert quality.rx.lost_pct == pytest.approx(16.7, abs=0.1)
    assert quality.rx.lost_pct == 0
    assert quality.word is QualityWord.GOOD


def test_the_far_ends_reports_rate_what_it_hears() -> None:
    meter = QualityMeter()
    for second in range(1, 12):
        reports = second // 5
        quality = meter.see(CALL, figures(second, far_reports=reports, tx_lost=25 * reports), float(second))
        if second < 10:
            assert quality.tx.lost_pct is quality.tx.mos is None, "one report alone has no rate"
    assert quality.tx.lost_pct == 10.0
    assert quality.tx.mos is not None
    assert quality.tx.mos < 3.6
    summary = meter.summary("c1")
    assert summary is not None
    assert summary.tx_loss_pct == 10.0


def test_a_codec_nothing_is_known_of_has_no_score_but_figures() -> None:
    quality = after(6, replace(CALL, media=replace(MEDIA, codec="x-new")))
    assert (quality.mos_lq, quality.word) == (None, None)
    assert quality.rx.kbps == 64.0
    assert quality.rx.lost_pct == 0.0


OPUS = replace(CALL, media=replace(MEDIA, codec="opus", clock_hz=48000))


def test_a_variable_bit_rate_that_falls_in_a_pause_is_no_worse_quality() -> None:
    meter = QualityMeter()
    sent = 0
    for second in range(1, 21):
        speaks = second in {3, 4, 5}
        sent += 4000 if speaks else 600
        level = -20.0 if speaks else -70.0
        quality = meter.see(OPUS, figures(second, rx_bytes=sent, rx_level_db=level), float(second))
        if second == 5:
            speaking = quality
    assert quality.rx.kbps == pytest.approx(4.8)
    assert quality.mos_lq == speaking.mos_lq
    assert quality.word is QualityWord.GOOD


def test_speech_in_few_bits_is_worse() -> None:
    rich = after(6, OPUS, rx_bytes=5000)
    poor = after(6, OPUS, rx_bytes=2000)
    assert rich.mos_lq is not None
    assert poor.mos_lq is not None
    assert poor.mos_lq < rich.mos_lq - 0.2


def test_a_held_call_is_not_rated() -> None:
    for held in (replace(CALL, local_hold=True), replace(CALL, remote_hold=True)):
        quality = after(9, held, rx_packets=0)
        assert (quality.mos_lq, quality.word) == (None, None)


def test_the_summary_has_mean_worst_and_best() -> None:
    meter = QualityMeter()
    lost = 0
    for second in range(1, 31):
        lost += 5 if 10 < second <= 15 else 0
        jitter, rtt = (30.0, 200.0) if second == 20 else (4.0, 40.0)
        meter.see(CALL, figures(second, rx_lost=lost, rx_jitter_ms=jitter, rtt_ms=rtt), float(second))
    summary = meter.summary("c1")
    assert summary is not None
    assert summary.mos_mean is not None
    assert summary.mos_min is not None
    assert 3.3 < summary.mos_min < 3.7 < summary.mos_mean < 4.4
    assert summary.loss_pct == pytest.approx(100 * 25 / (29 * 50 + 25), abs=0.01)
    assert summary.loss_worst_pct == pytest.approx(9.1, abs=0.1)
    assert (summary.jitter_worst_ms, summary.rtt_worst_ms) == (30.0, 200.0)
    assert summary.jitter_ms is not None
    assert 4.0 < summary.jitter_ms < 6.0
    assert "worst 3." in texts_quality.summary_line(summary)
    assert summary.mos_max is not None
    assert summary.mos_max > 4.3 > summary.mos_mean
    assert (summary.loss_best_pct, summary.jitter_best_ms, summary.rtt_best_ms) == (0.0, 4.0, 40.0)
    meter.forget("c1")
    assert meter.summary("c1") is None


def test_a_past_call_is_told_in_full() -> None:
    summary = QualitySummary(4.12, 3.1, 0.4, 9.1, 6.2, 30.0, 41.0, 200.0, 1.2, 4.36, 0.0, 4.0, 40.0)
    assert list(texts_quality.summary_facts(summary)) == [
        ("sound", "MOS 4.1, worst 3.1, best 4.4"),
        ("loss", "0.4%, worst 9.1%, best 0.0%; the far end lost 1.2%"),
        ("jitter", "6 ms, worst 30 ms, best 4 ms"),
        ("round trip", "41 ms, worst 200 ms, best 40 ms"),
    ]
    before = QualitySummary(4.12, 3.1, 0.4)
    assert list(texts_quality.summary_facts(before))[:2] == [("sound", "MOS 4.1, worst 3.1"), ("loss", "0.4%")]
    assert list(texts_quality.summary_facts(QualitySummary(tx_loss_pct=1.0))) == [("sound", "quality not measured")]


def test_a_call_without_figures_has_no_summary() -> None:
    meter = QualityMeter()
    assert meter.summary("c1") is None
    meter.see(CALL, StreamStats("c1"), 1.0)
    assert meter.summary("c1") is None
    assert texts_quality.summary_line(None) == "quality not measured"


def test_counters_that_begin_anew_are_another_stream() -> None:
    meter = QualityMeter()
    for second in range(1, 8):
        meter.see(CALL, figures(second), float(second))
    for second in range(8, 15):
        quality = meter.see(CALL, figures(second - 7), float(second))
    assert quality.rx.lost_pct == 0
    summary = meter.summary("c1")
    assert summary is not None
    assert summary.loss_pct == 0


def test_a_packet_that_comes_after_all_is_not_lost() -> None:
    meter = QualityMeter()
    for second, lost in enumerate((0, 3, 3, 0, 0, 0), 1):
        quality = meter.see(CALL, figures(second, rx_lost=lost), float(second))
    assert quality.rx.lost_pct == 0
    summary = meter.summary("c1")
    assert summary is not None
    assert summary.loss_pct == 0


@pytest.mark.parametrize(
    ("r", "word"),
    [
        (93.2, QualityWord.GOOD),
        (80, QualityWord.GOOD),
        (79.9, QualityWord.FAIR),
        (70, QualityWord.FAIR),
        (69, QualityWord.POOR),
    ],
)
def test_words_follow_the_categories_of_g109(r: float, word: QualityWord) -> None:
    assert word_of(r) is word


async def test_the_controller_publishes_quality_and_keeps_its_summary() -> None:
    async with bench() as b:
        readings: list[Quality] = []

        async def follow() -> None:
            async for _seq, reading in b.phone.subscribe(readings=True):
                if isinstance(reading, Quality):
                    readings.append(reading)

        import asyncio

        follower = asyncio.ensure_future(follow())
        await b.settle()
        call_id = await b.phone.dial("answer")
        await b.settle()
        assert b.stack.watched[1] == 1.0, "figures are measured once a second"
        for second in range(1, 8):
            b.clock.advance(1)
            b.stack.report(replace(figures(second), call_id=call_id))
            await b.settle()
        assert [quality.word for quality in readings][-1] is QualityWord.GOOD
        await b.phone.hang_up()
        await b.settle()
        follower.cancel()
        record = next(e.record for e in reversed(b.events) if isinstance(e, HistoryChanged))
        assert record is not None
        assert isinstance(record.quality, QualitySummary)
        assert record.quality.mos_min is not None
        assert record.quality.mos_min > 4.2


async def test_a_call_that_nobody_answered_has_no_quality() -> None:
    async with bench() as b:
        await b.phone.dial("busy")
        await b.settle()
        assert b.history.rows[0].quality is None
