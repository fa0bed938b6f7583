"""The servers behind a host name: SRV records in their order (RFC 3263, RFC 2782), then addresses. Blocks: for a thread.

NAPTR records are not asked for: the account says which transport it wants.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from tuiphone.model.account import Transport

if TYPE_CHECKING:
    from dns.rdtypes.IN.SRV import SRV
    from dns.resolver import Resolver

DNS_PATIENCE_S = 3.0
"""How long one question to the name servers may take in all."""
DEFAULT_PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
_SERVICES = {Transport.UDP: "_sip._udp", Transport.TCP: "_sip._tcp", Transport.TLS: "_sips._tcp"}


class Server(NamedTuple):
    """An address and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def servers_of(
    host: str, port: int, transport: Transport, family: socket.AddressFamily, dns_servers: Sequence[str] = ()
) -> tuple[Server, ...]:
    """Where requests to a host go, the best first; none when the name is unknown.

    With a ``port`` (RFC 3263 section 4.2), for a name without a dot and where there are no SRV records, it is the host
    itself. ``dns_servers`` ("address" or "address:port") replace the machine's; its own files of names count either way.
    """
    found = []
    for name, its_port in _targets(host, port, transport, dns_servers):
        found += [Server(address, its_port) for address in _addresses(name, family, dns_servers)]
    return tuple(dict.fromkeys(found))


def _targets(host: str, port: int, transport: Transport, dns_servers: Sequence[str]) -> Iterator[tuple[str, int]]:
    records = [] if port or "." not in host.strip(".") else _srv(f"{_SERVICES[transport]}.{host}", dns_servers)
    if not records:
        yield host, port or DEFAULT_PORTS[transport]
    for name, its_port in records:
        if name:
            yield name, its_port


def _srv(name: str, dns_servers: Sequence[str]) -> list[tuple[str, int]]:
    """Hosts and ports in the order in which to try them; an empty host means that the service is not offered."""
    import dns.exception
    import dns.resolver

    try:
        answer = _resolver(dns_servers).resolve(name.rstrip(".") + ".", "SRV")
    except (dns.exception.DNSException, OSError):
        return []
    records = cast("list[SRV]", answer.rrset.processing_order() if answer.rrset else [])
    return [(record.target.to_text(omit_final_dot=True).rstrip("."), record.port) for record in records]


def _addresses(host: str, family: socket.AddressFamily, dns_servers: Sequence[str]) -> list[str]:
    if dns_servers:
        found = _asked_addresses(host, family, dns_servers)
        if found:
            return found
    try:
        infos = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [str(info[4][0]) for info in infos]


def _asked_addresses(host: str, family: socket.AddressFamily, dns_servers: Sequence[str]) -> list[str]:
    import dns.exception

    kind = "AAAA" if family is socket.AF_INET6 else "A"
    with contextlib.suppress(dns.exception.DNSException, OSError):
        return [record.to_text() for record in _resolver(dns_servers).resolve(host.rstrip(".") + ".", kind)]
    return []


def _resolver(dns_servers: Sequence[str]) -> Resolver:
    from dns.resolver import Resolver

    # Made anew for each question: /etc/resolv.conf changes with the network.
    resolver = Resolver(configure=not dns_servers)
    resolver.lifetime = DNS_PATIENCE_S
    if dns_servers:
        apart = [split_port(server) for server in dns_servers]
        resolver.nameservers = [address for address, _port in apart]
        resolver.nameserver_ports = {address: port for address, port in apart if port}
    return resolver


def split_port(text: str) -> tuple[str, int]:
    """Take "host", "host:port", "[address]" or "[address]:port" apart; port 0 where there is none."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit() or (":" in host and not host.endswith("]")):
        host, port = text, "0"
    return host.strip("[]"), int(port)
