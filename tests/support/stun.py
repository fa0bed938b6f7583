"""A STUN server that tells every client the same address, as one behind a NAT would (RFC 8489)."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self, cast

from aioice import stun

from tests.support.ports import LOOPBACK


class StunServer(asyncio.DatagramProtocol):
    """On loopback. ``mapped`` is the host it tells; the port is the client's own. ``silent`` ones never answer."""

    def __init__(self, mapped: str, silent: bool = False) -> None:
        self._mapped = mapped
        self.silent = silent
        self.requests = 0
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def host(self) -> str:
        """``address:port``."""
        assert self._transport is not None
        return f"{LOOPBACK}:{self._transport.get_extra_info('sockname')[1]}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        if self.silent:
            return
        # Clients of RFC 3489 have no magic cookie in their requests, and get it back as they sent it.
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=data[8:20])
        answer.attributes["XOR-MAPPED-ADDRESS"] = (self._mapped, addr[1])
        assert self._transport is not None
        self._transport.sendto(bytes(answer)[:4] + data[4:8] + bytes(answer)[8:], addr)

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.close()
