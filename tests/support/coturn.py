"""Debian's coturn as a STUN and TURN server on loopback, over UDP, TCP and TLS."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.certificates import Certificate
from tests.support.ports import LOOPBACK, free_port, free_rtp_block
from tests.support.process import Process
from tuiphone.stack.natprobe import ask_stun

REALM = "turn.test"

_CONFIG = """\
listening-ip={address}
relay-ip={address}
listening-port={port}
tls-listening-port={tls_port}
min-port={first}
max-port={last}
realm={realm}
lt-cred-mech
{users}
allow-loopback-peers
no-cli
no-dtls
{tls}
userdb={folder}/turndb
pidfile={folder}/pid
log-file=stdout
simple-log
verbose
relay-threads=1
"""
_USAGE = re.compile(r": (peer )?usage: .*?rp=(\d+), rb=\d+, sp=(\d+)")


@dataclass
class Coturn:
    """One server. ``users`` maps names to passwords; ``certificate`` switches TLS on."""

    folder: Path
    users: dict[str, str]
    certificate: Certificate | None = None
    port: int = field(default_factory=lambda: free_port(1))
    tls_port: int = field(default_factory=lambda: free_port(1))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.first, self.last = free_rtp_block()
        self.use_certificate(self.certificate)
        program = shutil.which("turnserver") or "/usr/bin/turnserver"
        self.process = Process([program, "-c", self.folder / "turnserver.conf"], self.folder / "log")

    @property
    def host(self) -> str:
        """``address:port`` for UDP and TCP."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def tls_host(self) -> str:
        """The same for TLS."""
        return f"{LOOPBACK}:{self.tls_port}"

    def relays(self, port: int) -> bool:
        """Whether a port is one of those it relays at."""
        return self.first <= port <= self.last

    @property
    def allocations(self) -> int:
        """How many relays it has given out so far."""
        return len(re.findall(r"ALLOCATE processed, success", self.process.text))

    @property
    def relayed(self) -> tuple[int, int]:
        """Packets from and to peers, over all relays that are given back."""
        found = [(int(m[2]), int(m[3])) for m in _USAGE.finditer(self.process.text) if m[1]]
        return sum(came for came, _ in found), sum(went for _, went in found)

    def use_certificate(self, certificate: Certificate | None) -> None:
        """Show another certificate from the next start on."""
        tls = f"cert={certificate.cert}\npkey={certificate.key}" if certificate else "no-tls"
        users = "\n".join(f"user={name}:{password}" for name, password in self.users.items())
        config = _CONFIG.format(
            address=LOOPBACK,
            port=self.port,
            tls_port=self.tls_port,
            first=self.first,
            last=self.last,
            realm=REALM,
            users=users,
            tls=tls,
            folder=self.folder,
        )
        (self.folder / "turnserver.conf").write_text(config)

    async def start(self) -> None:
        """Start, or start again on the same ports."""
        begin = len(self.process.text)
        self.process.start()
        await self.process.until_output(r"UDP listener opened on", start=begin)
        await self.process.until_output(r"Total General servers|Total auth threads", start=begin)
        answer = await asyncio.to_thread(ask_stun, self.host)
        assert answer.server, answer.problem

    async def stop(self) -> None:
        """Go away; nothing listens on the ports any more."""
        await self.process.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if kind is not None:
            print(f"--- coturn\n{self.process.tail()}")
