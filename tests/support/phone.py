"""A real phone: the engine's process with a configuration of its own, driven through its socket."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import tomli_w

from tests.support.ports import LOOPBACK, free_port, free_rtp_block
from tests.support.process import Process, ProcessFailed, until
from tuiphone.controller.api import Phone as PhoneApi
from tuiphone.errors import EngineLost
from tuiphone.model.account import AccountStatus, RegistrationState
from tuiphone.model.call import Call, CallId, CallState, Direction
from tuiphone.model.device import Devices
from tuiphone.model.event import (
    AccountChanged,
    CallChanged,
    DevicesChanged,
    DtmfReceived,
    Event,
    Notice,
    Reading,
)
from tuiphone.model.media import StreamStats
from tuiphone.rpc.client import RpcPhone, connect

Settings = dict[str, Any]
T = TypeVar("T")

_READY = "engine ready"
"""What the engine logs when its accounts can call."""


def direct_account(port: int, user: str = "phone", **more: Any) -> Settings:
    """An account without a registrar: reached at ``sip:user@127.0.0.1:port``."""
    return {"id": user, "address": f"sip:{user}@{LOOPBACK}:{port}", "register": False, **more}


async def complete_wav(path: Path) -> Path:
    """Wait for a recording that the phone ends: its header is written last."""

    def complete() -> bool:
        head = path.read_bytes()[:12] if path.exists() else b""
        return head[:4] == b"RIFF" and head[8:] == b"WAVE" and head[4:8] != bytes(4)

    await until(complete, 5, f"{path.name} is complete")
    return path


def registered_account(user: str, host: str, password: str, **more: Any) -> Settings:
    """An account at a registrar, ``host`` being its address and port."""
    return {"id": user, "address": f"sip:{user}@{host}", "password": password, **more}


@dataclass
class Phone:
    """One engine. Without ``accounts`` it has one, "phone", that needs no registrar.

    ``sections`` is the rest of config.toml by section name; ports and the null device are chosen unless it says
    otherwise. Everything the phone has reported is kept in ``events``, with the time of arrival in ``times``.
    """

    folder: Path
    accounts: Sequence[Settings] = ()
    sections: Mapping[str, Settings] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    events: list[Event | Reading] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    calls: dict[CallId, Call] = field(default_factory=dict)
    registrations: dict[str, AccountStatus] = field(default_factory=dict)
    devices: Devices = field(default_factory=Devices)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # A path of pytest's may be longer than the 107 bytes that a Unix socket's address has room for.
        short = Path(tempfile.mkdtemp(prefix="phone-"))
        weakref.finalize(self, shutil.rmtree, short, ignore_errors=True)
        self.home = short / "home"
        self.home.symlink_to(self.folder.absolute(), target_is_directory=True)
        self.socket = self.home / "run" / "engine.sock"
        self._write_config()
        self.engine = Process(
            [sys.executable, "-m", "tuiphone", "engine", "run"],
            self.folder / "engine.out",
            env={**self.program_environment},
        )
        self._connection: RpcPhone | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def program_environment(self) -> dict[str, str]:
        """What every program of this phone (engine, screen, ctl) is started with."""
        return {
            "TUIPHONE_HOME": str(self.home),
            "TUIPHONE_SOCKET": "",
            "LANG": "C.UTF-8",
            **self.environment,
        }

    @property
    def address(self) -> str:
        """Where the first account is reached without a registrar."""
        return f"sip:{self.user}@{LOOPBACK}:{self.port}"

    @property
    def host(self) -> str:
        """Address and port of SIP over UDP."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def user(self) -> str:
        """The first account's name."""
        return str(self.accounts[0]["id"]) if self.accounts else "phone"

    @property
    def api(self) -> PhoneApi:
        """The phone's commands."""
        assert self._connection is not None, "the phone was not started"
        return self._connection.phone

    @property
    def notices(self) -> list[str]:
        """The sentences shown so far."""
        return [event.text for event in self.events if isinstance(event, Notice)]

    @property
    def stats(self) -> StreamStats | None:
        """The newest figures, if any were reported."""
        return next((e for e in reversed(self.events) if isinstance(e, StreamStats)), None)

    def digits(self, call: CallId) -> str:
        """What the far end of a call has dialled so far."""
        return "".join(e.digit for e in self.events if isinstance(e, DtmfReceived) and e.call_id == call)

    def history(self, call: CallId) -> list[Call]:
        """Every state of a call that was reported."""
        return [e.call for e in self.events if isinstance(e, CallChanged) and e.call.id == call]

    async def until(
        self, call: CallId, state: CallState | Callable[[Call], bool], timeout_s: float = 10.0, what: str = ""
    ) -> Call:
        """Wait until a call is in a state, or fulfils a condition; the call as it then is."""

        def reached() -> Call | None:
            now = self.calls.get(call)
            fits = now is not None and (now.state is state if isinstance(state, CallState) else state(now))
            if now is not None and now.is_over and not fits:
                raise AssertionError(f"the call ended before {what or state}: {now.end}")
            return now if fits else None

        return await self._wait(reached, timeout_s, what or f"call {state}")

    async def until_ended(self, call: CallId, timeout_s: float = 10.0) -> Call:
        """Wait for a call's end."""
        return await self.until(call, CallState.ENDED, timeout_s)

    async def incoming(self, timeout_s: float = 10.0) -> Call:
        """Wait for an incoming call that rings."""

        def ringing() -> Call | None:
            return next(
                (c for c in self.calls.values() if c.direction is Direction.INCOMING and c.state is CallState.INCOMING),
                None,
            )

        return await self._wait(ringing, timeout_s, "an incoming call")

    async def until_account(self, account: str, state: RegistrationState, timeout_s: float = 10.0) -> AccountStatus:
        """Wait for a state of a registration."""

        def reached() -> AccountStatus | None:
            status = self.registrations.get(account)
            return status if status and status.registration.state is state else None

        return await self._wait(reached, timeout_s, f"account {account} {state}")

    async def until_event(self, kind: type[T], condition: Callable[[T], bool], timeout_s: float = 10.0) -> T:
        """Wait for an event, or find it among those reported already."""

        def found() -> T | None:
            return next((e for e in self.events if isinstance(e, kind) and condition(e)), None)

        return await self._wait(found, timeout_s, f"a {kind.__name__}")

    async def talk(self, target: str) -> Call:
        """Dial, and wait until somebody answers."""
        return await self.until(await self.api.dial(target), CallState.TALKING)

    def log(self, lines: int = 60) -> str:
        """What the engine wrote last, for failure messages."""
        return "\n".join([*self._log_text.splitlines()[-lines:], "--- stdout and stderr", self.engine.tail()])

    @property
    def _log_text(self) -> str:
        file = self.folder / "state" / "engine.log"
        return file.read_text(errors="replace") if file.exists() else ""

    async def start(self) -> None:
        """Start the engine and connect to it when it is ready for calls; again after it ended."""
        before = self._log_text.count(_READY)
        self.engine.start()

        def ready() -> bool:
            if self.engine.returncode is not None:
                raise ProcessFailed(f"the engine ended ({self.engine.returncode}) at its start:\n{self.log()}")
            return self._log_text.count(_READY) > before

        try:
            await until(ready, 15, "the engine is ready")
        except TimeoutError as error:
            raise ProcessFailed(f"{error}:\n{self.log()}") from None
        self._connection = await connect(self.socket)
        snapshot = await self.api.snapshot()
        self.calls = {call.id: call for call in snapshot.calls}
        self.registrations = {status.account.id: status for status in snapshot.accounts}
        self.devices = snapshot.devices
        self._listener = asyncio.create_task(self._listen(snapshot.seq))

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        if self._connection is not None:
            await self._connection.close()
        code = await self.engine.stop(6)
        if kind is not None:
            print(f"--- phone {self.user}\n{self.log()}")
        elif code:
            raise ProcessFailed(f"the engine ended with {code}\n{self.log()}")

    async def _wait(self, found: Callable[[], T | None], timeout_s: float, what: str) -> T:
        def checked() -> T | None:
            if self.engine.returncode is not None:
                raise ProcessFailed(f"the engine ended ({self.engine.returncode}) before: {what}\n{self.log()}")
            return found()

        try:
            result = await until(checked, timeout_s, what)
        except TimeoutError as error:
            recent = "\n".join(str(event) for event in self.events[-12:])
            raise AssertionError(f"{error}\n--- last events\n{recent}") from None
        assert result is not None
        return result

    async def _listen(self, seq: int) -> None:
        with suppress(EngineLost):
            async for _, event in self.api.subscribe(seq, readings=True):
                self._received(event)

    def _received(self, event: Event | Reading) -> None:
        self.events.append(event)
        self.times.append(time.time())
        match event:
            case CallChanged(call):
                self.calls[call.id] = call
            case AccountChanged(status):
                self.registrations[status.account.id] = status
            case DevicesChanged(devices):
                self.devices = devices

    def _write_config(self) -> None:
        rtp_first, rtp_last = free_rtp_block()
        network = {"bind_address": LOOPBACK, "udp_port": self.port, "rtp_port_min": rtp_first, "rtp_port_max": rtp_last}
        defaults: dict[str, Settings] = {
            "network": network,
            "audio": {"null_audio": True, "codecs": ["PCMU", "PCMA"]},
            "log": {"level": "debug"},
        }
        document: dict[str, Any] = {
            name: defaults.get(name, {}) | dict(self.sections.get(name, {}))
            for name in [*defaults, *(name for name in self.sections if name not in defaults)]
        }
        document["account"] = list(self.accounts) or [direct_account(self.port)]
        file = self.folder / "config" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tomli_w.dumps(document))
        file.chmod(0o600)
