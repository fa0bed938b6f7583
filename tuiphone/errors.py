"""Errors that are meant for people: each is a sentence that names the thing and the remedy."""

from __future__ import annotations


class PhoneError(Exception):
    """A command was refused; ``str()`` is the sentence to show.

    ``kind`` is a stable word for programs: "refused", "unknown", "invalid", "busy", "unavailable", "protocol".
    """

    def __init__(self, text: str, kind: str = "refused") -> None:
        super().__init__(text)
        self.kind = kind


class WrongUsage(PhoneError):
    """A command line that asks for something that cannot be, as far as can be told before doing it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "invalid")


class EngineLost(PhoneError):
    """The connection to the engine ended while, or before, a command was under way."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "unavailable")
