"""The helper's processing of frames, without devices: noise, gain, limit."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.support.audio import Samples, level_db, speech, tone
from tuiphone.stack.pjsua.native import extension

pytestmark = pytest.mark.pjsua

FULL = 32767


class Cleaner:
    """The helper's functions, on whole signals."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def set(self, noise: bool = False, gain: bool = False, limit_db: int = 0) -> None:
        """Switch on and off."""
        self._library.tuiphone_clean_set(noise, gain, limit_db)

    def microphone(self, samples: Samples, rate: int) -> Samples:
        """What becomes of a microphone's signal, frame by frame of 20 ms."""
        return self._run(self._library.tuiphone_clean_microphone, samples, rate)

    def ear(self, samples: Samples, rate: int) -> Samples:
        """What becomes of the signal for the ear."""
        return self._run(self._library.tuiphone_clean_ear, samples, rate)

    def _run(self, function: Any, samples: Samples, rate: int) -> Samples:
        frame = rate // 50
        data: npt.NDArray[np.int16] = (samples[: len(samples) // frame * frame] * FULL).astype(np.int16)
        for start in range(0, len(data), frame):
            pointer = data[start : start + frame].ctypes.data_as(ctypes.c_void_p)
            function(pointer, frame, rate)
        return data / FULL


@pytest.fixture
def cleaner() -> Iterator[Cleaner]:
    library = ctypes.CDLL(extension().__file__)
    if not hasattr(library, "tuiphone_clean_set"):
        pytest.skip(f"{extension().__file__} is not our own build")
    made = Cleaner(library)
    made.set()
    made.microphone(np.zeros(320), 16000)  # forgets what an earlier test taught it
    made.ear(np.zeros(32000), 16000)
    yield made
    made.set()
    made.microphone(np.zeros(320), 16000)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_steady_noise_is_some_18_db_less_and_speech_is_as_loud(cleaner: Cleaner, rate: int) -> None:
    voice = np.concatenate([np.zeros(2 * rate), speech(4, rate) * 0.3, np.zeros(2 * rate)])
    noise = np.random.default_rng(1).standard_normal(len(voice)) * 10 ** (-45 / 20)
    cleaner.set(noise=True)
    clean = cleaner.microphone(voice + noise, rate)
    for pause in (slice(rate, 2 * rate), slice(7 * rate, 8 * rate - rate // 50)):
        assert level_db(noise[pause]) - level_db(clean[pause]) == pytest.approx(18, abs=3)
    spoken = slice(3 * rate, 6 * rate)
    assert level_db(clean[spoken]) == pytest.approx(level_db(voice[spoken]), abs=1)


def test_what_is_off_does_not_touch_a_sample(cleaner: Cleaner) -> None:
    voice = speech(1, 16000)
    assert np.array_equal(cleaner.microphone(voice, 16000), (voice * FULL).astype(np.int16) / FULL)
    assert np.array_equal(cleaner.ear(voice, 16000), (voice * FULL).astype(np.int16) / FULL)


def test_a_rate_that_cannot_be_cleaned_passes_as_it_is(cleaner: Cleaner) -> None:
    voice = speech(1, 44100)
    cleaner.set(noise=True, gain=True)
    assert np.array_equal(cleaner.microphone(voice, 44100), (voice * FULL).astype(np.int16) / FULL)


@pytest.mark.parametrize("limit_db", [-3, -12, -40])
def test_not_one_sample_is_above_the_limit_from_the_first_on(cleaner: Cleaner, limit_db: int) -> None:
    cleaner.set(limit_db=limit_db)
    shriek = np.concatenate([np.zeros(1600), tone((3100.0,), 1, 16000, 1.0), np.sign(tone((700.0,), 1, 16000, 1.0))])
    heard = cleaner.ear(shriek, 16000)
    assert np.abs(heard).max() <= 10 ** (limit_db / 20)
    assert 20 * np.log10(np.abs(heard).max()) > limit_db - 1


def test_after_a_shriek_the_ear_hears_softer_sound_again(cleaner: Cleaner) -> None:
    cleaner.set(limit_db=-20)
    soft = tone((440.0,), 2, 16000, 0.05)
    heard = cleaner.ear(np.concatenate([tone((3100.0,), 1, 16000, 1.0), soft]), 16000)
    assert level_db(heard[-16000:]) == pytest.approx(level_db(soft), abs=0.3)
