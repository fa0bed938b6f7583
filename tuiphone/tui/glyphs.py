"""Every sign the screen draws, in one table with two sets.

The Unicode set has only signs one cell wide in East Asian terminals too (width N or Na), frames excepted; for terminals
that show frames two cells wide, or have no Unicode at all, there is ``glyphs = "ascii"``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign for each meaning, one cell each."""

    registered: str
    trying: str
    off: str
    failed: str
    selected: str
    ringing: str
    missed: str
    incoming: str
    outgoing: str
    meter_on: str
    meter_off: str
    menu: str
    prompt: str
    rule: str
    bar: str
    cut: str
    warning: str
    on: str
    recording: str
    paused: str
    spark: str
    """A small bar in four heights, the lowest first."""
    box: str
    """Corners and sides of a dialpad key: top left, top right, bottom left, bottom right, horizontal, vertical."""


UNICODE = Glyphs(
    registered="◉",
    trying="◌",
    off="◦",
    failed="▴",
    selected="▸",
    ringing="◂",
    missed="✗",
    incoming="↙",
    outgoing="↗",
    meter_on="▮",
    meter_off="▯",
    menu="▾",
    prompt="›",
    rule="─",
    bar="│",
    cut="⋯",
    warning="▴",
    on="✓",
    recording="◉",
    paused="◌",
    spark="⡀⡄⡆⡇",
    box="╭╮╰╯─│",
)
UNICODE_EXCEPTIONS = "↙↗─│╭╮╰╯"
"""Ambiguous in width: frames, and arrows that every terminal font draws in one cell."""

ASCII = Glyphs(
    registered="*",
    trying="~",
    off="-",
    failed="!",
    selected=">",
    ringing="<",
    missed="x",
    incoming="<",
    outgoing=">",
    meter_on="#",
    meter_off=".",
    menu="v",
    prompt=">",
    rule="-",
    bar="|",
    cut="~",
    warning="!",
    on="*",
    recording="@",
    paused="~",
    spark="_.=#",
    box="++++-|",
)


def glyphs(name: str) -> Glyphs:
    """The set by its configured name, "unicode" or "ascii"."""
    return ASCII if name == "ascii" else UNICODE
