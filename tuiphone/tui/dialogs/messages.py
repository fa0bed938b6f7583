"""Every message so far, in full: the message line may be too short for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.event import NoticeLevel
from tuiphone.tui.dialogs.base import Dialog, Reader
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

_STYLES = {NoticeLevel.INFO: "", NoticeLevel.WARNING: "$text-warning", NoticeLevel.ERROR: "$text-error"}


class _Log(Reader):
    TOPICS = Topic.MESSAGE

    def text(self, width: int) -> Sequence[Content]:
        """The newest first, wrapped."""
        lines: list[Content] = []
        for message in reversed(self.store.messages):
            wrapped = Content(printable(message.text, 2000)).wrap(max(10, width - 9))
            for index, part in enumerate(wrapped):
                moment = texts.clock(message.at, seconds=True) if index == 0 else " " * 8
                lines.append(Content.styled(f"{moment} ", "$muted") + part.stylize(_STYLES[message.level]))
        return lines or [Content.styled(_("no messages yet"), "$muted")]


class Messages(Dialog[None]):
    """The message log."""

    def __init__(self, view: View) -> None:
        super().__init__(view, _("Messages"), _("Esc closes"), "-large")

    def body(self) -> Iterable[Widget]:
        """The log."""
        yield _Log(self.view)
