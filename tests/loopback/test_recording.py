"""Both sides of a call in one file: who is where, what is left out, and what a crash or a full disk leaves."""

from __future__ import annotations

import asyncio
import resource
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.steps import Talk, hang_up, holding, talk, written
from tests.support.audio import Samples, find, level_db, likeness, read_wav, resample, speech, write_wav
from tests.support.stackprocess import StackProcess, Start

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


def cue_points(path: Path) -> list[tuple[int, str]]:
    """Frame and label of each cue point; every chunk of the file is gone through, and fills it exactly."""
    data = path.read_bytes()
    kind, size, form = struct.unpack("<4sI4s", data[:12])
    assert (kind, size, form) == (b"RIFF", len(data) - 8, b"WAVE")
    at, order, points, labels = 12, [], {}, {}
    while at < len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        body, at = data[at + 8 : at + 8 + size], at + 8 + size + size % 2
        order.append(name)
        if name == b"cue ":
            for number, _position, chunk, _start, _block, frame in struct.iter_unpack("<II4sIII", body[4:]):
                assert chunk == b"data"
                points[number] = frame
        elif name == b"LIST":
            inner, body = body[:4], body[4:]
            assert inner == b"adtl"
            while body:
                _labl, size, number = struct.unpack("<4sII", body[:12])
                labels[number] = body[12 : 8 + size].rstrip(b"\0").decode()
                body = body[8 + size + size % 2 :]
    assert at == len(data)
    assert order[0] == b"fmt " and order[-1] == b"data"
    return [(points[number], labels[number]) for number in sorted(points)]


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
    (began, _), (ended, _) = found = cue_points(path)
    assert [label for _, label in found] == ["pause", "resume"]
    assert 0.1 * RATE < began < 1.5 * RATE
    assert ended - began > 2.8 * RATE
    assert ended < len(left)


async def test_both_sides_keep_their_place_through_hold_and_mute(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    """The same voice is sent from either end at once before and after; each time it lies at the same place on both sides."""
    path = tmp_path / "call.wav"
    call = await talk(alice, bob)
    alice.do("start_recording", call.out, str(path), 0)
    await speak(call, (voices[0], voices[0]))
    alice.do("hold", call.out)
    await alice.wait("MediaReport", holding, call_id=call.out)
    await asyncio.sleep(1)
    alice.do("resume", call.out)
    await alice.wait("MediaReport", lambda h: not holding(h), call_id=call.out)
    alice.do("mute", call.out, True)
    await asyncio.sleep(0.5)
    alice.do("mute", call.out, False)
    await speak(call, (voices[0], voices[0]))
    alice.do("stop_recording", call.out)
    await hang_up(call)
    left, right = sides(path)
    spoken = voice(voices[0])
    half = len(left) // 2
    offsets = []
    for part in (slice(0, half), slice(half, None)):
        assert all(likeness(spoken, side[part], RATE) >= 0.9 for side in (left, right))
        offsets.append(find(spoken, right[part], RATE).offset_s - find(spoken, left[part], RATE).offset_s)
    assert abs(offsets[1] - offsets[0]) < 0.3, f"{offsets} s: a side that stood still through the hold is a second off"


async def test_a_killed_engine_leaves_a_file_that_plays(
    start: Start, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    carol = await start("carol")
    await carol.add_account()
    path = tmp_path / "call.wav"
    call = await talk(carol, bob)
    carol.do("start_recording", call.out, str(path), 0)
    await speak(call, voices)
    for on in (True, False):
        carol.do("pause_recording", call.out, on)
        await asyncio.sleep(0.7)
    carol.kill()
    left, _right = sides(path)
    assert len(left) > 3.5 * RATE
    assert [label for _, label in cue_points(path)] == ["pause", "resume"]
    assert likeness(voice(voices[0]), left, RATE) >= 0.9


async def test_a_full_disk_ends_the_recording_and_the_call_goes_on(
    start: Start, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    carol = await start("carol")
    await carol.add_account()
    path = tmp_path / "call.wav"
    call = await talk(carol, bob)
    resource.prlimit(carol.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    carol.do("start_recording", call.out, str(path), 0)
    await asyncio.sleep(0.5)
    carol.do("pause_recording", call.out, True)
    report = await carol.wait("RecordingReport", call_id=call.out)
    assert "the call goes on" in report.problem
    assert str(path) in report.problem
    with wave.open(str(path)) as file:
        assert 0 < file.getnframes() * 4 <= 100_000
    assert [label for _, label in cue_points(path)] == ["pause"]
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


async def test_a_disk_that_is_full_from_the_start_leaves_no_file(
    start: Start, bob: StackProcess, tmp_path: Path
) -> None:
    carol = await start("carol")
    call = await talk(carol, bob)
    resource.prlimit(carol.pid, resource.RLIMIT_FSIZE, (100, 100))
    carol.do("start_recording", call.out, str(tmp_path / "call.wav"), 0)
    report = await carol.wait("RecordingReport", call_id=call.out)
    assert "the call goes on" in report.problem
    assert not (tmp_path / "call.wav").exists()
