"""SIPp as a far end whose every message the test decides."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK, free_port
from tests.support.process import Process, ProcessFailed, until
from tests.support.scenario import Scenario


@cache
def _usage() -> str:
    shown = subprocess.run(["sipp", "-h"], capture_output=True, text=True, errors="replace", check=False)
    return shown.stdout + shown.stderr


def _media_ports() -> dict[str, object]:
    """Where SIPp's own ports for sound and video, and their RTCP, may be: release 3.7.2 names them otherwise."""
    first = free_port(beside=3)
    if re.search(r"^\s*-mp\b", _usage(), re.MULTILINE):
        return {"-mp": first}
    return {"-min_rtp_port": first, "-max_rtp_port": first + 3}


@dataclass
class Sipp:
    """One SIPp playing a scenario once; leaving the context without ``finish`` ends it.

    ``remote`` is "address:port" for a scenario that begins and ``target`` the user it calls there. ``rtp_port`` is
    the port that its SDP names: where an ``RtpEnd`` listens, or nobody.
    """

    folder: Path
    scenario: Scenario
    remote: str = ""
    user: str = "sipp"
    target: str = "phone"
    password: str = ""
    transport: str = "u1"
    timeout_s: int = 45
    rtp_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._messages = self.folder / "messages"
        self._errors = self.folder / "errors"
        file = self.folder / "scenario.xml"
        file.write_text(self.scenario.xml)
        options: dict[str, object] = {
            "-sf": file,
            "-i": LOOPBACK,
            "-p": self.port,
            "-s": self.user,
            "-t": self.transport,
            "-mi": LOOPBACK,
            **_media_ports(),
            "-m": 1,
            "-timeout": self.timeout_s,
            "-message_file": self._messages,
            "-error_file": self._errors,
            # A message that the scenario does not expect ends it: the test then shows which one came.
            "-default_behaviors": "abortunexp",
            **({"-au": self.user, "-ap": self.password} if self.password else {}),
        }
        self.process = Process(
            [
                "sipp",
                *((self.remote,) if self.remote else ()),
                *(str(word) for option in options.items() for word in option),
                *("-key", "rtp_port", str(self.rtp_port), "-key", "target", self.target),
                *("-trace_msg", "-trace_err", "-timeout_error", "-nostdin"),
            ],
            self.folder / "log",
            env={"TERM": "dumb"},
            cwd=self.folder,
        )

    @property
    def address(self) -> str:
        """Where others reach it."""
        return f"sip:{self.user}@{LOOPBACK}:{self.port}"

    @property
    def messages(self) -> str:
        """Every SIP message sent and received so far, as SIPp logs them."""
        return self._messages.read_text(errors="replace") if self._messages.exists() else ""

    def received(self, start: str) -> list[str]:
        """The messages that came in and whose first line begins so."""
        parts = re.split(r"^-{20,}[^\n]*\n", self.messages, flags=re.MULTILINE)
        bodies = [p.split("\n\n", 1)[1] for p in parts if "message received" in p.partition("\n")[0] and "\n\n" in p]
        return [body for body in bodies if body.startswith(start)]

    async def until_received(self, start: str, timeout_s: float = 10.0) -> str:
        """Wait for a message whose first line begins so; the last such."""

        def found() -> list[str]:
            if self.process.returncode not in (None, 0) and not self.received(start):
                raise ProcessFailed(self._failure(f"ended without {start}"))
            return self.received(start)

        try:
            return (await until(found, timeout_s, f"{start} at SIPp"))[-1]
        except TimeoutError as error:
            raise AssertionError(self._failure(str(error))) from None

    async def finish(self, timeout_s: float = 50.0) -> None:
        """Wait for the scenario's end; fails when a message was not the one that the scenario expects."""
        code = await self.process.until_end(timeout_s)
        if code != 0:
            raise ProcessFailed(self._failure(f"ended with {code}"))

    def _failure(self, what: str) -> str:
        said = self._errors.read_text(errors="replace") if self._errors.exists() else self.process.tail()
        return f"SIPp: {what}\n{said[-2000:]}\n--- messages\n{self.messages[-6000:]}"

    async def __aenter__(self) -> Self:
        self.process.start()
        await until(lambda: self._listens() or self.process.returncode is not None, 10, "SIPp opens its port")
        return self

    def _listens(self) -> bool:
        table = Path("/proc/net/udp" if self.transport.startswith("u") else "/proc/net/tcp").read_text()
        return f"0100007F:{self.port:04X}" in table

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.stop(0.3)
