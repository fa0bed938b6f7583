"""The strip above the message line: who rings, and the keys that take or refuse it. Its rows are always there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content

from tuiphone import texts
from tuiphone.i18n import _, ngettext
from tuiphone.model.address import Party, printable
from tuiphone.model.call import Call
from tuiphone.tui.paint import click, cut, fit, row
from tuiphone.tui.panels.lines import elapsed
from tuiphone.tui.reasons import ringing_call
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Link, Topic

_ACCOUNT_WIDTH = 24
_ROOM_FOR_BOTH = 30
_LEAST_ADDRESS = 14
"""Cells: so much of a caller's address is always shown where there is room for name and address."""


class RingingStrip(Rows):
    """Two rows; they say when the engine is lost, too, for then nothing can ring."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.CALLS | Topic.SECOND | Topic.HISTORY | Topic.ACCOUNTS | Topic.DND

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """What rings; or that the engine is lost; or missed calls; or nothing."""
        if self.store.link is Link.LOST:
            return self._lost(width)
        call = ringing_call(self.store)
        if call:
            return self._ringing(call, width)
        return self._quiet(width)

    def _lost(self, width: int) -> list[Content]:
        text = _("ENGINE LOST, reconnecting: {reason}") if self.store.was_up else _("NO ENGINE yet: {reason}")
        reason = text.format(reason=self.store.lost_reason)
        first = fit(f" {self.signs.failed} {reason}", width, self.signs.cut)
        stale = _("what is shown may be over") if self.store.calls else ""
        keys = row(" ", self._key("start_engine"), self._key("leave"), (stale, "$muted"))
        return [Content.styled(first, "bold reverse $text-error"), keys.truncate(width)]

    def _ringing(self, call: Call, width: int) -> list[Content]:
        time = texts.duration(elapsed(call, self.store.now))
        account = self.store.account_title(call.account_id)
        words = _("RINGING line {n}  {who} to {account}")
        account = cut(account, _ACCOUNT_WIDTH, self.signs.cut)
        # Which account is called decides how one answers: a long name or address gives way to it.
        room = width - 13 - cell_len(words.format(n=call.line, who="", account=account))
        text = words.format(n=call.line, who=self._who(call.remote, room), account=account)
        first = fit(f" {self.signs.ringing} {text}", width - 10, self.signs.cut) + f"{time:>9} "
        return [Content.styled(first, "bold reverse $text-warning"), self._choices(width)]

    def _who(self, caller: Party, room: int) -> str:
        """The caller's name and address; of a long one its beginning, the name alone where there is room for no more."""
        name, uri = printable(caller.name), texts.short_uri(caller.uri)
        if name and room < _ROOM_FOR_BOTH and cell_len(f"{name} <{uri}>") > room:
            return cut(name, room, self.signs.cut)
        name = cut(name, room - min(cell_len(uri) + 3, _LEAST_ADDRESS), self.signs.cut)
        name = f"{name} " if name else ""
        return f"{name}<{cut(uri, max(1, room - cell_len(name) - 2), self.signs.cut)}>"

    def _choices(self, width: int) -> Content:
        talking = self.store.talking()
        held = _("line {n} goes on hold").format(n=talking.line) if talking else ""
        answer = self._key("answer", f" ({held})" if held else "")
        others = len(self.store.ringing()) - 1
        more = ngettext("+{count} more rings", "+{count} more ring", others).format(count=others) if others else ""
        decline_as = self._key("decline_as", _(" as"), word=_("Decline"))
        parts = [answer, self._key("decline"), Content.styled(more, "bold $text-warning"), decline_as]
        # What does not fit is left out, the least urgent first.
        while len(parts) > 2 and sum(part.cell_length for part in parts) > width:
            parts.pop()
        return row(" ", *parts).truncate(width)

    def _key(self, command_id: str, tail: str = "", word: str = "") -> Content:
        command = self.view.commands[command_id]
        key = self.view.hint(command_id, function_key=True)
        word = word or command.footer(self.store)
        return click(row((f" {key} ", "bold reverse"), f" {word}{tail}"), f"command('{command_id}')") + Content("   ")

    def _quiet(self, width: int) -> list[Content]:
        missed = self.store.missed
        if not missed:
            return []
        text = ngettext("{count} missed call", "{count} missed calls", missed).format(count=missed)
        key = self.view.hint("history")
        shown = row(
            (f" {self.signs.missed} {text}", "$text-error"),
            ("  " + _("{key} shows it").format(key=key), "$muted"),
        )
        return [Content(""), click(shown.truncate(width), "command('history')")]
