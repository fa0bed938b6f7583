"""A TOML file read with the line of each key, and the error that names file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuiphone.config.keylines import KeyPath, key_lines
from tuiphone.errors import PhoneError
from tuiphone.i18n import _


class ConfigError(PhoneError):
    """The configuration cannot be used; ``problems`` has every reason as a sentence, ``str()`` all of them by line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems), "invalid")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content: plain values, and the line on which each key stands."""

    path: Path
    tree: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """The line of a key, or of the nearest table around it; 0 for a file that is empty or absent."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key[:-1]
        return 0

    def place(self, key: KeyPath) -> str:
        """Where a key stands, as editors and compilers write it: "file:line"."""
        line = self.line(key)
        return f"{self.path}:{line}" if line else str(self.path)


def read_document(path: Path) -> Document:
    """Read a TOML file; one that does not exist is empty.

    Raises ConfigError when it cannot be read or is not TOML.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Document(path, {}, {})
    except OSError as error:
        raise ConfigError([_("{file} cannot be read: {reason}").format(file=path, reason=error.strerror)]) from None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([_("{file}:{line}: the file is not UTF-8 text").format(file=path, line=line)]) from None
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from None
    return Document(path, tree, key_lines(text))


def _syntax(path: Path, text: str, message: str) -> str:
    """A sentence from tomllib's message, which ends in "(at line 3, column 7)" or "(at end of document)"."""
    what, _bracket, where = message.rpartition(" (at ")
    found = re.search(r"line (\d+), column (\d+)", where)
    line = int(found.group(1)) if found else text.count("\n") + 1
    column = int(found.group(2)) if found else 1
    return _("{file}:{line}: not valid TOML at column {column}: {what}").format(
        file=path, line=line, column=column, what=what or message
    )
