"""A list one moves in with the arrow keys, on top of ``Rows``: history, choices, accounts, device roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from tuiphone.tui.rows import Rows
from tuiphone.tui.view import View

T = TypeVar("T")
C = TypeVar("C")


class Listing(Rows, Generic[T], can_focus=True):
    """Rows of items, one of which is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding("enter", "choose", show=False),
    ]
    ONE_CLICK: ClassVar[bool] = False
    """Whether a click chooses at once; else the first click moves the cursor and a second one chooses."""

    class Chosen(Message, Generic[C]):
        """Enter, or a click, on an item."""

        def __init__(self, item: C) -> None:
            super().__init__()
            self.item = item

    class AtEnd(Message):
        """The cursor came to the last item: there may be more to fetch."""

    def __init__(self, view: View, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(view, id, classes)
        self.items: Sequence[T] = ()
        self.cursor = 0
        self._top = 0

    def draw(self, item: T, width: int, here: bool) -> Content:
        """The row of an item; ``here`` when the cursor is on it."""
        raise NotImplementedError

    def empty(self) -> str:
        """What to say when there are no items."""
        return ""

    def set_items(self, items: Sequence[T], cursor: int | None = None) -> None:
        """Show other items; the cursor stays where it is as far as that is possible."""
        self.items = items
        self.cursor = max(0, min(self.cursor if cursor is None else cursor, len(items) - 1))
        self.repaint()

    @property
    def item(self) -> T | None:
        """The item under the cursor."""
        return self.items[self.cursor] if self.items else None

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The part of the list around the cursor."""
        if not self.items:
            return [Content.styled(self.empty(), "$muted")]
        self._top = max(0, min(self._top, self.cursor, len(self.items) - height))
        if self.cursor >= self._top + height:
            self._top = self.cursor - height + 1
        shown = self.items[self._top : self._top + height]
        return [self._row(item, width, self._top + y == self.cursor) for y, item in enumerate(shown)]

    def _row(self, item: T, width: int, here: bool) -> Content:
        content = self.draw(item, width, here)
        if not here:
            return content
        content = content.pad_right(max(0, width - content.cell_length))
        return content.stylize("reverse" if self.has_focus or self.ONE_CLICK else "bold")

    def on_focus(self) -> None:
        """The cursor shows more strongly."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor shows less strongly."""
        self.repaint()

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        if not self.items:
            return
        self.cursor = max(0, min(len(self.items) - 1, self.cursor + step))
        if self.cursor == len(self.items) - 1:
            self.post_message(self.AtEnd())
        self.repaint()

    def action_page(self, direction: int) -> None:
        """Move the cursor by what is visible."""
        self.action_move(direction * max(1, self.size.height - 1))

    async def action_choose(self) -> None:
        """Take the item under the cursor."""
        if self.item is not None:
            self.post_message(self.Chosen(self.item))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-1)

    async def on_click(self, event: Click) -> None:
        """A click moves the cursor, or chooses."""
        offset = event.get_content_offset(self)
        index = self._top + offset.y if offset else -1
        if not 0 <= index < len(self.items):
            return
        chosen = self.ONE_CLICK or index == self.cursor
        self.cursor = index
        self.repaint()
        if chosen:
            await self.action_choose()
