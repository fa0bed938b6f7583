"""What a command is, and what it may ask of the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from tuiphone.controller.api import Phone
from tuiphone.tui.stepping import Stepping
from tuiphone.tui.store import Store


class Desk(Protocol):
    """What commands may ask of the screen."""

    @property
    def store(self) -> Store:
        """What the screen knows."""
        ...

    @property
    def phone(self) -> Phone:
        """The engine. Raises EngineLost while there is none."""
        ...

    @property
    def decline_code(self) -> int:
        """The SIP answer to a call that is declined without a choice."""
        ...

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in the background; what goes wrong comes on the message line."""
        ...

    @property
    def stepping(self) -> Stepping:
        """Counts numbers up and down by key."""
        ...

    async def open(self, name: str) -> None:
        """Open a dialog, or give a panel the focus."""
        ...

    async def dial(self) -> None:
        """Give the dial input the focus; dial what it holds if it has the focus already."""
        ...

    async def start_engine(self) -> None:
        """Start the engine again."""
        ...

    @property
    def tone_plays(self) -> bool:
        """The test tone is on."""
        ...

    @property
    def mic_watched(self) -> bool:
        """The microphone meter without a call is on."""
        ...

    def end_tests(self) -> None:
        """Test tone and microphone meter off."""
        ...

    async def toggle_tone(self) -> None:
        """Test tone on or off."""
        ...

    async def toggle_mic_meter(self) -> None:
        """Microphone meter without a call on or off."""
        ...


Run = Callable[[Desk], Awaitable[object]]
Reason = Callable[[Store], str | None]


def always(store: Store) -> str | None:
    """A command that is always possible."""
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do. ``enabled`` gives None or the reason why not; ``urgency`` orders the footer, 0 is never there."""

    id: str
    group: str
    title: str
    keys: tuple[str, ...]
    run: Run
    enabled: Reason = always
    short: Callable[[Store], str] | str = ""
    urgency: int = 0

    def footer(self, store: Store) -> str:
        """The word or two for the footer."""
        return self.short(store) if callable(self.short) else self.short or self.title


def opens(name: str) -> Run:
    """What opens a dialog."""
    return lambda desk: desk.open(name)
