"""A TOML file read with the line of each key, and the error that names file and line."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuiphone.config.keylines import KeyPath, key_lines
from tuiphone.errors import PhoneError
from tuiphone.i18n import _

MAX_BYTES = 1_000_000
"""No configuration is larger: what is, is another file, or a device without an end."""

_ENDLESS_NUMBER = re.compile(r"[0-9_]{4300,}")


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
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Document(path, {}, {})
    except OSError as error:
        raise ConfigError([_("{file} cannot be read: {reason}").format(file=path, reason=error.strerror)]) from None
    if len(data) > MAX_BYTES:
        text = _("{file} is larger than {n} kB: that is no configuration")
        raise ConfigError([text.format(file=path, n=MAX_BYTES // 1000)])
    text = _decode(path, data)
    try:
        return Document(path, tomllib.loads(text), key_lines(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from None
    except RecursionError:
        sentence = _("{file}: not valid TOML: too many brackets inside of each other").format(file=path)
        raise ConfigError([sentence]) from None
    except ValueError:  # what tomllib lets through from int()
        number = _ENDLESS_NUMBER.search(text)
        line = text.count("\n", 0, number.start()) + 1 if number else 1
        sentence = _("{file}:{line}: not valid TOML: a number with too many digits").format(file=path, line=line)
        raise ConfigError([sentence]) from None


def _decode(path: Path, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError([_("{file}: the file is UTF-16; save it as UTF-8").format(file=path)])
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = _("{file}:{line}: the file is not UTF-8 text; save it as UTF-8")
        raise ConfigError([text.format(file=path, line=line)]) from None


def _syntax(path: Path, text: str, message: str) -> str:
    """A sentence from tomllib's message, which ends in "(at line 3, column 7)" or "(at end of document)"."""
    what, _bracket, where = message.rpartition(" (at ")
    found = re.search(r"line (\d+), column (\d+)", where)
    line = int(found.group(1)) if found else text.count("\n") + 1
    column = int(found.group(2)) if found else 1
    return _("{file}:{line}: not valid TOML at column {column}: {what}{sign}").format(
        file=path, line=line, column=column, what=_plainly(what or message), sign=_odd_sign(text, line, column)
    )


def _odd_sign(text: str, line: int, column: int) -> str:
    """Names a character that looks like another, or like nothing: a no-break space, a curly quote."""
    there = text.split("\n")[line - 1 : line]
    sign = there[0][column - 1 : column] if there else ""
    if not sign or (sign.isascii() and sign.isprintable()):
        return ""
    import unicodedata

    name = unicodedata.name(sign, _("a control character"))
    return _(" (what stands there is U+{code:04X}, {name})").format(code=ord(sign), name=name.lower())


def _plainly(what: str) -> str:
    """What tomllib says, for people: without Python's notation, with the likely remedy."""
    for pattern, words in _words().items():
        if found := re.fullmatch(pattern, what):
            names = re.findall(r"'([^']*)'", found.group(1)) if found.groups() else []
            return words.format(name=".".join(names))
    return what[:1].lower() + what[1:]


def _words() -> dict[str, str]:
    """Patterns of what tomllib says, and what it means; {name} is what stands in quotes in the group."""
    return {
        r"Cannot declare (.*) twice": _("[{name}] stands here a second time; put its keys together"),
        r"Cannot (?:redefine|mutate immutable) namespace (.*)": _("{name} has been given before"),
        r"Cannot overwrite a value": _("this key has been given before"),
        r"Invalid value": _('there is no value that can be read; texts stand in quotes, "like this"'),
        r"Invalid statement": _("this is neither a [section] nor key = value"),
        r"Expected '=' after a key in a key/value pair": _("“=” is missing after the key"),
        r"Expected '\]' at the end of a table declaration": _("“]” is missing after the section's name"),
        r"Expected newline or end of document after a statement": _("something stands behind the value"),
        r"Illegal character '\\n'": _("the closing quote is missing"),
        r"Unterminated string": _("the closing quote is missing"),
        r"Expected .*": _("the closing quotes are missing"),
        r"Unclosed (?:array|inline table)": _("the closing bracket is missing"),
        r"Unescaped '\\' in a string": _(
            "“\\” begins a special character; write “\\\\”, or single quotes around the text"
        ),
    }
