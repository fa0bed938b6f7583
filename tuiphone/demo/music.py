"""The music of the exchange: a small piece of our own for a soft bell-like voice, made by arithmetic when first asked for."""

from __future__ import annotations

import math
from array import array
from functools import cache

from tuiphone.demo.audio import Clip
from tuiphone.demo.g711 import RATE_HZ

_BEAT_S = 0.6
_VOICE_S = 1.8
"""How long a note rings."""
_SEMITONES = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}

# One bar a line: broken chord in eighths | melody as note:beats, "-" is a rest.
_SCORE = """
C4 G4 E4 G4 C5 G4 E4 G4 | G5:1.5 E5:.5 D5:1 C5:1
A3 E4 C4 E4 A4 E4 C4 E4 | E5:1.5 D5:.5 C5:2
F3 C4 A3 C4 F4 C4 A3 C4 | A4:1 C5:1 D5:1 F5:1
G3 D4 B3 D4 G4 D4 B3 D4 | E5:.5 D5:2.5 -:1
C4 G4 E4 G4 C5 G4 E4 G4 | G5:1.5 A5:.5 G5:1 E5:1
A3 E4 C4 E4 A4 E4 C4 E4 | C5:1 D5:1 E5:2
D4 A4 F4 A4 D5 A4 F4 A4 | F5:1 E5:.5 D5:.5 A4:1 C5:1
G3 D4 B3 D4 F4 D4 B3 D4 | B4:1 D5:1 -:2
F3 C4 A3 C4 F4 C4 A3 C4 | A5:1 G5:1 F5:1 C5:1
E3 B3 G3 B3 E4 B3 G3 B3 | G5:1 E5:1 B4:2
D4 A4 F4 A4 D5 A4 F4 A4 | F5:1.5 E5:.5 D5:1 A4:1
G3 D4 B3 D4 G4 D4 B3 D4 | B4:.5 C5:.5 D5:1 G5:2
A3 E4 C4 E4 A4 E4 C4 E4 | E5:2 C5:1 A4:1
F3 C4 A3 C4 F4 C4 A3 C4 | F5:1 E5:1 C5:2
G3 D4 B3 D4 F4 D4 B3 D4 | D5:1 E5:.5 D5:.5 B4:2
C4 G4 E4 G4 C5 G4 E4 G4 | C5:3 -:1
"""


@cache
def music() -> Clip:
    """The whole piece (38 s), made to be looped: what still rings at its end rings on at its beginning.

    Takes a few tenths of a second of arithmetic the first time: call it off the event loop.
    """
    bars = [line.split("|") for line in _SCORE.strip().splitlines()]
    length = round(len(bars) * 4 * _BEAT_S * RATE_HZ)
    mix = [0.0] * length
    for number, (chord, melody) in enumerate(bars):
        beat = 4.0 * number
        for step, note in enumerate(chord.split()):
            _add(mix, beat + step / 2, _voice(note, 0.16 if step % 4 else 0.24))
        for word in melody.split():
            note, _, beats = word.partition(":")
            if note != "-":
                _add(mix, beat, _voice(note, 0.5))
            beat += float(beats)
    # The notes are some 20 MB of floats that nobody needs again.
    _voice.cache_clear()
    peak = max(map(abs, mix))
    return Clip(array("h", (round(14000 * value / peak) for value in mix)))


def _add(mix: list[float], beat: float, voice: tuple[float, ...]) -> None:
    start = round(beat * _BEAT_S * RATE_HZ)
    end = start + len(voice)
    head = min(end, len(mix))
    mix[start:head] = [a + b for a, b in zip(mix[start:head], voice, strict=False)]
    rest = end - head
    if rest:
        mix[:rest] = [a + b for a, b in zip(mix[:rest], voice[-rest:], strict=True)]


@cache
def _voice(note: str, loudness: float) -> tuple[float, ...]:
    """One struck note: three partials that fade at their own speed, the higher the faster."""
    frequency = 440.0 * 2 ** ((_SEMITONES[note[0]] + 12 * (int(note[1]) - 4)) / 12)
    count = round(_VOICE_S * RATE_HZ)
    total = [0.0] * count
    for multiple, share, fade_s in ((1, 1.0, 0.45), (2, 0.28, 0.25), (4, 0.1, 0.08)):
        if frequency * multiple < 3400:
            partial = _damped_sine(frequency * multiple, loudness * share, fade_s, count)
            total = [a + b for a, b in zip(total, partial, strict=True)]
    attack, release = 60, 400
    for i in range(attack):
        total[i] *= i / attack
    for i in range(release):
        total[-1 - i] *= i / release
    return tuple(total)


def _damped_sine(frequency: float, amplitude: float, fade_s: float, count: int) -> list[float]:
    """A decaying sine by its recurrence y[n] = 2 r cos(w) y[n-1] - r^2 y[n-2]: no sine and no power per sample."""
    angle = 2 * math.pi * frequency / RATE_HZ
    radius = math.exp(-1 / (fade_s * RATE_HZ))
    a, b = 2 * radius * math.cos(angle), -radius * radius
    before, now = 0.0, amplitude * radius * math.sin(angle)
    samples = [0.0] * count
    for i in range(1, count):
        samples[i] = now
        before, now = now, a * now + b * before
    return samples
