"""Panel 3: the account to call from, the number, what will be dialled, suggestions, and a dialpad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.account import Account
from tuiphone.model.address import AddressError, DialPlan, plan_dial
from tuiphone.model.call import Direction
from tuiphone.model.record import CallRecord
from tuiphone.tui.keys import ALT_DIGITS
from tuiphone.tui.paint import click, cut, fit, plain, row
from tuiphone.tui.panels.base import frame
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Store, Topic
from tuiphone.tui.view import View

PAD = ("123", "456", "789", "*0#")
_LETTERS = {
    "2": "abc",
    "3": "def",
    "4": "ghi",
    "5": "jkl",
    "6": "mno",
    "7": "pqrs",
    "8": "tuv",
    "9": "wxyz",
    "0": "+",
}
_BIG_PAD = 12
_KEY_WIDTH = 9
MAX_SUGGESTIONS = 8
MAX_PASTED = 1000
"""Characters; more than any address has."""


def plan(text: str, account: Account | None) -> DialPlan | str:
    """What would be dialled, or the sentence that says why nothing would be."""
    if account is None:
        return _("There is no account to call from")
    try:
        return plan_dial(text, account.id, account.domain, account.transport.value)
    except AddressError as error:
        return error.in_words(_)


def target_of(record: CallRecord, account: Account | None) -> str:
    """What to type to call a row of the history: the number alone in the account's own domain."""
    uri = texts.short_uri(record.remote_uri)
    bare = uri.removeprefix("sip:")
    user, _at, host = bare.partition("@")
    return user if user and account and host.lower() == account.domain.lower() else bare


def suggestions(store: Store, typed: str, limit: int = MAX_SUGGESTIONS) -> list[tuple[str, str]]:
    """Parties of the history that fit what was typed, newest first: (what to dial, name)."""
    account = store.account_to_dial_from()
    wanted = typed.strip().casefold()
    found: dict[str, str] = {}
    for record in store.history:
        target = target_of(record, account)
        name = record.remote_name if record.remote_name != target else ""
        if wanted in target.casefold() or wanted in name.casefold():
            found.setdefault(target, name)
            if len(found) == limit:
                break
    return list(found.items())


def last_dialled(store: Store) -> str:
    """The number of the newest outgoing call, or nothing."""
    account = store.account_to_dial_from()
    for record in store.history:
        if record.direction is Direction.OUTGOING:
            return target_of(record, account)
    return ""


class DialInput(Input):
    """The number; Enter dials, the arrows go through the suggestions."""

    class Step(Message):
        """Up or down was pressed."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Left(Message):
        """Escape on an empty field."""

    def on_key(self, event: Key) -> None:
        """Suggestions and escape."""
        if event.character in ALT_DIGITS:
            event.prevent_default()
            return
        if event.key in {"up", "down"}:
            self.post_message(self.Step(1 if event.key == "down" else -1))
        elif event.key == "escape":
            if self.value:
                self.value = ""
            else:
                self.post_message(self.Left())
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """A pasted number may have line breaks around and in it."""
        event.stop()
        event.prevent_default()
        self.insert_text_at_cursor(" ".join(event.text.split())[:MAX_PASTED])


class DialPanel(Vertical):
    """The whole panel."""

    class Dialled(Message):
        """Enter, on a number that can be dialled."""

        def __init__(self, target: str, account_id: str) -> None:
            super().__init__()
            self.target = target
            self.account_id = account_id

    def __init__(self, view: View, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view = view
        # Selecting all on focus would let the second digit of a number typed in one go replace the first.
        self.input = DialInput(
            placeholder=_("number or address"), compact=True, select_on_focus=False, id="number", classes="field"
        )
        self.input.cursor_blink = False
        self._below = DialHelp(view, self.input, id="dialhelp")
        self._typed = ""
        self._choice = -1

    def compose(self) -> ComposeResult:
        """From, number, help."""
        yield DialFrom(self.view, id="dialfrom")
        yield self.input
        yield self._below

    def on_mount(self) -> None:
        """Title and keys."""
        frame(self, self.view, _("3 Dial"))
        self.border_subtitle = _("Enter dials")

    def press(self, digit: str) -> None:
        """A key of the dialpad."""
        self.take_focus()
        self.input.insert_text_at_cursor(digit)

    def paste(self, event: Paste) -> None:
        """Something was pasted while no field had the focus: what else but a number could it be."""
        self.take_focus()
        self.input.on_paste(event)

    def take_focus(self) -> None:
        """Have the next key go into the field: at once, where ``Widget.focus`` lets keys pass before."""
        self.screen.set_focus(self.input)

    def submit(self) -> None:
        """Dial what is typed; an empty field brings the last number back first."""
        value = self.input.value
        if not value.strip():
            self.input.value = last_dialled(self.view.store)
            self.input.cursor_position = len(self.input.value)
            if not self.input.value:
                self.view.store.say(_("There is nothing to dial: type a number or an address"))
            return
        planned = plan(value, self.view.store.account_to_dial_from())
        if isinstance(planned, DialPlan):
            self.post_message(self.Dialled(value, planned.account_id))
        else:
            self.view.store.say(planned)

    def take(self, index: int) -> None:
        """Put a suggestion into the field."""
        found = suggestions(self.view.store, self._typed)
        if index < len(found):
            self._choice = index
            self.input.value = found[index][0]
            self.input.cursor_position = len(self.input.value)
            self.input.focus()

    def clear(self) -> None:
        """The number has been dialled."""
        self.input.value = ""

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.submit()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._choice < 0 or event.value != self._chosen():
            self._typed, self._choice = event.value, -1
        self._below.typed = self._typed
        self._below.choice = self._choice
        self._below.repaint()

    @on(DialInput.Step)
    def _step(self, event: DialInput.Step) -> None:
        event.stop()
        found = suggestions(self.view.store, self._typed)
        self._choice = max(-1, min(len(found) - 1, self._choice + event.step))
        self.input.value = self._chosen() if self._choice >= 0 else self._typed
        self.input.cursor_position = len(self.input.value)

    def _chosen(self) -> str:
        found = suggestions(self.view.store, self._typed)
        return found[self._choice][0] if 0 <= self._choice < len(found) else self._typed


class DialFrom(Rows):
    """The account to call from; a click chooses another."""

    TOPICS: ClassVar[Topic] = Topic.ACCOUNTS | Topic.LINK

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """One row."""
        account = self.store.account_to_dial_from()
        if account is None:
            return [Content.styled(_("no account"), "$text-warning")] if self.store.was_up else []
        title = cut(f"{account.title}", width - 12, self.signs.cut)
        key = self.view.hint("dial_from")
        text = row((_("from "), "$muted"), (title, "bold"), f" {self.signs.menu} ", (key, "$text-accent"))
        return [click(text, "command('dial_from')")]


class DialHelp(Rows):
    """What will be dialled, whom that could mean, and the dialpad."""

    TOPICS: ClassVar[Topic] = Topic.ACCOUNTS | Topic.HISTORY | Topic.LINK

    def __init__(self, view: View, field: Input, id: str | None = None) -> None:  # noqa: A002
        super().__init__(view, id)
        self._field = field
        self.typed = ""
        self.choice = -1

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The dialpad is big where there is room for it, else one row, else absent."""
        pad: list[Content] = []
        if height >= _BIG_PAD + 3:
            pad = self._big_pad(width)
        elif height >= 3:
            pad = [self._small_pad()]
        preview = self._preview(width)[: max(1, height - len(pad))]
        room = max(0, height - len(preview) - len(pad))
        found = self._suggestions(width, room)
        blank = [Content("")] * (room - len(found))
        return [*preview, *found, *blank, *pad]

    def _preview(self, width: int) -> list[Content]:
        value = self._field.value
        if not value.strip():
            last = last_dialled(self.store)
            text = _("Enter brings back {number}").format(number=last) if last else _("type a number, Enter dials it")
            return [Content.styled(cut(text, width, self.signs.cut), "$muted")]
        account = self.store.account_to_dial_from()
        planned = plan(value, account)
        if isinstance(planned, str):
            return Content.styled(plain(planned, self.signs.cut), "$text-warning").wrap(width)
        title = account.title if account else planned.account_id
        words = _("dials {number} from {account}").format(number=planned.shown, account=title)
        return Content.styled(plain(words, self.signs.cut), "$text-success").wrap(width)

    def _suggestions(self, width: int, room: int) -> list[Content]:
        if room <= 0:
            return []
        found = suggestions(self.store, self.typed)
        first = max(0, self.choice - room + 1)
        rows = []
        for index, (target, name) in enumerate(found[first : first + room], first):
            text = fit(f" {target}  {name}", width, self.signs.cut)
            style = "reverse" if index == self.choice else "$muted"
            rows.append(click(Content.styled(text, style), f"suggest({index})"))
        return rows

    def _small_pad(self) -> Content:
        groups = [Content(" ").join(click(Content(key), f"press('{key}')") for key in line) for line in PAD]
        return Content("   ").join(groups)

    def _big_pad(self, width: int) -> list[Content]:
        top_left, top_right, low_left, low_right, across, upright = tuple(self.signs.box)
        margin = " " * max(0, (width - 3 * _KEY_WIDTH - 2) // 2)
        edge = across * (_KEY_WIDTH - 2)
        rows: list[Content] = []
        for line in PAD:
            tops: list[Content] = []
            faces: list[Content] = []
            feet: list[Content] = []
            for key in line:
                action = f"press('{key}')"
                letters = f"{_LETTERS.get(key, ''):<4}"
                face = row(f"{upright} ", (key, "bold"), " ", (letters, "$muted"), upright)
                tops.append(click(top_left + edge + top_right, action))
                faces.append(click(face, action))
                feet.append(click(low_left + edge + low_right, action))
            rows.extend(Content(margin) + Content(" ").join(parts) for parts in (tops, faces, feet))
        return rows
