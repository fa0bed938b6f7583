"""A subscription that nobody reads any more is given up on both sides, however early its reader left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.controller import bench
from tests.support.process import until
from tuiphone.controller.api import Phone
from tuiphone.rpc.client import connect
from tuiphone.rpc.server import RpcServer


class Watched:
    """A phone that counts who listens."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self.listening = 0
        self.came = 0

    async def subscribe(self, since: int | None = None, readings: bool = False) -> AsyncIterator[object]:
        self.listening += 1
        self.came += 1
        try:
            async for event in self._phone.subscribe(since, readings):
                yield event
        finally:
            self.listening -= 1

    def __getattr__(self, name: str) -> object:
        return getattr(self._phone, name)


@pytest.mark.parametrize("turns", [1, 2, 3, 20])
async def test_a_reader_that_leaves_at_once_leaves_no_subscription(tmp_path: Path, turns: int) -> None:
    async with bench() as desk:
        phone = Watched(desk.phone)
        server = RpcServer(phone)  # type: ignore[arg-type]  # everything else is the phone's own
        path = tmp_path / "engine.sock"
        await server.start(path)
        connection = await connect(path)

        async def read() -> None:
            async for _event in connection.phone.subscribe():
                pass

        reader = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait({reader})
        await until(lambda: phone.came == 1 and phone.listening == 0, 2, "the subscription is given up")
        await connection.close()
        await server.stop()
