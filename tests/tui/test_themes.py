"""Colours: readable in every theme of ours, in 16 colours too, and the same on every screen of the phone."""

from __future__ import annotations

import itertools

import pytest
from textual.color import Color
from textual.theme import Theme

from tests.tui.support import desk
from tuiphone.config.schema import UiSection
from tuiphone.tui.themes import DEFAULT, DEFAULT_16, THEMES, choose, extra_variables

OF_COLOURS = [theme for theme in THEMES if not theme.ansi]
READ = ("foreground", "muted", "text-primary", "text-accent", "text-success", "text-warning", "text-error")
GROUNDS = ("background", "surface", "panel")


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    parts = [part / 255 for part in (colour.r, colour.g, colour.b)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2.1 defines it."""
    dark, bright = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", OF_COLOURS, ids=lambda theme: theme.name)
def test_every_text_can_be_read_and_what_is_off_can_be_made_out(theme: Theme) -> None:
    colours = theme.to_color_system().generate() | extra_variables(theme)
    for ground, text in itertools.product(GROUNDS, READ):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in GROUNDS:
        assert contrast(colours["faint"], colours[ground]) >= 3, ground


def test_sixteen_colours_are_the_terminals_own_and_blue_is_not_among_them() -> None:
    assert choose("", {theme.name for theme in THEMES}, "standard") == DEFAULT_16
    assert choose("", {theme.name for theme in THEMES}, "truecolor") == DEFAULT
    (theme,) = (theme for theme in THEMES if theme.name == DEFAULT_16)
    drawn = (theme.primary, theme.secondary, theme.accent, theme.success, theme.warning, theme.error)
    assert all(colour and colour.startswith("ansi_") and "blue" not in colour for colour in drawn)


async def test_the_sixteen_colours_draw_every_dialog() -> None:
    async with desk(ui=UiSection(theme=DEFAULT_16)) as d:
        await d.talking()
        for key in ("ctrl+p", "f1", "ctrl+o", "g", "K", "V", "d"):
            await d.press(key)
            assert d.picture()
            await d.press("escape", "escape")
        assert d.app.theme == DEFAULT_16


async def test_a_theme_chosen_elsewhere_is_shown_at_once() -> None:
    async with desk() as d:
        await d.bench.phone.set_theme("colour-blind-dark")
        await d.until(lambda: d.app.theme == "colour-blind-dark", "the theme")
        await d.bench.phone.set_theme("")
        await d.until(lambda: d.app.theme != "colour-blind-dark", "the phone's own theme")


async def test_a_theme_that_does_not_exist_is_told() -> None:
    async with desk() as d:
        before = d.app.theme
        await d.bench.phone.set_theme("tuifone")
        await d.until(lambda: d.message() == "There is no theme “tuifone”: ^T shows which there are", "the sentence")
        assert d.app.theme == before


async def test_the_account_to_dial_from_that_was_chosen_elsewhere_is_shown_at_once() -> None:
    async with desk() as d:
        assert "from 2001 sales" in d.picture()
        await d.bench.phone.set_default_account("desk")
        await d.until(lambda: "from 2002 desk" in d.picture(), "the other account")
