"""Where the phone's files are: the XDG base directories, overridable for tests and second phones.

``TUIPHONE_HOME`` puts everything under one folder (a second phone on the same account, a test, the demo).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tuiphone.errors import PhoneError
from tuiphone.i18n import _

LONGEST_SOCKET_PATH = 107
"""Bytes that Linux has room for in a Unix socket's address, without the final zero."""


def _base(variable: str, default: str, sub: str) -> Path:
    home = os.environ.get("TUIPHONE_HOME")
    if home:
        return Path(home) / sub
    value = os.environ.get(variable)
    root = Path(value) if value and value.startswith("/") else Path.home() / default
    return root / "tuiphone"


def config_dir() -> Path:
    """The folder of config.toml and settings.toml."""
    return _base("XDG_CONFIG_HOME", ".config", "config")


def config_file() -> Path:
    """The user's configuration; never written by the phone."""
    return config_dir() / "config.toml"


def settings_file() -> Path:
    """What the phone itself persists."""
    return config_dir() / "settings.toml"


def state_dir() -> Path:
    """The folder of logs and history."""
    return _base("XDG_STATE_HOME", ".local/state", "state")


def history_file() -> Path:
    """The call history (SQLite)."""
    return state_dir() / "history.sqlite3"


def recordings_dir() -> Path:
    """Where recordings of calls go unless the configuration names a folder."""
    return _base("XDG_DATA_HOME", ".local/share", "data") / "recordings"


def log_file(name: str) -> Path:
    """The log of "engine" or "ui"."""
    return state_dir() / f"{name}.log"


def runtime_dir() -> Path:
    """The folder of the engine's socket: short, private, gone after a reboot where the system offers such a place."""
    home = os.environ.get("TUIPHONE_HOME")
    if home:
        return Path(home) / "run"
    value = os.environ.get("XDG_RUNTIME_DIR")
    if value and Path(value).is_dir():
        return Path(value) / "tuiphone"
    return state_dir() / "run"


def socket_file() -> Path:
    """The engine's socket; ``TUIPHONE_SOCKET`` names another (one that SSH forwards, for example)."""
    value = os.environ.get("TUIPHONE_SOCKET")
    return Path(value) if value else runtime_dir() / "engine.sock"


def private_dir(path: Path) -> Path:
    """Make the folder if needed, readable by its owner only; returns it. Raises PhoneError when it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077 and path.stat().st_uid == os.getuid():
            path.chmod(0o700)
    except OSError as error:
        text = _("The folder {path} cannot be made: {reason}")
        raise PhoneError(text.format(path=path, reason=error.strerror)) from None
    return path


def check_socket_file() -> None:
    """Raises PhoneError when the socket's path is longer than a Unix socket's address may be."""
    length = len(os.fsencode(socket_file()))
    if length > LONGEST_SOCKET_PATH:
        text = _(
            "The path of the engine's socket, {path}, has {n} bytes and a socket's may have {most}: set XDG_RUNTIME_DIR, "
            "or TUIPHONE_HOME to a shorter one"
        )
        raise PhoneError(text.format(path=socket_file(), n=length, most=LONGEST_SOCKET_PATH))


def is_remote() -> bool:
    """Whether the socket is one somebody else provides (SSH): then no engine is started here."""
    return bool(os.environ.get("TUIPHONE_SOCKET"))
