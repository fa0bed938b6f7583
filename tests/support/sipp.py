"""SIPp as a far end whose every message the test decides: scenario files in ``tests/peers/scenarios``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK, free_port, free_rtp_block
from tests.support.process import Process, ProcessFailed, until

SCENARIOS = Path(__file__).parents[1] / "peers" / "scenarios"


@dataclass
class Sipp:
    """One SIPp playing a scenario once; leaving the context without ``finish`` ends it.

    ``remote`` is "address:port" for a scenario that begins; ``keys`` are the scenario's ``[words]``. ``rtp_port`` is
    the port that its SDP names: where an ``RtpEnd`` listens, or nobody.
    """

    folder: Path
    scenario: str
    remote: str = ""
    user: str = "sipp"
    keys: Mapping[str, str] = field(default_factory=dict)
    password: str = ""
    transport: str = "u1"
    calls: int = 1
    timeout_s: int = 45
    rtp_port: int = field(default_factory=lambda: free_rtp_block()[0])
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._messages = self.folder / f"{self.scenario}.messages"
        keys = [
            part
            for name, value in (dict(self.keys) | {"rtp_port": str(self.rtp_port)}).items()
            for part in ("-key", name, value)
        ]
        login = ["-au", self.user, "-ap", self.password] if self.password else []
        self.process = Process(
            [
                *("sipp", *((self.remote,) if self.remote else ()), "-sf", str(SCENARIOS / f"{self.scenario}.xml")),
                *("-i", LOOPBACK, "-p", str(self.port), "-s", self.user, "-t", self.transport),
                *("-mi", LOOPBACK, "-mp", str(free_rtp_block()[0]), "-m", str(self.calls), "-r", "1"),
                *("-timeout", str(self.timeout_s), "-timeout_error", "-nostdin", "-nd"),
                *(
                    "-trace_msg",
                    "-message_file",
                    str(self._messages),
                    "-trace_err",
                    "-error_file",
                    str(self.folder / "errors"),
                ),
                *login,
                *keys,
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
        errors = self.folder / "errors"
        said = errors.read_text(errors="replace") if errors.exists() else self.process.tail()
        return f"SIPp {self.scenario}: {what}\n{said[-2000:]}\n--- messages\n{self.messages[-6000:]}"

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
