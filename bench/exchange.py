"""The measuring side's handle on the far end's process."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.process import BenchError, guard

Event = dict[str, Any]


@dataclass(frozen=True)
class Count:
    """RTP packets, the octets of their payloads, and the time of the count in seconds."""

    packets: int
    octets: int
    at_s: float

    def rates(self, later: Count) -> tuple[float, float]:
        """Packets and octets a second between this count and a later one."""
        seconds = later.at_s - self.at_s
        return (later.packets - self.packets) / seconds, (later.octets - self.octets) / seconds


@dataclass
class Exchange:
    """Sends commands, keeps events. An event is handed out once, in order of arrival."""

    port: int = 0
    _events: list[Event] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _process: Process | None = None
    _reader: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Drop events nobody asked for."""
        self._events.clear()

    async def take(self, what: str, timeout_s: float = 10.0, **fields: object) -> Event:
        """The next event of a kind whose fields are as given."""

        def fits(event: Event) -> bool:
            return event["what"] == what and all(event.get(name) == value for name, value in fields.items())

        return await self.find(fits, timeout_s, f"{what} {fields} at the far end")

    async def find(self, fits: Callable[[Event], bool], timeout_s: float, what: str) -> Event:
        """The next event that fits; raises BenchError when none comes."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for event in self._events:
                        if fits(event):
                            self._events.remove(event)
                            return event
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise BenchError(f"{timeout_s:g} s passed without: {what}; seen: {self._events[-6:]}") from None

    def do(self, command: str, user: str = "", path: str = "") -> None:
        """Have the far end do something: "call" or "cancel" a user, "audio" to count packets, "keep" what was said."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, "user": user, "path": path}).encode() + b"\n")

    async def call(self, user: str) -> Event:
        """Send an INVITE to a registered phone; the event has the time at which it left."""
        self.do("call", user)
        return await self.take("called", user=user)

    async def cancel(self, user: str) -> None:
        """Give a ringing call up; returns when the phone has confirmed it."""
        self.do("cancel", user)
        await self.find(
            lambda event: event["what"] == "answer" and event["user"] == user and event["status"] >= 300,
            5,
            f"the end of the call to {user}",
        )

    async def packets(self) -> tuple[int, float]:
        """RTP packets received so far, and the time of the count in seconds."""
        self.do("audio")
        event = await self.take("audio", user="")
        return int(event["received"]), event["at"] / 1e9

    async def packets_of(self, user: str) -> Count:
        """What one user has sent so far."""
        self.do("audio of", user)
        event = await self.take("audio", user=user)
        return Count(int(event["received"]), int(event["octets"]), event["at"] / 1e9)

    async def keep(self, user: str, path: Path) -> None:
        """Write what a user has said in a call to the tone to a file: PCMU octets."""
        self.do("keep", user, str(path))
        await self.take("kept", user=user)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *guard(), sys.executable, "-m", "bench.farend", stdin=PIPE, stdout=PIPE
        )
        self._reader = asyncio.create_task(self._read())
        self.port = int((await self.take("ready"))["port"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._process.stdin is not None and self._reader is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reader.cancel()

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._events.append(json.loads(line))
            self._changed.set()
