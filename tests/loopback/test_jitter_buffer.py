"""The jitter buffer's limits of the configuration reach the stream: it shows in how long sound waits there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.phone import Phone
from tuiphone.model.call import CallState
from tuiphone.model.media import StreamStats

pytestmark = pytest.mark.pjsua


async def waiting_ms(folder: Path, **audio: object) -> float:
    """How long sound waits on average in the buffer of a call's first seconds."""
    async with Phone(folder / "a", sections={"audio": audio}) as anna, Phone(folder / "b") as bert:
        call = await anna.api.dial(bert.address)
        await bert.incoming()
        await bert.api.answer()
        await anna.until(call, CallState.TALKING)
        stats = await anna.until_event(StreamStats, lambda told: told.rx_packets > 100 and told.rx_buffer_ms > 0)
        return stats.rx_buffer_ms


async def test_a_buffer_that_collects_first_makes_sound_wait(tmp_path: Path) -> None:
    plain = await waiting_ms(tmp_path / "plain")
    collecting = await waiting_ms(tmp_path / "collecting", jitter_initial_ms=300, jitter_min_ms=300, jitter_max_ms=600)
    assert collecting > plain + 60


async def test_a_buffer_holds_no_more_than_it_may(tmp_path: Path) -> None:
    wide = await waiting_ms(tmp_path / "wide", jitter_initial_ms=300, jitter_min_ms=300)
    narrow = await waiting_ms(tmp_path / "narrow", jitter_max_ms=100, jitter_initial_ms=80, jitter_min_ms=80)
    assert narrow <= 100 < wide
