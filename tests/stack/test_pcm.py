"""WAV files of every usual form become what pjmedia plays; others are refused in words."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.support.audio import Samples, correlate, level_db, read_wav, tone, write_wav
from tuiphone.stack.pjsua.pcm import LONGEST_S, NotPlayable, playable

RATE = 44100
SOUND = tone((700.0,), 0.5, RATE, 0.5)


def raw(tag: int, bits: int, data: bytes, channels: int = 1, extensible: bool = False) -> bytes:
    """A WAV file as it is on disk."""
    width = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, RATE, RATE * width, width, bits)
    if extensible:
        head += struct.pack("<HHIH14s", 22, bits, 3, tag, b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71")
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def pcm(bits: int) -> bytes:
    """The sound in samples of so many bits."""
    if bits == 8:
        return ((SOUND * 127).round().astype(np.int16) + 128).astype("<u1").tobytes()
    whole = (SOUND * (2 ** (bits - 1) - 1)).round().astype("<i4")
    if bits == 24:
        return bytes(whole.view("<u1").reshape(-1, 4)[:, :3].tobytes())
    return bytes(whole.astype({16: "<i2", 32: "<i4"}[bits]).tobytes())


def heard(folder: Path, data: bytes) -> Samples:
    """What is played in place of a file."""
    source = folder / "ring.wav"
    source.write_bytes(data)
    samples, rate = read_wav(playable(source, folder / "made.wav"))
    assert rate == RATE
    return samples


def is_the_sound(samples: Samples) -> bool:
    return (
        len(samples) == len(SOUND)
        and correlate(samples, SOUND) > 0.999
        and abs(level_db(samples) - level_db(SOUND)) < 0.2
    )


@pytest.mark.parametrize("bits", [8, 24, 32])
@pytest.mark.parametrize("extensible", [False, True])
def test_samples_of_any_width(tmp_path: Path, bits: int, extensible: bool) -> None:
    assert is_the_sound(heard(tmp_path, raw(1, bits, pcm(bits), extensible=extensible)))


@pytest.mark.parametrize(("bits", "kind"), [(32, "<f4"), (64, "<f8")])
def test_floating_point(tmp_path: Path, bits: int, kind: str) -> None:
    assert is_the_sound(heard(tmp_path, raw(3, bits, SOUND.astype(kind).tobytes())))


def test_floats_beyond_full_scale_and_none_at_all_are_harmless(tmp_path: Path) -> None:
    odd = np.array([2.0, -7.0, np.nan, np.inf, -np.inf, 0.5], dtype="<f4")
    samples = heard(tmp_path, raw(3, 32, odd.tobytes())) * 32768
    assert samples.tolist() == [32767, -32767, 0, 32767, -32767, 16383]


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_mixed(tmp_path: Path, channels: int) -> None:
    data = np.repeat(np.frombuffer(pcm(16), "<i2"), channels).astype("<i2").tobytes()
    assert is_the_sound(heard(tmp_path, raw(1, 16, data, channels)))


def test_a_file_that_is_played_as_it_is_is_not_copied(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "plain.wav", SOUND, RATE)
    assert playable(source, tmp_path / "made.wav") == source
    assert not (tmp_path / "made.wav").exists()


def test_what_common_programs_write(tmp_path: Path) -> None:
    plain = write_wav(tmp_path / "plain.wav", SOUND, RATE)
    for number, options in enumerate((["-b", "24", "-c", "2"], ["-e", "floating-point", "-b", "32"], ["-e", "mu-law"])):
        made = tmp_path / f"{number}.wav"
        subprocess.run(["sox", "-D", str(plain), *options, str(made)], check=True, capture_output=True)
        played = playable(made, tmp_path / f"{number}-made.wav")
        assert played == made if "mu-law" in options else is_the_sound(read_wav(played)[0])


def test_a_long_file_is_cut(tmp_path: Path) -> None:
    samples = heard(tmp_path, raw(1, 8, bytes([128]) * (RATE * (LONGEST_S + 1))))
    assert len(samples) == RATE * LONGEST_S


def test_one_that_was_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    samples = heard(tmp_path, raw(1, 24, pcm(24))[:-4000])
    assert len(SOUND) - 1500 < len(samples) < len(SOUND)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no WAV file"),
        (b"ID3\x04 an mp3 with the wrong name", "no WAV file"),
        (b"RIFF\0\0\0\0WAVE", "broken"),
        (raw(1, 24, b"")[:30], "broken"),
        (raw(85, 16, b"mp3 in a WAV"), "unusual format"),
        (raw(1, 12, b"\0" * 12), "unusual format"),
        (raw(1, 16, b"\0" * 32, channels=16), "unusual format"),
    ],
)
def test_what_cannot_be_played_is_refused_in_words(tmp_path: Path, data: bytes, why: str) -> None:
    source = tmp_path / "ring.wav"
    source.write_bytes(data)
    with pytest.raises(NotPlayable, match=why):
        playable(source, tmp_path / "made.wav")


def test_one_that_is_not_there_or_no_file_is_refused_in_words(tmp_path: Path) -> None:
    for source in (tmp_path / "absent.wav", tmp_path):
        with pytest.raises(NotPlayable, match=r"No such file|Is a directory"):
            playable(source, tmp_path / "made.wav")
