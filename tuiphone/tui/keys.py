"""Names of keys: how they are written in ``[keys]``, shown to people, and found when one is struck.

A printable key is written as itself ("?", "[", "R"); others by name ("f6", "ctrl+p", "alt+1", "pageup").
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from tuiphone.errors import PhoneError
from tuiphone.i18n import _

_NAMED = frozenset(
    {
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
        "insert",
        "delete",
        "backspace",
        "space",
        "tab",
    }
    | {"enter"}
    | {f"f{number}" for number in range(1, 25)}
)
_MODIFIERS = ("ctrl", "alt", "shift")
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
_FLOW = frozenset({"ctrl+s", "ctrl+z"})
DIGITS = frozenset("0123456789*#ABCD")
"""Keys that are DTMF digits in a call and dial otherwise; no command can have them."""
ALT_DIGITS = {sign: f"alt+{digit}" for digit, sign in zip("1234567890", "¡™£¢∞§¶•ªº", strict=True)}
"""What Textual makes of Escape and a digit, which is how most terminals send Alt and a digit."""
_FOR_FIELDS = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "space", "tab", "enter"})
_FOR_FIELDS_TOO = frozenset({"backspace", "delete", "insert", "shift+tab"})


class HasKeys(Protocol):
    """What is looked up by key: a command."""

    @property
    def id(self) -> str:
        """Its name in the configuration."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys it has when nothing else is configured."""
        ...


def is_letter(key: str) -> bool:
    """A key that writes something into an input, so that it is no command while one has the focus."""
    return len(key) == 1


def label(key: str, short: bool = False) -> str:
    """A key as people write it: "F6", "Ctrl+P", "Alt+1", "?"; short: "^P"."""
    if is_letter(key):
        return key
    *modifiers, base = key.split("+")
    shown = (
        base.upper() if len(base) == 1 or (base in _NAMED and base[0] == "f" and base[1:].isdigit()) else base.title()
    )
    if short and modifiers == ["ctrl"]:
        return f"^{shown}"
    return "+".join([*(modifier.title() for modifier in modifiers), shown])


def preferred(keys: Sequence[str], function_key: bool = False) -> str:
    """The key to show of several: the letter, or the one that acts in an input too; nothing if there is none."""
    wanted = [key for key in keys if is_letter(key) is not function_key]
    return label((wanted or list(keys))[0], short=True) if keys else ""


def normal(key: str) -> str:
    """The one spelling of a key. Raises PhoneError, kind "invalid", with what is wrong with it."""
    if len(key) == 1 and key.isprintable() and key != " ":
        return key
    *modifiers, base = key.strip().lower().replace(" ", "").split("+")
    if not all(modifier in _MODIFIERS for modifier in modifiers) or not (base in _NAMED or len(base) == 1):
        near = difflib.get_close_matches(base, sorted(_NAMED), 1)
        hint = _(", did you mean “{near}”?").format(near=near[0]) if near else ""
        raise PhoneError(_("there is no key “{key}”").format(key=key) + hint, "invalid")
    return "+".join([*sorted(set(modifiers), key=_MODIFIERS.index), base])


def _refused(key: str) -> str:
    if key in DIGITS:
        return _("“{key}” dials, or is sent as DTMF").format(key=key)
    if key in _SAME:
        return _("“{key}” is the same as {same} for a terminal").format(key=key, same=_SAME[key])
    if key in _FLOW:
        return _("“{key}” stops the terminal").format(key=key)
    if key == "escape" or key in _FOR_FIELDS or key in _FOR_FIELDS_TOO:
        return _("“{key}” moves and edits").format(key=key)
    return ""


class Keymap:
    """Which command a key starts; made once from the registry and ``[keys]``."""

    def __init__(self, commands: Iterable[HasKeys], remapped: Mapping[str, Sequence[str]] | None = None) -> None:
        """Raises PhoneError, kind "invalid", naming the command, the key, and what to write instead."""
        defaults = {command.id: command.keys for command in commands}
        chosen = {**defaults, **_checked(remapped or {}, defaults)}
        self._keys: dict[str, tuple[str, ...]] = chosen
        self._ids: dict[str, list[str]] = {}
        for command_id, keys in chosen.items():
            for key in keys:
                self._ids.setdefault(key, []).append(command_id)
        self._refuse_shared(defaults)

    def keys(self, command_id: str) -> tuple[str, ...]:
        """The keys of a command."""
        return self._keys.get(command_id, ())

    def ids(self, key: str) -> tuple[str, ...]:
        """The commands of a key, the one to be tried first first (F8 declines while a call rings, else hangs up)."""
        return tuple(self._ids.get(key, ()))

    def _refuse_shared(self, defaults: Mapping[str, tuple[str, ...]]) -> None:
        for key, ids in self._ids.items():
            if len(ids) > 1 and not all(key in defaults[command_id] for command_id in ids):
                first, second = ids[:2]
                raise PhoneError(
                    _("[keys]: “{key}” is a key of {first} and of {second}: give one of them another").format(
                        key=key, first=first, second=second
                    ),
                    "invalid",
                )


def _checked(
    remapped: Mapping[str, Sequence[str]], defaults: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    checked = {}
    for command_id, keys in remapped.items():
        if command_id not in defaults:
            near = difflib.get_close_matches(command_id, sorted(defaults), 1)
            hint = _("did you mean {near}?").format(near=near[0]) if near else _("docs/keys.md lists them")
            raise PhoneError(_("[keys]: there is no command {id}; {hint}").format(id=command_id, hint=hint), "invalid")
        try:
            checked[command_id] = tuple(dict.fromkeys(normal(key) for key in keys))
        except PhoneError as error:
            raise PhoneError(_("[keys] {id}: {error}").format(id=command_id, error=error), "invalid") from None
        for key in checked[command_id]:
            if reason := _refused(key):
                text = _("[keys] {id}: {reason}; choose another key").format(id=command_id, reason=reason)
                raise PhoneError(text, "invalid")
    return checked
