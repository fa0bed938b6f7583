"""What the user changes at run time, on its way to settings.toml."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tuiphone.controller.ports import Settings
from tuiphone.errors import PhoneError

Value = str | int | bool | tuple[str, ...]


class Preferences:
    """One writer, off the loop: a write waits for the disk. A value that changes again meanwhile is written once."""

    def __init__(self, settings: Settings, complain: Callable[[str], None]) -> None:
        self._settings = settings
        self._complain = complain
        self._unsaved: dict[str, Value] = {}
        self._saving: asyncio.Task[None] | None = None

    def keep(self, key: str, value: object) -> None:
        """Write ``key`` ("section.name") soon; what cannot be written is told."""
        assert isinstance(value, (str, int, bool, tuple))
        self._unsaved[key] = value
        if self._saving is None or self._saving.done():
            self._saving = asyncio.ensure_future(self._save())

    async def finish(self) -> None:
        """Until everything is written."""
        if self._saving:
            await self._saving

    async def _save(self) -> None:
        while self._unsaved:
            key, value = self._unsaved.popitem()
            try:
                await asyncio.to_thread(self._settings.set, key, value)
            except PhoneError as error:
                self._complain(str(error))
