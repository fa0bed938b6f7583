"""Dialogs lie over the panels but never over the ringing strip: a call can be taken from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import MouseScrollDown, MouseScrollUp
from textual.screen import ModalScreen
from textual.widget import Widget

from tuiphone.tui.panels.ringing import RingingStrip
from tuiphone.tui.rows import Rows
from tuiphone.tui.view import View

R = TypeVar("R")


class Dialog(ModalScreen[R]):
    """A framed box in the middle; Escape closes it without a result."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, view: View, title: str, keys: str = "", classes: str = "") -> None:
        super().__init__(classes=classes)
        self.view = view
        self._title = title
        self._keys = keys

    def body(self) -> Iterable[Widget]:
        """What is in the box."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The box and the strip."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content(self._keys)
            yield from self.body()
        yield RingingStrip(self.view, id="ringing")


class Reader(Rows, can_focus=True):
    """Text to scroll through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_by(-1)", show=False),
        Binding("down", "scroll_by(1)", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
        Binding("pagedown,space", "scroll_page(1)", show=False),
        Binding("home", "scroll_by(-100000)", show=False),
        Binding("end", "scroll_by(100000)", show=False),
    ]

    def __init__(self, view: View, id: str | None = None) -> None:  # noqa: A002
        super().__init__(view, id)
        self._top = 0
        self._length = 0

    def text(self, width: int) -> Sequence[Content]:
        """All of it, in rows of at most ``width`` cells."""
        raise NotImplementedError

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The part in view."""
        lines = self.text(width)
        self._length = len(lines)
        self._top = max(0, min(self._top, self._length - height))
        return lines[self._top : self._top + height]

    def action_scroll_by(self, step: int) -> None:
        """Up or down by rows."""
        self._top = max(0, self._top + step)
        self.repaint()

    def action_scroll_page(self, direction: int) -> None:
        """Up or down by what is visible."""
        self.action_scroll_by(direction * max(1, self.size.height - 1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_scroll_by(-3)
