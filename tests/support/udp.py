"""A UDP socket on loopback that lasts as long as its ``async with``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

from tests.support.ports import LOOPBACK

Address = tuple[str, int]


class UdpSocket(asyncio.DatagramProtocol):
    """What arrives goes to ``take``, or to the ``datagram_received`` of an heir. Port 0: one that the system chooses."""

    _transport: asyncio.DatagramTransport

    def __init__(self, take: Callable[[bytes, Address], None] = lambda data, addr: None, port: int = 0) -> None:
        self._take = take
        self._wished = port

    @property
    def port(self) -> int:
        return self._wished or int(self._transport.get_extra_info("sockname")[1])

    @property
    def host(self) -> str:
        """``address:port``."""
        return f"{LOOPBACK}:{self.port}"

    def send_to(self, data: bytes, port: int) -> None:
        """Send to a port on loopback."""
        self._transport.sendto(data, (LOOPBACK, port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, self._wished))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()
