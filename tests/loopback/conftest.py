"""Two phones' stacks on 127.0.0.1, each in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.stackprocess import StackProcess

HERE = Path(__file__).parent
Start = Callable[..., Awaitable[StackProcess]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.pjsua)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a stack by name, with any of StackSettings; it has one account without a registrar."""
    started: list[StackProcess] = []

    async def begin(name: str, **settings: object) -> StackProcess:
        process = await StackProcess(name, tmp_path, **settings).start()
        started.append(process)
        await process.add_account()
        return process

    yield begin
    await asyncio.gather(*(process.stop() for process in started))


@pytest.fixture
async def alice(start: Start) -> StackProcess:
    return await start("alice")


@pytest.fixture
async def bob(start: Start) -> StackProcess:
    return await start("bob")
