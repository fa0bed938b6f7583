"""From a TOML value to the value of an option, or a sentence about what is allowed."""

from __future__ import annotations

import re
from pathlib import Path

from tuiphone.config.option import Kind, Option
from tuiphone.config.secret import Secret
from tuiphone.i18n import _

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class WrongValueError(ValueError):
    """``found`` and ``allowed`` in words."""

    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(_("is {found}; allowed is {allowed}").format(found=found, allowed=allowed))


def convert(option: Option, raw: object, folder: Path) -> object:
    """The value of ``option`` that a TOML value stands for; relative paths start at ``folder``.

    Raises WrongValueError.
    """
    match option.kind:
        case Kind.INTEGER:
            fits = isinstance(raw, int) and not isinstance(raw, bool) and option.low <= raw <= option.high
        case Kind.BOOLEAN:
            fits = isinstance(raw, bool)
        case Kind.CHOICE:
            fits = raw in option.choices and not isinstance(raw, bool)
        case Kind.NAMES:
            fits = _are_texts(option, raw)
        case Kind.COMMAND:
            fits = isinstance(raw, str) or _are_texts(option, raw)
        case Kind.RANKED:
            fits = _is_text(option, raw) or _are_texts(option, raw)
        case Kind.TEXT | Kind.PATH | Kind.SECRET:
            fits = _is_text(option, raw)
    if not fits:
        raise WrongValueError(_("not a text") if option.kind is Kind.SECRET else shown(raw), allowed(option))
    return _as_python(option, raw, folder)


def from_text(option: Option, text: str) -> object:
    """What an environment variable's text means in TOML's terms; a text that fits nothing stays as it is."""
    match option.kind:
        case Kind.INTEGER:
            return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text) else text
        case Kind.BOOLEAN:
            return _WORDS.get(text.lower(), text)
        case Kind.CHOICE:
            return next((c for c in option.choices if str(c) == text), text)
        case Kind.NAMES:
            return [part.strip() for part in text.split(",") if part.strip()]
        case Kind.RANKED if text.startswith("["):  # names may have commas in them
            return _list_of_toml(text)
        case _:
            return text


def allowed(option: Option) -> str:
    """What may stand for ``option``, in words."""
    match option.kind:
        case Kind.INTEGER:
            words = _("a whole number from {low} to {high}").format(low=option.low, high=option.high)
        case Kind.BOOLEAN:
            words = _("true or false")
        case Kind.CHOICE:
            head, last = [shown(c) for c in option.choices[:-1]], shown(option.choices[-1])
            words = _("{choices} or {last}").format(choices=", ".join(head), last=last)
        case Kind.NAMES:
            words = _("a list of {what}").format(what=option.check("") if option.check else _("texts in quotes"))
        case Kind.COMMAND:
            words = _("a text in quotes, or a list of them")
        case Kind.RANKED:
            words = _("{what}, or a list of them").format(what=option.check("/[/") if option.check else _("a text"))
        case Kind.TEXT | Kind.PATH | Kind.SECRET:
            words = option.check("\0") if option.check else _("a text in quotes")
    return words


def shown(raw: object) -> str:
    """A value as TOML writes it, shortened for a sentence."""
    whole = as_toml(raw)
    if len(whole) <= 80:
        return whole
    return _("a list of {n} values").format(n=len(raw)) if isinstance(raw, list | tuple) else f"{whole[:77]}…"


def as_toml(raw: object) -> str:
    """A value as TOML writes it; tables are only named."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            import json

            # TOML takes no bare control character, and a terminal would act on one.
            return re.sub(
                "[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(str(raw), ensure_ascii=False)
            )
        case list() | tuple():
            return f"[{', '.join(as_toml(item) for item in raw)}]"
        case dict():
            return _("a table")
        case _:
            return str(raw)


def key_name(key: str) -> str:
    """A key as TOML writes it: bare where it can be."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else as_toml(key)


def _list_of_toml(text: str) -> object:
    import tomllib

    try:
        return tomllib.loads(f"list = {text}")["list"]
    except tomllib.TOMLDecodeError:
        return text


def _is_text(option: Option, raw: object) -> bool:
    return isinstance(raw, str) and "\0" not in raw and not (option.check and option.check(raw))


def _are_texts(option: Option, raw: object) -> bool:
    return isinstance(raw, list) and all(_is_text(option, item) for item in raw)


def _as_python(option: Option, raw: object, folder: Path) -> object:
    if option.kind is Kind.CHOICE:
        return next(c for c in option.choices if c == raw)
    if isinstance(raw, list):
        return tuple(raw)
    if isinstance(raw, str) and option.kind is Kind.SECRET:
        return Secret(raw)
    if isinstance(raw, str) and option.kind is Kind.PATH:
        return _absolute(raw, folder)
    return raw


def _absolute(name: str, folder: Path) -> str:
    if not name:
        return ""
    try:
        return str(folder / Path(name).expanduser())
    except RuntimeError:  # ~nobody
        return name
