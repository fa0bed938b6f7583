"""A widget of text rows that sends only the cells that changed to the terminal.

Idle screens cost nothing because nobody calls ``repaint``; a clock that moves costs the one digit that moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.keys import Keymap
from tuiphone.tui.store import Store, Topic
from tuiphone.tui.view import View


class Rows(Widget):
    """Base of the panels: ``rows`` tells what to show, ``TOPICS`` when to ask it again."""

    TOPICS: ClassVar[Topic] = Topic(0)
    ALLOW_SELECT = False

    def __init__(self, view: View, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.view = view
        self.auto_links = False
        self._shown: list[Content] = []
        self._shown_at: tuple[int, int] = (-1, -1)
        self._unwatch: Callable[[], None] | None = None

    @property
    def store(self) -> Store:
        """What the screen knows."""
        return self.view.store

    @property
    def signs(self) -> Glyphs:
        """The signs to draw."""
        return self.view.glyphs

    @property
    def keymap(self) -> Keymap:
        """The keys in force."""
        return self.view.keymap

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """What to show, at most ``height`` rows of at most ``width`` cells."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Begin to follow the store."""
        self._unwatch = self.store.watch(self.TOPICS, self.follow)

    def on_unmount(self) -> None:
        """Follow the store no more."""
        if self._unwatch:
            self._unwatch()

    def follow(self, topics: Topic) -> None:
        """Something this panel shows has changed."""
        self.repaint()

    def repaint(self) -> None:
        """Ask for the rows again and redraw the cells that differ."""
        if not self.is_attached or not self.size.width or not self.display:
            self._shown_at = (-1, -1)
            return
        before = self._shown
        if self._shown_at != (self.size.width, self.size.height):
            self._ask()
            self.refresh()
            return
        self._ask()
        regions = _differences(before, self._shown, self.size.width)
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One row, as Textual wants it."""
        if self._shown_at != (self.size.width, self.size.height):
            self._ask()
        style = self.visual_style
        if y >= len(self._shown):
            return Strip.blank(self.size.width, style.rich_style)
        # Visual.to_strips would give every piece a style of its own, with its place for selecting text: Textual's caches
        # then keep thousands of them, and the screen grows with each call.
        parts = self._shown[y].render(style, end="", parse_style=self.app.stylesheet.parse_style)
        strip = Strip([Segment(text, (style + part).rich_style) for text, part in parts])
        return strip.adjust_cell_length(self.size.width, style.background_style.rich_style)

    def _ask(self) -> None:
        width, height = self.size
        self._shown = list(self.rows(width, height))[:height]
        self._shown_at = (width, height)


def _differences(before: Sequence[Content], after: Sequence[Content], width: int) -> list[Region]:
    regions = []
    blank = Content("")
    for y in range(max(len(before), len(after))):
        old = before[y] if y < len(before) else blank
        new = after[y] if y < len(after) else blank
        if old.plain == new.plain and old.spans == new.spans:
            continue
        first, last = _span(_cells(old, width), _cells(new, width))
        if first < last:
            regions.append(Region(first, y, last - first, 1))
    return regions


def _span(old: list[object], new: list[object]) -> tuple[int, int]:
    first = 0
    last = len(new)
    while first < last and old[first] == new[first]:
        first += 1
    while last > first and old[last - 1] == new[last - 1]:
        last -= 1
    return first, last


def _cells(content: Content, width: int) -> list[object]:
    """What stands in each cell, with its styles, in a form that can be compared."""
    plain = content.plain
    styles: list[tuple[object, ...]] = [()] * len(plain)
    for span in content.spans:
        for index in range(max(0, span.start), min(span.end, len(plain))):
            styles[index] = (*styles[index], span.style)
    cells: list[object] = []
    for character, style in zip(plain, styles, strict=True):
        size = get_character_cell_size(character)
        cells.extend([(character, style)] * size)
    cells = cells[:width]
    return cells + [(" ", ())] * (width - len(cells))
