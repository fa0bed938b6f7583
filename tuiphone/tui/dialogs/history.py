"""The history as a dialog, where the screen has no room for it as a panel."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.widget import Widget

from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.panels.history import HistoryView
from tuiphone.tui.view import View


class HistoryDialog(Dialog[None]):
    """Closes when a row was dialled again."""

    def __init__(self, view: View) -> None:
        super().__init__(view, "", "", "-history")
        self._history = HistoryView(view, id="history")

    def body(self) -> Iterable[Widget]:
        """The panel."""
        yield self._history

    def on_mount(self) -> None:
        """Begin in the rows."""
        self._history.focus_list()

    @on(HistoryView.Redialled)
    def _redialled(self) -> None:
        self.dismiss(None)
