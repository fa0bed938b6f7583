"""One dialog for every choice: devices, accounts, answers, themes, the palette of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.content import Content
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Static

from tuiphone.i18n import _
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import cut, row
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose; ``note`` stands behind it, ``mark`` at the right edge; ``off`` greys it."""

    value: str
    label: str
    note: str = ""
    mark: str = ""
    off: bool = False


class ChoiceList(Listing[Choice]):
    """The choices; one click takes one."""

    ONE_CLICK: ClassVar[bool] = True

    def draw(self, item: Choice, width: int, here: bool) -> Content:
        """One choice."""
        mark = f" {item.mark} " if item.mark else " "
        room = max(1, width - cell_len(mark) - 1)
        label = cut(item.label, room, self.signs.cut)
        note = cut(item.note, room - cell_len(label) - 2, self.signs.cut) if item.note else ""
        gap = "  " if note else ""
        text = row(f" {label}{gap}", (note, "" if here else "$muted"))
        content = row(text, " " * max(0, room + 1 - text.cell_length), (mark, "" if here else "$text-accent"))
        return content.stylize("$muted") if item.off and not here else content

    def empty(self) -> str:
        """When nothing fits the filter."""
        return " " + _("nothing fits")


class Pick(Dialog[str]):
    """Returns the value that was chosen, or None."""

    def __init__(
        self,
        view: View,
        title: str,
        choices: Sequence[Choice],
        *,
        current: str | None = None,
        text: str = "",
        filtered: bool = False,
        preview: Callable[[str], None] | None = None,
        devices: Callable[[], Sequence[Choice]] | None = None,
    ) -> None:
        """``devices`` gives the choices again when sound devices come or go while the dialog is open."""
        super().__init__(view, title, _("Enter takes  Esc closes"), "-filtered" if filtered else "")
        self._choices = choices
        self._current = current
        self._text = text
        self._filtered = filtered
        self._preview = preview
        self._devices = devices
        self._unwatch: Callable[[], None] | None = None
        self._list = ChoiceList(view)

    def body(self) -> Iterable[Widget]:
        """Text, filter and choices."""
        if self._text:
            yield Static(Content(self._text), classes="text")
        if self._filtered:
            field = Input(placeholder=_("type to filter"), compact=True, classes="field")
            field.cursor_blink = False
            yield field
        yield self._list

    def on_mount(self) -> None:
        """Put the cursor on what is chosen now, and size the list by its content."""
        values = [choice.value for choice in self._choices]
        cursor = values.index(self._current) if self._current in values else 0
        self._list.styles.height = max(1, len(values))
        self._list.set_items(self._choices, cursor)
        (self.query(Input).first() if self._filtered else self._list).focus()
        if self._devices:
            self._unwatch = self.view.store.watch(Topic.DEVICES, self._again)

    def on_unmount(self) -> None:
        """Follow no more."""
        if self._unwatch:
            self._unwatch()

    def _again(self, _topics: Topic) -> None:
        """Devices came or went: the cursor stays on what it was on."""
        here = self._list.item
        self._choices = self._devices() if self._devices else self._choices
        values = [choice.value for choice in self._choices]
        self._list.styles.height = max(1, len(values))
        self._list.set_items(self._choices, values.index(here.value) if here and here.value in values else 0)

    def on_key(self, event: Key) -> None:
        """The arrows move in the list while one types in the filter."""
        moves: dict[str, Callable[[], None]] = {
            "up": lambda: self._list.action_move(-1),
            "down": lambda: self._list.action_move(1),
            "pageup": lambda: self._list.action_page(-1),
            "pagedown": lambda: self._list.action_page(1),
        }
        if self._filtered and event.key in moves:
            event.stop()
            event.prevent_default()
            moves[event.key]()
        if self._preview and event.key in moves:
            self.call_after_refresh(self._show_preview)

    def _show_preview(self) -> None:
        if self._preview and self._list.item:
            self._preview(self._list.item.value)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.casefold().split()
        fitting = [choice for choice in self._choices if all(word in _searched(choice) for word in words)]
        self._list.set_items(fitting, 0)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self._list.action_choose()

    @on(Listing.Chosen)
    def _chosen(self, event: Listing.Chosen[Choice]) -> None:
        event.stop()
        choice = event.item
        self.dismiss(choice.value)


def _searched(choice: Choice) -> str:
    return f"{choice.label} {choice.value}".casefold()
