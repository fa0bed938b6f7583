"""Rows of text for the panels: cut and padded by cells, never read as markup, with what a click on them does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from textual.content import Content, Span
from textual.style import Style

from tuiphone.model.address import printable

Piece = str | tuple[str, str] | Content


_TYPEWRITER = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "…": "...", "←": "<", "→": ">"})


def plain(text: str, mark: str) -> str:
    """Text for the set of signs that ``mark`` is of: with a typewriter's quotes where it is ASCII."""
    return text.translate(_TYPEWRITER) if mark.isascii() else text


def cut(text: str, width: int, mark: str) -> str:
    """Text of anybody, made safe and at most ``width`` cells wide; ``mark`` (one cell) stands where it was cut."""
    text = plain(printable(text, 500), mark)
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + mark if width > 0 else ""


def fit(text: str, width: int, mark: str, right: bool = False) -> str:
    """Text cut and padded to exactly ``width`` cells."""
    text = cut(text, width, mark)
    padding = " " * max(0, width - cell_len(text))
    return padding + text if right else text + padding


def row(*pieces: Piece) -> Content:
    """Pieces one after another: plain text, (text, style), or content; no piece is ever read as markup."""
    parts = [piece if isinstance(piece, Content) else _content(piece) for piece in pieces]
    return Content("").join(parts) if len(parts) != 1 else parts[0]


def _content(piece: str | tuple[str, str]) -> Content:
    text, style = (piece, "") if isinstance(piece, str) else piece
    return Content(text, [Span(0, len(text), style)] if style and text else None)


def click(content: Content | str, action: str) -> Content:
    """Content that does something when clicked: "command('hold')" runs ``App.action_command``."""
    content = Content(content) if isinstance(content, str) else content
    return content.stylize(_on_click(action))


@lru_cache(maxsize=256)
def _on_click(action: str) -> Style:
    return Style.from_meta({"@click": f"app.{action}"})


def spread(left: Content, right: Content, width: int) -> Content:
    """Left and right ends of a row; the left end gives way."""
    room = max(0, width - right.cell_length - 1)
    left = left.truncate(room) if left.cell_length > room else left
    return Content("").join([left, Content(" " * max(0, width - left.cell_length - right.cell_length)), right])


def join(parts: Iterable[Content], gap: str) -> Content:
    """Contents with a gap between them."""
    return Content(gap).join(list(parts))


def bar(value: float, width: int, on: str, off: str) -> tuple[str, str]:
    """A bar of ``width`` cells for a value from 0 to 1: its filled and its empty part."""
    filled = max(0, min(width, round(value * width)))
    return on * filled, off * (width - filled)
