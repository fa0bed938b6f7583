"""Twenty seconds of speech through each codec and packet time, compared with their source second by second."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.conftest import Start
from tests.loopback.steps import hang_up, talk, written
from tests.support.audio import find, level_db, read_wav, resample, speech, write_wav
from tests.support.fidelity import fidelity

SECONDS = 20
RATE = 16000

CASES: list[tuple[str, dict[str, object], float]] = [
    ("PCMU", {}, 0.995),
    ("PCMA", {}, 0.995),
    ("G722", {}, 0.995),
    ("opus", {}, 0.958),
    ("iLBC", {"ilbc_mode_ms": 20}, 0.79),
    ("iLBC", {"ilbc_mode_ms": 30}, 0.79),
    ("iSAC/16000", {"isac_frame_ms": 30}, 0.966),
    ("iSAC/16000", {"isac_frame_ms": 60}, 0.966),
    ("iSAC/32000", {}, 0.961),
    ("G729", {"g729_annexb": True}, 0.821),
    ("G729", {"g729_annexb": False}, 0.821),
]
"""Codec, parameters, and the waveform's correlation that is reached where nothing disturbs."""


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
    call = await talk(carol, dave)
    dave.do("watch", 0, 1)
    recording = tmp_path / "heard.wav"
    dave.do("record", call.back, str(recording))
    begin = time.monotonic()
    await asyncio.sleep(0.2)  # jitter buffers fill
    carol.do("play", call.out, str(voice))
    lead = time.monotonic() - begin
    await carol.wait("PlayedReport", timeout=SECONDS + 10)
    await asyncio.sleep(0.5)  # what is on its way
    figures = dave.all("StreamStats")[-1]
    dave.do("record", call.back, "")
    await written(recording)
    await hang_up(call)

    heard, rate = read_wav(recording)
    found = fidelity(resample(read_wav(voice)[0], RATE, rate), heard, rate)
    assert figures.rx_lost == 0
    assert found.correlation >= least, found
    assert found.envelope >= 0.98, found
    assert found.longest_gap_s <= 0.06, found
    assert found.delay_s - lead < 0.3, found
