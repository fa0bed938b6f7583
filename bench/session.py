"""What every measurement is given: the far end, where results go, how long to look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.exchange import Exchange
from bench.ours import Ours
from bench.phones import Baresip, Phone, Pjsua
from bench.process import BenchError
from bench.table import Results

P = TypeVar("P", bound=Phone)
RTP_PER_S = 50


@dataclass(frozen=True)
class Pace:
    """How long and how often to measure within one run."""

    call_s: float = 20
    idle_s: float = 60
    crowd_s: float = 8
    talk_s: float = 10
    commands: int = 30
    keys: int = 25
    rings: int = 15
    starts: int = 2
    calls: int = 100
    early_calls: int = 20
    codec_s: float = 20
    bursts: int = 5
    glitch_s: float = 600
    history_rows: int = 20_000
    echo_s: float = 20


QUICK = Pace(
    call_s=3,
    idle_s=4,
    crowd_s=2,
    talk_s=3,
    commands=5,
    keys=5,
    rings=4,
    starts=1,
    calls=10,
    early_calls=5,
    codec_s=4,
    bursts=3,
    glitch_s=30,
    echo_s=4,
)


@dataclass
class Bench:
    """One session. ``run`` counts from 0; the order of phones turns round in every other run."""

    exchange: Exchange
    folder: Path
    pace: Pace
    results: Results
    run: int = 0

    def phones(self, ours_module: str = "tuiphone") -> list[Phone]:
        """The three phones in the order in which this run measures them."""
        phones: list[Phone] = [
            Ours(self.folder / "ours", self.exchange, ours_module),
            Baresip(self.folder / "baresip", self.exchange),
            Pjsua(self.folder / "pjsua", self.exchange),
        ]
        return phones if self.run % 2 == 0 else phones[::-1]

    @asynccontextmanager
    async def up(self, phone: P) -> AsyncIterator[P]:
        """A phone that is registered, and ended afterwards."""
        self.exchange.forget()
        try:
            await phone.start()
            yield phone
        finally:
            await phone.stop()

    @asynccontextmanager
    async def all_up(self) -> AsyncIterator[tuple[Ours, Baresip, Pjsua]]:
        """One of each at once."""
        ours = Ours(self.folder / "ours", self.exchange)
        baresip = Baresip(self.folder / "baresip", self.exchange)
        pjsua = Pjsua(self.folder / "pjsua", self.exchange)
        async with self.together([ours, baresip, pjsua]):
            yield ours, baresip, pjsua

    @asynccontextmanager
    async def together(self, phones: Sequence[Phone]) -> AsyncIterator[None]:
        """Any number of phones that are measured side by side."""
        self.exchange.forget()
        try:
            await asyncio.gather(*(phone.start() for phone in phones))
            yield
        finally:
            await asyncio.gather(*(phone.stop() for phone in phones), return_exceptions=True)

    async def talk(self, phone: Phone, user: str = "talk") -> None:
        """Make a call that is answered."""
        await phone.dial(user)
        await self.exchange.take("invite", user=phone.name)

    async def audio_for(self, seconds: float, calls: int) -> None:
        """Let time pass; raises BenchError unless every call sent its packets meanwhile, for then nothing was measured."""
        before, begin = await self.exchange.packets()
        await asyncio.sleep(seconds)
        after, end = await self.exchange.packets()
        check_rate((after - before) / (end - begin) / calls)


def check_rate(rate: float) -> None:
    """Raises BenchError unless about as many packets a second came as a call with packets of 20 ms has."""
    if not RTP_PER_S * 0.96 <= rate <= RTP_PER_S * 1.04:
        raise BenchError(f"{rate:.1f} RTP packets a second and call arrived instead of {RTP_PER_S}")
