"""The measuring tools themselves: they must tell equal from different."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.audio import (
    DTMF_COLUMNS,
    DTMF_KEYS,
    DTMF_ROWS,
    dtmf_digits,
    find,
    find_file,
    level_db,
    likeness,
    read_wav,
    resample,
    speech,
    strength,
    tone,
    write_wav,
)


def test_a_file_keeps_its_samples(tmp_path: Path) -> None:
    sound = speech(0.5)
    back, rate = read_wav(write_wav(tmp_path / "a.wav", sound))
    assert rate == 8000
    assert np.max(np.abs(back - sound)) < 1e-3


@pytest.mark.parametrize("delay", [0, 900, -700])
def test_finds_a_shifted_quieter_copy(delay: int) -> None:
    sound = speech(3)
    recording = np.concatenate([np.zeros(delay), sound * 0.3]) if delay >= 0 else sound[-delay:] * 0.3
    match = find(sound, recording, 8000)
    assert match.correlation > 0.999
    assert match.offset_s == pytest.approx(delay / 8000)


def test_likeness_forgives_a_step_of_the_jitter_buffer_but_not_another_voice() -> None:
    sound = speech(4)
    stepped = np.concatenate([np.zeros(500), sound[:16000], sound[16160:]])
    assert find(sound, stepped, 8000).correlation < 0.9
    assert likeness(sound, stepped, 8000) > 0.99
    assert likeness(speech(4, seed=2), stepped, 8000) < 0.6
    broken = stepped.copy()
    broken[8000:20000] = 0
    assert likeness(sound, broken, 8000) < 0.9


def test_another_voice_or_silence_is_no_match() -> None:
    assert find(speech(3, seed=1), speech(3, seed=2), 8000).correlation < 0.5
    assert find(speech(3), np.zeros(24000), 8000).correlation == 0


def test_files_of_different_rates_match(tmp_path: Path) -> None:
    sound = speech(2)
    low = write_wav(tmp_path / "low.wav", sound)
    high = write_wav(tmp_path / "high.wav", resample(sound, 8000, 16000), 16000)
    assert find_file(low, high).correlation > 0.99


def test_reads_every_dtmf_digit() -> None:
    parts = []
    for row, keys in zip(DTMF_ROWS, DTMF_KEYS, strict=True):
        for column in DTMF_COLUMNS[: len(keys)]:
            parts += [tone((row, column), 0.1), np.zeros(800)]
    assert dtmf_digits(np.concatenate(parts), 8000) == "".join(DTMF_KEYS)


def test_speech_holds_no_digits_and_has_a_level() -> None:
    assert len(dtmf_digits(speech(5), 8000)) <= 1
    assert -35 < level_db(speech(5)) < -10


def test_strength_of_a_tone() -> None:
    assert strength(tone((440,), 0.5), 8000, 440) > 0.95
    assert strength(tone((440,), 0.5), 8000, 600) < 0.01
