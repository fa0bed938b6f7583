"""How rings are written down: "bell", "uk 60%", "~/door.wav", and by caller "+44* = bell"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuiphone.model.pattern import is_pattern

COUNTRIES = ("eu", "us", "uk", "de", "fr", "it", "jp", "es", "nl", "br", "au")
"""Whose tones there are; "eu" is what ITU-T E.180 recommends, and most of Europe has."""
RINGS = ("warble", "bell", "chime", "marimba", "none", *COUNTRIES)
"""Rings the phone makes itself; a country's name is a bell in the rhythm that telephones ring in there."""
_RING = re.compile(r"(?P<what>.*?)(?:\s+(?P<level>\d{1,3})\s*%)?\s*", re.DOTALL)
_MAX_LEVEL = 200


class WrongRing(ValueError):
    """A text does not say how to ring."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One of RINGS, or a WAV file; ``level`` in percent."""

    name: str = RINGS[0]
    file: str = ""
    level: int = 100


def parse_ring(text: str) -> Ring:
    """Read "bell", "bell 60%", "/usr/share/sounds/door.wav". Raises WrongRing."""
    found = _RING.fullmatch(text)
    what = found["what"].strip() if found else ""
    level = int(found["level"]) if found and found["level"] else 100
    if level > _MAX_LEVEL:
        raise WrongRing(text)
    if what in RINGS:
        return Ring(what, level=level)
    if what.startswith(("/", "~/")) and what.lower().endswith(".wav") and what.isprintable():
        return Ring("", what, level)
    raise WrongRing(text)


def parse_rule(text: str) -> tuple[str, Ring]:
    """Read "+44* = bell": a pattern for the caller's number, address or name, and a ring. Raises WrongRing."""
    pattern, equals, ring = text.rpartition("=")
    pattern = pattern.strip()
    if not equals or not pattern or not is_pattern(pattern):
        raise WrongRing(text)
    return pattern, parse_ring(ring.strip())
