"""One key of the configuration: its kind, what is allowed, what it means.

``tuiphone.config.schema`` is written with the helpers here. Each is used as the default of a dataclass field and has
the type of the value, so a section reads as a table and type-checks as plain values. The meaning is the documentation:
config.example.toml and docs/config.md are made from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

from tuiphone.config.secret import Secret

T = TypeVar("T", bound=str | int)
Check = Callable[[str], str]
"""Says in words what is allowed when a text is wrong ("an IP address"), and nothing when it is right."""


class Kind(StrEnum):
    """What a value looks like in TOML."""

    TEXT = "text"
    PATH = "path"
    INTEGER = "whole number"
    BOOLEAN = "true or false"
    CHOICE = "choice"
    NAMES = "list of texts"
    RANKED = "text or list of texts"
    SECRET = "secret text"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Option:
    """A key: ``default`` as Python has it, ``low`` to ``high`` for numbers, ``choices`` or ``check`` for the rest.

    ``required`` keys have no default; ``example`` is what the documentation shows in its place.
    """

    key: str
    kind: Kind
    default: object
    meaning: str
    low: int = 0
    high: int = 0
    choices: tuple[str | int, ...] = ()
    check: Check | None = None
    required: bool = False
    example: str = ""


def options(section: type) -> Iterator[Option]:
    """The keys of a section's dataclass, in the order of their declaration."""
    for item in dataclasses.fields(section):
        option = item.metadata.get("option")
        if option is not None:
            default = None if option["required"] else item.default
            yield Option(key=item.name, default=default, **option)


def _field(default: object, meaning: str, kind: Kind, **more: object) -> Any:
    described = {"kind": kind, "meaning": meaning, "required": False, **more}
    return dataclasses.field(default=default, metadata={"option": described})


def text(default: str, meaning: str, check: Check | None = None) -> str:
    """A free text."""
    return cast(str, _field(default, meaning, Kind.TEXT, check=check))


def required(meaning: str, example: str, check: Check) -> str:
    """A text that has to be given; ``example`` stands in the documentation."""
    return cast(str, _field("", meaning, Kind.TEXT, check=check, required=True, example=example))


def path(meaning: str) -> str:
    """A file; ``~`` is the home folder, a relative path starts at the configuration's folder; empty is none."""
    return cast(str, _field("", meaning, Kind.PATH))


def integer(default: int, meaning: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``."""
    return cast(int, _field(default, meaning, Kind.INTEGER, low=low, high=high))


def boolean(default: bool, meaning: str) -> bool:
    """True or false."""
    return cast(bool, _field(default, meaning, Kind.BOOLEAN))


def choice(default: T, meaning: str, choices: Sequence[T]) -> T:
    """One of a few values."""
    return cast(T, _field(default, meaning, Kind.CHOICE, choices=tuple(choices)))


def names(default: tuple[str, ...], meaning: str, check: Check | None = None) -> tuple[str, ...]:
    """A list of texts, each of which ``check`` looks at."""
    return cast(tuple[str, ...], _field(default, meaning, Kind.NAMES, check=check))


def ranked(meaning: str, check: Check | None = None) -> str | tuple[str, ...]:
    """A text, or several in order of priority; ``all_of`` reads either."""
    return cast(str, _field("", meaning, Kind.RANKED, check=check))


def all_of(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a ``ranked`` option; an empty text is none."""
    return value if isinstance(value, tuple) else (value,) if value else ()


def secret(meaning: str) -> Secret:
    """A text that is never shown."""
    return cast(Secret, _field(Secret(), meaning, Kind.SECRET))


def command(meaning: str) -> str | tuple[str, ...]:
    """A command line: a text is run by the shell, a list of words directly."""
    return cast(str, _field("", meaning, Kind.COMMAND))
