"""Runs the tools of the build: output into the log, last lines kept for the report."""

import contextlib
import errno
import os
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import BuildError

TAIL_LINES = 25


class Log:
    """The full log of a build; several commands may write at the same time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, label: str, line: str) -> None:
        """One line, marked with the step it belongs to. A disk that is full stops the tools, not their report."""
        with self._lock, contextlib.suppress(OSError):
            self._file.write(f"{label}: {line}\n".encode(errors="replace"))


# Ends the whole group of a command, compilers started by make included.
_GROUP = 'trap "trap - TERM; kill -TERM 0" TERM; "$@" & wait $!'


def _end_with_parent(own_group: bool) -> list[str]:
    """A prefix that has a command end when the build does, even by SIGKILL."""
    setpriv = shutil.which("setpriv")
    group = ["sh", "-c", _GROUP, "sh"] if own_group else []
    return [*([setpriv, "--pdeathsig", "TERM"] if setpriv else []), *group]


class Runner:
    """Runs commands for one build.

    `keep_open` are descriptors its children inherit: the build's lock stays held
    until the last compiler has ended, whatever became of the build itself.
    """

    def __init__(self, log: Log, keep_open: Sequence[int] = ()) -> None:
        self._log = log
        self._keep_open = tuple(keep_open)
        self._children: set[subprocess.Popen[str]] = set()
        self._stopped = False

    @property
    def log_path(self) -> Path:
        """Where the full log is."""
        return self._log.path

    def run(
        self,
        label: str,
        argv: Sequence[str],
        cwd: Path,
        *,
        env: Mapping[str, str] | None = None,
        remedy: str = "",
        own_group: bool = True,
    ) -> str:
        """Runs to the end and returns what was printed.

        Without a group of its own a command keeps the terminal (sudo asks there).
        Raises BuildError with the last lines when it fails or cannot be started.
        """
        self._log.write(label, f"$ {' '.join(argv)}   [in {cwd}]")
        try:
            child = subprocess.Popen(
                [*_end_with_parent(own_group), *argv],
                cwd=cwd,
                env={**os.environ, "LC_ALL": "C", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=self._keep_open,
                start_new_session=own_group,
            )
        except OSError as error:
            raise BuildError(f"{label}: cannot run {argv[0]}: {error.strerror}", remedy) from None
        self._children.add(child)
        if self._stopped:
            child.terminate()
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        lines: list[str] = []
        assert child.stdout is not None
        for line in child.stdout:
            text = line.rstrip("\n")
            self._log.write(label, text)
            tail.append(text)
            lines.append(text)
        code = child.wait()
        self._children.discard(child)
        if code != 0:
            full = any(os.strerror(errno.ENOSPC) in line for line in tail)
            raise BuildError(
                f"{label}: {argv[0]} ended with {_ending(code)} (full log: {self._log.path})",
                f"make room on the disk of {cwd}, then the same command again" if full else remedy,
                tail,
            )
        return "\n".join(lines)

    def stop(self, patience: float = 5.0) -> None:
        """Ends what still runs and waits for it, at most `patience` seconds."""
        self._stopped = True
        for child in list(self._children):
            child.terminate()
        deadline = time.monotonic() + patience
        while self._children and time.monotonic() < deadline:
            time.sleep(0.05)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
