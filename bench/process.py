"""Programs that are measured: started apart, always ended; what they cost, from the kernel's own books."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

POLL_S = 0.01


class BenchError(Exception):
    """A measurement could not be made; the sentence says why."""


async def until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Wait for something; raises BenchError with ``what`` when it does not come."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise BenchError(f"{timeout_s:g} s passed without: {what}")
        await asyncio.sleep(POLL_S)


def guard() -> list[str]:
    """What to put before a command so that it dies with this process, however that ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a measured program is started with: ours, less what a developer tells Python (to keep no byte code, say)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | dict(more)


def cpu_s(pid: int) -> float:
    """CPU time a process has used: all threads, those that ended too, user and system, to the nanosecond.

    The kernel numbers the CPU clock of a process as ``~pid << 3 | 2`` (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid) << 3 | 2)


def rss_mb(pid: int) -> float:
    """Resident memory in units of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise BenchError(f"process {pid} has ended")


def switches(pid: int) -> int:
    """How often the threads of a process have been woken from a sleep."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with suppress(OSError):
            text = status.read_text()
            total += int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return total


def free_port() -> int:
    """A UDP port on loopback that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A program in a process group of its own, its output in a file, its input a pipe."""

    def __init__(self, argv: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = Path(argv[0]).name
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [*guard(), *map(str, argv)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment(env or {}),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def write(self, text: str) -> None:
        """Give it input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    async def until_output(self, text: str, timeout_s: float = 10.0) -> None:
        """Wait until it has printed something."""
        await until(lambda: text in self.log.read_text(errors="replace"), timeout_s, f"“{text}” from {self.name}")

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Ask it to end; kill what is left of its group then."""
        await end_process(self._process, timeout_s)


async def end_process(process: subprocess.Popen[bytes], timeout_s: float = 5.0) -> None:
    """SIGTERM, then SIGKILL to the whole group."""
    if process.poll() is None:
        process.terminate()
        with suppress(BenchError):
            await until(lambda: process.poll() is not None, timeout_s, "its end")
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    process.wait(5)
