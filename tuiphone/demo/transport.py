"""How SIP messages travel: UDP and TCP on one port of one address (RFC 3261 section 18, RFC 3581)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from typing import Protocol, cast

log = logging.getLogger(__name__)

MAX_MESSAGE = 65535
"""Octets of the longest message taken; a longer one ends its TCP connection."""
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,6})[ \t]*(?=\r\n)", re.IGNORECASE)
_BIND_ATTEMPTS = 20


class Flow(Protocol):
    """A way back to one peer. ``transport`` is the name in Via; a reliable one needs no retransmission."""

    transport: str
    reliable: bool
    peer: tuple[str, int]

    @property
    def is_open(self) -> bool:
        """Whether sending makes sense."""
        ...

    def send(self, data: bytes) -> None:
        """Send one message; never waits, never raises."""
        ...


Receiver = Callable[[bytes, Flow], None]


class UdpFlow:
    """Datagrams to one address."""

    transport = "UDP"
    reliable = False

    def __init__(self, endpoint: asyncio.DatagramTransport, peer: tuple[str, int]) -> None:
        self._endpoint = endpoint
        self.peer = peer

    @property
    def is_open(self) -> bool:
        """Whether our socket is still there."""
        return not self._endpoint.is_closing()

    def send(self, data: bytes) -> None:
        """Send one datagram."""
        if self.is_open:
            self._endpoint.sendto(data, self.peer)


class TcpFlow(asyncio.Protocol):
    """One TCP connection: cuts the stream into messages by Content-Length (section 18.3)."""

    transport = "TCP"
    reliable = True

    def __init__(self, receive: Receiver, opened: Callable[[TcpFlow], None], closed: Callable[[TcpFlow], None]) -> None:
        self.peer = ("", 0)
        self._receive, self._opened, self._closed = receive, opened, closed
        self._buffer = bytearray()
        self._stream: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._stream is not None and not self._stream.is_closing()

    def send(self, data: bytes) -> None:
        """Write one message."""
        if self._stream and self.is_open:
            self._stream.write(data)

    def close(self) -> None:
        """End the connection."""
        if self._stream:
            self._stream.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._stream = cast(asyncio.Transport, transport)
        host, port = self._stream.get_extra_info("peername")[:2]
        self.peer = (host, port)
        self._opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection ended."""
        self._closed(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: octets arrived."""
        self._buffer += data
        while message := self._cut():
            self._receive(message, self)

    def _cut(self) -> bytes:
        """The next whole message, or nothing yet. Line ends between messages are keep-alives (RFC 5626 section 4.4.1)."""
        while self._buffer.startswith(b"\r\n"):
            if self._buffer.startswith(b"\r\n\r\n"):
                self.send(b"\r\n")
                del self._buffer[:4]
            else:
                if len(self._buffer) < 4 and b"\r\n\r\n".startswith(self._buffer):
                    return b""
                del self._buffer[:2]
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return self._give_up() if len(self._buffer) > MAX_MESSAGE else b""
        length = _LENGTH.search(self._buffer, 0, head + 2)
        end = head + 4 + (int(length[1]) if length else 0)
        if end > MAX_MESSAGE:
            return self._give_up()
        if len(self._buffer) < end:
            return b""
        message = bytes(self._buffer[:end])
        del self._buffer[:end]
        return message

    def _give_up(self) -> bytes:
        log.warning("a message over %d octets from %s: connection closed", MAX_MESSAGE, self.peer)
        self._buffer.clear()
        self.close()
        return b""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Receiver) -> None:
        self._receive = receive
        self._endpoint: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._endpoint = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        # Two line ends or a single zero octet keep a NAT binding open; nobody expects an answer.
        if self._endpoint and len(data) > 4:
            self._receive(data, UdpFlow(self._endpoint, (addr[0], addr[1])))


class SipTransport:
    """The exchange's address: a UDP socket and a TCP listener with the same port."""

    def __init__(self, receive: Receiver) -> None:
        self._receive = receive
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[TcpFlow] = set()
        self.host = ""
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Listen; port 0 takes a port that is free for both. Raises OSError when the port is in use."""
        attempts = 1 if port else _BIND_ATTEMPTS
        for attempt in range(attempts):
            try:
                return await self._open(host, port)
            except OSError:
                await self.close()
                if attempt == attempts - 1:
                    raise
        return None

    async def _open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._udp, _protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._receive), local_addr=(host, port)
        )
        self.host, self.port = self._udp.get_extra_info("sockname")[:2]
        self._server = await loop.create_server(self._connection, host, self.port)

    def _connection(self) -> TcpFlow:
        return TcpFlow(self._receive, self._connections.add, self._connections.discard)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._udp:
            self._udp.close()
        for flow in tuple(self._connections):
            flow.close()
        if self._server:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 1)
        self._udp = self._server = None

    def udp_flow(self, host: str, port: int) -> UdpFlow:
        """Datagrams to a numeric address."""
        assert self._udp
        return UdpFlow(self._udp, (host, port))
