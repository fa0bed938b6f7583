"""From mouth to ear: how late what is said into the microphone of one phone comes out of the other's loudspeaker."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from statistics import median

import numpy as np

from bench.hearing import delays
from bench.ours import Ours
from bench.phones import Baresip, Phone, Pjsua
from bench.process import BenchError
from bench.room import Room, room
from bench.session import Bench
from bench.table import Figure
from tests.support.audio import Samples, write_wav
from tests.support.pulse import RATE

MOUTH = Figure("mouth-ear", "from virtual microphone to virtual ear", "ms", 1.05, "pjsua")

BURST_S, PERIOD_S = 0.15, 1.0
_SETTLE_S = 3.0
"""By then jitter buffers have found their length, and the canceller knows that nothing comes back."""


def bursts(count: int) -> Samples:
    """Sweeps from 400 to 2800 Hz, which no other moment of themselves resembles, with silence between them."""
    time = np.arange(round(BURST_S * RATE)) / RATE
    sweep = np.sin(2 * np.pi * (400 * time + (2800 - 400) / BURST_S / 2 * time**2)) * np.hanning(len(time))
    period = np.zeros(round(PERIOD_S * RATE))
    period[: len(sweep)] = 0.5 * sweep
    return np.tile(period, count)


async def mouth(bench: Bench) -> None:
    """Two phones of a kind call each other, one kind after another on the same devices."""
    async with room(bench.folder / "mouth") as here:
        sound = write_wav(bench.folder / "bursts.wav", bursts(bench.pace.bursts), RATE)
        pairs = [_ours(bench, here), _baresip(bench, here), _pjsua(bench, here)]
        for kind, caller, called in pairs if bench.run % 2 == 0 else pairs[::-1]:
            async with bench.together([caller, called]):
                await caller.dial(called.address)
                await called.answer()
                await asyncio.sleep(_SETTLE_S)
                bench.results.add(MOUTH.id, kind, 1000 * await _delay(bench, here, sound, kind))
                await caller.hang_up()


async def _delay(bench: Bench, here: Room, sound: Path, kind: str) -> float:
    tape = bench.folder / "tape.wav"
    tape.unlink(missing_ok=True)
    async with here.tape(tape), here.pulse.play(sound, "lips") as player:
        await player.until_end(bench.pace.bursts * PERIOD_S + 10)
        await asyncio.sleep(PERIOD_S)
    said, heard = two_channels(tape)
    found = delays(said, heard, RATE, BURST_S, PERIOD_S)
    if len(found) < (bench.pace.bursts + 1) // 2:
        raise BenchError(f"{kind}: {len(found)} of {bench.pace.bursts} bursts arrived at the ear")
    return median(found)


def two_channels(tape: Path) -> tuple[Samples, Samples]:
    """The left and the right channel of a recording."""
    with wave.open(str(tape), "rb") as file:
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2) / 32768
    return both[:, 0], both[:, 1]


def _ours(bench: Bench, here: Room) -> tuple[str, Phone, Phone]:
    caller = Ours(bench.folder / "ours", bench.exchange, name="ours1", devices=here.devices("mouth", "spare"))
    called = Ours(bench.folder / "ours", bench.exchange, name="ours2", devices=here.devices("mic2", "ear"))
    return "ours", caller, called


def _pjsua(bench: Bench, here: Room) -> tuple[str, Phone, Phone]:
    # The echo canceller that ours has by default, and the codec.
    options = ["--ec-opt=4", "--dis-codec=*", "--add-codec=PCMU"]
    folder = bench.folder / "pjsua"
    caller = Pjsua(folder, bench.exchange, name="pjsua1", options=options, devices=here.devices("mouth", "spare"))
    called = Pjsua(folder, bench.exchange, name="pjsua2", options=options, devices=here.devices("mic2", "ear"))
    return "pjsua", caller, called


def _baresip(bench: Bench, here: Room) -> tuple[str, Phone, Phone]:
    folders = bench.folder / "baresip1", bench.folder / "baresip2"
    caller = Baresip(folders[0], bench.exchange, name="baresip1", devices=here.devices("mouth", "spare"))
    called = Baresip(folders[1], bench.exchange, name="baresip2", devices=here.devices("mic2", "ear"))
    return "baresip", caller, called
