"""Two phones' stacks on 127.0.0.1, each in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.loopback.farend import FarEnd
from tests.support.rtp import RtpEnd
from tests.support.stackprocess import StackProcess, Start

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.pjsua)


@pytest.fixture
async def alice(start: Start) -> StackProcess:
    return await start("alice")


@pytest.fixture
async def bob(start: Start) -> StackProcess:
    return await start("bob")


@pytest.fixture
async def far() -> AsyncIterator[FarEnd]:
    """A far end that says what the test tells it to."""
    async with FarEnd() as end:
        yield end


@pytest.fixture
async def rtp() -> AsyncIterator[RtpEnd]:
    """That far end's audio."""
    async with RtpEnd() as end:
        yield end
