"""What the echo canceller costs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bench.ours import Ours
from bench.phones import Phone, Pjsua
from bench.process import cpu_s, rss_mb
from bench.room import Room, room
from bench.session import Bench, check_rate
from bench.table import Figure
from tests.support.audio import speech, write_wav
from tests.support.pulse import RATE

KINDS = ("off", "speex", "webrtc")
CPU = {kind: Figure(f"aec-cpu-{kind}", f"CPU of a call on devices, echo canceller {kind}", "%") for kind in KINDS}
COST = Figure("aec-cost", "  what AEC3 (webrtc) costs", "%")
MEMORY = Figure("aec-memory", "  memory of AEC3 (webrtc)", "MB")

_PJSUA = {"off": ["--ec-tail=0"], "speex": ["--ec-opt=1"], "webrtc": ["--ec-opt=4"]}
_SPEECH_S = 10.0


@dataclass(frozen=True)
class Measured:
    """One phone with one canceller."""

    phone: Phone
    column: str
    kind: str


async def aec(bench: Bench) -> None:
    """Six phones at once on the same microphone, which hears the far end's echo and a voice."""
    async with room(bench.folder / "aec") as here:
        here.pulse.control("load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=30")
        wav = write_wav(bench.folder / "voice.wav", speech(_SPEECH_S, RATE), RATE)
        phones = [made for number, kind in enumerate(KINDS, 1) for made in _pair(bench, here, number, kind)]
        async with bench.together([one.phone for one in phones]):
            for one in phones:
                await bench.talk(one.phone)
            voice = asyncio.create_task(_voice(here, wav))
            try:
                await asyncio.sleep(2)
                await _measure(bench, phones)
            finally:
                voice.cancel()


def _pair(bench: Bench, here: Room, number: int, kind: str) -> tuple[Measured, Measured]:
    sections = {"audio": {"echo_canceller": kind, "noise_suppression": False}}
    devices = here.devices("mic", "spk")
    options = [*_PJSUA[kind], "--dis-codec=*", "--add-codec=PCMU"]
    return (
        Measured(
            Ours(bench.folder / "ours", bench.exchange, name=f"ours{number}", sections=sections, devices=devices),
            "ours",
            kind,
        ),
        Measured(
            Pjsua(bench.folder / "pjsua", bench.exchange, name=f"pjsua{number}", options=options, devices=devices),
            "pjsua",
            kind,
        ),
    )


async def _voice(here: Room, wav: Path) -> None:
    while True:
        async with here.pulse.play(wav) as player:
            await player.until_end(_SPEECH_S + 10)


async def _measure(bench: Bench, phones: list[Measured]) -> None:
    seconds = bench.pace.echo_s
    counts = [await bench.exchange.packets_of(one.phone.name) for one in phones]
    before = [cpu_s(one.phone.pid) for one in phones]
    await asyncio.sleep(seconds)
    cpu, memory = {}, {}
    for one, begin, count in zip(phones, before, counts, strict=True):
        check_rate(count.rates(await bench.exchange.packets_of(one.phone.name))[0])
        cpu[one.column, one.kind] = (cpu_s(one.phone.pid) - begin) / seconds * 100
        memory[one.column, one.kind] = rss_mb(one.phone.pid)
        bench.results.add(CPU[one.kind].id, one.column, cpu[one.column, one.kind])
    for column in ("ours", "pjsua"):
        bench.results.add(COST.id, column, cpu[column, "webrtc"] - cpu[column, "off"])
        bench.results.add(MEMORY.id, column, memory[column, "webrtc"] - memory[column, "off"])
