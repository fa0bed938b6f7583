"""A terminal of our own: runs a program in a pty, notes when what was written to it, answers what programs ask terminals."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.process import BenchError, end_process, environment, guard

ROWS, COLUMNS = 24, 80

_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f]"
)
# Queries with the answer a current terminal gives: synchronized output is known, in-band resize is not, device attributes.
_FRAME_END = b"\x1b[?2026l"
_QUERIES = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[?2048$p", b"\x1b[?2048;0$y"), (b"\x1b[c", b"\x1b[?62;22c"))


def printed(data: bytes) -> str:
    """What is left of a program's output without its control sequences."""
    return _CONTROL.sub("", data.decode("utf-8", "replace"))


class Terminal:
    """One program in an 80x24 terminal with 24-bit colour."""

    def __init__(self, argv: Sequence[str | Path], env: Mapping[str, str]) -> None:
        self.bytes_written = 0
        self._output: list[tuple[int, bytes]] = []
        self._arrived = asyncio.Event()
        self._master, slave = pty.openpty()
        self.resize(ROWS, COLUMNS)
        # No echo by the line discipline: a character on the screen was then drawn by the program.
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self.started_at = time.time_ns()
        self._process = subprocess.Popen(
            [*guard(), *map(str, argv)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **env}),
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 (this process has one thread)
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._process.pid

    def press(self, keys: str) -> int:
        """Type; returns the time just before, in nanoseconds since the epoch."""
        at = time.time_ns()
        os.write(self._master, keys.encode())
        return at

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def frame(self) -> None:
        """Wait until the program has drawn a frame since ``forget`` (the end of a synchronized update)."""
        while _FRAME_END not in b"".join(data for _at, data in self._output):
            self._arrived.clear()
            await self._arrived.wait()

    def forget(self) -> None:
        """Drop what has been printed so far."""
        self._output.clear()

    def text(self, since: int = 0) -> str:
        """What has been printed since a time."""
        return printed(b"".join(data for at, data in self._output if at >= since))

    async def shows(self, text: str, since: int = 0, timeout_s: float = 10.0) -> int:
        """The time at which the program had printed a text."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    at = self._find(text, since)
                    if at is not None:
                        return at
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise BenchError(f"{timeout_s:g} s passed without “{text}” on the screen: …{self.text()[-400:]}") from None

    async def close(self) -> None:
        """End the program and the terminal."""
        await end_process(self._process)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _find(self, text: str, since: int) -> int | None:
        seen = b""
        for at, data in self._output:
            if at >= since:
                seen += data
                if text in printed(seen):
                    return at
        return None

    def _read(self) -> None:
        with suppress(BlockingIOError, OSError):
            while data := os.read(self._master, 65536):
                self._output.append((time.time_ns(), data))
                self.bytes_written += len(data)
                self._arrived.set()
                for query, answer in _QUERIES:
                    if query in data:
                        os.write(self._master, answer)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
