"""Whether sound breaks off while everything else in the phone is as busy as can be."""

from __future__ import annotations

import asyncio
import itertools
import time
import wave
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.audio import TONE_HZ
from bench.hearing import gaps, pcmu
from bench.ours import Ours
from bench.phones import Phone, Pjsua
from bench.process import cpu_s
from bench.room import Room, room
from bench.rtp import TONE
from bench.session import Bench
from bench.table import Figure
from bench.terminal import COLUMNS, ROWS, Terminal
from tests.support.pulse import RATE
from tuiphone.controller.history import History
from tuiphone.model.call import CallId, Direction
from tuiphone.model.record import CallRecord

EAR = Figure("glitch-ear", "gaps over 5 ms in a busy call of 10 min: at the ear", "", 0)
FAR = Figure("glitch-far", "  of the microphone, at the far end", "", 0)
LONGEST = Figure("glitch-longest", "  the longest of both", "ms")
SCREEN = Figure("glitch-screen", "  meanwhile: screens drawn anew", "/s")
SCREEN_CPU = Figure("glitch-screen-cpu", "  meanwhile: CPU of the UI", "%")
SEARCHES = Figure("glitch-searches", "  meanwhile: searches of 20 000 history rows", "/s")

MIC_HZ = 1000
"""Not the far end's tone, so that no echo canceller takes one for the other; whole periods too."""
_SETTLE_S = 4.0
_SIZES = 9
"""Of the window. With two only, a phone that is behind would find it as it was and do nothing."""
_NAMES = ("Ana", "Bert", "Clara", "Dmitri", "Eve", "Farid", "Greta", "Hugo")


@dataclass
class Busy:
    """What was done meanwhile."""

    screens: int = 0
    searches: int = 0


async def glitch(bench: Bench) -> None:
    """One call of each phone to a steady tone, with another steady tone in the microphone; pjsua has no screen."""
    async with room(bench.folder / "glitch") as here, AsyncExitStack() as stack:
        here.pulse.control("load-module", "module-sine", "sink=micfeed", f"frequency={MIC_HZ}")
        # Noise suppression takes a steady tone for what it is to remove.
        sections = {"audio": {"noise_suppression": False}}
        ours = Ours(bench.folder / "ours", bench.exchange, sections=sections, devices=here.devices("mic", "spk"))
        options = ["--ec-opt=4", "--dis-codec=*", "--add-codec=PCMU"]
        pjsua = Pjsua(bench.folder / "pjsua", bench.exchange, options=options, devices=here.devices("mic", "head"))
        fill(ours.home / "state/history.sqlite3", bench.pace.history_rows)
        await stack.enter_async_context(bench.together([ours, pjsua]))
        screen = await ours.settled_screen()
        stack.push_async_callback(screen.close)
        for phone in (ours, pjsua):
            await bench.talk(phone, TONE)
        await asyncio.sleep(_SETTLE_S)
        await _listen(bench, here, screen, ours, pjsua)


async def _listen(bench: Bench, here: Room, screen: Terminal, ours: Ours, pjsua: Pjsua) -> None:
    seconds, busy = bench.pace.glitch_s, Busy()
    tapes: list[tuple[Phone, Path]] = [(ours, bench.folder / "spk.wav"), (pjsua, bench.folder / "head.wav")]
    async with here.pulse.record(tapes[0][1], "spk"), here.pulse.record(tapes[1][1], "head"):
        with _working(_redraw(screen, busy), _search(ours, busy)):
            cpu, begin = cpu_s(screen.pid), time.monotonic()
            await asyncio.sleep(seconds)
            took = time.monotonic() - begin
            cpu = cpu_s(screen.pid) - cpu
        for phone, _tape in tapes:
            await bench.exchange.keep(phone.name, bench.folder / f"{phone.name}.pcmu")
    for phone, tape in tapes:
        said = pcmu((bench.folder / f"{phone.name}.pcmu").read_bytes())
        at_ear = gaps(_samples(tape, seconds), RATE, TONE_HZ)
        far = gaps(said[-round(seconds * 8000) :], 8000, MIC_HZ)
        bench.results.add(EAR.id, phone.name, len(at_ear))
        bench.results.add(FAR.id, phone.name, len(far))
        bench.results.add(LONGEST.id, phone.name, 1000 * max((length for _begin, length in at_ear + far), default=0.0))
    bench.results.add(SCREEN.id, "ours", busy.screens / took)
    bench.results.add(SCREEN_CPU.id, "ours", 100 * cpu / took)
    bench.results.add(SEARCHES.id, "ours", busy.searches / took)


async def _redraw(screen: Terminal, busy: Busy) -> None:
    """Another size of the window as soon as the last one was drawn: each makes the phone lay out and paint everything."""
    for step in itertools.cycle(range(_SIZES)):
        screen.forget()
        screen.resize(ROWS + 2 * step, COLUMNS + 5 * step)
        await screen.frame()
        busy.screens += 1


async def _search(ours: Ours, busy: Busy) -> None:
    """One search after the other; every other finds nothing, so that all rows are looked at."""
    for number in itertools.count():
        await ours.api.history(
            text=f"{_NAMES[number % len(_NAMES)]} {number % 1000}" if number % 2 else f"nobody {number}"
        )
        busy.searches += 1


@contextmanager
def _working(*works: Coroutine[None, None, None]) -> Iterator[None]:
    """Let these run meanwhile; what one of them failed with is raised at the end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            raise error


def fill(path: Path, rows: int) -> None:
    """A history of so many calls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    history = History(path)
    now = time.time()
    for number in range(rows):
        begin = now - 60.0 * (rows - number)
        history.add(
            CallRecord(
                call_id=CallId(f"bench-{number}"),
                account_id="ours",
                direction=Direction.INCOMING if number % 2 else Direction.OUTGOING,
                remote_uri=f"sip:{2000 + number % 7919}@pbx.example",
                remote_name=f"{_NAMES[number % len(_NAMES)]} {number % 1000}",
                started_at=begin,
                answered_at=begin + 4,
                ended_at=begin + 34,
                duration_s=30,
                codec="PCMU",
                end=None,
            )
        )
    history.close()


def _samples(tape: Path, seconds: float) -> np.typing.NDArray[np.int16]:
    """The last of a recording."""
    with wave.open(str(tape), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")[-round(seconds * RATE) :].astype(np.int16)
