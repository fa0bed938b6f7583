"""What every part of the screen is given: the store, the signs and the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuiphone.tui.command import Command, Desk
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.keys import Keymap, preferred
from tuiphone.tui.store import Store


@dataclass(frozen=True, slots=True)
class View:
    """The store and how it is shown; ``commands`` by id, in their order."""

    desk: Desk
    store: Store
    glyphs: Glyphs
    keymap: Keymap
    commands: Mapping[str, Command]

    def hint(self, command_id: str, function_key: bool = False) -> str:
        """The key to show beside a command now: one that does not mean another command in this state."""
        keys = tuple(key for key in self.keymap.keys(command_id) if self._means(key) in {command_id, ""})
        return preferred(keys, function_key)

    def _means(self, key: str) -> str:
        """The command that a key starts now; nothing if none is possible."""
        ids = self.keymap.ids(key)
        return next((name for name in ids if self.commands[name].enabled(self.store) is None), "")
