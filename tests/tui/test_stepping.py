"""Numbers counted by keys while the engine's answers are under way."""

from __future__ import annotations

import pytest

from tuiphone.errors import PhoneError
from tuiphone.tui.stepping import MEMORY_S, Stepping


class Level:
    def __init__(self) -> None:
        self.now = 0.0
        self.sent: list[int] = []
        self.fails = False
        self._stepping = Stepping(lambda: self.now)

    async def key(self, shown: int, change: int = 10) -> None:
        await self._stepping.step("level", shown, change, (0, 200), self._send)

    async def _send(self, value: int) -> None:
        if self.fails:
            raise PhoneError("no")
        self.sent.append(value)


async def test_a_key_goes_on_from_the_one_before_it_though_the_screen_is_behind() -> None:
    level = Level()
    for _ in range(3):
        await level.key(shown=100)
    assert level.sent == [110, 120, 130]


async def test_later_the_screen_is_right() -> None:
    level = Level()
    await level.key(shown=100)
    level.now += MEMORY_S
    await level.key(shown=50)
    assert level.sent == [110, 60]


async def test_a_refused_step_is_forgotten() -> None:
    level = Level()
    level.fails = True
    with pytest.raises(PhoneError):
        await level.key(shown=100)
    level.fails = False
    await level.key(shown=100)
    assert level.sent == [110]


async def test_it_ends_at_its_bounds() -> None:
    level = Level()
    await level.key(shown=195)
    await level.key(shown=195)
    await level.key(shown=195, change=-10)
    assert level.sent == [200, 200, 190]
