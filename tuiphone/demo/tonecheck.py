"""Did the audio come back? A melody of pure tones is sent, and looked for in what was recorded."""

from __future__ import annotations

import math
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from tuiphone.demo import goertzel
from tuiphone.demo.audio import pause, tone
from tuiphone.demo.g711 import RATE_HZ

FREQUENCIES = (450, 620, 790, 960, 1130, 1300)
"""Far enough apart to be told apart in a block, inside the telephone band, and no multiples of each other."""
TONE_S = 0.2
BLOCK_S = 0.02
_FLOOR = 300.0
"""RMS below which a block is silence."""
_PURE = 0.6
"""Share of a block's energy that one frequency must have."""


@dataclass(frozen=True, slots=True)
class Match:
    """How well a melody was found: share of its blocks with the right tone (0 to 1), and where it began, in seconds."""

    share: float
    at_s: float


def write_melody(path: Path, notes: tuple[int, ...]) -> float:
    """Write a 16-bit mono WAV of tones, ``notes`` being places in FREQUENCIES; returns its length in seconds."""
    samples = pause(0.1)
    for note in notes:
        samples += tone((FREQUENCIES[note],), TONE_S, -9)
    samples += pause(0.1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return len(samples) / RATE_HZ


def find_melody(path: Path, notes: tuple[int, ...]) -> Match:
    """Where in a recording (16-bit WAV, any rate) the melody fits best. An unreadable or empty file matches nothing."""
    try:
        blocks = _blocks(path)
    except (OSError, EOFError, wave.Error):
        return Match(0.0, 0.0)
    # The first and last block of a tone overlap its neighbours.
    per_note = round(TONE_S / BLOCK_S)
    wanted = [(index * per_note + i, note) for index, note in enumerate(notes) for i in range(1, per_note - 1)]
    best = Match(0.0, 0.0)
    for start in range(max(0, len(blocks) - len(notes) * per_note + 1)):
        share = sum(blocks[start + at] == note for at, note in wanted) / len(wanted)
        if share > best.share:
            best = Match(share, start * BLOCK_S)
    return best


def level_db(path: Path) -> float:
    """Mean level of a recording in dB below full scale; -90 for silence and for what cannot be read."""
    try:
        _rate, samples = _read(path)
    except (OSError, EOFError, wave.Error):
        return -90.0
    energy = sum(sample * sample for sample in samples) / len(samples) if samples else 0.0
    return max(-90.0, 10 * math.log10(energy / 32768**2)) if energy else -90.0


def _read(path: Path) -> tuple[int, array[int]]:
    with wave.open(str(path)) as file:
        return file.getframerate(), array("h", file.readframes(file.getnframes()))[:: file.getnchannels()]


def _blocks(path: Path) -> list[int]:
    """For each 20 ms the place in FREQUENCIES of the tone that is heard, or -1."""
    rate, samples = _read(path)
    length = round(rate * BLOCK_S)
    coefficients = goertzel.coefficients(FREQUENCIES, rate)
    return [
        _tone_of(samples[start : start + length], coefficients) for start in range(0, len(samples) - length + 1, length)
    ]


def _tone_of(block: array[int], coefficients: tuple[float, ...]) -> int:
    energy = float(sum(sample * sample for sample in block))
    if energy < _FLOOR**2 * len(block):
        return -1
    powers = goertzel.powers(block, coefficients)
    loudest = max(range(len(powers)), key=powers.__getitem__)
    return loudest if powers[loudest] > _PURE * energy * len(block) / 2 else -1
