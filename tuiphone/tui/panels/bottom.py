"""The message line and the footer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Input

from tuiphone import texts
from tuiphone.model.address import printable
from tuiphone.model.event import NoticeLevel
from tuiphone.tui.command import Command
from tuiphone.tui.keys import is_letter
from tuiphone.tui.paint import click, cut, plain, row
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Topic

_STYLES = {NoticeLevel.INFO: "", NoticeLevel.WARNING: "$text-warning", NoticeLevel.ERROR: "bold $text-error"}
_LONGEST = 500
"""Characters of a message that are looked at; more are not shown in one row anywhere."""
_ALWAYS = ("palette", "jump", "help")


class MessageLine(Rows):
    """The newest message; a click shows all of them in full, and so does the key that stands behind one that is too long."""

    TOPICS: ClassVar[Topic] = Topic.MESSAGE

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """One row."""
        if not self.store.messages:
            return []
        message = self.store.messages[-1]
        sign = "" if message.level is NoticeLevel.INFO else f"{self.signs.warning} "
        whole = plain(printable(f"{sign}{message.text}", _LONGEST), self.signs.cut)
        key = f" {self.view.hint('messages')} " if cell_len(whole) > width - 8 else ""
        text = cut(whole, width - 8 - len(key), self.signs.cut)
        head = (f" {texts.clock(message.at)} ", "$muted")
        return [click(row(head, (text, _STYLES[message.level]), (key, "bold $text-accent")), "command('messages')")]


class Footer(Rows):
    """The keys that matter now, the most urgent first; a click is as good as the key."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.CALLS | Topic.DND | Topic.FOCUS | Topic.ACCOUNTS

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """One row: what is possible, then greyed what is not, then the keys that are always there."""
        typing = isinstance(self.app.focused, Input) or self.app.screen is not self.screen
        tail = Content(" ").join(self._piece(self.view.commands[command_id], typing) for command_id in _ALWAYS)
        tail = row((f" {self.signs.bar} ", "$muted"), tail)
        room = width - tail.cell_length - 1
        shown: list[Content] = []
        used = 0
        for command in self._urgent():
            if typing and is_letter(self.view.hint(command.id, function_key=True)):
                continue
            piece = self._piece(command, typing)
            if used + piece.cell_length + 1 <= room:
                shown.append(piece)
                used += piece.cell_length + 1
        left = Content(" ").join([Content(""), *shown])
        return [row(left, " " * max(0, room + 1 - left.cell_length), tail)]

    def _urgent(self) -> list[Command]:
        commands = [command for command in self.view.commands.values() if command.urgency]
        return sorted(commands, key=lambda command: (command.enabled(self.store) is not None, -command.urgency))

    def _piece(self, command: Command, typing: bool) -> Content:
        key = self.view.hint(command.id, function_key=typing)
        word = command.footer(self.store)
        if command.enabled(self.store) is None:
            text = row((key, "bold $text-accent"), f" {word} ")
        else:
            text = Content.styled(f"{key} {word} ", "$faint")
        return click(text, f"command('{command.id}')")
