"""What the framed panels share."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from tuiphone.tui.paint import click, join, row
from tuiphone.tui.view import View


def frame(widget: Widget, view: View, title: str, hints: Sequence[str] = ()) -> None:
    """Put a title into a panel's upper edge and the keys of commands into the lower one; a click on a key runs it.

    May be called at every change: a frame that says the same is not drawn again.
    """
    parts = []
    for command_id in hints:
        command = view.commands[command_id]
        key = view.hint(command_id)
        if key:
            text = row((key, "bold $text-accent"), f" {command.footer(view.store)}")
            parts.append(click(text, f"command('{command_id}')"))
    subtitle = join(parts, "  ") if parts else Content("")
    said = (title, subtitle.plain)
    if getattr(widget, "_framed", None) != said:
        widget._framed = said  # type: ignore[attr-defined]
        widget.border_title = Content(title)
        widget.border_subtitle = subtitle
