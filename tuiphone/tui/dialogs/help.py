"""Help for where you are: the focused panel and its keys first, then every command with its key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from tuiphone.i18n import _
from tuiphone.tui.dialogs.base import Dialog, Reader
from tuiphone.tui.keys import label
from tuiphone.tui.paint import fit, row
from tuiphone.tui.panelkeys import panel_helps
from tuiphone.tui.view import View

_KEYS_WIDTH = 16


class _Text(Reader):
    def __init__(self, view: View, panel: str) -> None:
        super().__init__(view)
        self._panel = panel

    def text(self, width: int) -> Sequence[Content]:
        """Panel, then commands by group."""
        return [*self._about(width), *self._commands(width), *self._program(width)]

    def _about(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for panel in panel_helps():
            if panel.id == self._panel:
                lines.append(Content.styled(panel.title, "bold $text-primary"))
                lines.extend(Content(panel.text).wrap(width))
                lines.append(Content(""))
                for keys, what in panel.keys:
                    lines.extend(self._key(keys, what, width))
                lines.append(Content(""))
        return lines

    def _commands(self, width: int) -> list[Content]:
        lines: list[Content] = []
        group = ""
        for command in self.view.commands.values():
            if command.group != group:
                group = command.group
                lines.extend(([Content("")] if lines else []) + [Content.styled(group, "bold $text-primary")])
            keys = " ".join(label(key, short=True) for key in self.view.keymap.keys(command.id))
            reason = command.enabled(self.store)
            lines.extend(self._key(keys or _("menu"), command.title, width, reason or ""))
        return lines

    def _program(self, width: int) -> list[Content]:
        notes = [
            _("Letters act only while no input has the focus; F-keys and Ctrl keys always do. Esc never hangs up.")
        ]
        notes.extend(self.store.missing)
        if self.store.engine:
            notes.append(self.store.engine)
        lines = [Content("")]
        for note in notes:
            lines.extend(Content.styled(note, "$muted").wrap(width))
        return lines

    def _key(self, keys: str, what: str, width: int, reason: str = "") -> list[Content]:
        """The keys, and beside them what they do; why not, if they do nothing now."""
        text = Content.styled(f"{what}  ({reason})", "$muted") if reason else Content(what)
        parts = text.wrap(max(10, width - _KEYS_WIDTH))
        heads = [keys, *[""] * (len(parts) - 1)]
        return [
            row((fit(head, _KEYS_WIDTH, self.signs.cut), "$text-accent"), part)
            for head, part in zip(heads, parts, strict=True)
        ]


class Help(Dialog[None]):
    """Help; ``panel`` is the id of the panel that has the focus."""

    def __init__(self, view: View, panel: str) -> None:
        super().__init__(view, _("Help"), _("Up Down scroll  Esc closes"), "-large")
        self._panel = panel

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield _Text(self.view, self._panel)
