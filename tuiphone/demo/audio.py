"""What the exchange plays: clips of sound made by itself, cut into packets."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from functools import cache
from typing import Protocol

from tuiphone.demo import g711
from tuiphone.demo.g711 import FRAME, RATE_HZ

_FADE = 40
"""Samples (5 ms) over which a tone comes and goes, so that it does not click."""


class Speaker(Protocol):
    """Who plays a clip; the codec may change within a call."""

    codec: str


class Clip:
    """A piece of sound, 16 bit at 8000 Hz; each codec's octets are made once."""

    def __init__(self, samples: array[int]) -> None:
        self.samples = samples
        self._encoded: dict[str, bytes] = {}

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / RATE_HZ

    def encoded(self, codec: str) -> bytes:
        """All of it as "PCMU" or "PCMA", filled up with silence to whole packets."""
        if codec not in self._encoded:
            padding = array("h", bytes(2 * (-len(self.samples) % FRAME)))
            self._encoded[codec] = g711.encode(codec, self.samples + padding)
        return self._encoded[codec]

    def frames(self, speaker: Speaker, loop: bool = False) -> Iterator[bytes]:
        """Packets of 20 ms, once or for ever, in whatever codec the speaker has at that moment."""
        while True:
            for start in range(0, len(self.samples), FRAME):
                yield self.encoded(speaker.codec)[start : start + FRAME]
            if not loop or not self.samples:
                return


@cache
def silence_frame(codec: str) -> bytes:
    """20 ms of nothing."""
    return g711.encode(codec, [0] * FRAME)


def tone(frequencies: tuple[float, ...], seconds: float, level_db: float = -15.0) -> array[int]:
    """Sines added up, each at ``level_db`` below full scale."""
    count = round(seconds * RATE_HZ)
    peak = 32767 * 10 ** (level_db / 20)
    steps = [2 * math.pi * frequency / RATE_HZ for frequency in frequencies]
    fade = min(_FADE, count // 2)
    samples = array("h", bytes(2 * count))
    for i in range(count):
        edge = min(1.0, (i + 1) / (fade + 1), (count - i) / (fade + 1))
        samples[i] = round(edge * peak * sum(math.sin(step * i) for step in steps))
    return samples


def pause(seconds: float) -> array[int]:
    """Silence."""
    return array("h", bytes(2 * round(seconds * RATE_HZ)))


@cache
def intercept() -> Clip:
    """The three rising tones that come before "this number is not in service" (ITU-T E.180 section 6), twice."""
    sit = tone((950,), 0.33) + tone((1400,), 0.33) + tone((1800,), 0.33) + pause(0.6)
    return Clip(sit + sit)


@cache
def milliwatt() -> Clip:
    """The test tone of telephony, 1004 Hz; a second of it has no seam when looped."""
    samples = array("h", (round(10000 * math.sin(2 * math.pi * 1004 * i / RATE_HZ)) for i in range(RATE_HZ)))
    return Clip(samples)


@cache
def confirmation() -> Clip:
    """Two short soft beeps: understood."""
    return Clip(tone((660,), 0.12) + pause(0.06) + tone((880,), 0.2) + pause(0.1))


@cache
def farewell() -> Clip:
    """Two falling beeps: about to hang up."""
    return Clip(tone((880,), 0.12) + pause(0.06) + tone((660,), 0.2) + pause(0.1))
