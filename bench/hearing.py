"""What can be told from recordings: where a steady tone broke off, and how late a sound arrived."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.support.audio import Samples, correlate
from tuiphone.demo.g711 import decode

Int16 = npt.NDArray[np.int16]

GAP_S = 0.005
"""What is shorter is not counted as a gap."""
_CHUNK = 1 << 19
_PRESENT = 0.5
"""A tone that is 6 dB weaker than usual is gone: so a gap measures as long as it is."""
_LIKE = 0.6
"""A burst that arrives with a correlation below this was not found."""


def pcmu(octets: bytes) -> Int16:
    """Samples at 8 kHz."""
    table = np.array(decode("PCMU", bytes(range(256))), dtype=np.int16)
    return table[np.frombuffer(octets, dtype=np.uint8)]


def gaps(samples: Int16, rate: int, tone_hz: int, least_s: float = GAP_S) -> list[tuple[float, float]]:
    """Begin and length, in seconds, of every gap longer than ``least_s`` in a steady tone.

    A whole number of samples must make one period. Without any tone the whole recording is one gap.
    """
    loudness = _loudness(samples, rate, tone_hz)
    usual = float(np.median(loudness)) if len(loudness) else 0.0
    if usual < 1:
        return [(0.0, len(samples) / rate)]
    gone = np.concatenate([[False], loudness < _PRESENT * usual, [False]])
    edges = np.flatnonzero(gone[1:] != gone[:-1]).reshape(-1, 2)
    return [(int(a) / rate, int(b - a) / rate) for a, b in edges if b - a > least_s * rate]


def _loudness(samples: Int16, rate: int, tone_hz: int) -> npt.NDArray[np.float32]:
    """The tone's amplitude over each stretch of one period: silence within it shows in proportion."""
    period = rate // tone_hz
    parts = []
    for start in range(0, len(samples) - period + 1, _CHUNK):
        part = samples[start : start + _CHUNK + period - 1]
        turned = part * np.exp(-2j * np.pi * np.arange(len(part)) / period)
        total = np.concatenate([[0], np.cumsum(turned)])
        parts.append((np.abs(total[period:] - total[:-period]) * 2 / period).astype(np.float32))
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def delays(said: Samples, heard: Samples, rate: int, burst_s: float, period_s: float) -> list[float]:
    """How late each burst of ``said``, one every ``period_s``, is in ``heard``, in seconds; both of one recording.

    Bursts that were not found, or whose end lies outside the recording, are left out.
    """
    found = []
    burst, period = round(burst_s * rate), round(period_s * rate)
    for begin in _onsets(said, period):
        spoken, later = said[begin : begin + burst], heard[begin : begin + period]
        if len(later) < period:
            continue
        lag = _lag(spoken, later)
        if correlate(spoken, later[lag : lag + burst]) >= _LIKE:
            found.append(lag / rate)
    return found


def _lag(spoken: Samples, later: Samples) -> int:
    """Where in the longer one the shorter one fits best, in samples."""
    size = 1 << (len(spoken) + len(later)).bit_length()
    product = np.fft.irfft(np.fft.rfft(later, size) * np.conj(np.fft.rfft(spoken, size)), size)
    return int(np.argmax(product[: len(later) - len(spoken) + 1]))


def _onsets(samples: Samples, period: int) -> list[int]:
    """Where sound begins after silence; at most once in most of a period."""
    loud = np.flatnonzero(np.abs(samples) > 0.05 * float(np.abs(samples).max(initial=0.0)) + 1e-6)
    begins: list[int] = []
    for place in loud:
        if not begins or place - begins[-1] > 0.9 * period:
            begins.append(int(place))
    return begins
