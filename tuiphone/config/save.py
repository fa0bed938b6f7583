"""settings.toml: what the phone itself keeps (devices, volumes, theme, accounts added on the screen).

Only what was changed is in it. Each change reads the file, changes it and puts a complete new one in its place: a crash
leaves the old or the new file, never half of one, and two programs that write at once lose nothing. A change costs a
write to disk: call it in a thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from tuiphone.config.document import ConfigError, read_document
from tuiphone.config.layer import ACCOUNT_OPTIONS, SECTION_OPTIONS
from tuiphone.config.passwords import KEYRING_SERVICE, forget_in_keyring, store_in_keyring, turn_entry
from tuiphone.config.schema import PASSWORD_SOURCES, TURN_PASSWORD_SOURCES
from tuiphone.config.values import WrongValueError, convert
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account

_HEADER = "# Written by tuiphone: what was chosen on the screen. Your own settings belong into config.toml.\n\n"
Tree = dict[str, Any]


class SettingsStore:
    """The one writer of settings.toml. Every method raises PhoneError with the reason when the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, key: str, value: object) -> None:
        """Keep a value, such as ``set("audio.input", "Jabra")``. Raises PhoneError if the schema does not allow it."""
        self.update({key: value})

    def update(self, values: Mapping[str, object]) -> None:
        """Keep several values in one write."""
        checked = {key: _as_toml(key, value) for key, value in values.items()}

        def change(tree: Tree) -> None:
            for key, value in checked.items():
                section, _dot, name = key.partition(".")
                tree.setdefault(section, {})[name] = value

        self._rewrite(change)

    def unset(self, key: str) -> None:
        """Forget a value, so that config.toml or the default counts again."""
        section, _dot, name = key.partition(".")

        def change(tree: Tree) -> None:
            tree.get(section, {}).pop(name, None)

        self._rewrite(change)

    def put_account(self, account: Account, password: str = "", turn_password: str = "") -> None:
        """Add an account, or replace the one of the same id; without a password a stored one stays.

        Passwords go to the keyring where there is one that works, else into the file. Raises PhoneError if a value is
        not allowed.
        """
        table = _account_table(account)
        given = (
            (PASSWORD_SOURCES, account.id, password),
            (TURN_PASSWORD_SOURCES, turn_entry(account.id), turn_password),
        )
        for (in_file, *_others, in_keyring), entry, secret in given:
            if secret:
                kept = store_in_keyring(entry, secret)
                table |= {in_keyring: KEYRING_SERVICE} if kept else {in_file: secret}
        stays = [key for sources, _entry, secret in given if not secret for key in sources]

        def change(tree: Tree) -> None:
            accounts = tree.setdefault("account", [])
            for index, old in enumerate(accounts):
                if old.get("id") == account.id:
                    accounts[index] = table | {key: old[key] for key in stays if key in old}
                    return
            accounts.append(table)

        self._rewrite(change)
        for (in_file, *_others), entry, _secret in given:
            if in_file in table:
                forget_in_keyring(entry)

    def remove_account(self, account_id: str) -> None:
        """Forget an account and its passwords. Raises PhoneError if settings.toml has none of that id."""
        removed: list[Tree] = []

        def change(tree: Tree) -> None:
            removed.extend(a for a in tree.get("account", []) if a.get("id") == account_id)
            if not removed:
                text = _("{file} has no account {id}; one of config.toml is removed there")
                raise PhoneError(text.format(file=self.path, id=account_id), "unknown")
            tree["account"] = [a for a in tree["account"] if a.get("id") != account_id]
            if tree.get("phone", {}).get("default_account") == account_id:
                del tree["phone"]["default_account"]

        self._rewrite(change)
        for key, entry in (("keyring", account_id), ("turn_keyring", turn_entry(account_id))):
            if removed[0].get(key) == KEYRING_SERVICE:
                forget_in_keyring(entry)

    def _rewrite(self, change: Callable[[Tree], None]) -> None:
        try:
            with self._locked():
                tree = self._read()
                change(tree)
                self._replace(tree)
        except OSError as error:
            text = _("{file} cannot be written: {reason}")
            raise PhoneError(text.format(file=self.path, reason=error.strerror), "unavailable") from None

    def _read(self) -> Tree:
        try:
            tree = read_document(self.path).tree
        except ConfigError as error:
            text = _("{reason}. Nothing was saved; start the phone again, which sets the file aside")
            raise PhoneError(text.format(reason=error), "unavailable") from None
        return {key: value for key, value in tree.items() if isinstance(value, list if key == "account" else dict)}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, threads and processes alike: a lock on a file beside (the file itself is replaced)."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, tree: Tree) -> None:
        import tomli_w

        content = _HEADER + tomli_w.dumps({key: value for key, value in tree.items() if value})
        target = self.path.resolve()  # a link (a folder of dotfiles) stays a link
        temporary = target.with_name(f".{target.name}.tmp")  # the lock makes it ours; one left by a crash is reused
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)


def _as_toml(key: str, value: object) -> object:
    section, _dot, name = key.partition(".")
    option = SECTION_OPTIONS.get(section, {}).get(name)
    if option is None:
        raise PhoneError(_("There is no setting {key}").format(key=key), "invalid")
    plain = list(value) if isinstance(value, tuple) else value
    try:
        convert(option, plain, Path())
    except WrongValueError as error:
        raise PhoneError(f"{key} {error}", "invalid") from None
    return str(plain) if isinstance(plain, str) else plain


def _account_table(account: Account) -> Tree:
    """The account in config.toml's words, without what is default."""
    values: dict[str, object] = {f.name: getattr(account, f.name) for f in fields(Account) if f.name != "tls"}
    values |= {f"tls_{f.name}": getattr(account.tls, f.name) for f in fields(account.tls)}
    if not account.registrar:
        values["register"] = False
    elif account.registrar == account.domain:
        del values["registrar"]
    table: Tree = {}
    for key, value in values.items():
        option = ACCOUNT_OPTIONS[key]
        plain = list(value) if isinstance(value, tuple) else value
        try:
            convert(option, plain, Path())
        except WrongValueError as error:
            raise PhoneError(
                _("Account {id}: {key} {wrong}").format(id=account.id, key=key, wrong=error), "invalid"
            ) from None
        if value != option.default or option.required:
            table[key] = str(plain) if isinstance(plain, str) else plain
    return table


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
