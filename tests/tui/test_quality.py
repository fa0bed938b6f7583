"""Quality on the screen: a course in small bars, what is wrong with the sound, and how a past call was."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.tui.support import desk
from tuiphone.model.call import Direction, EndCause, EndedBy, EndKind
from tuiphone.model.media import StreamStats, VoipMetrics
from tuiphone.model.quality import Flow, Quality, QualitySummary, QualityWord
from tuiphone.model.record import CallRecord
from tuiphone.tui.glyphs import ASCII, UNICODE
from tuiphone.tui.panels.call import network_words, sparkline
from tuiphone.tui.panels.history import record_row
from tuiphone.tui.store import Topic


@pytest.mark.parametrize(
    ("scores", "width", "drawn"),
    [
        ((4.4, 4.1, 3.6, 3.1, 2.6, 1.0), 20, "⡇⡇⡆⡄⡀⡀"),
        (tuple([1.0] * 30 + [4.4] * 10), 10, "⡇" * 10),
        ((4.4,), 20, ""),
        ((4.4, 4.4), 3, ""),
        ((), 20, ""),
    ],
)
def test_a_course_has_a_bar_for_each_second(scores: tuple[float, ...], width: int, drawn: str) -> None:
    assert sparkline(scores, width, UNICODE) == drawn
    assert len(sparkline(scores, width, ASCII)) == len(drawn)
    assert sparkline(scores, width, ASCII).isascii()


def test_a_score_is_unknown_until_there_is_something_to_measure() -> None:
    stats = StreamStats("c1", 20, rx_lost=0)
    assert network_words(stats, Quality("c1", "PCMU", 8000)) == "MOS unknown  loss 0.0%"
    held = Quality("c1")
    assert network_words(stats, held) == "loss 0.0%"
    good = Quality("c1", "PCMU", 8000, mos_lq=4.41, word=QualityWord.GOOD)
    assert network_words(stats, good) == "MOS 4.4 good  loss 0.0%"


async def test_the_call_panel_shows_score_and_course() -> None:
    async with desk((120, 40)) as d:
        talking = await d.talking("2044", "Ana Souza")
        d.store.read(StreamStats(talking, 5000, 0, 15, 0, 6.0, 40.0, 5000, 0, 0, 4.0, 41.0))
        for score in (4.2, 4.2, 2.0):
            d.store.read(Quality(talking, "PCMU", 8000, mos_lq=4.3, mos_cq=score, word=QualityWord.POOR))
        d.store.changed(Topic.SECOND | Topic.READINGS)
        await d.rest()
        picture = d.picture()
        assert "MOS 2.0 poor" in picture
        assert "⡇⡇⡀" in picture


async def test_what_is_wrong_with_the_sound_takes_the_place_of_the_figures() -> None:
    async with desk((120, 40)) as d:
        talking = await d.talking("2044", "Ana Souza")
        for second in range(1, 6):
            d.bench.clock.advance(1)
            d.stack.report(StreamStats(talking, tx_packets=50 * second, rx_silent_s=float(second)))
            await d.bench.settle()
        await d.until(lambda: bool(d.store.calls[talking].audio_problem), "the diagnosis")
        d.store.changed(Topic.SECOND | Topic.READINGS)
        await d.rest()
        assert "no sound packets come" in d.picture()


async def test_in_a_small_terminal_the_sentence_has_two_rows_and_the_course_one_of_its_own() -> None:
    async with desk((80, 24)) as d:
        talking = await d.talking("2044", "Ana Souza")
        d.store.read(StreamStats(talking, 5000, 0, 15, 0, 6.0, 40.0, 5000, 0, 0, 4.0, 41.0))
        for _second in range(9):
            d.store.read(Quality(talking, "PCMU", 8000, mos_lq=4.3, mos_cq=4.2, word=QualityWord.GOOD))
        d.store.changed(Topic.SECOND | Topic.READINGS)
        await d.rest()
        assert "MOS 4.2 good  loss 0.3%  jit 6  rtt 41" in d.picture()
        assert "quality  ⡇⡇⡇⡇⡇⡇⡇⡇⡇" in d.picture()
        for second in range(1, 6):
            d.bench.clock.advance(1)
            d.stack.report(StreamStats(talking, tx_packets=50 * second, rx_silent_s=float(second)))
            await d.bench.settle()
        await d.until(lambda: bool(d.store.calls[talking].audio_problem), "the diagnosis")
        d.store.changed(Topic.SECOND | Topic.READINGS)
        await d.rest()
        assert "no sound packets come from the far end: │" in d.picture()
        assert "they should come from 127.0.0.1:4000 (⋯" in d.picture()
        assert "DTMF" in d.picture()


async def test_on_hold_no_score_stays_on_the_screen() -> None:
    async with desk((80, 24)) as d:
        talking = await d.talking("2044", "Ana Souza")
        d.store.read(StreamStats(talking, 5000, 0, 15, 0, 6.0, 40.0, 5000, 0, 0, 4.0, 41.0))
        d.store.read(Quality(talking, "PCMU", 8000, mos_lq=4.3, mos_cq=4.2, word=QualityWord.GOOD))
        await d.press("o")
        await d.until(lambda: d.store.calls[talking].local_hold, "the hold")
        d.store.changed(Topic.SECOND | Topic.READINGS)
        await d.rest()
        assert "MOS" not in d.picture()


async def test_all_figures_fit_a_small_terminal() -> None:
    async with desk((80, 24)) as d:
        talking = await d.talking("2044", "Ana Souza")
        rx, tx = Flow(5000, 64.0, 0.32, 0.1, 6.2, -20.4, 4.3), Flow(4990, 64.0, 12.5, None, 9.0, None, 2.9)
        known = Quality(talking, "PCMU", 8000, rx, tx, 40.0, 82.0, 101.0, 88.4, 4.3, 4.2, QualityWord.GOOD)
        for _second in range(9):
            d.store.read(known)
        await d.press("q")
        await d.rest()
        shown = d.picture()
        for line in (
            r"Ana Souza  PCMU 8k  good +⡇⡇⡇⡇⡇⡇⡇⡇⡇ ",
            r"round trip +82 ms +jitter buffer +40 ms ",
            r"one way +101 ms +rating R +88 ",
            r"listening +4\.3 +conversation +4\.2 ",
        ):
            assert re.search(line, shown), line


def test_a_past_call_says_how_it_sounded() -> None:
    record = CallRecord(
        "c1",
        "sales",
        Direction.OUTGOING,
        "sip:2044@pbx.example",
        "Ana Souza",
        0.0,
        1.0,
        9.0,
        8.0,
        "PCMU",
        EndCause(EndedBy.US, EndKind.HANGUP),
        quality=QualitySummary(mos_mean=4.2, mos_min=3.1, loss_pct=0.4),
    )
    words = record_row(record, 160, UNICODE, 0.0).plain
    assert words.index("MOS 4.2, worst 3.1; loss 0.4%") < words.index("You hung up"), "an end as usual comes last"
    problem = replace(record, end=EndCause(EndedBy.US, EndKind.HANGUP, audio_problem="nothing is sent"))
    words = record_row(problem, 160, UNICODE, 0.0).plain
    assert words.index("nothing is sent") < words.index("MOS 4.2")
    assert "MOS" not in record_row(replace(record, quality=None), 160, UNICODE, 0.0).plain


async def test_the_figures_in_full_move_while_they_are_shown() -> None:
    async with desk((100, 40)) as d:
        talking = await d.talking("2044", "Ana Souza")
        await d.press("q")
        await d.rest()
        assert "nothing has been measured yet" in d.picture()
        rx, tx = Flow(5000, 64.0, 0.32, 0.1, 6.2, -20.4, 4.3), Flow(4990, 64.0, 12.5, None, 9.0, None, 2.9)
        known = Quality(talking, "PCMU", 8000, rx, tx, 40.0, 82.0, 101.0, 88.4, 4.3, 4.2, QualityWord.GOOD)
        d.store.read(known)
        d.store.changed(Topic.SECOND)
        await d.rest()
        shown = d.picture().splitlines()
        for name, left, right in (
            ("packets", "5000", "4990"),
            ("lost", "0.3%", "12.5%"),
            ("too late", "0.1%", "-"),
            ("jitter", "6 ms", "9 ms"),
            ("level", "-20 dB", "-"),
            ("MOS", "4.3", "2.9"),
        ):
            assert any(re.search(rf"{name} +{left} +{right} ", line) for line in shown), name
        assert any(re.search("one way +101 ms ", line) for line in shown)
        assert any(re.search("rating R +88 ", line) for line in shown)
        assert "heard there" not in d.picture(), "the far end sends no extended reports"
        far = VoipMetrics(2.3, 0.4, r=74, mos_lq=3.8)
        d.store.read(replace(known, far=far))
        d.store.changed(Topic.SECOND)
        await d.rest()
        assert re.search(r"heard there +MOS 3\.8 / -, R 74; 2\.3% lost, 0\.4% too late ", d.picture())
        d.store.read(replace(known, assumed=True))
        d.store.changed(Topic.SECOND)
        await d.rest()
        assert "no figures are published" in d.picture()
        await d.press("escape")
        await d.rest()
        assert "rating R" not in d.picture()
