"""A SIP stack in a process of its own (pjsua2 is one endpoint a process), driven by JSON lines.

As a program: reads ``[method, args…]`` lines, calls the stack, writes each report as a line. As a module: ``StackProcess``
starts such a process and offers the stack's methods, its reports, and waiting for one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tuiphone.controller.ports import Credentials, StackSettings
from tuiphone.model.account import Account, DtmfMethod, MediaEncryption, TlsSettings, Transport
from tuiphone.model.call import new_call_id
from tuiphone.model.codec import CodecSettings
from tuiphone.model.media import Processing

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Heard:
    """One report as it came over the pipe: its type's name, its fields, and when it came (monotonic seconds)."""

    kind: str
    fields: dict[str, Any]
    at: float

    def __getattr__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None


class StackProcess:
    """A phone's stack in another process, with one account ``name@127.0.0.1`` that has no registrar unless told.

    ``library`` is a folder with another pjsua2 than the installed one.
    """

    library: Path | None = None

    def __init__(self, name: str, folder: Path, **settings: object) -> None:
        self.name = name
        self.reports: list[Heard] = []
        self.log = folder / f"{name}.log"
        self._settings = {"null_audio": True, "log_file": str(folder / f"{name}.pj.log"), **settings}
        self._seen = 0
        self._killed = False

    async def start(self) -> StackProcess:
        with self.log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                __name__,
                json.dumps(self._settings),
                cwd=REPO,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, (REPO, self.library))))},
            )
        self._reader = asyncio.create_task(self._read())
        started = await self.wait("Started", timeout=20)
        self.port: int = started.udp_port
        self.missing: list[str] = started.missing
        self.stack_name: str = started.name
        return self

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def uri(self) -> str:
        """Where others dial this phone."""
        return f"sip:{self.name}@127.0.0.1:{self.port}"

    async def add_account(self, account_id: str = "main", password: str = "", **fields: object) -> None:
        """An account; without a registrar it makes and takes calls all the same."""
        account = {"id": account_id, "address": f"sip:{self.name}@127.0.0.1", **fields}
        self.do("add_account", account, password)
        await self.wait("Added", account_id=account_id)

    def do(self, method: str, *args: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([method, *args]).encode() + b"\n")

    def dial(self, uri: str, account_id: str = "main", dtmf: str = "rfc4733") -> str:
        call_id = new_call_id()
        self.do("make_call", call_id, account_id, uri, dtmf)
        return call_id

    async def wait(
        self, kind: str, where: Callable[[Heard], bool] = lambda heard: True, timeout: float = 8, **fields: object
    ) -> Heard:
        """The next report of a kind that was not waited for yet; those before it stay in ``reports`` only."""
        end = time.monotonic() + timeout
        position = self._seen
        while True:
            while position < len(self.reports):
                heard = self.reports[position]
                position += 1
                if heard.kind == kind and all(heard.fields.get(k) == v for k, v in fields.items()) and where(heard):
                    self._seen = position
                    return heard
            if time.monotonic() > end or self._reader.done():
                raise AssertionError(f"{self.name}: no {kind} {fields or ''}; heard {self.tail()}")
            await asyncio.sleep(0.005)

    def rewind(self) -> None:
        """Let the next ``wait`` look at every report from the beginning."""
        self._seen = 0

    def all(self, kind: str, **fields: object) -> list[Heard]:
        """Every report of a kind so far."""
        return [h for h in self.reports if h.kind == kind and all(h.fields.get(k) == v for k, v in fields.items())]

    def tail(self) -> str:
        errors = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
        shown = [(h.kind, h.fields) for h in self.reports if h.kind not in {"Levels", "StreamStats"}][-12:]
        return f"{shown}\n{errors}"

    def kill(self) -> None:
        """End it as SIGKILL ends a process: at once, with nothing said."""
        self._process.kill()
        self._killed = True

    async def stop(self) -> float:
        """Stop in order; returns how long that took. One that ended badly, earlier or now, fails the test."""
        begin = time.monotonic()
        if self._process.returncode is None:
            with contextlib.suppress(ConnectionError):
                self.do("stop")
            try:
                await asyncio.wait_for(self._process.wait(), 8)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        if self._process.returncode and not self._killed:
            raise AssertionError(f"{self.name} ended with {self._process.returncode}; {self.tail()}")
        return time.monotonic() - begin

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            kind, fields = json.loads(line)
            self.reports.append(Heard(kind, fields, time.monotonic()))


Start = Callable[..., Awaitable[StackProcess]]
"""The fixture ``start``: a name, and any of StackSettings."""


def _account(fields: dict[str, Any]) -> Account:
    fields = dict(fields)
    if "tls" in fields:
        fields["tls"] = TlsSettings(**fields["tls"])
    if "codecs" in fields:
        fields["codecs"] = tuple(fields["codecs"])
    for name, kind in (("transport", Transport), ("media_encryption", MediaEncryption), ("dtmf", DtmfMethod)):
        if name in fields:
            fields[name] = kind(fields[name])
    return Account(**fields)


def _free_port() -> int:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tell(loop: asyncio.AbstractEventLoop, say: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(say)


async def _serve(settings: dict[str, Any]) -> None:
    from tuiphone.controller.ports import RoleChoice, Tone, ToneSound
    from tuiphone.model.device import DeviceRole
    from tuiphone.stack.pjsua import PjsuaStack

    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(kind: str, fields: dict[str, Any]) -> None:
        out.write(json.dumps([kind, fields]) + "\n")

    port = _free_port()
    settings = {"bind_address": "127.0.0.1", "udp_port": port, "rtp_port_min": 20000, "rtp_port_max": 40000, **settings}
    settings["codecs"] = tuple(settings.get("codecs", ("PCMU",)))
    settings["codec_settings"] = CodecSettings(**settings.get("codec_settings", {}))
    settings["processing"] = Processing(**settings.get("processing", {}))
    stack = PjsuaStack()
    await stack.start(StackSettings(**settings), lambda report: say(type(report).__name__, asdict(report)))
    say("Started", {"udp_port": settings["udp_port"], "missing": stack.missing, "name": stack.name})
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        method, *args = json.loads(line)
        if method == "stop":
            break
        if method == "add_account":
            account = _account(args[0])
            stack.add_account(account, Credentials(account.username, args[1]))
            # Only when the SIP thread has come to it are calls to the account not refused.
            stack._pump.submit(partial(_tell, loop, partial(say, "Added", {"account_id": account.id})))
        elif method == "set_codec_settings":
            stack.set_codec_settings(CodecSettings(**args[0]))
        elif method == "choose_devices":
            stack.choose_devices(tuple(RoleChoice(DeviceRole(c[0]), *c[1:]) for c in args[0]))
        elif method == "tone":
            stack.tone(Tone(args[0]), args[1], DeviceRole(args[2]), ToneSound(((1000, 0, 1000, 0),)))
        elif method in {"make_call", "send_dtmf"}:
            getattr(stack, method)(*args[:-1], DtmfMethod(args[-1]))
        else:
            getattr(stack, method)(*args)
    await stack.stop()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
