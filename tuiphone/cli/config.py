"""``tuiphone config``: the merged configuration, a check, the places of the files, a complete example."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuiphone import paths
from tuiphone.i18n import _

if TYPE_CHECKING:
    from tuiphone.config.load import Loaded, Origin


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``config`` and what it can do."""
    parser = subparsers.add_parser("config", help=_("show, check and find the configuration"))
    actions = parser.add_subparsers(title=_("actions"), metavar="ACTION", required=True)
    show = actions.add_parser("show", help=_("print the merged configuration and where each value comes from"))
    show.add_argument("--json", action="store_true", help=_("as one JSON object"))
    show.add_argument("--changed", action="store_true", help=_("leave out what is a default"))
    show.set_defaults(func=_show)
    check = actions.add_parser("check", help=_("find mistakes; exits with 1 if there are any"))
    check.add_argument(
        "file", nargs="?", type=Path, help=_("a file to check as config.toml (default: the phone's own)")
    )
    check.set_defaults(func=_check)
    where = actions.add_parser("path", help=_("print where config.toml and settings.toml are"))
    where.set_defaults(func=_path)
    example = actions.add_parser("example", help=_("print a config.toml with every key and its default"))
    example.set_defaults(func=_example)


@dataclass(frozen=True, slots=True)
class _Row:
    section: str
    key: str
    value: object
    origin: Origin


def _show(options: argparse.Namespace) -> int:
    from tuiphone.config.load import load

    loaded = load(paths.config_file(), paths.settings_file(), set_aside=False)
    rows = [row for row in _rows(loaded) if not (options.changed and row.origin.source == "default")]
    if options.json:
        print(_as_json(loaded, rows))
        return 0
    print(_as_toml(rows))
    for warning in loaded.warnings:
        print(f"tuiphone: {warning}", file=sys.stderr)
    return 0


def _check(options: argparse.Namespace) -> int:
    from tuiphone.config.document import ConfigError
    from tuiphone.config.load import load, load_alone

    file: Path = options.file or paths.config_file()
    try:
        loaded = load_alone(file) if options.file else load(file, paths.settings_file(), set_aside=False)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    for warning in (*loaded.warnings, *doubts_of_the_screen(loaded)):
        print(_("warning: {text}").format(text=warning), file=sys.stderr)
    wrong = wrong_keys(loaded)
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    verdict = _("{file}: ok") if file.exists() else _("{file}: does not exist, the defaults are used")
    print(verdict.format(file=file))
    return 0


def doubts_of_the_screen(loaded: Loaded) -> Iterator[str]:
    """What the screen will pass over in ``[ui]``: a theme that it does not have."""
    from textual.theme import BUILTIN_THEMES

    from tuiphone.config.layer import did_you_mean
    from tuiphone.config.values import shown
    from tuiphone.tui.themes import THEMES

    theme, known = loaded.config.ui.theme, [*(ours.name for ours in THEMES), *BUILTIN_THEMES]
    if theme and theme not in known:
        text = _("{place}: ui.theme is {found}; there is no such theme{hint}")
        place = loaded.origin("ui.theme").place
        yield text.format(place=place, found=shown(theme), hint=did_you_mean(theme, known))


def wrong_keys(loaded: Loaded) -> str:
    """What the screen would refuse in ``[keys]``, with its place: an unknown command, an unusable or shared key."""
    from tuiphone.errors import PhoneError
    from tuiphone.tui.commands import commands
    from tuiphone.tui.keys import Keymap

    chosen = loaded.config.keys
    try:
        Keymap(commands(), chosen)
    except PhoneError as error:
        words = re.findall(r"[\w.-]+", str(error))
        places = [loaded.origin(f"keys.{command}").place for command in chosen if command in words]
        return f"{places[0]}: {error}" if places else str(error)
    return ""


def _path(options: argparse.Namespace) -> int:
    print(paths.config_file())
    print(paths.settings_file())
    return 0


def _example(options: argparse.Namespace) -> int:
    from tuiphone.config.describe import example_toml

    print(example_toml(), end="")
    return 0


def _rows(loaded: Loaded) -> Iterator[_Row]:
    """Every value in the order of the schema; accounts first, secrets masked."""
    from tuiphone.config.layer import ACCOUNT_OPTIONS, SECTION_OPTIONS
    from tuiphone.config.secret import Secret

    for account in loaded.config.accounts:
        for key in ACCOUNT_OPTIONS:
            value = getattr(account, key)
            origin = loaded.origin(f"account.{account.id}.{key}")
            yield _Row(f"account.{account.id}", key, str(value) if isinstance(value, Secret) else value, origin)
    for section, known in SECTION_OPTIONS.items():
        for key in known:
            yield _Row(section, key, getattr(getattr(loaded.config, section), key), loaded.origin(f"{section}.{key}"))
    for command, keys in loaded.config.keys.items():
        yield _Row("keys", command, keys, loaded.origin(f"keys.{command}"))


def _as_toml(rows: list[_Row]) -> str:
    """TOML with each value's origin as a comment, in columns."""
    from tuiphone.config.values import as_toml, key_name

    lines: list[str] = []
    width = min(44, max((len(f"{row.key} = {as_toml(row.value)}") for row in rows), default=0))
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            header = "[[account]]" if section.startswith("account.") else f"[{section}]"
            lines += ["", header] if lines else [header]
        key = key_name(row.key)
        hides = _(", instead of {place}").format(place=row.origin.hides) if row.origin.hides else ""
        lines.append(f"{f'{key} = {as_toml(row.value)}':<{width}}  # {row.origin.place}{hides}")
    return "\n".join(lines)


def _as_json(loaded: Loaded, rows: list[_Row]) -> str:
    values = {
        f"{row.section}.{row.key}": {
            "value": row.value,
            "source": row.origin.source,
            "origin": row.origin.place,
            **({"hides": row.origin.hides} if row.origin.hides else {}),
        }
        for row in rows
    }
    files = {"config": str(paths.config_file()), "settings": str(paths.settings_file())}
    whole = {"files": files, "values": values, "warnings": list(loaded.warnings)}
    return json.dumps(whole, indent=2, ensure_ascii=False)
