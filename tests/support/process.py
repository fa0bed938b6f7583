"""Programs that a test starts: ready when they say so, always ended, output kept for the failure message."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

POLL_S = 0.02
T = TypeVar("T")

_GUARD = ["--pdeathsig", "KILL"]
"""Ends with the test runner, however that ends."""
_ORDINARY = ["--bounding-set=-sys_nice", "--inh-caps=-sys_nice"] if os.geteuid() == 0 else []
"""Takes no real-time priority before others, as no ordinary user does."""


class ProcessFailed(AssertionError):
    """A program ended, or did not get ready, when it should have; the message has its last lines."""


async def until(condition: Callable[[], T | Awaitable[T]], timeout_s: float, what: str) -> T:
    """Ask ``condition`` until it is true; its value. ``what`` names it when the time runs out."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if loop.time() > end:
            raise TimeoutError(f"{timeout_s} s passed without: {what}")
        await asyncio.sleep(POLL_S)


class Process:
    """A program in a process group of its own, which is killed as a whole when the context ends.

    Standard output and error go to ``log``, where ``text`` reads them at any time. With ``realtime`` the program may take
    real-time priority, if root runs it.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        realtime: bool = False,
    ) -> None:
        self.argv = [str(part) for part in argv]
        self.log = log
        self.env = {**os.environ, **(env or {})}
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.realtime = realtime
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The program, for messages."""
        return Path(self.argv[0]).name

    @property
    def pid(self) -> int:
        """Of the program itself."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start, or start again after ``stop``; output is appended."""
        setpriv = shutil.which("setpriv")
        guard = [setpriv, *_GUARD, *([] if self.realtime else _ORDINARY)] if setpriv else []
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*guard, *self.argv],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
            )

    async def stop(self, timeout_s: float = 3.0) -> int | None:
        """Ask the program to end, then kill what is left of its group; the exit code, None if it did not end by itself."""
        if self._process is None:
            return None
        self.signal(self.stop_signal)
        with suppress(TimeoutError):
            await until(lambda: self.returncode is not None, timeout_s, f"{self.name} ends")
        code = self.returncode
        self.kill()
        return code

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        self._process.wait(5)
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    async def until_output(self, pattern: str, timeout_s: float = 10.0, start: int = 0) -> re.Match[str]:
        """Wait for a line that matches; fails at once when the program has ended without it."""

        def found() -> re.Match[str] | None:
            match = re.compile(pattern, re.MULTILINE).search(self.text, start)
            if match is None and self.returncode is not None:
                match = re.compile(pattern, re.MULTILINE).search(self.text, start)
                if match is None:
                    raise ProcessFailed(f"{self.name} ended ({self.returncode}) without /{pattern}/:\n{self.tail()}")
            return match

        try:
            match = await until(found, timeout_s, f"/{pattern}/ from {self.name}")
        except TimeoutError as error:
            raise ProcessFailed(f"{error}\n{self.tail()}") from None
        assert match is not None
        return match

    async def until_end(self, timeout_s: float = 30.0) -> int:
        """Wait for the end; the exit code."""
        try:
            await until(lambda: self.returncode is not None, timeout_s, f"{self.name} ends")
        except TimeoutError as error:
            raise ProcessFailed(f"{error}\n{self.tail()}") from None
        code = self.returncode
        assert code is not None
        return code

    def tail(self, lines: int = 40) -> str:
        """The last lines printed."""
        return "\n".join(self.text.splitlines()[-lines:])

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
