"""Gaps in a tone are counted and timed; delays between two channels of a recording are found."""

from __future__ import annotations

import numpy as np
import pytest

from bench.audio import TONE_HZ, tone_frame
from bench.hearing import Int16, delays, gaps, pcmu
from bench.mouth import BURST_S, PERIOD_S, bursts
from tests.support.audio import Samples, tone
from tests.support.pulse import RATE


def steady(seconds: float, rate: int = RATE, hz: int = TONE_HZ) -> Int16:
    return (tone((hz,), seconds, rate) * 32767).astype(np.int16)


def cut(samples: Int16, begin_s: float, length_s: float, rate: int = RATE) -> Int16:
    samples = samples.copy()
    samples[round(begin_s * rate) : round((begin_s + length_s) * rate)] = 0
    return samples


def test_a_whole_tone_has_no_gap() -> None:
    assert gaps(steady(3), RATE, TONE_HZ) == []


@pytest.mark.parametrize(("length_s", "count"), [(0.004, 0), (0.0045, 0), (0.0055, 1), (0.02, 1), (0.5, 1)])
def test_what_is_longer_than_5_ms_is_a_gap(length_s: float, count: int) -> None:
    assert len(gaps(cut(steady(3), 1.2341, length_s), RATE, TONE_HZ)) == count


def test_a_gap_is_told_with_its_place_and_length() -> None:
    ((begin, length),) = gaps(cut(steady(3), 1.5, 0.04), RATE, TONE_HZ)
    assert begin == pytest.approx(1.5, abs=0.002)
    assert length == pytest.approx(0.04, abs=0.001)


def test_each_gap_counts() -> None:
    samples = steady(4)
    for begin in (0.5, 1.0, 1.01, 3.9):
        samples = cut(samples, begin, 0.007)
    # The first and the last two are apart; 1.0 and 1.01 are apart by 3 ms of tone.
    assert len(gaps(samples, RATE, TONE_HZ)) == 4


def test_gaps_are_found_wherever_the_work_is_cut_into_pieces() -> None:
    # Longer than one piece of the computation, with a gap across its edge.
    samples = cut(steady(24), (1 << 19) / RATE - 0.01, 0.02)
    ((_begin, length),) = gaps(samples, RATE, TONE_HZ)
    assert length == pytest.approx(0.02, abs=0.001)


def test_another_tone_in_its_place_is_a_gap() -> None:
    samples = steady(2)
    samples[RATE : RATE + RATE // 10] = steady(0.1, hz=1000)
    assert len(gaps(samples, RATE, TONE_HZ)) == 1


def test_silence_is_one_long_gap() -> None:
    assert gaps(np.zeros(RATE, dtype=np.int16), RATE, TONE_HZ) == [(0.0, 1.0)]
    assert gaps(np.zeros(0, dtype=np.int16), RATE, TONE_HZ) == [(0.0, 0.0)]


def test_the_tone_of_the_far_end_goes_on_from_packet_to_packet() -> None:
    sound = pcmu(tone_frame() * 150)
    assert len(sound) == 3 * 8000
    assert gaps(sound, 8000, TONE_HZ) == []
    assert len(gaps(pcmu(tone_frame() * 50 + b"\xff" * 160 + tone_frame() * 50), 8000, TONE_HZ)) == 1


def heard(delay_s: float, count: int = 4) -> tuple[Samples, Samples]:
    said = np.concatenate([np.zeros(RATE // 3), bursts(count), np.zeros(RATE)])
    later = np.roll(said, round(delay_s * RATE)) * 0.3
    later[: round(delay_s * RATE)] = 0
    return said, later


@pytest.mark.parametrize("delay_s", [0.0, 0.0425, 0.34, 0.8])
def test_the_delay_of_each_burst(delay_s: float) -> None:
    said, later = heard(delay_s)
    noise = np.random.default_rng(2).standard_normal(len(later)) * 0.003
    assert delays(said, later + noise, RATE, BURST_S, PERIOD_S) == pytest.approx([delay_s] * 4, abs=0.0005)


def test_a_burst_that_did_not_arrive_is_left_out() -> None:
    said, later = heard(0.2)
    later[RATE : 2 * RATE] = np.random.default_rng(3).standard_normal(RATE) * 0.05
    assert delays(said, later, RATE, BURST_S, PERIOD_S) == pytest.approx([0.2] * 3, abs=0.0005)


def test_nothing_is_found_in_silence() -> None:
    said, later = heard(0.2)
    assert delays(said, np.zeros(len(later)), RATE, BURST_S, PERIOD_S) == []
    assert delays(np.zeros(len(said)), later, RATE, BURST_S, PERIOD_S) == []
