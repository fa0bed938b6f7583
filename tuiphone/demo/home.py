"""The demo's own home: a configuration with the two demo accounts, apart from the user's."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import tomli_w

from tuiphone import paths
from tuiphone.demo.exchange import ACCOUNTS
from tuiphone.i18n import _

_MAX_SOCKET_PATH = 100
"""A Unix socket's address has room for 107 octets."""


def default_home() -> Path:
    """Where the demo lives between two visits."""
    return paths.state_dir() / "demo"


def enter(home: Path) -> None:
    """From now on this process and those it starts are the demo phone's, with files of their own."""
    runtime = paths.runtime_dir()
    os.environ["TUIPHONE_HOME"] = str(paths.private_dir(home))
    os.environ.pop("TUIPHONE_SOCKET", None)
    if len(str(paths.socket_file())) > _MAX_SOCKET_PATH:
        # The user's own runtime folder is the shortest private place there is.
        os.environ["TUIPHONE_SOCKET"] = str(paths.private_dir(runtime) / "demo.sock")


def write_config(port: int) -> None:
    """Write the configuration of the demo phone for an exchange on this port; the file is the demo's, not the user's."""
    accounts = [
        {
            "id": user,
            "address": f"sip:{user}@127.0.0.1:{port}",
            "label": _("demo {user}").format(user=user),
            "password": password,
        }
        for user, password in ACCOUNTS.items()
    ]
    config = {"network": {"bind_address": "127.0.0.1"}, "account": accounts}
    text = "# " + _("Made by `tuiphone demo`, and made anew each time.") + "\n\n" + tomli_w.dumps(config)
    path = paths.private_dir(paths.config_dir()) / paths.config_file().name
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def configured_port() -> int:
    """The exchange's port in the demo phone's configuration; 0 when there is none."""
    try:
        address = tomllib.loads(paths.config_file().read_text())["account"][0]["address"]
        return int(address.rpartition(":")[2])
    except (OSError, ValueError, KeyError, IndexError):
        return 0
