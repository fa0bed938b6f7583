"""The strip above the message line: who rings, and the keys that take or refuse it. Its rows are always there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from tuiphone import texts
from tuiphone.i18n import _, ngettext
from tuiphone.model.call import Call
from tuiphone.tui.paint import click, fit, row
from tuiphone.tui.panels.lines import elapsed
from tuiphone.tui.reasons import ringing_call
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Link, Topic

HEIGHT = 2


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
        name = f"{call.remote.name} " if call.remote.name else ""
        text = _("RINGING line {n}  {name}<{uri}> to {account}").format(
            n=call.line, name=name, uri=texts.short_uri(call.remote.uri), account=account
        )
        first = fit(f" {self.signs.ringing} {text}", width - 10, self.signs.cut) + f"{time:>9} "
        return [Content.styled(first, "bold reverse $text-warning"), self._choices(width)]

    def _choices(self, width: int) -> Content:
        talking = self.store.talking()
        held = _("line {n} goes on hold").format(n=talking.line) if talking else ""
        answer = self._key("answer", f" ({held})" if held else "")
        others = len(self.store.ringing()) - 1
        more = ngettext("+{count} more rings", "+{count} more ring", others).format(count=others) if others else ""
        parts = row(" ", answer, self._key("decline"), self._key("decline_as", _(" as"), word=_("Decline")))
        return row(parts, (more, "bold $text-warning")).truncate(width)

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
