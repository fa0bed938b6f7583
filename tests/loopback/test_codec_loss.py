"""Lost packets are concealed by each codec's own means: a voice goes on, weaker perhaps, but without holes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.lossyway import LossyWay, talk_by
from tests.loopback.steps import hang_up, written
from tests.support.audio import Samples, read_wav, write_wav
from tests.support.fidelity import FRAME_S, longest_run, loudness
from tests.support.stackprocess import Start

RATE = 16000
PHASES = ((0.01, 6), (0.05, 6), (0.10, 8))
"""Share of packets lost, and for how many seconds."""


def steady_voice(seconds: float) -> Samples:
    """One long vowel that glides in pitch and colour, always equally loud: whatever is missing of it was lost."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 140 + 25 * np.sin(2 * np.pi * 0.4 * time) + 8 * np.sin(2 * np.pi * 2.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    out = np.zeros_like(time)
    for harmonic in range(2, 22):
        frequency = harmonic * pitch
        first, second = 600 + 120 * np.sin(2 * np.pi * 0.9 * time), 1500 + 400 * np.sin(2 * np.pi * 0.6 * time)
        gain = np.exp(-(((frequency - first) / 260) ** 2)) + 0.6 * np.exp(-(((frequency - second) / 300) ** 2))
        out += gain * np.sin(harmonic * phase + harmonic**2)
    level = np.sqrt(np.convolve(out**2, np.ones(RATE // 10) / (RATE // 10), "same"))
    out = out / np.maximum(level, 1e-3)
    return np.asarray(out * (0.5 / float(np.abs(out).max())), dtype=np.float64)


def holes(heard: Samples, rate: int) -> tuple[float, float]:
    """The longest time in s, and the share of all time, for which a steady voice was 14 dB below its usual loudness."""
    level = loudness(heard, rate)
    level = level[np.argmax(level > 0.3 * np.median(level)) :]  # from where it begins
    gone = level < 0.2 * float(np.median(level))
    return longest_run(gone) * FRAME_S, float(gone.mean())


def test_packets_left_out_are_holes() -> None:
    voice = steady_voice(4)
    assert holes(voice, RATE) == (0, 0)
    for packet in range(1, 9):
        voice[packet * 6400 : packet * 6400 + 320 * (1 + packet // 8)] = 0
    longest, share = holes(voice, RATE)
    assert longest == pytest.approx(0.04, abs=0.011)
    assert share == pytest.approx(9 * 0.02 / 4, rel=0.25)


@pytest.mark.parametrize(
    ("codec", "settings"),
    [
        ("PCMU", {}),
        ("PCMA", {}),
        ("G722", {}),
        ("opus", {}),
        ("iLBC", {"ilbc_mode_ms": 20}),
        ("iLBC", {"ilbc_mode_ms": 30}),
        ("iSAC/16000", {"isac_frame_ms": 30}),
        ("iSAC/16000", {"isac_frame_ms": 60}),
        ("iSAC/32000", {"isac_frame_ms": 30}),
        ("iSAC/32000", {"isac_frame_ms": 60}),
        ("G729", {"g729_annexb": False}),
    ],
)
async def test_a_voice_goes_on_through_loss(
    start: Start, tmp_path: Path, codec: str, settings: dict[str, object]
) -> None:
    carol, dave = await asyncio.gather(
        *(start(name, codecs=[codec], codec_settings=settings) for name in ("carol", "dave"))
    )
    if carol.missing:
        pytest.skip(f"this build has no {codec}: {carol.missing}")
    voice = write_wav(tmp_path / "voice.wav", steady_voice(45), RATE)
    longer = 2 if settings.get("isac_frame_ms") == 60 else 1  # fewer packets a second
    async with LossyWay("dave", dave.port) as way:
        call = await talk_by(way, carol, dave)
        dave.do("watch", 0, 1)
        carol.do("play", call.out, str(voice))
        await asyncio.sleep(1)  # the voice begins, jitter buffers settle
        found = []
        for number, (loss, seconds) in enumerate(PHASES):
            recording = tmp_path / f"heard{number}.wav"
            lost, passed = way.lost, way.passed
            dave.do("record", call.back, str(recording))
            way.lose(loss)
            await asyncio.sleep(longer * seconds)
            dave.do("record", call.back, "")
            await written(recording)
            share = (way.lost - lost) / (way.lost - lost + way.passed - passed)
            found.append((loss, share, *holes(*read_wav(recording))))
        figures = dave.all("StreamStats")[-1]
        await hang_up(call)
    assert figures.rx_lost >= 0.8 * way.lost > 20
    for loss, share, longest, gone in found:
        assert share == pytest.approx(loss, abs=0.6 * loss + 0.01)
        assert longest <= 0.06, found
        assert gone < 0.25 * loss, found
