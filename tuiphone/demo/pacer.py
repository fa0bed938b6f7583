"""The clock of all streams: one wake-up every 20 ms for however many there are, none when there is none."""

from __future__ import annotations

import asyncio
from typing import Protocol

PERIOD_S = 0.02
_MAX_BEHIND = 10
"""Packets sent in one go after a stall; what is older is left out."""


class Paced(Protocol):
    """Something that sends a packet every 20 ms."""

    def tick(self) -> None:
        """Send the next one."""
        ...


class Pacer:
    """Calls every stream's ``tick`` at absolute times, so that late wake-ups never add up to drift."""

    def __init__(self) -> None:
        self._streams: dict[Paced, None] = {}
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def add(self, stream: Paced) -> None:
        """Begin to pace a stream; again is harmless."""
        self._streams[stream] = None
        if self._handle is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time()
            self._handle = loop.call_soon(self._wake)  # type: ignore[assignment]

    def remove(self, stream: Paced) -> None:
        """Stop pacing a stream; again is harmless."""
        self._streams.pop(stream, None)
        if not self._streams and self._handle:
            self._handle.cancel()
            self._handle = None

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        behind = int((loop.time() - self._due) / PERIOD_S)
        if behind > _MAX_BEHIND:
            self._due += (behind - _MAX_BEHIND) * PERIOD_S
        while self._due <= loop.time() and self._streams:
            self._due += PERIOD_S
            for stream in tuple(self._streams):
                stream.tick()
        if self._streams:
            self._handle = loop.call_at(self._due, self._wake)
