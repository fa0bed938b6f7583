"""What every phone that is measured can do, and the two peers: Debian's baresip and the pjsua program of our own build.

All three make the same calls: PCMU unless told otherwise, no sound card unless given one, one registered account.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bench.audio import write_wav
from bench.exchange import Exchange
from bench.farend import PASSWORD
from bench.process import BenchError, Program, free_port, until
from bench.rtp import LOOPBACK

MAX_CALLS = 20
_MODULES = Path("/usr/lib/baresip/modules")
_ROOT = Path(__file__).parent.parent


class Phone(Protocol):
    """A phone with one account that is registered at the far end."""

    name: str

    @property
    def pid(self) -> int:
        """The process that carries SIP and audio."""
        ...

    @property
    def address(self) -> str:
        """Where it is called without the far end."""
        ...

    async def start(self) -> None:
        """Come up; returns when it is registered."""
        ...

    async def dial(self, user: str) -> int:
        """Command a call to a user of the far end, or to a SIP address.

        Returns the time just before, in nanoseconds since the epoch.
        """
        ...

    async def answer(self) -> None:
        """Take the call that comes in."""
        ...

    async def hang_up(self) -> None:
        """Command the end of every call."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


class Pjsua:
    """pjsua 2.17 with its line menu on a pipe. ``options`` are added to its command line, ``devices`` to its environment."""

    def __init__(
        self,
        folder: Path,
        exchange: Exchange,
        *,
        name: str = "pjsua",
        options: Sequence[str] = (),
        devices: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self._folder = folder
        self._exchange = exchange
        self._options = [*options, *([] if devices else ["--null-audio"])]
        self._devices = devices
        self._port = free_port()
        self._program: Program | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        """Where it is called without the far end."""
        return f"sip:{self.name}@{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """pjsua's process."""
        assert self._program is not None
        return self._program.pid

    def command(self) -> list[str]:
        """The command line."""
        return [
            str(pjsua_program()),
            *self._options,
            "--no-vad",
            "--no-tcp",
            "--no-color",
            "--app-log-level=3",
            "--log-level=3",
            f"--max-calls={MAX_CALLS + 2}",
            f"--bound-addr={LOOPBACK}",
            f"--ip-addr={LOOPBACK}",
            f"--local-port={self._port}",
            f"--rtp-port={free_port() & ~1}",
            f"--id=sip:{self.name}@{LOOPBACK}:{self._exchange.port}",
            f"--registrar=sip:{LOOPBACK}:{self._exchange.port}",
            "--realm=*",
            f"--username={self.name}",
            f"--password={PASSWORD}",
            "--reg-timeout=1800",
        ]

    async def start(self) -> None:
        """Come up; returns when it is registered."""
        self._program = Program(self.command(), self._folder / f"{self.name}.log", self._devices)
        await _registered(self._exchange, self.name)
        await self._program.until_output(">>>")

    async def dial(self, user: str) -> int:
        """Command a call."""
        assert self._program is not None
        self._program.write("m\n")
        await asyncio.sleep(0.02)
        at = time.time_ns()
        self._program.write(f"{_uri(user, self._exchange)}\n")
        return at

    async def answer(self) -> None:
        """Take the call that comes in."""
        program = self._program
        assert program is not None

        def rings() -> bool:
            program.write("\n")  # what it has printed leaves its buffer with the next prompt
            return "Incoming call" in program.log.read_text(errors="replace")

        await until(rings, 5, "a call to pjsua")
        program.write("a\n200\n")

    async def hear(self) -> None:
        """Connect the only call to the ear, which pjsua leaves out where a file stands in for the microphone."""
        assert self._program is not None
        # Ports are numbered: 0 is the device, 1 the file, the call comes next as there are no tones.
        self._program.write("cc 2 0\n")
        await self._program.until_output("Success")

    async def hold(self) -> None:
        """Put the newest call on hold."""
        assert self._program is not None
        self._program.write("H\n")

    async def hang_up(self) -> None:
        """End every call."""
        assert self._program is not None
        self._program.write("ha\n")

    async def stop(self) -> None:
        """End."""
        if self._program:
            with suppress(OSError):
                self._program.write("q\n")
            with suppress(BenchError):
                await until(lambda: not self._program or not self._program.is_running, 3, "pjsua's end")
            await self._program.stop()


@cache
def pjsua_program() -> Path:
    """The pjsua program of the tree our engine was built from, or the one that BENCH_PJSUA names."""
    if given := os.environ.get("BENCH_PJSUA"):
        return Path(given)
    found = subprocess.run(
        [sys.executable, _ROOT / "native/build.py", "--find", "--print-pjsua"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise BenchError("the pjsua program is not built: run python3 native/build.py")
    return Path(found.stdout.strip())


_BARESIP = """\
poll_method epoll
sip_listen {address}:{port}
net_interface {address}
call_max_calls {calls}
call_local_timeout 120
audio_player {player}
audio_source {source}
audio_alert aubridge,bell
audio_buffer 20-160
rtp_ports {rtp}-{rtp_end}
module_path {modules}
module g711.so
{devices}
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:{control}
statmode_default off
ringback_disabled yes
"""


class Baresip:
    """Debian's baresip, commanded through its control socket.

    It speaks from a file, which costs less than a device, unless it is given ``devices`` (environment variables).
    """

    def __init__(
        self,
        folder: Path,
        exchange: Exchange,
        *,
        name: str = "baresip",
        devices: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self._folder = folder
        self._exchange = exchange
        self._devices = devices
        self._port = free_port()
        self._program: Program | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._dialled = 0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        """Where it is called without the far end."""
        return f"sip:{self.name}@{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """baresip's process."""
        assert self._program is not None
        return self._program.pid

    def configure(self, modules: str = "") -> int:
        """Write its files; returns the port of its control socket. ``modules`` are more lines of the configuration."""
        control, rtp = free_port(), free_port() & ~1
        speech = self._folder / "speech.wav"
        if not speech.exists():
            write_wav(speech, 60)
        text = _BARESIP.format(
            address=LOOPBACK,
            port=self._port,
            calls=MAX_CALLS + 2,
            player="alsa,default" if self._devices else "aubridge,ear",
            source="alsa,default" if self._devices else f"aufile,{speech}",
            devices="module alsa.so" if self._devices else "module aufile.so\nmodule aubridge.so",
            rtp=rtp,
            rtp_end=rtp + 4 * MAX_CALLS,
            modules=_MODULES,
            control=control,
        )
        (self._folder / "config").write_text(text + modules)
        account = (
            f"<sip:{self.name}@{LOOPBACK}:{self._exchange.port}>;auth_pass={PASSWORD};regint=1800;answermode=manual"
        )
        (self._folder / "accounts").write_text(f"{account}\n")
        (self._folder / "contacts").write_text("")
        return control

    async def start(self) -> None:
        """Come up; returns when it is registered."""
        control = self.configure()
        self._program = Program(["baresip", "-4", "-f", self._folder], self._folder / "baresip.log", self._devices)
        await _registered(self._exchange, self.name)
        await self._program.until_output("baresip is ready")
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, control)

    async def dial(self, user: str) -> int:
        """Command a call."""
        self._dialled += 1
        at = time.time_ns()
        await self._command("dial", _uri(user, self._exchange))
        return at

    async def answer(self) -> None:
        """Take the call that comes in."""
        assert self._program is not None
        await self._program.until_output("Incoming call")
        await self._command("accept")

    async def hang_up(self) -> None:
        """End every call: one command each, for 1.0.0 has none for all."""
        for _ in range(self._dialled):
            await self._command("hangup", must=False)
        self._dialled = 0

    async def stop(self) -> None:
        """End."""
        if self._writer:
            self._writer.close()
        if self._program:
            await self._program.stop()

    async def _command(self, command: str, params: str = "", must: bool = True) -> None:
        assert self._writer is not None and self._reader is not None
        data = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(b"%d:%b," % (len(data), data))
        # Answers and events share the stream; the answer's text is of no use here, its arrival is.
        async with asyncio.timeout(5):
            while True:
                length = await self._reader.readuntil(b":")
                message = json.loads((await self._reader.readexactly(int(length[:-1]) + 1))[:-1])
                if "ok" in message:
                    break
        if must and not message["ok"]:
            raise BenchError(f"baresip refused {command} {params}: {message.get('data')}")


def baresip_version() -> str:
    """The version baresip prints of itself."""
    text = subprocess.run(["baresip", "-h"], capture_output=True, text=True, check=False)
    match = re.search(r"baresip v(\S+)", text.stdout + text.stderr)
    return match[1] if match else "?"


def _uri(user: str, exchange: Exchange) -> str:
    """A user of the far end's, or an address as it is."""
    return user if user.startswith("sip:") else f"sip:{user}@{LOOPBACK}:{exchange.port}"


async def _registered(exchange: Exchange, name: str) -> None:
    await exchange.take("registered", 15, user=name)
