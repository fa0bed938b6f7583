"""Keys one after another, however fast they come: a password manager types a name, Tab and a password in one go.

Textual hands each key to the widget that has the focus when the key arrives. Keys that arrive together all go to the
same one, although the first of them may move the focus: a password would then be written into the field before its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.timer import Timer

from tuiphone.tui.dialogs.base import Dialog

PATIENCE_S = 0.15
"""A key whose dialog closed under it tells nobody that it is done; the next one waits no longer than this."""
DIALOG_OPENS_S = 0.5
_LOOK_AGAIN_S = 0.01


class KeyDone(Message, bubble=True):
    """Sent after a key, the same way: when it has come up to the app, whatever the key does has been begun."""


class Struck:
    """Holds keys back while one is under way. ``deliver`` is what Textual does with a key."""

    def __init__(self, app: App[str], deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[Event] = deque()
        self._under_way = False
        self._patience: Timer | None = None
        self._looked = 0

    def concerns(self, event: Event) -> bool:
        """Whether an event is a key, or a paste, as it comes from the terminal."""
        return isinstance(event, Key | Paste) and not event.is_forwarded

    async def take(self, event: Event) -> None:
        """Hand a key on, now or when it is its turn."""
        if not self._under_way:
            await self._hand_on(event)
            return
        self._waiting.append(event)
        if self._patience is None:
            self._patience = self._app.set_timer(PATIENCE_S, self.done)

    async def done(self) -> None:
        """The key under way has done what it does: the next one, if there is one."""
        if self._patience:
            self._patience.stop()
            self._patience = None
        if not self._waiting:
            self._under_way = False
        elif self._dialog_opens():
            self._looked += 1
            self._patience = self._app.set_timer(_LOOK_AGAIN_S, self.done)
        else:
            self._looked = 0
            await self._hand_on(self._waiting.popleft())
            if self._waiting:
                self._patience = self._app.set_timer(PATIENCE_S, self.done)

    async def _hand_on(self, event: Event) -> None:
        self._under_way = True
        target = self._app.focused or self._app.screen
        await self._deliver(event)
        target.post_message(KeyDone())

    def _dialog_opens(self) -> bool:
        """A dialog that is not there yet has no field to write into."""
        opens = isinstance(self._app.screen, Dialog) and self._app.focused is None
        return opens and self._looked < DIALOG_OPENS_S / _LOOK_AGAIN_S
