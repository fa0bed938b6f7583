"""Time as the controller uses it, so that a test can own it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that will happen unless cancelled."""

    def cancel(self) -> None:
        """Forget it; harmless when it already happened."""
        ...


class Clock(Protocol):
    """A wall clock and an alarm clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something after so many seconds."""
        ...


class LoopClock:
    """The machine's clock and the running event loop's timers."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something after so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, action)
