"""What each codec costs: CPU of a call, and memory that one more call takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.ours import Ours, Sections
from bench.phones import Pjsua
from bench.process import BenchError, cpu_s, rss_mb
from bench.rtp import ECHO
from bench.session import Bench
from bench.table import Figure
from tests.support.audio import speech, write_wav

CODECS = ("PCMU", "PCMA", "G722", "iLBC", "iSAC/16000", "iSAC/32000", "G729", "opus")
CPU = {codec: Figure(f"codec-cpu-{codec}", f"CPU of a call of 20 s in {codec}", "s", 1.15, "pjsua") for codec in CODECS}
MEMORY = {codec: Figure(f"codec-memory-{codec}", "  memory of one more call", "kB", 1.15, "pjsua") for codec in CODECS}

_MORE = 10
"""Calls that are added to tell what one takes."""
_SPEECH_S = 10.0


@dataclass(frozen=True)
class Pair:
    """Ours and pjsua with one codec."""

    codec: str
    ours: Ours
    pjsua: Pjsua


async def codec(bench: Bench) -> None:
    """All codecs at the same time, then memory one codec after another."""
    wav = str(write_wav(bench.folder / "codecs.wav", speech(_SPEECH_S, 16000), 16000))
    pairs = [_pair(bench, number, name, wav) for number, name in enumerate(CODECS, 1)]
    async with bench.together([phone for pair in pairs for phone in (pair.ours, pair.pjsua)]):
        for pair in pairs:
            await asyncio.gather(_speak(bench, pair.ours, wav), _listen(bench, pair.pjsua))
        await asyncio.sleep(1)
        await _cpu(bench, pairs)
        for pair in pairs:
            await asyncio.gather(
                _memory(bench, pair.codec, "ours", pair.ours), _memory(bench, pair.codec, "pjsua", pair.pjsua)
            )


def _pair(bench: Bench, number: int, name: str, wav: str) -> Pair:
    # Nothing is done to the sound of either, nor is silence left out, and iLBC has pjsua's packet time. Everything else is
    # the codec's default in both: Opus at complexity 5 with FEC and no DTX, at a bit rate of its own choice.
    sections: Sections = {
        "audio": {"codecs": [name], "vad": False, "echo_canceller": "off", "noise_suppression": False},
        "codecs": {"g729_annexb": False, "ilbc_mode_ms": 20},
    }
    options = ["--dis-codec=*", f"--add-codec={name}", f"--play-file={wav}", "--auto-play", "--no-tones"]
    return Pair(
        name,
        Ours(bench.folder / "ours", bench.exchange, "bench.crowd", name=f"ours{number}", sections=sections),
        Pjsua(bench.folder / "pjsua", bench.exchange, name=f"pjsua{number}", options=options),
    )


async def _speak(bench: Bench, ours: Ours, wav: str) -> None:
    await bench.talk(ours, ECHO)
    await ours.until_talking(1)
    await ours.api.play(wav, loop=True)


async def _listen(bench: Bench, pjsua: Pjsua) -> None:
    await bench.talk(pjsua, ECHO)
    await asyncio.sleep(0.3)
    await pjsua.hear()


async def _cpu(bench: Bench, pairs: list[Pair]) -> None:
    phones = [phone for pair in pairs for phone in (pair.ours, pair.pjsua)]
    before = {phone.name: await bench.exchange.packets_of(phone.name) for phone in phones}
    cpu = {phone.name: cpu_s(phone.pid) for phone in phones}
    await asyncio.sleep(bench.pace.codec_s)
    cpu = {phone.name: (cpu_s(phone.pid) - cpu[phone.name]) * 20 / bench.pace.codec_s for phone in phones}
    sent = {phone.name: before[phone.name].rates(await bench.exchange.packets_of(phone.name)) for phone in phones}
    for pair in pairs:
        same_calls(pair.codec, sent[pair.ours.name], sent[pair.pjsua.name])
        bench.results.add(CPU[pair.codec].id, "ours", cpu[pair.ours.name])
        bench.results.add(CPU[pair.codec].id, "pjsua", cpu[pair.pjsua.name])


def same_calls(codec: str, ours: tuple[float, float], pjsua: tuple[float, float]) -> None:
    """Refuses a comparison of unlike calls: packet time and bit rate have to agree."""
    for ours_rate, peer_rate, what, slack in zip(ours, pjsua, ("packets", "octets"), (0.04, 0.1), strict=True):
        if not peer_rate or abs(ours_rate / peer_rate - 1) > slack:
            raise BenchError(f"{codec}: ours sends {ours_rate:.1f} {what} a second, pjsua {peer_rate:.1f}")


async def _memory(bench: Bench, codec: str, kind: str, phone: Ours | Pjsua) -> None:
    before = rss_mb(phone.pid)
    for _ in range(_MORE):
        await bench.talk(phone, ECHO)
        await asyncio.sleep(0.05)
    if isinstance(phone, Ours):
        await phone.until_talking(1 + _MORE)
    await asyncio.sleep(1)
    bench.results.add(MEMORY[codec].id, kind, (rss_mb(phone.pid) - before) / _MORE * 1000)
    await phone.hang_up()
    for _ in range(1 + _MORE):
        await bench.exchange.take("ended", user=phone.name)
