"""Recording on the screen: begun, paused and ended by key; shown as a word; found again in the history."""

from __future__ import annotations

from pathlib import Path

from tests.tui.support import desk
from tuiphone.config.schema import UiSection


async def test_a_call_is_recorded_from_key_to_key() -> None:
    async with desk() as d:
        call = await d.talking("2044", "Ana Souza")
        await d.press("ctrl+r")
        await d.until(lambda: d.store.calls[call].recording, "the recording")
        path = d.store.calls[call].recording
        assert d.given("start_recording")[-1][2] == path
        name, folder = Path(path).name, Path(path).parent
        assert d.message() == f"Recording to {name}"
        shown = d.picture().splitlines()
        assert "◉ REC   READY" in shown[0]
        assert "◉REC   00:00" in shown[3]
        assert "◉ REC  in    00:00" in shown[3]
        await d.press("ctrl+r")
        await d.until(lambda: not d.store.calls[call].recording, "the end of the recording")
        assert d.message() == f"Recorded: {name} in {folder}"
        assert "REC" not in "".join(d.picture().splitlines()[:11])


async def test_a_part_is_left_out_by_a_key_and_the_screen_says_so() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("P")
        assert d.message() == "The call on line 1 is not being recorded"
        await d.press("ctrl+r", "P")
        await d.until(lambda: d.store.calls[call].recording_paused, "the pause")
        assert d.given("pause_recording")[-1][2] is True
        shown = d.picture().splitlines()
        assert "◌ REC PAUSED" in shown[0]
        assert "◌REC" in shown[3]
        await d.press("P")
        await d.until(lambda: not d.store.calls[call].recording_paused, "the rest of it")
        assert "PAUSED" not in d.picture()


async def test_the_call_shown_is_the_one_that_is_recorded() -> None:
    async with desk() as d:
        first = await d.talking("2044", "Ana Souza")
        second = await d.talking("2090", "Rui Alves")
        await d.press("alt+1", "ctrl+r")
        await d.until(lambda: d.store.calls[first].recording, "the recording of the call shown")
        assert not d.store.calls[second].recording
        await d.press("alt+2")
        assert "REC" in d.picture().splitlines()[0]
        await d.pilot.click(offset=(d.picture().splitlines()[0].index("REC"), 0))
        await d.until(lambda: d.selected() == first, "the recorded call")


async def test_nothing_is_recorded_without_an_answered_call() -> None:
    async with desk() as d:
        await d.press("ctrl+r")
        assert d.message() == "There is no call"
        await d.incoming()
        await d.press("ctrl+r")
        assert d.message() == "The call on line 1 is not answered"
        assert not d.given("start_recording")


async def test_typing_a_number_does_not_keep_recording_from_its_key() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("d", "2", "ctrl+r")
        await d.until(lambda: d.store.calls[call].recording, "the recording")
        assert d.app.main.dial.input.value == "2"


async def test_plain_signs_for_plain_terminals() -> None:
    async with desk(ui=UiSection(glyphs="ascii")) as d:
        call = await d.talking()
        await d.press("ctrl+r", "P")
        await d.until(lambda: d.store.calls[call].recording_paused, "the pause")
        assert "~ REC PAUSED" in d.picture()
        assert d.picture().isascii()
