"""What every part of the screen is given: the store, the signs and the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuiphone.tui.commands import Command, Desk
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.keys import Keymap
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
        """The key to show beside a command."""
        return self.keymap.hint(command_id, function_key=function_key)
