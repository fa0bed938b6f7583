"""Twenty seconds of speech through each codec and packet time, compared with their source second by second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.loopback.lossyway import LossyWay, talk_by
from tests.loopback.steps import Talk, hang_up, talk, written
from tests.support.audio import find, level_db, read_wav, resample, speech, write_wav
from tests.support.fidelity import Fidelity, fidelity
from tests.support.stackprocess import Start

SECONDS = 20
RATE = 16000

CASES: list[tuple[str, dict[str, object], float]] = [
    ("PCMU", {}, 0.9995),
    ("PCMA", {}, 0.9995),
    ("G722", {}, 0.9995),
    ("opus", {}, 0.958),
    ("iLBC", {"ilbc_mode_ms": 20}, 0.79),
    ("iLBC", {"ilbc_mode_ms": 30}, 0.79),
    ("iSAC/16000", {"isac_frame_ms": 30}, 0.966),
    ("iSAC/16000", {"isac_frame_ms": 60}, 0.966),
    ("iSAC/32000", {"isac_frame_ms": 30}, 0.961),
    ("iSAC/32000", {"isac_frame_ms": 60}, 0.961),
    ("G729", {"g729_annexb": True}, 0.821),
    ("G729", {"g729_annexb": False}, 0.821),
]
"""Codec, parameters, and the waveform's correlation that is reached where nothing disturbs."""

LENGTHS_MS: dict[str, tuple[float, tuple[int, ...]]] = {
    "PCMU": (0.9995, (10, 30, 40, 60)),
    "PCMA": (0.9995, (10, 30, 40, 60)),
    "G722": (0.9995, (10, 30, 40, 60)),
    "opus": (0.958, (40, 60)),
    "G729": (0.821, (10, 30, 40, 60)),
    "iLBC": (0.79, (60,)),
    "iSAC/16000": (0.966, (60,)),
}
"""Correlation, and packet times beside the codec's usual one.

Opus has no frames of 30 ms (RFC 6716 section 2.1.4), and pjmedia's are of 20.
"""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("voice") / "voice.wav", speech(SECONDS, RATE), RATE)


async def test_the_background_is_heard_on_while_annex_b_sends_nothing(start: Start, tmp_path: Path) -> None:
    carol, dave = await asyncio.gather(*(start(name, codecs=["G729"]) for name in ("carol", "dave")))
    if carol.missing:
        pytest.skip(f"this build has no G729: {carol.missing}")
    office = np.random.default_rng(1).normal(0, 0.004, 6 * RATE)  # some -48 dB
    said = office + np.concatenate((speech(1, RATE), np.zeros(4 * RATE), speech(1, RATE, seed=2)))
    call = await talk(carol, dave)
    dave.do("watch", 0, 5)
    recording = tmp_path / "heard.wav"
    dave.do("record", call.back, str(recording))
    carol.do("play", call.out, str(write_wav(tmp_path / "said.wav", said, RATE)))
    await asyncio.sleep(2.5)
    before = dave.all("StreamStats")[-1].rx_packets
    await asyncio.sleep(2)
    assert dave.all("StreamStats")[-1].rx_packets - before < 60
    await carol.wait("PlayedReport")
    await asyncio.sleep(0.3)
    dave.do("record", call.back, "")
    await written(recording)
    heard, rate = read_wav(recording)
    begin = round(find(resample(speech(1, RATE), RATE, rate), heard, rate).offset_s * rate)
    levels = [level_db(heard[begin + tenth * rate // 10 :][: rate // 10]) for tenth in range(15, 45)]
    assert -65 < min(levels) <= max(levels) < -35, levels


@dataclass(frozen=True)
class Carried:
    """How a voice arrived."""

    found: Fidelity
    delay_s: float
    """From when the player began to when the voice was heard, both by the recorder's clock."""
    stats: dict[str, Any]


async def carried(call: Talk, voice: Path, folder: Path) -> Carried:
    """The caller says it, the callee records it; the call ends."""
    call.callee.do("watch", 0, 1)
    recording = folder / f"{call.callee.name}.wav"
    call.callee.do("record", call.back, str(recording))
    begin = time.monotonic()
    await asyncio.sleep(0.2)  # jitter buffers fill
    call.caller.do("play", call.out, str(voice))
    lead = time.monotonic() - begin
    await call.caller.wait("PlayedReport", timeout=SECONDS + 10)
    await asyncio.sleep(0.5)  # what is on its way
    stats = call.callee.all("StreamStats")[-1].fields
    call.callee.do("record", call.back, "")
    await written(recording)
    await hang_up(call)
    heard, rate = read_wav(recording)
    found = fidelity(resample(read_wav(voice)[0], RATE, rate), heard, rate)
    return Carried(found, found.delay_s - lead, stats)


def check(heard: Carried, least: float) -> None:
    """All of it, as it was, soon, and without a gap."""
    assert heard.stats["rx_lost"] == 0
    assert heard.found.correlation >= least, heard
    assert heard.found.envelope >= 0.98, heard
    assert heard.found.longest_gap_s <= 0.06, heard
    assert heard.delay_s < 0.3, heard


@pytest.mark.parametrize(
    ("codec", "settings", "least"), CASES, ids=["-".join([c, *map(str, s.values())]) for c, s, _ in CASES]
)
async def test_twenty_seconds_arrive_as_they_were_said(
    start: Start, voice: Path, tmp_path: Path, codec: str, settings: dict[str, object], least: float
) -> None:
    carol, dave = await asyncio.gather(
        *(start(name, codecs=[codec], codec_settings=settings) for name in ("carol", "dave"))
    )
    if carol.missing:
        pytest.skip(f"this build has no {codec}: {carol.missing}")
    check(await carried(await talk(carol, dave), voice, tmp_path), least)


@pytest.mark.parametrize("packet_ms", [10, 30, 40, 60])
async def test_they_do_in_packets_of_any_length_that_the_far_end_wishes(
    start: Start, voice: Path, tmp_path: Path, packet_ms: int
) -> None:
    codecs = {codec: least for codec, (least, lengths) in LENGTHS_MS.items() if packet_ms in lengths}

    async def one(codec: str) -> Carried:
        names = (f"{name}-{codec.replace('/', '-')}" for name in ("carol", "dave"))
        plain = {"g729_annexb": False}  # or there are fewer packets
        carol, dave = await asyncio.gather(*(start(name, codecs=[codec], codec_settings=plain) for name in names))
        async with LossyWay(dave.name, dave.port, packet_ms) as way:
            return await carried(await talk_by(way, carol, dave), voice, tmp_path)

    for (codec, least), heard in zip(codecs.items(), await asyncio.gather(*map(one, codecs)), strict=True):
        check(heard, least)
        seconds = heard.stats["rx_packets"] * packet_ms / 1000
        assert SECONDS - 1.5 < seconds < SECONDS + 3, f"{codec}: packets of another length than {packet_ms} ms"
