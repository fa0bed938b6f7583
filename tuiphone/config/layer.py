"""One file, or the environment, checked key by key against the schema: what it sets, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tuiphone.config.document import Document
from tuiphone.config.keylines import KeyPath
from tuiphone.config.option import Option, options
from tuiphone.config.rules import broken_account_rules
from tuiphone.config.schema import SECTIONS, AccountConfig
from tuiphone.config.values import WrongValueError, convert, from_text, key_name, shown
from tuiphone.i18n import _


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it was found: ``place`` is "config.toml:12" or a variable's name, ``line`` 0 for the latter."""

    value: object
    place: str
    line: int = 0


@dataclass(slots=True)
class Problem:
    """Something wrong in a file; sorts by line."""

    line: int
    text: str


@dataclass(slots=True)
class Layer:
    """What one source sets. Keys are "section.key" in ``values`` and command ids in ``keys``."""

    values: dict[str, Found] = field(default_factory=dict)
    keys: dict[str, Found] = field(default_factory=dict)
    accounts: list[tuple[AccountConfig, dict[str, Found]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    has_password: bool = False

    def keys_by_command(self) -> dict[str, tuple[str, ...]]:
        """The keys of each command, without their places."""
        return {command: found.value for command, found in self.keys.items() if isinstance(found.value, tuple)}

    def sentences(self) -> list[str]:
        """The problems in the order of the file."""
        return [p.text for p in sorted(self.problems, key=lambda p: p.line)]


SECTION_OPTIONS: dict[str, dict[str, Option]] = {
    name: {option.key: option for option in options(section)} for name, section in SECTIONS.items()
}
ACCOUNT_OPTIONS: dict[str, Option] = {option.key: option for option in options(AccountConfig)}
_TOP = (*SECTIONS, "keys", "account")
_HEADERS = {name: f"[{name}]" for name in _TOP} | {"account": "[[account]]"}


def layer_of_file(document: Document) -> Layer:
    """Check a whole file; nothing raises, every problem is in the result."""
    return _FileReader(document).read()


def layer_of_environment(environment: Mapping[str, str], folder: Path) -> Layer:
    """``TUIPHONE_<SECTION>_<KEY>`` sets a key of a plain section; an empty variable sets nothing."""
    layer = Layer()
    known = {f"TUIPHONE_{s}_{k}".upper(): (s, o) for s, keys in SECTION_OPTIONS.items() for k, o in keys.items()}
    prefixes = tuple(f"TUIPHONE_{section}_".upper() for section in SECTIONS)
    for name in sorted(environment):
        if not name.startswith(prefixes) or not environment[name]:
            continue
        if name not in known:
            text = _("the environment variable {name} sets nothing{hint}")
            layer.problems.append(Problem(0, text.format(name=name, hint=did_you_mean(name, known))))
            continue
        section, option = known[name]
        try:
            value = convert(option, from_text(option, environment[name]), folder)
        except WrongValueError as error:
            text = _("the environment variable {name} {wrong}").format(name=name, wrong=error)
            layer.problems.append(Problem(0, text))
        else:
            layer.values[f"{section}.{option.key}"] = Found(value, name)
    return layer


def did_you_mean(word: str, known: Iterable[str], written: Mapping[str, str] = MappingProxyType({})) -> str:
    """A hint to append, with the nearest known name as it is ``written``, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), 1, 0.6)
    return _("; did you mean {near}?").format(near=written.get(near[0], near[0])) if near else ""


def _home(key: str) -> str:
    """The header of the section that has a key; empty when there is none."""
    homes = [f"[{section}]" for section, keys in SECTION_OPTIONS.items() if key in keys]
    return next(iter(homes), "[[account]]" if key in ACCOUNT_OPTIONS else "")


def _is_list_of_tables(content: object) -> bool:
    return isinstance(content, list) and bool(content) and all(isinstance(item, dict) for item in content)


class _FileReader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._folder = document.path.absolute().parent
        self._layer = Layer()

    def read(self) -> Layer:
        for name, content in self._document.tree.items():
            if name == "account":
                self._accounts(content)
            elif name not in _TOP:
                self._unknown_top(name, content)
            elif _is_list_of_tables(content):
                self._wrong((name,), _("[[{name}]] is a section of which there is one: [{name}]"), name=name)
            elif not isinstance(content, dict):
                self._wrong((name,), _("{name} is {found}; it is a section: [{name}]"), name=name, found=shown(content))
            elif name == "keys":
                self._key_map(content, ("keys",))
            else:
                self._section(name, content)
        return self._layer

    def _section(self, name: str, content: dict[str, object]) -> None:
        for key, raw in content.items():
            option = SECTION_OPTIONS[name].get(key)
            if option is None:
                self._unknown_key((name, key), SECTION_OPTIONS[name], f"[{name}]")
            elif (found := self._convert(option, raw, (name, key), f"{name}.{key}")) is not None:
                self._layer.values[f"{name}.{key}"] = found

    def _key_map(self, content: dict[str, object], path: KeyPath) -> None:
        """Command ids with dots may be written bare, which makes tables of them: ``call.hold = "o"``."""
        for name, raw in content.items():
            here = (*path, name)
            if isinstance(raw, dict):
                self._key_map(raw, here)
                continue
            command = ".".join(str(part) for part in here[1:])
            keys = [raw] if isinstance(raw, str) else raw
            if isinstance(keys, list) and all(isinstance(key, str) and key for key in keys):
                self._layer.keys[command] = self._found(here, tuple(keys))
            else:
                text = _('keys.{command} is {found}; allowed is a key such as "f3", or a list of keys')
                self._wrong(here, text, command=command, found=shown(raw))

    def _accounts(self, content: object) -> None:
        if not isinstance(content, list) or not _is_list_of_tables(content):
            self._wrong(("account",), _("account is a list of accounts: each begins with the line [[account]]"))
            return
        seen: dict[str, str] = {}
        for index, table in enumerate(content):
            path = ("account", index)
            found = dict(self._account_values(table, path))
            missing = [o.key for o in ACCOUNT_OPTIONS.values() if o.required and o.key not in table]
            for key in missing:
                example = ACCOUNT_OPTIONS[key].example
                text = _('this account has no {key}; give it one, such as {key} = "{example}"')
                self._wrong(path, text, key=key, example=example)
            self._layer.has_password |= bool(table.get("password") or table.get("turn_password"))
            if not all(o.key in found for o in ACCOUNT_OPTIONS.values() if o.required):
                continue
            account = AccountConfig(**{key: value.value for key, value in found.items()})  # type: ignore[arg-type]
            if account.id in seen:
                text = _("account {id} exists already at {place}; ids are unique")
                self._wrong((*path, "id"), text, id=shown(account.id), place=seen[account.id])
                continue
            seen[account.id] = found["id"].place
            if self._account_holds_together(account, path):
                self._layer.accounts.append((account, found))

    def _account_values(self, table: dict[str, object], path: KeyPath) -> Iterator[tuple[str, Found]]:
        for key, raw in table.items():
            option = ACCOUNT_OPTIONS.get(key)
            if option is None:
                self._unknown_key((*path, key), ACCOUNT_OPTIONS, "[[account]]")
            elif (found := self._convert(option, raw, (*path, key), f"account.{key}")) is not None:
                yield key, found

    def _account_holds_together(self, account: AccountConfig, path: KeyPath) -> bool:
        broken = list(broken_account_rules(account))
        for rule in broken:
            written = [key for key in rule.keys if (*path, key) in self._document.lines]
            self._wrong((*path, written[0]), "{text}", text=rule.text)
        return not broken

    def _convert(self, option: Option, raw: object, path: KeyPath, name: str) -> Found | None:
        try:
            return self._found(path, convert(option, raw, self._folder))
        except WrongValueError as error:
            self._wrong(path, "{name} {wrong}", name=name, wrong=error)
            return None

    def _unknown_top(self, name: str, content: object) -> None:
        if (home := _home(name)) and not isinstance(content, dict):
            text = _("{key} stands before any section; it belongs under {home}")
            self._wrong((name,), text, key=name, home=home)
            return
        text = _("there is no section [{name}]{hint}")
        self._wrong((name,), text, name=key_name(name), hint=did_you_mean(name, _TOP, _HEADERS))

    def _unknown_key(self, path: KeyPath, known: Mapping[str, Option], where: str) -> None:
        key = str(path[-1])
        home = _home(key)
        hint = _("; it belongs under {home}").format(home=home) if home else did_you_mean(key, known)
        self._wrong(path, _("there is no key {key} in {where}{hint}"), key=key_name(key), where=where, hint=hint)

    def _found(self, path: KeyPath, value: object) -> Found:
        return Found(value, self._place(path), self._document.line(path))

    def _place(self, path: KeyPath) -> str:
        line = self._document.line(path)
        return f"{self._document.path.name}:{line}" if line else self._document.path.name

    def _wrong(self, path: KeyPath, text: str, /, **values: object) -> None:
        sentence = f"{self._document.place(path)}: {text.format(**values)}"
        self._layer.problems.append(Problem(self._document.line(path), sentence))
