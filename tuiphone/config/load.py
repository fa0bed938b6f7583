"""Read config.toml, settings.toml and the environment into one Config that knows where each value comes from.

A later source wins: defaults, the user's config.toml, the phone's settings.toml, environment variables. Mistakes in the
user's file stop the start, each named with its line; mistakes in the phone's own file are warnings.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tuiphone.config.document import ConfigError, Document, read_document
from tuiphone.config.layer import (
    ACCOUNT_OPTIONS,
    SECTION_OPTIONS,
    Layer,
    did_you_mean,
    layer_of_environment,
    layer_of_file,
)
from tuiphone.config.option import Kind
from tuiphone.config.rules import broken_rules
from tuiphone.config.schema import SECTIONS, AccountConfig, Config
from tuiphone.config.values import shown
from tuiphone.i18n import _


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from.

    ``source`` is "default", "config", "settings" or "environment"; ``place`` names it as people do ("config.toml:12",
    "settings.toml", "TUIPHONE_LOG_LEVEL"); ``hides`` is the place of the value it wins over, or empty.
    """

    source: str = "default"
    place: str = "default"
    hides: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The merged configuration.

    ``origins`` has "section.key", "keys.command" and "account.ID.key" for all that is not a default. ``warnings`` are
    sentences a person should read; the phone starts all the same.
    """

    config: Config
    origins: Mapping[str, Origin]
    warnings: tuple[str, ...] = ()

    def origin(self, key: str) -> Origin:
        """Where the value of a key comes from."""
        return self.origins.get(key, Origin())

    def stored(self, account_id: str) -> str:
        """Where an account lives: "config" (never written by the phone) or "settings" (added on the screen)."""
        return self.origin(f"account.{account_id}.id").source


def load(
    config_path: Path,
    settings_path: Path,
    environment: Mapping[str, str] | None = None,
    set_aside: bool = True,
) -> Loaded:
    """Read, check and merge; files that do not exist are empty.

    With ``set_aside`` a settings.toml that is not TOML is renamed so that the phone can write a new one. Raises
    ConfigError with every problem of config.toml, or of the environment.
    """
    document = read_document(config_path)
    user = layer_of_file(document)
    _raise(user.sentences())
    variables = layer_of_environment(os.environ if environment is None else environment, Path.cwd())
    _raise(variables.sentences())
    _raise(_broken(document, {"config": user}))
    _raise(_broken(document, {"config": user, "environment": variables}))
    warnings: list[str] = []
    if user.has_password:
        warnings += _mode_warning(config_path)
    phone = _settings_layer(settings_path, set_aside, warnings)
    sources = {"config": user, "settings": phone, "environment": variables}
    for rule in broken_rules(_merge(sources)):
        dropped = [phone.values.pop(key).place for key in rule.keys if key in phone.values]
        warnings.append(_("{text} ({places} ignored)").format(text=rule.text, places=", ".join(dropped)))
    return _loaded(sources, warnings)


def load_alone(path: Path) -> Loaded:
    """Read one file as config.toml, without settings and environment. Raises ConfigError, also if it does not exist."""
    if not path.exists():
        raise ConfigError([_("{file} does not exist").format(file=path)])
    return load(path, Path(os.devnull), {}, set_aside=False)


def _raise(problems: list[str]) -> None:
    if problems:
        raise ConfigError(problems)


def _broken(document: Document, sources: Mapping[str, Layer]) -> list[str]:
    """Rules that the sources break, each with the place of a key that breaks it (the defaults break none)."""
    problems = []
    for rule in broken_rules(_merge(sources)):
        layers = [layer for layer in sources.values() if layer.values.keys() & set(rule.keys)]
        newest = next(layers[-1].values[key] for key in rule.keys if key in layers[-1].values)
        place = f"{document.path}:{newest.line}" if newest.line else newest.place
        problems.append(f"{place}: {rule.text}")
    return problems


def _settings_layer(path: Path, set_aside: bool, warnings: list[str]) -> Layer:
    if not path.exists():
        return Layer()
    try:
        layer = layer_of_file(read_document(path))
    except ConfigError as error:
        warnings += error.problems
        warnings.append(_set_aside(path) if set_aside else _("{file} is not used").format(file=path))
        return Layer()
    warnings += [_("{problem} (ignored)").format(problem=sentence) for sentence in layer.sentences()]
    if layer.has_password:
        warnings += _mode_warning(path)
    return layer


def _set_aside(path: Path) -> str:
    broken = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        path.rename(broken)
        if broken.is_file():  # there may be a password in it
            broken.chmod(0o600)
    except OSError as error:
        return _("{file} is not used and cannot be renamed: {reason}").format(file=path, reason=error.strerror)
    text = _("{file} was set aside as {broken}; devices, volumes and accounts chosen on the screen start afresh")
    return text.format(file=path, broken=broken.name)


def _mode_warning(path: Path) -> list[str]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return []
    text = _("{file} has a password in it and others may read it (mode {mode:04o}); make it private: chmod 600 {file}")
    return [text.format(file=path, mode=mode)]


def _merge(sources: Mapping[str, Layer]) -> Config:
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    keys: dict[str, tuple[str, ...]] = {}
    accounts: dict[str, AccountConfig] = {}
    for layer in sources.values():
        for key, found in layer.values.items():
            section, _dot, name = key.partition(".")
            sections[section][name] = found.value
        keys |= layer.keys_by_command()
        for account, _places in layer.accounts:
            accounts.setdefault(account.id, account)
    made: dict[str, Any] = {name: SECTIONS[name](**values) for name, values in sections.items()}
    return Config(**made, keys=MappingProxyType(keys), accounts=tuple(accounts.values()))


def _loaded(sources: Mapping[str, Layer], warnings: list[str]) -> Loaded:
    config = _merge(sources)
    origins: dict[str, Origin] = {}
    for source, layer in sources.items():
        plain = layer.values | {f"keys.{command}": found for command, found in layer.keys.items()}
        for key, found in plain.items():
            origins[key] = Origin(source, found.place, origins.get(key, Origin(place="")).place)
        for account, values in layer.accounts:
            mine = f"account.{account.id}"
            if f"{mine}.id" in origins:
                text = _("account {id} of {place} is ignored: {other} has one of that name")
                there = origins[f"{mine}.id"].place
                warnings.append(text.format(id=shown(account.id), place=values["id"].place, other=there))
                continue
            origins |= {f"{mine}.{key}": Origin(source, found.place) for key, found in values.items()}
    return Loaded(config, MappingProxyType(origins), (*warnings, *_doubts(config, origins)))


def _doubts(config: Config, origins: Mapping[str, Origin]) -> Iterator[str]:
    """What is well-formed but will not work as it stands."""
    ids = {account.id: None for account in config.accounts}
    chosen = config.phone.default_account
    if chosen and chosen not in ids:
        text = _("{place}: phone.default_account is {found}; there is no such account{hint}")
        place = origins["phone.default_account"].place
        yield text.format(place=place, found=shown(chosen), hint=did_you_mean(chosen, ids))
    for name, section, known in (
        *((name, getattr(config, name), SECTION_OPTIONS[name]) for name in SECTIONS),
        *((f"account.{account.id}", account, ACCOUNT_OPTIONS) for account in config.accounts),
    ):
        for option in known.values():
            file = getattr(section, option.key)
            if option.kind is Kind.PATH and file and not Path(file).is_file():
                text = _("{place}: {key} names {file}, which is not there")
                key = f"{name}.{option.key}"
                yield text.format(place=origins[key].place, key=key, file=file)
