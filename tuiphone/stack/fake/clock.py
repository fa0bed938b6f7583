"""A clock that stands still until a test moves it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class FakeTimer:
    """An alarm of a FakeClock."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Never ring."""
        self.action = None


class FakeClock:
    """Starts at 1 000 000 s after the epoch."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._now = start
        self._serial = itertools.count()
        self._timers: list[tuple[float, int, FakeTimer]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def later(self, seconds: float, action: Callable[[], None]) -> FakeTimer:
        """Ring after so many seconds of this clock."""
        timer = FakeTimer(action)
        heapq.heappush(self._timers, (self._now + seconds, next(self._serial), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass; alarms ring in order, each at its own time."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, timer = heapq.heappop(self._timers)
            if timer.action:
                action, timer.action = timer.action, None
                action()
        self._now = end
