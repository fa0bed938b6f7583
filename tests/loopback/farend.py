"""A far end that says exactly what a test tells it to: SIP over UDP, written by hand (RFC 3261)."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.ports import LOOPBACK
from tests.support.udp import UdpSocket


@dataclass
class Message:
    """A message that arrived."""

    text: str

    @property
    def start(self) -> str:
        return self.text.split("\r\n", 1)[0]

    @property
    def is_request(self) -> bool:
        return not self.start.startswith("SIP/2.0")

    @property
    def method(self) -> str:
        return self.header("CSeq").split()[1]

    @property
    def code(self) -> int:
        return 0 if self.is_request else int(self.start.split()[1])

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]

    @property
    def direction(self) -> str:
        """What the audio line's attribute says; sendrecv when it says nothing (RFC 3264)."""
        match = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", self.body, re.MULTILINE)
        return match.group(1) if match else "sendrecv"

    def header(self, name: str) -> str:
        match = re.search(rf"^{re.escape(name)}:\s*(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return match.group(1) if match else ""

    def headers(self, name: str) -> list[str]:
        return re.findall(rf"^{re.escape(name)}:\s*(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)

    @property
    def audio_port(self) -> int:
        match = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        return int(match.group(1)) if match else 0


def sdp(port: int, direction: str = "sendrecv", host: str = LOOPBACK, codecs: str = "0 101") -> str:
    names = {
        "0": "PCMU/8000",
        "8": "PCMA/8000",
        "9": "G722/8000",
        "13": "CN/8000",
        "120": "opus/48000/2",
        "101": "telephone-event/8000",
    }
    maps = "".join(f"a=rtpmap:{c} {names[c]}\r\n" for c in codecs.split())
    return (
        f"v=0\r\no=- {secrets.randbelow(10**9)} {secrets.randbelow(10**9)} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\n"
        f"t=0 0\r\nm=audio {port} RTP/AVP {codecs}\r\n{maps}a={direction}\r\n"
    )


@dataclass
class Dialog:
    """One call as the far end knows it."""

    call_id: str
    local: str
    remote: str
    target: str
    cseq: int = 1
    via: str = ""
    invite: Message | None = None
    answer: Message | None = None
    rtp_port: int = 4002
    extra: dict[str, str] = field(default_factory=dict)


class FarEnd(UdpSocket):
    """A UDP socket; everything that arrives is kept in order, and waited for in order."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []
        self._seen = 0
        self._phone = (LOOPBACK, 0)

    @property
    def uri(self) -> str:
        return f"sip:far@{LOOPBACK}:{self.port}"

    async def wait(
        self, method: str = "", code: int = 0, where: Callable[[Message], bool] = lambda m: True, timeout: float = 5
    ) -> Message:
        """The next request of a method, or (with ``code``) the next response to it; retransmissions are passed over."""
        end = asyncio.get_running_loop().time() + timeout
        position = self._seen
        while True:
            while position < len(self.messages):
                message = self.messages[position]
                position += 1
                known = any(message.text == m.text for m in self.messages[: position - 1])
                fits = message.code == code if code else message.is_request
                if not known and fits and (not method or message.method == method) and where(message):
                    self._seen = position
                    return message
            if asyncio.get_running_loop().time() > end:
                heard = "\n".join(m.start for m in self.messages)
                raise AssertionError(f"no {method} {code or 'request'}; heard:\n{heard}")
            await asyncio.sleep(0.005)

    def send(self, text: str) -> None:
        self._transport.sendto(text.encode(), self._phone)

    def request(self, dialog: Dialog, method: str, body: str = "", kind: str = "", **headers: str) -> None:
        """A request in a dialog (ACK and CANCEL keep the INVITE's number)."""
        if method not in {"ACK", "CANCEL"}:
            dialog.cseq += 1
        if method != "CANCEL":
            dialog.via = f"z9hG4bK{secrets.token_hex(6)}"
        remote = re.sub(r";tag=.*", "", dialog.remote) if method == "CANCEL" else dialog.remote
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self.port};branch={dialog.via};rport",
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.cseq} {method}",
            f"Contact: <{self.uri}>",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        if body:
            lines.append(f"Content-Type: {kind or 'application/sdp'}")
        self.send("\r\n".join(lines) + f"\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    def invite(self, phone_port: int, user: str, body: str, **headers: str) -> Dialog:
        """Call the phone."""
        self._phone = (LOOPBACK, phone_port)
        target = f"sip:{user}@{LOOPBACK}:{phone_port}"
        dialog = Dialog(
            f"{secrets.token_hex(8)}@far", f'"Far End" <{self.uri}>;tag={secrets.token_hex(4)}', f"<{target}>", target
        )
        dialog.cseq = 0
        self.request(dialog, "INVITE", body, **headers)
        return dialog

    async def until_answered(self, dialog: Dialog, acknowledge: bool = True) -> Message:
        """Wait for the 200 to our INVITE, and acknowledge it."""
        answer = await self.wait("INVITE", 200)
        dialog.remote = answer.header("To")
        dialog.target = answer.header("Contact").strip("<>").split(">")[0]
        dialog.answer = answer
        if acknowledge:
            self.request(dialog, "ACK")
        return answer

    async def take(self) -> Dialog:
        """Wait for an INVITE of the phone."""
        invite = await self.wait("INVITE")
        contact = invite.header("Contact").strip("<>").split(">")[0]
        dialog = Dialog(
            invite.header("Call-ID"),
            f"{invite.header('To')};tag={secrets.token_hex(4)}",
            invite.header("From"),
            contact,
        )
        dialog.invite = invite
        return dialog

    def respond(
        self, dialog: Dialog | None, request: Message, code: int, words: str, body: str = "", **headers: str
    ) -> None:
        to = request.header("To")
        if dialog and ";tag=" not in to:
            to = dialog.local
        lines = [
            f"SIP/2.0 {code} {words}",
            *(f"Via: {via}" for via in request.headers("Via")),
            f"From: {request.header('From')}",
            f"To: {to}",
            f"Call-ID: {request.header('Call-ID')}",
            f"CSeq: {request.header('CSeq')}",
            f"Contact: <{self.uri}>",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        self.send("\r\n".join(lines) + f"\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    async def answer(self, dialog: Dialog, body: str) -> None:
        """Answer the phone's INVITE and wait for its ACK."""
        assert dialog.invite is not None
        self.respond(dialog, dialog.invite, 200, "OK", body)
        await self.wait("ACK")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.strip():
            self._phone = addr
            self.messages.append(Message(text))
