"""A STUN server that tells every client the same address, as one behind a NAT would (RFC 8489)."""

from __future__ import annotations

from aioice import stun

from tests.support.udp import UdpSocket


class StunServer(UdpSocket):
    """On loopback. ``mapped`` is the host it tells; the port is the client's own. ``silent`` ones never answer."""

    def __init__(self, mapped: str, silent: bool = False) -> None:
        super().__init__()
        self._mapped = mapped
        self.silent = silent
        self.requests = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        if self.silent:
            return
        # Clients of RFC 3489 have no magic cookie in their requests, and get it back as they sent it.
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=data[8:20])
        answer.attributes["XOR-MAPPED-ADDRESS"] = (self._mapped, addr[1])
        self._transport.sendto(bytes(answer)[:4] + data[4:8] + bytes(answer)[8:], addr)
