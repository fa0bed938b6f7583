"""The exchange as a process of its own: run it, start it apart from this terminal, find it again, stop it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tuiphone import engine_process, paths
from tuiphone.demo.exchange import DEFAULT_PORT, DemoExchange
from tuiphone.errors import PhoneError
from tuiphone.i18n import _

log = logging.getLogger(__name__)

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
LINGER_S = 900.0
"""How long an exchange in the background waits for somebody to register before it ends by itself."""


@dataclass(frozen=True, slots=True)
class Running:
    """An exchange that runs."""

    pid: int
    port: int


def _lock_file() -> Path:
    return paths.runtime_dir() / "exchange.lock"


def find() -> Running | None:
    """The exchange of this home, or ``None``: a file whose lock nobody holds counts as none."""
    try:
        with _lock_file().open("r+") as handle:
            if _lock(handle.fileno()):
                return None
            return Running(**json.loads(handle.read()))
    except (OSError, ValueError, TypeError):
        return None


def last_port() -> int:
    """The port of the exchange that ran here last, 0 if there was none: phones that knew it find it again."""
    try:
        return int(json.loads(_lock_file().read_text())["port"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_patiently(handle: int) -> bool:
    """Whoever looks for an exchange (``find``) holds the lock for a moment: a single refusal means nothing."""
    for _attempt in range(20):
        if _lock(handle):
            return True
        time.sleep(0.005)
    return False


@contextlib.contextmanager
def _registered(port: int) -> Iterator[None]:
    """Tell other processes where this exchange is, for as long as it runs."""
    path = paths.private_dir(paths.runtime_dir()) / _lock_file().name
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as handle:
        if not _lock_patiently(handle.fileno()):
            raise PhoneError(_("A demo exchange runs here already; stop it with: tuiphone demo --stop"), "busy")
        handle.truncate(0)
        handle.write(json.dumps({"pid": os.getpid(), "port": port}))
        handle.flush()
        yield


def run(ports: tuple[int, ...], ready: Callable[[DemoExchange], None], linger_s: float | None = None) -> None:
    """Run an exchange in this process until SIGINT or SIGTERM; the first of ``ports`` that is free is taken.

    With ``linger_s`` it also ends when nobody has been registered for so long. Raises PhoneError when no port is free
    or an exchange runs here already.
    """
    asyncio.run(_run(ports, ready, linger_s))


async def _run(ports: tuple[int, ...], ready: Callable[[DemoExchange], None], linger_s: float | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    exchange = await _open(ports)
    try:
        with _registered(exchange.port):
            ready(exchange)
            await _until_stopped(stop, exchange, linger_s)
    finally:
        await exchange.close()


async def _open(ports: tuple[int, ...]) -> DemoExchange:
    for port in ports:
        try:
            return await DemoExchange(port).__aenter__()
        except OSError as error:
            log.info("port %d: %s", port, error)
    wanted = ", ".join(map(str, ports))
    text = _("The demo exchange cannot listen on port {port}: something else uses it; choose another with --port")
    raise PhoneError(text.format(port=wanted), "busy")


async def _until_stopped(stop: asyncio.Event, exchange: DemoExchange, linger_s: float | None) -> None:
    alone = False
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), linger_s)
        was_alone, alone = alone, not exchange.is_used
        if linger_s and was_alone and alone:
            log.info("nobody registered for %.0f s: the exchange ends", linger_s)
            return


def spawn(any_port: bool = False, tied: bool = False) -> Running:
    """Start an exchange apart from this terminal and wait until it listens.

    It takes the port it had last, else the usual one, else any; ``any_port`` goes straight to that. ``tied``: it ends
    with this process. Raises PhoneError with its last words when it does not start.
    """
    wanted = [] if any_port else [port for port in (last_port(), DEFAULT_PORT) if port]
    tie = engine_process.tie() if tied else []
    command = [*tie, sys.executable, "-m", "tuiphone", "demo", "--exchange", "--background"]
    for port in [*wanted, 0]:
        command += ["--port", str(port)]
    output = paths.private_dir(paths.state_dir()) / "exchange.log"
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=Path("/")
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        running = find()
        if running and running.pid == process.pid:
            return running
        time.sleep(0.01)
    process.kill()
    words = output.read_text(errors="replace").strip().splitlines()
    text = _("The demo exchange did not start: {reason}")
    raise PhoneError(text.format(reason=words[-1].removeprefix("tuiphone: ") if words else output), "unavailable")


def stop() -> bool:
    """Stop the exchange of this home and wait for its end; False when none ran. Raises PhoneError when it stays."""
    running = find()
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        if find() is None:
            return True
        time.sleep(0.01)
    text = _("The demo exchange (process {pid}) does not stop; end it with: kill -9 {pid}")
    raise PhoneError(text.format(pid=running.pid))
