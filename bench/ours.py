"""Our phone as its user has it: the engine's process, the screen in a terminal, the socket between them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import tomli_w

from bench.exchange import Exchange
from bench.farend import PASSWORD
from bench.process import BenchError, Program, cpu_s, free_port, until
from bench.rtp import LOOPBACK
from bench.terminal import Terminal
from tuiphone.controller.api import Phone as PhoneApi
from tuiphone.errors import EngineLost
from tuiphone.model.account import RegistrationState
from tuiphone.model.call import CallState
from tuiphone.rpc.client import RpcPhone, connect

PROMPT = "number or address"
"""What the empty dial field shows: the screen is drawn."""

Sections = Mapping[str, Mapping[str, object]]


class Ours:
    """One engine with a folder of its own. ``module`` is what Python runs as the engine.

    ``sections`` is added to its config.toml; ``devices`` (environment variables) are what it speaks into and listens to.
    """

    def __init__(
        self,
        folder: Path,
        exchange: Exchange,
        module: str = "tuiphone",
        *,
        name: str = "ours",
        sections: Sections = MappingProxyType({}),
        devices: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self._module = module
        self._devices = devices
        self._port = free_port()
        self._exchange = exchange
        self._engine: Program | None = None
        self._connection: RpcPhone | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.home = Path(tempfile.mkdtemp(dir=folder))
        self._log = self.home / "engine.out"
        self._write_config(sections)

    @property
    def address(self) -> str:
        """Where it is called without the far end."""
        return f"sip:{self.name}@{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """The engine's process."""
        assert self._engine is not None
        return self._engine.pid

    @property
    def api(self) -> PhoneApi:
        """Commands, through the socket."""
        assert self._connection is not None
        return self._connection.phone

    @property
    def environment(self) -> dict[str, str]:
        """What every process of this phone is started with."""
        return {"TUIPHONE_HOME": str(self.home), "LANG": "C.UTF-8", **self._devices}

    async def start(self) -> None:
        """Bring the engine up; returns when it is registered."""
        argv = [sys.executable, "-m", self._module, "engine", "run"]
        self._engine = Program(argv, self._log, self.environment)
        await self.connect()
        deadline = time.monotonic() + 15
        while (await self.api.accounts())[0].registration.state is not RegistrationState.REGISTERED:
            if time.monotonic() > deadline:
                raise BenchError("our engine does not register")
            await asyncio.sleep(0.02)

    async def connect(self) -> None:
        """Connect to the engine that is there or coming up."""
        deadline = time.monotonic() + 15
        while True:
            try:
                self._connection = await connect(self.home / "run" / "engine.sock")
                return
            except EngineLost:
                if time.monotonic() > deadline or (self._engine and not self._engine.is_running):
                    raise BenchError(f"our engine does not come up: {self._last_words()}") from None
                await asyncio.sleep(0.02)

    async def disconnect(self) -> None:
        """Leave the engine without a client of ours."""
        if self._connection:
            await self._connection.close()
            self._connection = None

    async def dial(self, user: str) -> int:
        """Command a call."""
        at = time.time_ns()
        await self.api.dial(user)
        return at

    async def answer(self) -> None:
        """Take the call that comes in."""
        await self._until_calls(CallState.INCOMING, 1)
        await self.api.answer()

    async def until_talking(self, count: int) -> None:
        """Wait until so many calls are answered."""
        await self._until_calls(CallState.TALKING, count)

    async def _until_calls(self, state: CallState, count: int) -> None:
        deadline = time.monotonic() + 5
        while sum(call.state is state for call in (await self.api.snapshot()).calls) < count:
            if time.monotonic() > deadline:
                raise BenchError(f"our phone has no {count} calls that are {state}")
            await asyncio.sleep(0.01)

    async def hang_up(self) -> None:
        """End every call."""
        await self.api.hang_up_all()

    async def until_calls(self, count: int, timeout_s: float = 5.0) -> None:
        """Wait until so many calls are on the table."""
        deadline = time.monotonic() + timeout_s
        while len((await self.api.snapshot()).calls) != count:
            if time.monotonic() > deadline:
                raise BenchError(f"our phone did not get to {count} calls")
            await asyncio.sleep(0.01)

    def screen(self) -> Terminal:
        """Open the phone in a terminal, as ``tuiphone`` typed in a shell does."""
        command = Path(sys.executable).with_name("tuiphone")
        argv = [str(command)] if command.exists() else [sys.executable, "-m", "tuiphone"]
        return Terminal(argv, self.environment)

    async def settled_screen(self) -> Terminal:
        """A screen that has been drawn and has nothing to do any more."""
        terminal = self.screen()
        await terminal.shows(PROMPT)
        before, quiet_since = cpu_s(terminal.pid), time.monotonic()
        deadline = time.monotonic() + 10
        while time.monotonic() < min(quiet_since + 0.5, deadline):
            await asyncio.sleep(0.1)
            now = cpu_s(terminal.pid)
            if now - before > 0.002:
                before, quiet_since = now, time.monotonic()
        return terminal

    async def stop(self) -> None:
        """End the engine, however it was started, and forget its files."""
        with suppress(OSError, ValueError):
            pid = int((self.home / "run" / "engine.lock").read_text())
            os.kill(pid, 15)
            await self.disconnect()
            if not self._engine:
                await until(lambda: not Path(f"/proc/{pid}").exists(), 6, "the engine's end")
        await self.disconnect()
        if self._engine:
            await self._engine.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _last_words(self) -> str:
        with suppress(OSError):
            return self._log.read_text().strip().rpartition("\n")[2]
        return ""

    def _write_config(self, sections: Sections) -> None:
        rtp = max(1024, min(free_port() & ~1, 60000))
        network = {"bind_address": LOOPBACK, "udp_port": self._port, "rtp_port_min": rtp, "rtp_port_max": rtp + 400}
        devices = {"input": "default", "output": "default", "ring": "none"} if self._devices else {"null_audio": True}
        audio = {"codecs": ["PCMU"], **devices, **sections.get("audio", {})}
        address = f"sip:{self.name}@{LOOPBACK}:{self._exchange.port}"
        account = {"id": self.name, "address": address, "password": PASSWORD}
        config = {"phone": {"max_lines": 24}, "network": network, **sections, "audio": audio, "account": [account]}
        file = self.home / "config" / "config.toml"
        file.parent.mkdir(parents=True)
        file.write_text(tomli_w.dumps(config))
        file.chmod(0o600)
