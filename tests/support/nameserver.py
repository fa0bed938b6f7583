"""A name server on loopback with the records that a test gives it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.support.ports import LOOPBACK


class NameServer(asyncio.DatagramProtocol):
    """Knows ``records`` ("name type" to values) and nothing else: every other name does not exist."""

    def __init__(self, records: dict[str, list[str]]) -> None:
        self.records = records
        self.asked: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def host(self) -> str:
        """``address:port``."""
        assert self._transport is not None
        return f"{LOOPBACK}:{self._transport.get_extra_info('sockname')[1]}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked.append(f"{name} {kind}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA | dns.flags.AA
        values = self.records.get(f"{name} {kind}", [])
        if values:
            answer.answer.append(dns.rrset.from_text(question.name, 5, "IN", kind, *values))
        elif not any(known.split()[0] == name for known in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(answer.to_wire(), addr)

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.close()
