"""A name server on loopback with the records that a test gives it."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.support.udp import UdpSocket


class NameServer(UdpSocket):
    """Knows ``records`` ("name type" to values) and nothing else: every other name does not exist."""

    def __init__(self, records: dict[str, list[str]]) -> None:
        super().__init__()
        self.records = records
        self.asked: list[str] = []

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
        self._transport.sendto(answer.to_wire(), addr)
