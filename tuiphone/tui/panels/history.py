"""Panel 5: the history of calls, searchable; a panel where there is room, else shown in a dialog."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.call import Direction, EndKind
from tuiphone.model.record import CallRecord
from tuiphone.texts_quality import summary_line
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import fit, row
from tuiphone.tui.panels.base import frame
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

PAGE = 100
"""Rows fetched at once."""


def record_row(record: CallRecord, width: int, signs: Glyphs, now: float, brief: bool = False) -> Content:
    """One ended call: what it was, who, when, how long, and where there is room why it ended."""
    if record.missed:
        sign, word, style = signs.missed, _("missed"), "$text-error"
    elif record.direction is Direction.INCOMING:
        sign, word, style = signs.incoming, _("in"), "$text-success"
    else:
        sign, word, style = signs.outgoing, _("out"), "$text-primary"
    number, name = _number(record), record.remote_name
    who = f"{number} {name}" if name and name != number else number
    when = fit(
        texts.clock(record.started_at) if _same_day(record.started_at, now) else _day(record), 6, signs.cut, right=True
    )
    why = ""
    if not brief and width >= 76:
        why = "  " + fit(_why(record), width - 50, signs.cut)
    length = "" if brief else f" {texts.duration(record.duration_s) if record.answered_at else '':>7}"
    recorded = "" if brief or not record.recording else f" {signs.recording}{_('REC')}"
    fixed = 2 + 7 + len(when) + 2 + len(length) + len(recorded)
    party = fit(who, max(4, width - fixed - len(why)), signs.cut)
    emphasis = "" if record.seen or not record.missed else "bold"
    return row(
        (f" {sign} {fit(word, 6, signs.cut)}", style),
        (f" {party}", emphasis),
        (recorded, "$text-error"),
        f"{length} {when}",
        (why, "$muted"),
    )


def _why(record: CallRecord) -> str:
    """Why a call ended, and how it sounded if that was measured: what is out of the ordinary first."""
    end = [texts.end_sentence(record)] if record.end else []
    sound = [summary_line(record.quality)] if record.quality else []
    usual = record.end and record.end.kind is EndKind.HANGUP and not record.end.audio_problem
    return "; ".join(sound + end if usual else end + sound)


def _number(record: CallRecord) -> str:
    uri = texts.short_uri(record.remote_uri)
    return uri.partition(":")[2].partition("@")[0] or uri


def _same_day(moment: float, now: float) -> bool:
    return time.localtime(moment)[:3] == time.localtime(now)[:3]


def _day(record: CallRecord) -> str:
    return time.strftime("%d %b", time.localtime(record.started_at))


class HistoryList(Listing[CallRecord]):
    """The rows."""

    def draw(self, item: CallRecord, width: int, here: bool) -> Content:
        """One row."""
        return record_row(item, width, self.signs, self.store.clock())

    def empty(self) -> str:
        """What to say without rows."""
        return " " + _("no calls")


class HistoryView(Vertical):
    """Search field and rows. Posts ``Redialled`` when a row was dialled again."""

    class Redialled(Message):
        """A row was dialled again: nothing more is wanted here."""

    def __init__(self, view: View, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.view = view
        self._missed_only = False
        self._search = Input(placeholder=_("number or name"), compact=True, classes="field")
        self._search.cursor_blink = False
        self._list = HistoryList(view)
        self._unwatch: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Search field above rows."""
        self._search.display = False
        yield self._search
        yield self._list

    def on_mount(self) -> None:
        """Show what is known already, then follow."""
        self._title()
        self._list.set_items(self.view.store.history)
        self._unwatch = self.view.store.watch(Topic.HISTORY, lambda topics: self._follow())

    def on_unmount(self) -> None:
        """Follow no more."""
        if self._unwatch:
            self._unwatch()

    def focus_list(self) -> None:
        """Give the rows the focus; the missed calls are seen now."""
        self.screen.set_focus(self._list)
        if self.view.store.missed:
            self.view.desk.start(self.view.desk.phone.mark_seen())

    def _title(self) -> None:
        missed = self.view.store.missed
        only = f" {self.view.glyphs.rule} " + _("missed only") if self._missed_only else ""
        count = " " + _("({count} missed)").format(count=missed) if missed else ""
        frame(self, self.view, _("5 History") + count + only)
        self.border_subtitle = _("Enter calls  i details  / searches  ! missed only  y copies")

    def _follow(self) -> None:
        self._title()
        if self._filtered:
            self.view.desk.start(self._fetch())
        else:
            self._list.set_items(self.view.store.history)

    @property
    def _filtered(self) -> bool:
        return bool(self._search.value.strip()) or self._missed_only

    async def _fetch(self, before: float | None = None) -> None:
        asked = (self._search.value.strip(), self._missed_only)
        records = await self.view.desk.phone.history(*asked, limit=PAGE, before=before)
        if asked != (self._search.value.strip(), self._missed_only):
            return
        if before is None:
            self._list.set_items(records, 0)
        elif self._filtered:
            self._list.set_items((*self._list.items, *records))
        elif records:
            self.view.store.set_history((*self.view.store.history, *records))

    def on_key(self, event: Key) -> None:
        """The keys of this panel."""
        if event.key == "escape" and self._search.display:
            self._end_search()
        elif self._search.has_focus:
            if event.key not in {"down", "up", "enter"}:
                return
            self._list.focus()
        elif event.character == "/":
            self._search.display = True
            # At once, where ``Widget.focus`` lets keys pass before: the next letter must not be a command.
            self.screen.set_focus(self._search)
        elif event.character == "!":
            self._missed_only = not self._missed_only
            self._title()
            self._list.cursor = 0
            self._follow()
        elif event.character == "y" and self._list.item:
            number = _number(self._list.item)
            self.app.copy_to_clipboard(number)
            self.view.store.say(_("Copied {number}").format(number=number))
        elif event.character == "i" and self._list.item:
            self._show(self._list.item)
        else:
            return
        event.stop()
        event.prevent_default()

    def _show(self, record: CallRecord) -> None:
        from tuiphone.tui.dialogs.record import RecordDialog

        self.app.push_screen(RecordDialog(self.view, record))

    def _end_search(self) -> None:
        self._search.value = ""
        self._search.display = False
        self._list.focus()

    @on(Input.Changed)
    def _searched(self, event: Input.Changed) -> None:
        event.stop()
        self._list.cursor = 0
        self._follow()

    @on(Listing.AtEnd)
    def _more(self, event: HistoryList.AtEnd) -> None:
        event.stop()
        items = self._list.items
        if items and len(items) >= PAGE:
            self.view.desk.start(self._fetch(before=items[-1].started_at))

    @on(Listing.Chosen)
    def _redial(self, event: Listing.Chosen[CallRecord]) -> None:
        event.stop()
        record = event.item
        account = record.account_id if record.account_id in self.view.store.accounts else ""
        self.view.store.select("")
        self.view.desk.start(self.view.desk.phone.dial(texts.short_uri(record.remote_uri), account))
        self.post_message(self.Redialled())
