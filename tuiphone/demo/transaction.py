"""SIP transactions: retransmission, matching and time-outs (RFC 3261 section 17 as corrected by RFC 6026)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tuiphone.demo.fields import Via
from tuiphone.demo.sip import MAGIC_COOKIE, Headers, MalformedMessage, Request, Response, parse, token
from tuiphone.demo.transport import Flow, SipTransport

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timers:
    """The base times in seconds (RFC 3261 table 4); every other timer is made of these."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def give_up(self) -> float:
        """Timers B, F, H, J, L and M."""
        return 64 * self.t1


class TransactionUser(Protocol):
    """What stands above the transactions."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A new request; answer it with ``transaction.respond``."""
        ...

    def on_ack(self, request: Request) -> None:
        """An ACK that belongs to a 2xx."""
        ...

    def on_cancel(self, invite: ServerTransaction) -> None:
        """The sender of this INVITE, which has no final answer yet, gives up; the CANCEL is answered already."""
        ...


class Resender:
    """Sends a message again and again at growing intervals, for transports that lose messages."""

    def __init__(self, timers: Timers, flow: Flow, data: bytes, cap: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._flow, self._data, self._cap = flow, data, cap
        self._interval = timers.t1
        self._handle: asyncio.TimerHandle | None = None
        if not flow.reliable:
            self._handle = self._loop.call_later(self._interval, self._again)

    def _again(self) -> None:
        self._flow.send(self._data)
        self._interval = self._interval * 2 if self._cap is None else min(self._interval * 2, self._cap)
        self._handle = self._loop.call_later(self._interval, self._again)

    def slow_down(self, interval: float) -> None:
        """From the next time on wait at least this long (timer E after a provisional answer)."""
        self._interval = max(self._interval, interval / 2)

    def stop(self) -> None:
        """No more of it."""
        if self._handle:
            self._handle.cancel()
            self._handle = None


class ServerTransaction:
    """A request that came in and its answer."""

    def __init__(self, layer: TransactionLayer, key: tuple[str, ...], request: Request, flow: Flow) -> None:
        self._layer, self.key, self.request = layer, key, request
        self.flow = flow
        self.tag = token(8)
        """The To-tag of every answer."""
        self.status = 0
        """The last status sent; 0 before the first."""
        self._last = b""
        self._resender: Resender | None = None
        self._end: asyncio.TimerHandle | None = None
        self._acknowledged = False

    @property
    def is_final(self) -> bool:
        """A final answer was sent."""
        return self.status >= 200

    def answer(self, status: int, reason: str = "", **fields: str) -> None:
        """Respond without a body; ``fields`` are further headers, underscores stand for dashes."""
        response = self.request.response(status, reason, self.tag)
        for name, value in fields.items():
            response.headers.add(name.replace("_", "-"), value)
        self.respond(response)

    def respond(self, response: Response) -> None:
        """Send an answer; after a final one only its retransmissions follow."""
        if self.is_final:
            return
        self.status = response.status
        self._last = response.encode()
        self.flow.send(self._last)
        if response.status < 200:
            return
        give_up = self._layer.timers.give_up
        invite = self.request.method == "INVITE"
        if invite and self.status >= 300:
            self._resender = Resender(self._layer.timers, self.flow, self._last, self._layer.timers.t2)
        self._end_after(0 if self.flow.reliable and not invite else give_up)

    def retransmitted(self) -> None:
        """The request came again. A 2xx to INVITE is repeated by the call, not here (RFC 6026 section 7.1)."""
        if self._last and not (self.request.method == "INVITE" and 200 <= self.status < 300) and not self._acknowledged:
            self.flow.send(self._last)

    def acknowledged(self) -> None:
        """The ACK for a final answer that is no 2xx."""
        self._acknowledged = True
        if self._resender:
            self._resender.stop()
        self._end_after(0 if self.flow.reliable else self._layer.timers.t4)

    def _end_after(self, seconds: float) -> None:
        if self._end:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(seconds, self.close)

    def close(self) -> None:
        """Forget it."""
        if self._resender:
            self._resender.stop()
        if self._end:
            self._end.cancel()
        self._layer.forget_server(self)


class ClientTransaction:
    """A request that we sent and what came back.

    ``on_response`` is called for every response of which the sender of the request must know: provisional ones, the
    final one, every repeated 2xx to an INVITE, and a 408 of our own when nothing came.
    """

    def __init__(
        self, layer: TransactionLayer, request: Request, flow: Flow, on_response: Callable[[Response], None]
    ) -> None:
        self._layer, self.request, self.flow, self._on_response = layer, request, flow, on_response
        self.key = (request.via.branch, request.method)
        self.status = 0
        self._cancelled = False
        self._cancel_sent = False
        timers = layer.timers
        data = request.encode()
        invite = request.method == "INVITE"
        flow.send(data)
        self._resender = Resender(timers, flow, data, None if invite else timers.t2)
        self._end = asyncio.get_running_loop().call_later(timers.give_up, self.fail)

    def received(self, response: Response) -> None:
        """A response with our branch arrived."""
        invite = self.request.method == "INVITE"
        if self.status >= 200:
            if invite and self.status >= 300:
                self._send_ack(response)
            elif invite and response.status < 300:
                self._on_response(response)
            return
        self.status = response.status
        if response.status < 200:
            self._provisional(invite)
        else:
            self._final(response, invite)
        self._on_response(response)

    def _provisional(self, invite: bool) -> None:
        if not invite:
            self._resender.slow_down(self._layer.timers.t2)
            return
        self._resender.stop()
        self._end.cancel()
        if self._cancelled:
            self.cancel()

    def _final(self, response: Response, invite: bool) -> None:
        self._resender.stop()
        if invite and response.status >= 300:
            self._send_ack(response)
        timers = self._layer.timers
        linger = timers.give_up if invite else timers.t4
        # On a reliable transport nothing is repeated, except a 2xx to INVITE, which the far end's core repeats.
        self._end_after(0 if self.flow.reliable and not (invite and response.status < 300) else linger)

    def cancel(self) -> None:
        """Give up an INVITE. Nothing may be sent before the first provisional answer (section 9.1)."""
        self._cancelled = True
        if self._cancel_sent or not 100 <= self.status < 200:
            return
        self._cancel_sent = True
        request = self._sibling("CANCEL")
        ClientTransaction(self._layer, request, self.flow, lambda _response: None).join()
        self._end_after(self._layer.timers.give_up, self.fail)

    def join(self) -> None:
        """Take responses from now on."""
        self._layer.remember_client(self)

    def _send_ack(self, response: Response) -> None:
        ack = self._sibling("ACK")
        ack.headers.set("to", response.headers.get("to"))
        self.flow.send(ack.encode())

    def _sibling(self, method: str) -> Request:
        """An ACK or CANCEL of this INVITE (sections 9.1 and 17.1.1.3)."""
        request = self.request
        headers = Headers([("via", str(request.via)), ("max-forwards", "70")])
        for name in ("route", "from", "to", "call-id"):
            for value in request.headers.all(name):
                headers.add(name, value)
        headers.add("cseq", f"{request.cseq[0]} {method}")
        return Request(headers, method=method, uri=request.uri)

    def _end_after(self, seconds: float, then: Callable[[], None] | None = None) -> None:
        self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(seconds, then or self.close)

    def fail(self) -> None:
        """No answer came, or none can come."""
        self.close()
        if self.status < 200:
            self.status = 408
            self._on_response(self.request.response(408))

    def close(self) -> None:
        """Forget it."""
        self._resender.stop()
        self._end.cancel()
        self._layer.forget_client(self)


class TransactionLayer:
    """Matches messages to transactions and hands new requests up."""

    def __init__(self, transport: SipTransport, user: TransactionUser, timers: Timers) -> None:
        self._transport, self._user, self.timers = transport, user, timers
        self._servers: dict[tuple[str, ...], ServerTransaction] = {}
        self._clients: dict[tuple[str, ...], ClientTransaction] = {}

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def close(self) -> None:
        """Forget every transaction."""
        for server in tuple(self._servers.values()):
            server.close()
        for client in tuple(self._clients.values()):
            client.close()

    def send(self, request: Request, flow: Flow, on_response: Callable[[Response], None]) -> ClientTransaction:
        """Send a request in a transaction of its own; our Via is put on top."""
        self.stamp(request, flow)
        transaction = ClientTransaction(self, request, flow, on_response)
        transaction.join()
        if not flow.is_open:
            asyncio.get_running_loop().call_soon(transaction.fail)
        return transaction

    def stamp(self, request: Request, flow: Flow) -> None:
        """Put our Via with a fresh branch on top (also for an ACK to a 2xx, which has no transaction)."""
        branch = MAGIC_COOKIE + token(12)
        via = Via(flow.transport, self._transport.host, self._transport.port, {"branch": branch, "rport": ""})
        request.headers.set("via", str(via), *request.headers.all("via"))

    def receive(self, data: bytes, flow: Flow) -> None:
        """A message arrived."""
        try:
            message = parse(data)
        except MalformedMessage as error:
            log.info("dropped %d octets from %s: %s", len(data), flow.peer, error)
            return
        if isinstance(message, Response):
            self._response(message)
            return
        self._request(message, self._way_back(message, flow))

    def _response(self, response: Response) -> None:
        if response.defect:
            log.info("dropped a response: %s", response.defect)
        elif transaction := self._clients.get((response.via.branch, response.cseq[1])):
            transaction.received(response)

    def _way_back(self, request: Request, flow: Flow) -> Flow:
        """Where responses go: RFC 3261 section 18.2.2 and RFC 3581; notes in the Via where the request came from."""
        vias = request.headers.all("via")
        via = Via.parse(vias[0])
        if flow.reliable:
            return flow
        host, port = flow.peer
        if "rport" in via.params:
            via.params["rport"] = str(port)
        else:
            port = via.port or 5060
        via.params["received"] = host
        request.headers.set("via", str(via), *vias[1:])
        return self._transport.udp_flow(host, port)

    def _request(self, request: Request, flow: Flow) -> None:
        if request.defect or request.version != "2.0":
            self._refuse(request, flow)
            return
        key = _server_key(request, "INVITE" if request.method in {"ACK", "CANCEL"} else request.method)
        known = self._servers.get(key)
        if request.method == "ACK":
            if known and known.status >= 300:
                known.acknowledged()
            else:
                self._user.on_ack(request)
        elif request.method == "CANCEL":
            self._cancel(request, flow, known)
        elif known:
            known.retransmitted()
        else:
            transaction = self._servers[key] = ServerTransaction(self, key, request, flow)
            self._user.on_request(transaction)

    def _cancel(self, request: Request, flow: Flow, invite: ServerTransaction | None) -> None:
        response = request.response(200 if invite else 481, to_tag=invite.tag if invite else token(8))
        flow.send(response.encode())
        if invite and not invite.is_final:
            self._user.on_cancel(invite)

    @staticmethod
    def _refuse(request: Request, flow: Flow) -> None:
        """Answer what cannot be worked with, statelessly; an ACK is never answered."""
        if request.method == "ACK":
            return
        status, reason = (400, request.defect.encode("ascii", "replace").decode()) if request.defect else (505, "")
        log.info("%d %s to a request from %s", status, reason, flow.peer)
        flow.send(request.response(status, reason, token(8)).encode())

    def remember_client(self, transaction: ClientTransaction) -> None:
        """Give responses with this branch to this transaction."""
        self._clients[transaction.key] = transaction

    def forget_client(self, transaction: ClientTransaction) -> None:
        """The transaction is over."""
        self._clients.pop(transaction.key, None)

    def forget_server(self, transaction: ServerTransaction) -> None:
        """The transaction is over."""
        self._servers.pop(transaction.key, None)


def _server_key(request: Request, method: str) -> tuple[str, ...]:
    """What makes two requests one transaction (section 17.2.3), also for senders older than RFC 3261."""
    via = request.via
    if via.branch.startswith(MAGIC_COOKIE):
        return via.branch, via.host, str(via.port), method
    return request.call_id, request.from_.tag, str(request.cseq[0]), str(via), method
