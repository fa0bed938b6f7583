"""Jump labels: a letter over each place that can be gone to; the letter goes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.geometry import Offset
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tuiphone.i18n import _


class JumpLabel(Static):
    """A label over a place."""

    ALLOW_SELECT = False

    class Taken(Message):
        """The label was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, key: str, at: Offset) -> None:
        super().__init__(Content(f" {key} "), classes="jump")
        self.key = key
        self.styles.offset = at

    def on_click(self, event: Click) -> None:
        """The same as its key."""
        event.stop()
        self.post_message(self.Taken(self.key))


class Jump(ModalScreen[str]):
    """Returns the key that was chosen. ``places`` are where the labels go, by key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+o", "dismiss(None)", show=False)]

    def __init__(self, places: Mapping[str, Offset]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """The labels and a line that tells what they are."""
        for key, at in self._places.items():
            yield JumpLabel(key, at)
        yield Static(Content(" " + _("a key goes to its place, Esc stays here")), id="jumphint")

    def on_key(self, event: Key) -> None:
        """A label's key."""
        if event.character and event.character.lower() in self._places:
            event.stop()
            self.dismiss(event.character.lower())

    def on_jump_label_taken(self, event: JumpLabel.Taken) -> None:
        """A click on a label."""
        self.dismiss(event.key)

    def on_click(self) -> None:
        """Anywhere else closes."""
        self.dismiss(None)
