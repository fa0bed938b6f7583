"""Host names of registrars, proxies and called parties: looked up beside the SIP thread, which pjsip would block meanwhile.

pjsip is then told what was found, so that it need not look again, and which servers have not answered lately.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tuiphone.model.account import Account, Transport
from tuiphone.stack.lookup import DEFAULT_PORTS, Server, servers_of
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump

FAILED_FOR_S = 300.0
"""How long a server that did not answer comes after the others."""

_SCHEME = re.compile(r"^sips?:", re.IGNORECASE)
_PARTS = re.compile(r"^(?:[^@]*@)?(?P<host>\[[^\]]+\]|[^:;?]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class Target:
    """A host that requests go to; port 0 where none is named, which leaves it to the name servers (RFC 3263)."""

    host: str
    port: int
    transport: Transport = Transport.UDP

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address already."""
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                socket.inet_pton(family, self.host.strip("[]"))
            except OSError:
                continue
            return True
        return False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def target_of(text: str, transport: Transport) -> Target | None:
    """Host and port in "host", "host:port" or a SIP URI; None when there is neither."""
    match = _PARTS.match(_SCHEME.sub("", text.strip()))
    if not match or not match.group("host").strip():
        return None
    return Target(match.group("host"), int(match.group("port") or 0), transport)


def next_hop(account: Account) -> Target | None:
    """Where an account's REGISTER goes first: its proxy, else its registrar."""
    return target_of(account.proxy or account.registrar, account.transport)


def route_uri(text: str, transport: Transport) -> str:
    """A registrar or proxy as a SIP URI that names its transport."""
    text = text.strip()
    uri = text if _SCHEME.match(text) else f"sip:{text}"
    if transport is not Transport.UDP and ";transport=" not in uri.lower() and not uri.lower().startswith("sips:"):
        uri += f";transport={transport}"
    return uri


class Names:
    """Looks hosts up, on the SIP thread's behalf."""

    def __init__(self, pump: Pump, native: Native, dns_servers: Sequence[str], ipv6: bool) -> None:
        self._pump = pump
        self._native = native
        self._dns_servers = tuple(dns_servers)
        self._family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self._failed: dict[Server, float] = {}

    def look_up(self, target: Target, found: Callable[[tuple[Server, ...]], None]) -> None:
        """Find a host's servers; ``found`` is called on the SIP thread, with none when the name is unknown.

        An address is found at once, before this returns.
        """
        if target.is_literal:
            found((Server(target.host.strip("[]"), target.port or DEFAULT_PORTS[target.transport]),))
            return

        def ask() -> None:
            servers = servers_of(target.host, target.port, target.transport, self._family, self._dns_servers)
            self._pump.submit(lambda: found(self._ordered(target, servers)))

        threading.Thread(target=ask, name="dns", daemon=True).start()

    def failed(self, servers: Sequence[Server]) -> bool:
        """The first of these did not answer: it comes last for a while. True when one that did not fail is left."""
        now = time.monotonic()
        if servers:
            self._failed[servers[0]] = now
        return any(not self._has_failed(server, now) for server in servers)

    def answered(self, servers: Sequence[Server]) -> None:
        """The first of these answered."""
        if servers:
            self._failed.pop(servers[0], None)

    def _ordered(self, target: Target, servers: tuple[Server, ...]) -> tuple[Server, ...]:
        now = time.monotonic()
        ordered = tuple(sorted(servers, key=lambda s: self._failed[s] if self._has_failed(s, now) else 0.0))
        if ordered:
            self._native.set_host(target.host, target.port, target.transport, " ".join(map(str, ordered)))
        return ordered

    def _has_failed(self, server: Server, now: float) -> bool:
        at = self._failed.get(server)
        return at is not None and now - at < FAILED_FOR_S
