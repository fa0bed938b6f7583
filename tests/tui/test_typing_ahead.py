"""Keys struck faster than the screen follows go where they would have gone one by one."""

from __future__ import annotations

import pytest
from textual.events import Key

from tests.tui.support import Desk, desk


async def burst(d: Desk, *keys: str) -> None:
    """Strike all keys before the screen has looked at the first."""
    for key in keys:
        d.app.post_message(Key(key, key if len(key) == 1 else None))
    await d.pilot.pause()


@pytest.mark.parametrize("first", [(), ("f5",), ("d",)])
async def test_no_digit_of_a_number_is_lost(first: tuple[str, ...]) -> None:
    async with desk() as d:
        await burst(d, *first, "2", "0", "4", "4")
        await d.until(lambda: len(d.app.main.dial.input.value) >= 4, "four digits")
        assert d.app.main.dial.input.value == "2044"


async def test_a_number_after_the_dial_key_is_no_dtmf() -> None:
    async with desk() as d:
        await d.talking()
        await burst(d, "f5", "2", "0", "4", "4")
        await d.until(lambda: len(d.app.main.dial.input.value) >= 4, "four digits")
        assert d.app.main.dial.input.value == "2044"
        assert not d.given("send_dtmf")
