"""A form: fields to type in, fields to choose in, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Input, Static

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.address import AddressError
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.view import View

_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class Cycle(Static, can_focus=True):
    """One of a few words; space, left, right or a click goes to the next."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", show=False),
        Binding("left", "turn(-1)", show=False),
    ]

    def __init__(self, view: View, values: Sequence[str], value: str, id: str) -> None:  # noqa: A002
        super().__init__(id=id, classes="field")
        self._view = view
        self._values = values
        self.value = value

    def on_mount(self) -> None:
        """Show the value."""
        self._show()

    def _show(self) -> None:
        hint = Content.styled(" / ".join(word for word in self._values if word != self.value), "$muted")
        self.update(Content.styled(self.value, "bold") + Content(f" {self._view.glyphs.menu}  ") + hint)

    def action_turn(self, step: int) -> None:
        """To the next value."""
        self.value = self._values[(self._values.index(self.value) + step) % len(self._values)]
        self._show()

    def on_click(self, event: Click) -> None:
        """The same by mouse."""
        event.stop()
        self.action_turn(1)


class Form(Dialog[None]):
    """Fields by name; ``keep`` saves them, and what it raises is shown below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+w,f10", "save", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, view: View, title: str, keep: Callable[[], Awaitable[None]]) -> None:
        super().__init__(view, title, _("Enter keeps it  Up Down move  Esc leaves it"), "-form")
        self._keep = keep
        self.problem = Static("", id="problem")

    def on_mount(self) -> None:
        """Begin at the top."""
        self.query(".field").first().focus()

    def text_field(self, label: str, name: str, value: str, hint: str, secret: bool = False) -> Widget:
        """A line to type in."""
        field = Input(value, placeholder=hint, compact=True, password=secret, id=name, classes="field")
        field.cursor_blink = False
        return Horizontal(Static(label, classes="label"), field, classes="line")

    def choice_field(self, label: str, name: str, values: Sequence[str], value: str) -> Widget:
        """A line to choose in."""
        return Horizontal(Static(label, classes="label"), Cycle(self.view, values, value, name), classes="line")

    def text(self, name: str) -> str:
        """What is in a field, without the spaces around it."""
        return self.secret(name).strip()

    def secret(self, name: str) -> str:
        """What is in a field, to the letter."""
        return self.query_one(f"#{name}", Input).value

    def choice(self, name: str) -> str:
        """The word that is chosen."""
        return self.query_one(f"#{name}", Cycle).value

    def host(self, name: str, what: str) -> str:
        """A host, or host:port, or nothing. Raises PhoneError with ``what`` in the sentence."""
        host = self.text(name)
        if host and not _HOST.fullmatch(host):
            raise PhoneError(_("{what} is a host or host:port, without sip:").format(what=what), "invalid")
        return host

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.view.desk.start(self._save())

    async def action_save(self) -> None:
        """The key that keeps it from a field that is no input."""
        self.view.desk.start(self._save())

    async def _save(self) -> None:
        try:
            await self._keep()
        except (PhoneError, AddressError) as error:
            sentence = error.in_words(_) if isinstance(error, AddressError) else str(error)
            self.problem.update(Content.styled(sentence, "$text-error"))
            self.call_after_refresh(self.problem.scroll_visible, animate=False)
            return
        self.dismiss(None)
