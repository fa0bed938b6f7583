"""How faithful a recording is to its source: second by second, and whether the voice ever broke off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.support.audio import Samples, correlate, find

FRAME_S = 0.01
BROKEN_OFF = 0.1
"""A voice that is 20 dB weaker than its source is gone."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One-second windows of a source, each found near its place in the recording."""

    correlations: Samples
    """Of the waveforms."""
    envelopes: Samples
    """Of the loudness over time, for codecs that rebuild the waveform."""
    delay_s: float
    """Median of where the windows were found, from the recording's start."""
    longest_gap_s: float
    """The longest time for which the voice was gone in the middle of speech."""

    @property
    def correlation(self) -> float:
        """Median of the windows; a jitter buffer's step spoils one or two."""
        return float(np.median(self.correlations))

    @property
    def envelope(self) -> float:
        """Median of the windows."""
        return float(np.median(self.envelopes))


def fidelity(source: Samples, recording: Samples, rate: int) -> Fidelity:
    """Compare; both of the same rate in Hz."""
    whole = find(source, recording, rate)
    correlations, envelopes, offsets, gap = [], [], [], 0.0
    for start in range(0, len(source) - rate + 1, rate):
        spoken = source[start : start + rate]
        begin = max(0, start + round(whole.offset_s * rate) - rate // 4)
        match = find(spoken, recording[begin : begin + rate + rate // 2], rate)
        place = max(0, begin + round(match.offset_s * rate))
        heard = recording[place : place + rate]
        heard = np.pad(heard, (0, rate - len(heard)))
        correlations.append(match.correlation)
        envelopes.append(_envelope_correlation(spoken, heard, rate))
        offsets.append((place - start) / rate)
        gap = max(gap, longest_gap(spoken, heard, rate))
    return Fidelity(np.array(correlations), np.array(envelopes), float(np.median(offsets)), gap)


def longest_gap(source: Samples, recording: Samples, rate: int, slack_s: float = 0.06) -> float:
    """The longest time in s for which the voice was gone, of two stretches that are aligned up to ``slack_s``.

    Only moments count that lie inside a syllable by that much.
    """
    spoken, heard = loudness(source, rate), loudness(recording, rate)
    reach = round(slack_s / FRAME_S)
    padded = np.pad(spoken, reach)
    inside = np.min(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    gone = (inside > 0.1 * float(spoken.max())) & (heard < BROKEN_OFF * inside)
    return longest_run(gone) * FRAME_S


def loudness(samples: Samples, rate: int) -> Samples:
    """Root mean square of each 10 ms."""
    size = round(rate * FRAME_S)
    count = len(samples) // size
    return np.asarray(np.sqrt(np.mean(samples[: count * size].reshape(count, size) ** 2, axis=1)), dtype=np.float64)


def longest_run(flags: np.typing.NDArray[np.bool_]) -> int:
    """How many in a row are set, at most."""
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


def _envelope_correlation(one: Samples, other: Samples, rate: int) -> float:
    # Two frames of 10 ms together: pitch periods then no longer show.
    first, second = (loudness(s, rate)[:100].reshape(-1, 2).mean(axis=1) for s in (one, other))
    return correlate(first - first.mean(), second - second.mean())
