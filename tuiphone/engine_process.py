"""The engine seen from outside its process: is one running, start one. Light: every screen imports it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tuiphone import paths
from tuiphone.errors import PhoneError
from tuiphone.i18n import _

_FAULT = re.compile(r"[A-Za-z.]*(Error|Exception)\b|Fatal Python error")


class EngineRunning(PhoneError):
    """Another engine holds this user's lock."""

    def __init__(self) -> None:
        super().__init__(
            _("An engine runs already for this user; use it, or stop it with: tuiphone engine stop"), "busy"
        )


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold this user's engine lock. Raises EngineRunning when another process holds it."""
    path = paths.runtime_dir() / "engine.lock"
    handle: IO[str] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EngineRunning from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def running_pid() -> int | None:
    """The process id of this user's engine, or None when none runs (a lock file without its holder counts as none)."""
    path = paths.runtime_dir() / "engine.lock"
    try:
        with path.open("r+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(handle.read() or 0) or None
            return None
    except (OSError, ValueError):
        return None


def tie() -> list[str]:
    """The beginning of a command that ends when this process does, even by SIGKILL; nothing where setpriv is not there."""
    import shutil

    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def spawn(null_audio: bool = False, tied: bool = False) -> int:
    """Start an engine of its own session, apart from this terminal; returns its process id.

    ``tied``: it ends with this process.
    """
    import subprocess

    paths.check_socket_file()
    paths.private_dir(paths.runtime_dir())
    output = paths.private_dir(paths.state_dir()) / "engine.out"
    command = [*(tie() if tied else ()), sys.executable, "-m", "tuiphone", "engine", "run"]
    if null_audio:
        command.append("--null-audio")
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=Path("/")
        )
    return process.pid


def last_words() -> str:
    """The sentence with which an engine that could not start ended, or the name of the fault that ended it, or nothing.

    Other lines are sound libraries', which write to standard error whatever one tells them.
    """
    try:
        lines = (paths.state_dir() / "engine.out").read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    sentences = [line.removeprefix("tuiphone: ") for line in lines if line.startswith("tuiphone: ")]
    faults = [line for line in lines if _FAULT.match(line)]
    return "; ".join(sentences) or "; ".join(faults[-1:])
