from __future__ import annotations

import asyncio

import pytest

from tuiphone.controller.hub import Hub
from tuiphone.errors import PhoneError
from tuiphone.model.event import DndChanged
from tuiphone.model.media import Levels


async def take(hub: Hub, count: int, since: int | None = None, readings: bool = False) -> list[tuple[int, object]]:
    taken: list[tuple[int, object]] = []
    async with asyncio.timeout(2):
        async for item in hub.subscribe(since, readings):
            taken.append(item)
            if len(taken) == count:
                break
    return taken


async def test_events_arrive_numbered_and_in_order() -> None:
    hub = Hub()
    reader = asyncio.ensure_future(take(hub, 3))
    await asyncio.sleep(0)
    for on in (True, False, True):
        hub.publish(DndChanged(on))
    assert await reader == [(1, DndChanged(True)), (2, DndChanged(False)), (3, DndChanged(True))]


async def test_events_are_replayed_from_a_number() -> None:
    hub = Hub()
    for on in (True, False, True):
        hub.publish(DndChanged(on))
    assert [seq for seq, _ in await take(hub, 2, since=1)] == [2, 3]


@pytest.mark.parametrize("since", [0, 99])
async def test_a_number_that_cannot_be_replayed_asks_for_a_snapshot(since: int) -> None:
    hub = Hub(kept=2)
    for _ in range(5):
        hub.publish(DndChanged(True))
    with pytest.raises(PhoneError, match="take a new snapshot"):
        await take(hub, 1, since)


async def test_only_the_newest_reading_of_a_kind_and_call_waits_for_a_slow_reader() -> None:
    hub = Hub()
    subscription = hub.subscribe(readings=True)
    first = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    hub.publish_reading(Levels("a", -10))
    assert await first == (0, Levels("a", -10))
    for level in (-20, -30, -40):
        hub.publish_reading(Levels("a", level))
    hub.publish_reading(Levels("b", -1))
    hub.publish(DndChanged(True))
    assert [await anext(subscription) for _ in range(3)] == [
        (1, DndChanged(True)),
        (0, Levels("a", -40)),
        (0, Levels("b", -1)),
    ]


async def test_readings_are_wanted_only_while_somebody_reads_them() -> None:
    wanted: list[bool] = []
    hub = Hub(on_readings=wanted.append)
    readers = [asyncio.ensure_future(take(hub, 1, readings=True)) for _ in range(2)]
    plain = asyncio.ensure_future(take(hub, 1))
    await asyncio.sleep(0)
    for task in (*readers, plain):
        task.cancel()
    await asyncio.gather(*readers, plain, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert wanted == [True, False]
