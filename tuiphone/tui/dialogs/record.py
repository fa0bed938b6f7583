"""One call of the history in full, with the file of its recording."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.record import CallRecord
from tuiphone.texts_quality import summary_facts
from tuiphone.tui.dialogs.base import Dialog, Reader
from tuiphone.tui.paint import fit, plain
from tuiphone.tui.view import View

_NAME = 11


class _Facts(Reader):
    def __init__(self, view: View, record: CallRecord) -> None:
        super().__init__(view)
        self._record = record

    def text(self, width: int) -> Sequence[Content]:
        """A name and what it is, wrapped."""
        lines: list[Content] = []
        for name, value in facts(self._record, self.store.account_title(self._record.account_id)):
            wrapped = Content(plain(printable(value, 2000), self.signs.cut)).wrap(max(10, width - _NAME))
            for index, part in enumerate(wrapped):
                head = fit(name if index == 0 else "", _NAME, self.signs.cut)
                lines.append(Content.styled(head, "$muted") + part)
        return lines


def facts(record: CallRecord, account: str) -> Iterator[tuple[str, str]]:
    """What is known of an ended call, each with its name."""
    yield _("with"), texts.party_of(record)
    yield _("address"), texts.short_uri(record.remote_uri)
    yield _("direction"), texts.direction_word(record.direction)
    yield _("account"), account
    yield _("began"), time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started_at))
    if record.answered_at is not None:
        yield _("talked"), texts.duration(record.duration_s)
    if record.codec:
        yield _("codec"), record.codec
    if record.quality:
        yield from summary_facts(record.quality)
    yield _("end"), texts.end_sentence(record)
    if record.recording:
        path = Path(record.recording)
        yield _("recording"), path.name
        yield _("folder"), str(path.parent)
    for begin, end in record.pauses:
        words = _("from {begin} on, {length} s of the call are missing in it")
        yield _("left out"), words.format(begin=texts.duration(begin), length=round(end - begin))


class RecordDialog(Dialog[None]):
    """The facts; the file's path can be copied."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", show=False)]

    def __init__(self, view: View, record: CallRecord) -> None:
        keys = _("y copies the path  Esc closes") if record.recording else _("Esc closes")
        super().__init__(view, _("Call"), keys, "-large")
        self._record = record

    def body(self) -> Iterable[Widget]:
        """The facts."""
        yield _Facts(self.view, self._record)

    def action_copy(self) -> None:
        """The path of the recording, to the clipboard."""
        path = self._record.recording
        if path:
            self.app.copy_to_clipboard(path)
            self.view.store.say(_("Copied {number}").format(number=path))
