from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.demo.raw_phone import RawPhone
from tuiphone.demo.exchange import DemoExchange
from tuiphone.demo.host import Pauses
from tuiphone.demo.transaction import Timers

QUICK = Pauses(ring_s=0.05, callback_s=0.1, callback_rings_s=2.0, hang_up_s=0.3, hold_s=0.3, digits_s=0.2)


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[DemoExchange]:
    async with DemoExchange(pauses=QUICK, timers=Timers(t1=0.05, t2=0.2, t4=0.25), min_expires_s=1) as running:
        yield running


@pytest_asyncio.fixture
async def phone(exchange: DemoExchange) -> AsyncIterator[RawPhone]:
    async with RawPhone(exchange.port) as raw:
        yield raw


@pytest_asyncio.fixture
async def other(exchange: DemoExchange) -> AsyncIterator[RawPhone]:
    async with RawPhone(exchange.port, "2002") as raw:
        yield raw
