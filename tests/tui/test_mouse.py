"""Everything can be clicked: what names a command runs it."""

from __future__ import annotations

import pytest

from tests.tui.support import Desk, desk


async def click(d: Desk, text: str, row: int | None = None) -> None:
    """Click on a text of the picture."""
    rows = d.picture().splitlines()
    y = next(y for y, line in enumerate(rows) if text in line and (row is None or y == row % len(rows)))
    await d.pilot.click(offset=(rows[y].index(text) + 1, y))
    await d.rest()


async def test_the_strip_takes_and_refuses_calls() -> None:
    async with desk() as d:
        first = await d.incoming("2044", "Ana Souza")
        await click(d, "Answer", -3)
        await d.until(lambda: d.store.calls[first].is_talking, "the answered call")
        second = await d.incoming("300", "Door")
        await click(d, "Decline", -3)
        await d.until(lambda: second not in d.store.calls, "the declined call")


async def test_the_strip_works_under_a_dialog() -> None:
    async with desk() as d:
        await d.press("g")
        await d.until(lambda: d.is_open("Accounts"), "the dialog")
        call = await d.incoming()
        await click(d, "Answer", -3)
        await d.until(lambda: d.store.calls[call].is_talking, "the answered call")


async def test_footer_frame_and_meter_are_buttons() -> None:
    async with desk() as d:
        call = await d.talking()
        await click(d, "Mute", -1)
        await d.until(lambda: d.store.calls[call].muted, "mute by the footer")
        await click(d, "m Unmute", 11)
        await d.until(lambda: not d.store.calls[call].muted, "unmute by the frame")
        await click(d, "mic ")
        await d.until(lambda: d.store.calls[call].muted, "mute by the meter")
        await click(d, "MICROPHONE MUTED")
        await d.until(lambda: not d.store.calls[call].muted, "unmute by the word")


@pytest.mark.parametrize(
    ("text", "title"), [("2001 sales REG", "Accounts"), ("Menu", "Menu"), ("Help", "Help"), ("from 2001", "Call from")]
)
async def test_words_open_what_they_name(text: str, title: str) -> None:
    async with desk() as d:
        await click(d, text)
        await d.until(lambda: d.is_open(title), title)


async def test_readiness_is_switched_by_a_click() -> None:
    async with desk() as d:
        await click(d, "READY", 0)
        await d.until(lambda: d.store.dnd, "do-not-disturb")


async def test_a_device_is_chosen_with_three_clicks() -> None:
    async with desk() as d:
        await click(d, " out   Headset")
        await click(d, " out   Headset")
        await d.until(lambda: d.is_open("Device for the ear"), "the choice")
        await click(d, "Speakers")
        await d.until(lambda: "out   Speakers" in d.picture(), "the device")


async def test_a_suggestion_is_taken_and_a_row_of_the_history_opens_it() -> None:
    async with desk() as d:
        await d.missed("2090", "Rui Alves")
        await click(d, " 2090  Rui Alves")
        assert d.app.main.dial.input.value == "2090"
        await click(d, "missed 2090", 10)
        await d.until(lambda: "5 History" in d.picture(), "the history")


async def test_a_jump_label_can_be_clicked() -> None:
    async with desk() as d:
        await d.press("ctrl+o")
        await click(d, " 4 ", 12)
        await d.until(lambda: d.focused() == "devices", "the devices")
