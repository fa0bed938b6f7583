"""Colour themes of our own, beside Textual's. State is a word and a shape before it is a colour in each of them."""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

DEFAULT = "tuiphone"
DEFAULT_16 = "tuiphone-16"
"""For terminals with 16 colours: the terminal's own palette."""

# The colour-blind themes are after Okabe and Ito: blue, orange and vermilion are told apart with any of the common
# colour vision deficiencies.

THEMES: tuple[Theme, ...] = (
    Theme(
        name="tuiphone",
        primary="#7aa2f7",
        secondary="#5b7fb8",
        accent="#7dcfff",
        success="#73d99a",
        warning="#f2c063",
        error="#ff7a85",
        foreground="#d5dbe8",
        background="#10141c",
        surface="#151a24",
        panel="#1d2431",
        dark=True,
        variables={"border": "#7aa2f7", "border-blurred": "#39445a"},
    ),
    Theme(
        name="tuiphone-light",
        primary="#2456a8",
        secondary="#4a6fa5",
        accent="#0f6fa6",
        success="#1a7f43",
        warning="#8f5f00",
        error="#b3202f",
        foreground="#1c2330",
        background="#f7f8fa",
        surface="#ffffff",
        panel="#e9edf3",
        dark=False,
        variables={"border": "#2456a8", "border-blurred": "#b8c2d1"},
    ),
    Theme(
        name="colour-blind-dark",
        primary="#8ab4d8",
        secondary="#6f8fae",
        accent="#f0e442",
        success="#56b4e9",
        warning="#e69f00",
        error="#ff8a5c",
        foreground="#e6e6e6",
        background="#101214",
        surface="#16191d",
        panel="#20252b",
        dark=True,
        variables={"border": "#f0e442", "border-blurred": "#4a525c"},
    ),
    Theme(
        name="colour-blind-light",
        primary="#2f5d82",
        secondary="#56748c",
        accent="#5a3d8a",
        success="#0072b2",
        warning="#9a6a00",
        error="#b34700",
        foreground="#1a1a1a",
        background="#fafafa",
        surface="#ffffff",
        panel="#ececec",
        dark=False,
        variables={"border": "#5a3d8a", "border-blurred": "#b5b5b5"},
    ),
    # Blue is left out: on a black background, most terminals' blue can hardly be read.
    Theme(
        name=DEFAULT_16,
        ansi=True,
        primary="ansi_cyan",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=True,
        variables={
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "border": "ansi_cyan",
            "border-blurred": "ansi_bright_black",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
            "input-cursor-background": "ansi_default",
            "input-cursor-foreground": "ansi_default",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_cyan",
            "input-selection-foreground": "ansi_black",
            "screen-selection-background": "ansi_cyan",
            "screen-selection-foreground": "ansi_black",
        },
    ),
)


def extra_variables(theme: Theme) -> dict[str, str]:
    """Colours that no theme names: ``muted`` for what is secondary, ``faint`` for what is not possible now."""
    if theme.ansi:
        return {"muted": "ansi_default", "faint": "ansi_bright_black"}
    colours = theme.to_color_system().generate()
    background, foreground = Color.parse(colours["background"]), Color.parse(colours["foreground"])
    # Dark signs on a bright ground need more of the foreground for the same contrast.
    muted, faint = (0.64, 0.46) if theme.dark else (0.70, 0.54)
    return {
        "muted": background.blend(foreground, muted).hex,
        "faint": background.blend(foreground, faint).hex,
    }


def choose(wanted: str, known: set[str], colours: str | None) -> str:
    """The theme to use: the wanted one if it is known, else the default for what the terminal can do.

    ``colours`` is Rich's name of the colour system ("standard" is 16 colours), or None.
    """
    if wanted in known:
        return wanted
    return DEFAULT_16 if colours in {None, "standard"} else DEFAULT
