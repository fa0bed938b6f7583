"""The engine goes away and comes back."""

from __future__ import annotations

import time

from tests.tui.support import desk


async def test_a_lost_engine_is_told_within_two_seconds_and_nothing_hangs() -> None:
    async with desk() as d:
        await d.talking()
        began = time.monotonic()
        d.wire.cut()
        await d.until(lambda: "ENGINE LOST, reconnecting" in d.picture(), "the state")
        assert time.monotonic() - began < 2
        assert "TALKING" not in d.picture()
        await d.press("o", "h", "d", "1", "escape", "escape")
        assert "engine is lost" in d.message()
        await d.press("ctrl+p", "escape", "question_mark", "escape")
        assert d.app.screen is d.app.main


async def test_the_screen_attaches_again_by_itself_and_shows_what_is_true_now() -> None:
    async with desk() as d:
        call = await d.talking()
        d.wire.cut()
        await d.until(lambda: not d.store.is_up, "the loss")
        d.stack.far_hangs_up(call)
        other = d.stack.far_calls("sales", "300", "Door")
        d.wire.mend()
        await d.until(lambda: d.store.is_up, "the engine")
        assert set(d.store.calls) == {other}
        await d.until(lambda: "RINGING line" in d.picture(), "the ringing call")


async def test_a_key_starts_the_engine_again() -> None:
    started = []

    async def start() -> None:
        started.append(True)
        d.wire.mend()

    async with desk(start_engine=start) as d:
        await d.press("e")
        assert d.message() == "The engine is running"
        d.wire.cut()
        await d.until(lambda: "Start the engine" in d.picture(), "the offer")
        await d.press("e")
        await d.until(lambda: d.store.is_up, "the engine")
        assert started == [True]


async def test_the_engine_is_started_from_within_a_field_too() -> None:
    started = []

    async def start() -> None:
        started.append(True)
        d.wire.mend()

    async with desk(start_engine=start) as d:
        await d.press("d", "2", "0")
        d.wire.cut()
        await d.until(lambda: "F5  Start the engine" in d.picture(), "the offer")
        await d.press("f5")
        await d.until(lambda: d.store.is_up, "the engine")
        assert started == [True]
        assert d.app.main.dial.input.value == "20"


async def test_without_a_way_to_start_it_the_command_to_do_so_is_named() -> None:
    async with desk() as d:
        d.wire.cut()
        await d.until(lambda: not d.store.is_up, "the loss")
        await d.press("e")
        await d.until(lambda: "tuiphone engine run" in d.message(), "the command")


async def test_an_engine_that_stops_in_order_says_so() -> None:
    async with desk() as d:
        await d.bench.phone.stop("stopped from another terminal")
        await d.until(lambda: "stopped from another terminal" in d.message(), "the reason")


async def test_readings_are_asked_for_only_while_something_moves() -> None:
    async with desk() as d:
        await d.until(lambda: d.stack.watched[0] == 0 and not d.app.ticks, "silence")
        call = await d.talking()
        await d.until(lambda: d.stack.watched[0] > 0, "readings")
        await d.until(lambda: d.app.ticks, "the clocks")
        await d.press("o")
        await d.until(lambda: d.stack.watched[0] == 0, "no readings on hold")
        d.stack.far_hangs_up(call)
        await d.until(lambda: not d.app.ticks, "no timers without a call")


async def test_leaving_without_an_engine_asks_nothing() -> None:
    async with desk() as d:
        d.wire.cut()
        await d.until(lambda: not d.store.is_up, "the loss")
        await d.press("ctrl+q")
        await d.until(lambda: d.app.return_value, "the end of the screen")
