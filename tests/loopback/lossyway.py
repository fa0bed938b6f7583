"""A way between two phones on loopback that loses audio packets, the same ones every time, or has them of another length."""

from __future__ import annotations

import random
import re
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from tests.loopback.steps import Talk
from tests.support.stackprocess import StackProcess
from tests.support.udp import UdpSocket

SEQUENCE = 17
"""The seed of what is lost: with this one the shares are near the wished ones in a few hundred packets already."""


class LossyWay:
    """Phones that call ``uri`` reach the phone at ``port``, and each takes this for the other's audio.

    ``packet_ms`` is the packet time that each phone is told the other one wishes (RFC 8866 section 6.4); 0: none.
    """

    def __init__(self, user: str, port: int, packet_ms: int = 0) -> None:
        self._user = user
        self._packet_ms = packet_ms
        self._callee = port
        self._caller = 0
        self._audio: dict[str, int] = {}
        self._choice = random.Random(SEQUENCE)
        self._loss = 0.0
        self.lost = 0
        self.passed = 0
        self._sip = UdpSocket(self._signal)
        self._from_caller = UdpSocket(lambda data, addr: self._sound("caller", data))
        self._from_callee = UdpSocket(lambda data, addr: self._sound("callee", data))

    @property
    def uri(self) -> str:
        return f"sip:{self._user}@{self._sip.host}"

    def lose(self, share: float) -> None:
        """From now on lose this share of the caller's audio packets; a fixed sequence says which ones, from the next on."""
        self._choice = random.Random(SEQUENCE)
        self._loss = share

    def _signal(self, data: bytes, addr: tuple[str, int]) -> None:
        from_callee = addr[1] == self._callee
        if not from_callee:
            self._caller = addr[1]
        ours = self._from_caller if from_callee else self._from_callee
        side = "callee" if from_callee else "caller"
        self._sip.send_to(self._redirect(data, side, ours.port), self._caller if from_callee else self._callee)

    def _redirect(self, message: bytes, side: str, port: int) -> bytes:
        """Put our audio port, and the wish for a packet time, into a session description."""
        head, _, body = message.decode().partition("\r\n\r\n")
        audio = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
        if not audio:
            return message
        self._audio[side] = int(audio.group(1))
        body = f"{body[: audio.start(1)]}{port}{body[audio.end(1) :]}"
        if self._packet_ms:
            body = re.sub(r"(?m)^a=ptime:.*\n", "", body) + f"a=ptime:{self._packet_ms}\r\n"
        head = re.sub(r"(?mi)^(Content-Length:\s*)\d+", rf"\g<1>{len(body)}", head)
        return f"{head}\r\n\r\n{body}".encode()

    def _sound(self, sender: str, data: bytes) -> None:
        if sender == "callee":
            self._from_caller.send_to(data, self._audio["caller"])
        elif self._choice.random() < self._loss:
            self.lost += 1
        else:
            self.passed += 1
            self._from_callee.send_to(data, self._audio["callee"])

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for socket in (self._sip, self._from_caller, self._from_callee):
                await opening.enter_async_context(socket)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()


async def talk_by(way: LossyWay, caller: StackProcess, callee: StackProcess) -> Talk:
    """Dial by this way and answer."""
    out = caller.dial(way.uri)
    back = (await callee.wait("IncomingReport")).call_id
    callee.do("answer", back)
    await caller.wait("ConfirmedReport", call_id=out)
    await callee.wait("ConfirmedReport", call_id=back)
    return Talk(caller, callee, out, back)
