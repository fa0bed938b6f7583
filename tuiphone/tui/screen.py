"""The one screen: panels in their places, for each size of terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tuiphone.tui.panels.bottom import Footer, MessageLine
from tuiphone.tui.panels.call import CallPanel
from tuiphone.tui.panels.devices import DevicesPanel
from tuiphone.tui.panels.dial import DialPanel
from tuiphone.tui.panels.history import HistoryView
from tuiphone.tui.panels.lines import Lines
from tuiphone.tui.panels.ringing import RingingStrip
from tuiphone.tui.panels.status import StatusBar
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

SMALL = (80, 24)
"""Below this only the lines, the dial input and the rows at the edges are shown."""
LOW = 14
"""Rows below which even their frames go: a pane of a split terminal has room for calls only without them."""
ROOMY = (120, 30)
"""From here on the history has a place of its own."""
HIGH = 30
"""Rows from which on the lines have room for more of the history below them."""
TALL = 40
"""Rows from which on there is room for everything, a big dialpad too."""
PANELS = ("lines", "call", "dial", "devices", "history")


class MainScreen(Screen[None]):
    """The layout; which panel is where at which size is in tuiphone.tcss."""

    AUTO_FOCUS: ClassVar[str | None] = "#lines"

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        view = self.view
        yield StatusBar(view, id="status")
        with Horizontal(id="top"):
            yield Lines(view, id="lines")
            yield CallPanel(view, id="call")
        with Horizontal(id="bottom"):
            yield DialPanel(view, id="dial")
            with Vertical(id="side"):
                yield HistoryView(view, id="history")
                yield DevicesPanel(view, id="devices")
        yield RingingStrip(view, id="ringing")
        yield MessageLine(view, id="message")
        yield Footer(view, id="footer")

    def on_resize(self, event: Resize) -> None:
        """Choose what has room."""
        width, height = event.size
        self.set_class(width < SMALL[0] or height < SMALL[1], "-narrow")
        self.set_class(height < LOW, "-low")
        self.set_class(width >= ROOMY[0] and height >= ROOMY[1], "-roomy")
        self.set_class(height >= HIGH, "-high")
        self.set_class(height >= TALL, "-tall")
        self.call_after_refresh(self._keep_focus)

    def on_screen_resume(self) -> None:
        """A dialog was closed: letters are commands again, and the footer shows them."""
        self.view.store.changed(Topic.FOCUS)

    def _keep_focus(self) -> None:
        focused = self.focused
        if focused is None or not all(node.display for node in focused.ancestors_with_self if isinstance(node, Widget)):
            self.query_one("#lines").focus()

    @property
    def dial(self) -> DialPanel:
        """The dial panel."""
        return self.query_one("#dial", DialPanel)

    def is_shown(self, panel: str) -> bool:
        """Whether a panel has a place at this size."""
        return bool(self.query_one(f"#{panel}").region)

    def go_to(self, panel: str) -> None:
        """Give a panel the focus."""
        widget = self.query_one(f"#{panel}")
        if isinstance(widget, HistoryView):
            widget.focus_list()
        elif isinstance(widget, DialPanel):
            widget.take_focus()
        else:
            self.set_focus(widget)

    def focused_panel(self) -> str:
        """The id of the panel that has the focus."""
        ancestors = self.focused.ancestors_with_self if self.focused else ()
        return next((node.id for node in ancestors if node.id in PANELS), "")

    def places(self) -> Mapping[str, tuple[str, Offset]]:
        """What one can jump to: key, panel and where its label goes."""
        found = {}
        for number, panel in enumerate(PANELS, 1):
            region = self.query_one(f"#{panel}").region
            if region:
                found[str(number)] = (panel, Offset(region.x + 1, region.y))
        return found

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
