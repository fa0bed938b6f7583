"""Numbers that keys count up and down."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

MEMORY_S = 1.0
"""For so long a key goes on from the one before it, and not from what the screen shows: longer than an engine at the other
end of a slow line needs to answer."""


class Stepping:
    """Every key counts, also of those struck before the screen shows what the first one did."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, tuple[float, int]] = {}

    async def step(
        self, name: str, shown: int, change: int, bounds: tuple[int, int], send: Callable[[int], Awaitable[object]]
    ) -> None:
        """Send the number that is ``change`` away from what it was last set to, or from what is shown."""
        at, last = self._last.get(name, (0.0, shown))
        now = self._clock()
        least, most = bounds
        value = max(least, min(most, (last if now - at < MEMORY_S else shown) + change))
        self._last[name] = now, value
        try:
            await send(value)
        except BaseException:
            self._last.pop(name, None)
            raise
