"""How much of one frequency is in a piece of sound: Goertzel's algorithm, a single bin of a Fourier transform."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def coefficients(frequencies: Iterable[float], rate_hz: int) -> tuple[float, ...]:
    """What ``powers`` needs to know of the frequencies (Hz) at a sample rate."""
    return tuple(2 * math.cos(2 * math.pi * frequency / rate_hz) for frequency in frequencies)


def powers(samples: Sequence[int], of: tuple[float, ...]) -> list[float]:
    """Power at each frequency. For one pure tone it is (sum of squared samples) x (number of samples) / 2."""
    found = []
    for coefficient in of:
        before = now = 0.0
        for sample in samples:
            before, now = now, sample + coefficient * now - before
        found.append(now * now + before * before - coefficient * now * before)
    return found
