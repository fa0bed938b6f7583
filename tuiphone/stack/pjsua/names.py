"""Host names of registrars and proxies: looked up beside the SIP thread, which pjsip would otherwise block meanwhile."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tuiphone.model.account import Account, Transport
from tuiphone.stack.pjsua.pump import Pump

_DEFAULT_PORT = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
_SCHEME = re.compile(r"^sips?:", re.IGNORECASE)
_PARTS = re.compile(r"^(?:[^@]*@)?(?P<host>\[[^\]]+\]|[^:;?]+)(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class Target:
    """A host and port that an account's requests go to."""

    host: str
    port: int

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


def target_of(text: str, transport: Transport) -> Target | None:
    """Host and port in "host", "host:port" or a SIP URI; None when there is neither."""
    match = _PARTS.match(_SCHEME.sub("", text.strip()))
    if not match or not match.group("host").strip():
        return None
    return Target(match.group("host"), int(match.group("port") or _DEFAULT_PORT[transport]))


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


def look_up(pump: Pump, target: Target, found: Callable[[frozenset[str]], None]) -> None:
    """Find a host's addresses; ``found`` is called on the SIP thread, with none when the name is unknown.

    An address is found at once, before this returns.
    """
    if target.is_literal:
        found(frozenset({target.host.strip("[]")}))
        return

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            infos = []
        addresses = frozenset(str(info[4][0]) for info in infos)
        pump.submit(lambda: found(addresses))

    threading.Thread(target=ask, name="dns", daemon=True).start()
