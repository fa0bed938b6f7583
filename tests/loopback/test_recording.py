"""Both sides of a call in one file: who is where, what is left out, and what a crash or a full disk leaves."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.conftest import Start
from tests.loopback.steps import Talk, hang_up, talk, written
from tests.support.audio import Samples, level_db, likeness, read_wav, resample, speech, write_wav
from tests.support.stackprocess import StackProcess

RATE = 16000


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("voices")
    return write_wav(folder / "one.wav", speech(3, seed=1)), write_wav(folder / "two.wav", speech(3, seed=2))


def sides(path: Path) -> tuple[Samples, Samples]:
    """Left and right of a stereo file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(np.float64) / 32768
    return both[:, 0], both[:, 1]


def voice(path: Path) -> Samples:
    samples, rate = read_wav(path)
    return resample(samples, rate, RATE)


async def speak(call: Talk, voices: tuple[Path, Path]) -> None:
    """Both ends speak at once, to the end of their files."""
    call.caller.do("play", call.out, str(voices[0]))
    call.callee.do("play", call.back, str(voices[1]))
    await call.caller.wait("PlayedReport", call_id=call.out)
    await call.callee.wait("PlayedReport", call_id=call.back)
    await asyncio.sleep(0.3)


async def test_the_agent_is_on_the_left_and_the_far_end_on_the_right(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    call = await talk(alice, bob)
    alice.do("start_recording", call.out, str(path), 0)
    await speak(call, voices)
    alice.do("stop_recording", call.out)
    await hang_up(call)
    left, right = sides(path)
    assert likeness(voice(voices[0]), left, RATE) >= 0.95
    assert likeness(voice(voices[1]), right, RATE) >= 0.9
    assert likeness(voice(voices[1]), left, RATE) < 0.6
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_pause_is_silent_on_both_sides_and_has_a_cue_point(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    call = await talk(alice, bob)
    alice.do("start_recording", call.out, str(path), 0)
    await asyncio.sleep(0.3)
    alice.do("pause_recording", call.out, True)
    await speak(call, voices)
    alice.do("pause_recording", call.out, False)
    await asyncio.sleep(0.3)
    await hang_up(call)
    left, right = sides(path)
    assert level_db(left) < -60 and level_db(right) < -60
    data = path.read_bytes()
    at = data.index(b"cue ")
    count, _number, position = struct.unpack("<III", data[at + 8 : at + 20])
    assert count == 1
    assert 0.1 * RATE < position < 1.5 * RATE
    assert b"labl" in data and b"pause\0" in data
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8


async def test_a_killed_engine_leaves_a_file_that_plays(
    start: Start, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    carol = await start("carol")
    await carol.add_account()
    path = tmp_path / "call.wav"
    call = await talk(carol, bob)
    carol.do("start_recording", call.out, str(path), 0)
    await speak(call, voices)
    os.kill(carol.pid, signal.SIGKILL)
    left, _right = sides(path)
    assert len(left) > 2.5 * RATE
    assert likeness(voice(voices[0]), left, RATE) >= 0.9


async def test_a_full_disk_ends_the_recording_and_the_call_goes_on(
    start: Start, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    carol = await start("carol")
    await carol.add_account()
    path = tmp_path / "call.wav"
    call = await talk(carol, bob)
    resource.prlimit(carol.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
    carol.do("start_recording", call.out, str(path), 0)
    report = await carol.wait("RecordingReport", call_id=call.out)
    assert "the call goes on" in report.problem
    assert str(path) in report.problem
    with wave.open(str(path)) as file:
        assert 0 < file.getnframes() * 4 <= 50_000
    await hang_up(call)


async def test_the_far_end_hears_a_beep_if_wanted(alice: StackProcess, bob: StackProcess, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"
    call = await talk(alice, bob)
    bob.do("record", call.back, str(heard))
    alice.do("start_recording", call.out, str(tmp_path / "call.wav"), 1)
    await asyncio.sleep(1.8)
    bob.do("record", call.back, "")
    await hang_up(call)
    await written(heard)
    samples, rate = read_wav(heard)
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(np.argmax(spectrum) * rate / len(samples) - 1400) < 20


async def test_a_file_that_cannot_be_made_is_said(alice: StackProcess, bob: StackProcess, tmp_path: Path) -> None:
    call = await talk(alice, bob)
    alice.do("start_recording", call.out, str(tmp_path / "none" / "call.wav"), 0)
    report = await alice.wait("RecordingReport", call_id=call.out)
    assert "No such file or directory" in report.problem
    await hang_up(call)
