"""The comparison that judges codecs notices what people would hear."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.audio import Samples, speech
from tests.support.fidelity import fidelity, longest_gap

RATE = 16000


def late(samples: Samples, seconds: float) -> Samples:
    return np.concatenate((np.zeros(int(seconds * RATE)), samples, np.zeros(RATE // 2)))


def test_the_same_sound_is_the_same_and_its_delay_is_told() -> None:
    source = speech(4, RATE)
    found = fidelity(source, late(source, 0.3), RATE)
    assert found.correlation > 0.999
    assert found.envelope > 0.999
    assert found.delay_s == pytest.approx(0.3, abs=0.001)
    assert found.longest_gap_s == 0


def test_another_voice_is_not_taken_for_it() -> None:
    found = fidelity(speech(4, RATE), late(speech(4, RATE, seed=2), 0.3), RATE)
    assert found.correlation < 0.6
    assert found.envelope < 0.8


@pytest.mark.parametrize("gap_ms", [40, 100])
def test_a_voice_that_breaks_off_within_a_syllable_is_a_gap(gap_ms: int) -> None:
    time = np.arange(RATE) / RATE
    source = np.asarray(0.3 * np.sin(2 * np.pi * 440 * time), dtype=np.float64)
    heard = source.copy()
    heard[8000 : 8000 + gap_ms * 16] = 0
    assert longest_gap(source, heard, RATE) * 1000 == pytest.approx(gap_ms, abs=10)
    assert longest_gap(source, source * 0.5, RATE) == 0


def test_pauses_of_the_speaker_are_no_gaps() -> None:
    source = speech(4, RATE)
    assert fidelity(source, late(source, 0.1), RATE).longest_gap_s == 0
