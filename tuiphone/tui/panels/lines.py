"""Panel 1: the lines, each with its call; below them, where there is room, the newest calls of the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.call import Call, CallState, Direction
from tuiphone.tui.marks import recording_mark
from tuiphone.tui.paint import click, fit, row
from tuiphone.tui.panels.base import frame
from tuiphone.tui.panels.history import record_row
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Topic

_ROOM_FOR_MORE = 52
"""From this width on a line also shows direction and account."""
_ROOM_FOR_CODEC = 64
_ROOM_FOR_HEADING = 4


def state_style(call: Call) -> str:
    """The colour of a call's state; the word stands beside it."""
    if call.is_ringing:
        return "bold reverse $text-warning"
    if call.state is CallState.TALKING:
        return "$text-warning" if call.local_hold or call.remote_hold else "bold $text-success"
    return "bold $text-accent"


def elapsed(call: Call, now: float) -> float:
    """Seconds since the answer, or since the call began while nobody has answered."""
    return max(0.0, now - (call.answered_at if call.answered_at is not None else call.created_at))


class Lines(Rows, can_focus=True):
    """Every line keeps its row, so nothing moves when a call comes or goes."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.CALLS | Topic.SECOND | Topic.HISTORY | Topic.ACCOUNTS | Topic.FOCUS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.command('line_previous')", show=False),
        Binding("down", "app.command('line_next')", show=False),
    ]

    def on_mount(self) -> None:
        """Title and keys."""
        super().on_mount()
        frame(self, self.view, _("1 Lines"), ("line_previous", "line_next"))

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """Heading, lines, history; only lines where there is room for few."""
        if height < _ROOM_FOR_HEADING:
            return [self._line(number, width) for number in self._numbers(height)]
        heading = fit("   " + _("ln") + " " + _("state") + "  " + _("party"), width, self.signs.cut)
        time_word = _("time")
        heading = heading[: max(0, width - len(time_word) - 1)] + time_word + " "
        lines = [self._line(number, width) for number in self._numbers(height - 1)]
        rows = [Content.styled(heading, "$muted"), *lines]
        return [*rows, *self._history(width, height - len(rows))]

    def _numbers(self, room: int) -> range:
        """The lines that fit, with the current one among them."""
        count = max([self.store.max_lines, *(call.line for call in self.store.calls.values())])
        current = self.store.current()
        first = max(1, min((current.line if current else 1) - room // 2, count - room + 1))
        return range(first, min(count, first + room - 1) + 1) if room < count else range(1, count + 1)

    def _line(self, number: int, width: int) -> Content:
        call = next((call for call in self.store.calls.values() if call.line == number), None)
        if call is None:
            return Content.styled(f"  {number:>2} {self.signs.off}", "$faint")
        here = self.store.current() is call
        mark = self.signs.selected if here else " "
        flags = row(recording_mark(call, self.signs, brief=True), (_("mute") if call.muted else "", "bold $text-error"))
        time = texts.duration(elapsed(call, self.store.now)) if self.store.is_up else "--:--"
        state = texts.state_word(call) if self.store.is_up else "?"
        more = self._more(call, width) if width >= _ROOM_FOR_MORE else ""
        fixed = 6 + 7 + flags.cell_length + 8 + len(more)
        party = fit(call.remote.label, max(4, width - fixed), self.signs.cut)
        content = row(
            (f"{mark}", "bold $text-accent"),
            f" {number:>2} ",
            (f"{fit(state, 5, self.signs.cut)}", state_style(call)),
            " ",
            (f" {party}", "bold" if here else ""),
            (more, "$muted"),
            flags,
            f"{time:>8} ",
        )
        return click(content, f"select({call.line})")

    def _more(self, call: Call, width: int) -> str:
        arrow = self.signs.incoming if call.direction is Direction.INCOMING else self.signs.outgoing
        account = fit(self.store.account_title(call.account_id), 12, self.signs.cut)
        codec = fit(call.media.codec if call.media else "", 6, self.signs.cut) if width >= _ROOM_FOR_CODEC else ""
        return f" {arrow} {account} {codec} "

    def _history(self, width: int, room: int) -> list[Content]:
        if room < 2 or self.screen.has_class("-roomy"):
            return []
        title = f" {self.signs.rule} {_('history')} "
        rule = Content.styled(title + self.signs.rule * max(0, width - len(title) - 1), "$muted")
        recent = self.store.history[: room - 1]
        rows = [record_row(record, width - 1, self.signs, self.store.clock(), brief=True) for record in recent]
        return [click(content, "command('history')") for content in (rule, *rows)]
