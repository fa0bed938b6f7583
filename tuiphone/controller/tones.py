"""How the phone's own sounds sound: call progress tones by country, and the rings it makes itself.

Frequencies and cadences are those of ITU-T E.180 and of its Supplement 2, "Various tones used in national networks"; "eu"
is what E.180 recommends (425 Hz). Where the supplement modulates a tone (Japan's 400 Hz by 16 Hz), two frequencies with the
same beat stand for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuiphone.controller.ports import Beat, Tone, ToneSound
from tuiphone.model.ringtone import COUNTRIES, Ring

_MAX_BEATS = 28
"""A tone generator of pjmedia takes 32 beats."""
SOFT_LEVEL = 25
"""Percent of a call progress tone's level: a tone that comes while somebody talks is heard, and startles nobody."""
TEST = ToneSound(((1000, 0, 1000, 0),))
"""A plain tone for trying a device."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One country's tones, and the rhythm in which its telephones ring (milliseconds on, off, on, off …)."""

    ringback: tuple[Beat, ...]
    busy: tuple[Beat, ...]
    congestion: tuple[Beat, ...]
    call_waiting: tuple[Beat, ...]
    rhythm: tuple[int, ...] = (1000, 4000)


def _even(hz: int, ms: int, second_hz: int = 0) -> tuple[Beat, ...]:
    return ((hz, second_hz, ms, ms),)


PLANS: dict[str, Plan] = {
    "eu": Plan(((425, 0, 1000, 4000),), _even(425, 500), _even(425, 250), ((425, 0, 200, 600), (425, 0, 200, 3000))),
    "us": Plan(
        ((440, 480, 2000, 4000),), _even(480, 500, 620), _even(480, 250, 620), ((440, 0, 300, 10000),), (2000, 4000)
    ),
    "uk": Plan(
        ((400, 450, 400, 200), (400, 450, 400, 2000)),
        _even(400, 375),
        ((400, 0, 400, 350), (400, 0, 225, 525)),
        ((400, 0, 100, 4000),),
        (400, 200, 400, 2000),
    ),
    "de": Plan(((425, 0, 1000, 4000),), _even(425, 480), _even(425, 240), ((425, 0, 200, 200), (425, 0, 200, 5000))),
    "fr": Plan(((440, 0, 1500, 3500),), _even(440, 500), _even(440, 250), ((440, 0, 300, 10000),), (1500, 3500)),
    "it": Plan(
        ((425, 0, 1000, 4000),),
        _even(425, 500),
        _even(425, 200),
        ((425, 0, 400, 100), (425, 0, 250, 100), (425, 0, 150, 14000)),
    ),
    "jp": Plan(((392, 408, 1000, 2000),), _even(400, 500), _even(400, 500), ((392, 408, 500, 8000),), (1000, 2000)),
    "es": Plan(
        ((425, 0, 1500, 3000),),
        _even(425, 200),
        ((425, 0, 200, 200), (425, 0, 200, 200), (425, 0, 200, 600)),
        ((425, 0, 175, 175), (425, 0, 175, 3500)),
        (1500, 3000),
    ),
    "nl": Plan(((425, 0, 1000, 4000),), _even(425, 500), _even(425, 250), ((425, 0, 500, 9500),)),
    "br": Plan(
        ((425, 0, 1000, 4000),),
        _even(425, 250),
        ((425, 0, 250, 250), (425, 0, 750, 250)),
        ((425, 0, 50, 1000),),
    ),
    "au": Plan(
        ((413, 438, 400, 200), (413, 438, 400, 2000)),
        _even(425, 375),
        _even(425, 375),
        ((425, 0, 100, 200), (425, 0, 200, 4400)),
        (400, 200, 400, 2000),
    ),
}
assert set(PLANS) == set(COUNTRIES)

_WARBLE: tuple[Beat, ...] = (
    *((hz, hz * 5 // 4, 50, 0) for _turn in range(8) for hz in (780, 975)),
    (780, 975, 40, 2400),
)
_OWN: dict[str, tuple[Beat, ...]] = {
    "warble": _WARBLE,
    "chime": ((1047, 1319, 350, 50), (784, 988, 700, 3400)),
    "marimba": ((523, 1046, 120, 60), (659, 1318, 120, 60), (784, 1568, 120, 60), (1046, 2092, 240, 2600)),
}


def progress_tone(tone: Tone, country: str, level: int) -> ToneSound:
    """Ringback, busy, congestion or call waiting as a country has it, at so many percent."""
    plan = PLANS[country]
    beats = {
        Tone.RINGBACK: plan.ringback,
        Tone.BUSY: plan.busy,
        Tone.CONGESTION: plan.congestion,
        Tone.CALL_WAITING: plan.call_waiting,
    }[tone]
    return ToneSound(beats, level * SOFT_LEVEL // 100 if tone is Tone.CALL_WAITING else level)


def ring_sound(ring: Ring) -> ToneSound | None:
    """What a ring sounds like; None for silence. A file comes with what rings instead if it cannot be read."""
    if ring.name == "none":
        return None
    if ring.name in _OWN or ring.file:
        return ToneSound(_OWN.get(ring.name, _WARBLE), ring.level, ring.file)
    return ToneSound(_bell(PLANS[ring.name].rhythm if ring.name in PLANS else PLANS["eu"].rhythm), ring.level)


def _bell(rhythm: tuple[int, ...]) -> tuple[Beat, ...]:
    """Two gongs struck in turn, about fifteen times a second, in a country's rhythm."""
    beats: list[Beat] = []
    for on, off in zip(rhythm[::2], rhythm[1::2], strict=True):
        strokes = max(1, min(on // 50, _MAX_BEATS * 2 // len(rhythm)))
        each = on // strokes
        for stroke in range(strokes):
            last = stroke == strokes - 1
            beats.append((1000 if stroke % 2 else 1250, 1600 if stroke % 2 else 2000, each, off if last else 0))
    return tuple(beats)
