"""A phone made of two bare sockets: it knows SIP as text only, and nothing of the exchange's own code."""

from __future__ import annotations

import asyncio
import hashlib
import re
import struct
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from tests.support.udp import Address, UdpSocket

_serial = count(1)
WAIT_S = 5.0


@dataclass
class Text:
    """A message as it came."""

    raw: bytes

    @property
    def start(self) -> str:
        return self.raw.split(b"\r\n", 1)[0].decode()

    @property
    def status(self) -> int:
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.start.split()[0]

    @property
    def body(self) -> str:
        return self.raw.split(b"\r\n\r\n", 1)[1].decode()

    def header(self, name: str) -> str:
        match = re.search(rf"^{name}\s*:\s*(.*?)\r$", self.raw.decode(), re.MULTILINE | re.IGNORECASE)
        return match[1] if match else ""

    @property
    def cseq_method(self) -> str:
        return self.header("CSeq").rpartition(" ")[2]


@dataclass
class Packet:
    """An RTP packet taken apart."""

    at: float
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes


def lateness(times: list[float]) -> float:
    """Seconds that the best of the last 20 of packets due every 20 ms was behind the pace: drift, without the jitter of
    a machine that has other things to do.
    """
    behind = [at - times[0] - 0.02 * number for number, at in enumerate(times)]
    return min(behind[-20:]) - min(behind)


@dataclass
class Leg:
    """Our side of one call."""

    call_id: str
    target: str
    local: str
    remote: str
    cseq: int
    ok: Text
    branch: str = ""

    @property
    def rtp_port(self) -> int:
        port = re.search(r"^m=audio (\d+)", self.ok.body, re.MULTILINE)
        assert port
        return int(port[1])


@dataclass
class RawPhone:
    """``async with RawPhone(port)``: SIP by ``send`` and ``expect``, RTP by ``send_rtp`` and ``packets``."""

    exchange: int
    user: str = "2001"
    password: str = ""
    packets: list[Packet] = field(default_factory=list)
    all: list[Text] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self.password = self.password or f"demo-{self.user}"
        self._inbox: asyncio.Queue[Text] = asyncio.Queue()
        async with AsyncExitStack() as opening:
            self._sip = await opening.enter_async_context(UdpSocket(self._on_sip))
            self._rtp = await opening.enter_async_context(UdpSocket(self._on_rtp))
            self._open = opening.pop_all()
        self.port, self.rtp_port = self._sip.port, self._rtp.port
        self._rtp_count = 0
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._open.aclose()

    # SIP

    def _on_sip(self, data: bytes, addr: Address) -> None:
        self.all.append(Text(data))
        self._inbox.put_nowait(Text(data))

    def send(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        self._sip.send_to(data, self.exchange)

    async def expect(self, what: int | str, cseq: str = "", wait_s: float = WAIT_S) -> Text:
        """The next response with this status, or request with this method; what comes before it is passed over."""

        async def look() -> Text:
            while True:
                text = await self._inbox.get()
                if what in {text.status, text.method} and cseq in {"", text.cseq_method}:
                    return text

        try:
            return await asyncio.wait_for(look(), wait_s)
        except TimeoutError:
            raise AssertionError(f"no {what}; came: {[text.start for text in self.all]}") from None

    async def nothing(self, seconds: float) -> None:
        """Nothing arrives for so long."""
        try:
            text = await asyncio.wait_for(self._inbox.get(), seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected {text.start}")

    def branch(self) -> str:
        return f"z9hG4bKraw{next(_serial)}"

    def request(
        self, method: str, uri: str, call_id: str, cseq: int, *, to: str = "", from_: str = "", branch: str = "",
        extra: str = "", body: str = "", content_type: str = "application/sdp",
    ) -> str:  # fmt: skip
        kind = f"Content-Type: {content_type}\r\n" if body else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch={branch or self.branch()}\r\n"
            f"Max-Forwards: 70\r\nFrom: {from_ or self.me}\r\nTo: {to or f'<{uri}>'}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {cseq} {method}\r\nContact: <sip:{self.user}@127.0.0.1:{self.port}>\r\n{extra}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    @property
    def me(self) -> str:
        return f"<sip:{self.user}@127.0.0.1:{self.exchange}>;tag=raw{self.port}"

    def sdp(self, attributes: str = "a=sendrecv\r\n", codecs: str = "0 8 101", address: str = "127.0.0.1") -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP {codecs}\r\na=rtpmap:101 telephone-event/8000\r\n{attributes}"
        )

    def authorize(self, challenge: Text, method: str, uri: str) -> str:
        """The header that answers a challenge."""
        proxy = challenge.status == 407
        value = challenge.header("Proxy-Authenticate" if proxy else "WWW-Authenticate")
        realm, nonce = re.search(r'realm="([^"]*)"', value), re.search(r'nonce="([^"]*)"', value)
        assert realm and nonce

        def h(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        ha1, ha2 = h(f"{self.user}:{realm[1]}:{self.password}"), h(f"{method}:{uri}")
        response = h(f"{ha1}:{nonce[1]}:00000001:abc:auth:{ha2}")
        name = "Proxy-Authorization" if proxy else "Authorization"
        return (
            f'{name}: Digest username="{self.user}", realm="{realm[1]}", nonce="{nonce[1]}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abc"\r\n'
        )

    async def register(self, expires: int = 300, call_id: str = "") -> Text:
        """REGISTER with digest; returns the final answer."""
        call_id = call_id or f"reg{next(_serial)}"
        uri, extra = f"sip:127.0.0.1:{self.exchange}", f"Expires: {expires}\r\n"
        to = f"<sip:{self.user}@127.0.0.1>"
        cseq = next(_serial)
        self.send(self.request("REGISTER", uri, call_id, cseq, to=to, extra=extra))
        challenge = await self.expect(401)
        extra += self.authorize(challenge, "REGISTER", uri)
        cseq = next(_serial)
        self.send(self.request("REGISTER", uri, call_id, cseq, to=to, extra=extra))
        while True:
            text = await asyncio.wait_for(self._inbox.get(), WAIT_S)
            if text.header("CSeq") == f"{cseq} REGISTER":
                return text

    async def invite(self, number: str, body: str | None = None) -> Leg:
        """INVITE with digest, up to the answer to the challenge; ``ok`` is the 407 until ``answered``."""
        uri, call_id = f"sip:{number}@127.0.0.1:{self.exchange}", f"call{next(_serial)}"
        body = self.sdp() if body is None else body
        branch = self.branch()
        self.send(self.request("INVITE", uri, call_id, 1, branch=branch, body=body))
        challenge = await self.expect(407)
        self.send(self.request("ACK", uri, call_id, 1, branch=branch, to=challenge.header("To")))
        branch = self.branch()
        extra = self.authorize(challenge, "INVITE", uri)
        self.send(self.request("INVITE", uri, call_id, 2, branch=branch, extra=extra, body=body))
        return Leg(call_id, uri, self.me, f"<{uri}>", 2, challenge, branch)

    async def answered(self, leg: Leg, ack_body: str = "") -> Leg:
        """Wait for 200 and acknowledge it."""
        leg.ok = await self.expect(200, "INVITE")
        leg.remote = leg.ok.header("To")
        self.send(self.request("ACK", leg.target, leg.call_id, leg.cseq, to=leg.remote, body=ack_body))
        return leg

    async def call(self, number: str, body: str | None = None) -> Leg:
        """Dial and talk."""
        return await self.answered(await self.invite(number, body))

    def within(self, leg: Leg, method: str, body: str = "", content_type: str = "application/sdp") -> None:
        """A request in the dialog."""
        leg.cseq += 1
        ends = {"to": leg.remote, "from_": leg.local}
        self.send(self.request(method, leg.target, leg.call_id, leg.cseq, **ends, body=body, content_type=content_type))

    async def hang_up(self, leg: Leg) -> None:
        self.within(leg, "BYE")
        await self.expect(200, "BYE")

    def reply(self, request: Text, status: str, body: str = "") -> None:
        """Answer a request of the exchange."""
        to = request.header("To")
        if "tag=" not in to:
            to += f";tag=raw{self.port}"
        contact = f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>\r\n"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        vias = "".join(f"Via: {v}\r\n" for v in re.findall(r"^Via: (.*?)\r$", request.raw.decode(), re.MULTILINE))
        self.send(
            f"SIP/2.0 {status}\r\n{vias}From: {request.header('From')}\r\nTo: {to}\r\n"
            f"Call-ID: {request.header('Call-ID')}\r\nCSeq: {request.header('CSeq')}\r\n{contact}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    # RTP

    def _on_rtp(self, data: bytes, addr: Address) -> None:
        _first, second, sequence, timestamp, _ssrc = struct.unpack_from("!BBHII", data)
        at = asyncio.get_running_loop().time()
        self.packets.append(Packet(at, second & 0x7F, bool(second & 0x80), sequence, timestamp, data[12:]))

    def send_rtp(self, leg: Leg, payload: bytes, payload_type: int = 0, timestamp: int | None = None) -> None:
        self._rtp_count += 1
        stamp = self._rtp_count * 160 if timestamp is None else timestamp
        header = struct.pack("!BBHII", 0x80, payload_type, self._rtp_count & 0xFFFF, stamp, 0x1234)
        self._rtp.send_to(header + payload, leg.rtp_port)

    def send_event(self, leg: Leg, number: int) -> None:
        """One RFC 4733 digit."""
        stamp = (self._rtp_count + 1) * 160
        for step in range(1, 8):
            end = 0x80 if step > 4 else 0
            self.send_rtp(leg, struct.pack("!BBH", number, end | 10, min(step, 5) * 160), 101, stamp)

    async def until(self, condition: Callable[[], bool], wait_s: float = WAIT_S) -> None:
        """Poll with a deadline."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, "the condition never came true"
            await asyncio.sleep(0.01)
