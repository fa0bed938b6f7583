"""The audio of one call: descriptions exchanged, hold by either side, and the stream that follows from them."""

from __future__ import annotations

import secrets
from enum import StrEnum

from tuiphone.demo import sdp
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.rtp import RtpStream
from tuiphone.demo.sdp import Audio, Direction, Local, NotAcceptable


class HoldDialect(StrEnum):
    """The ways in which phones say hold."""

    SENDONLY = "sendonly"
    """RFC 3264 section 8.4; the held one may hear music."""
    INACTIVE = "inactive"
    ZERO_ADDRESS = "0.0.0.0"
    """c=0.0.0.0, RFC 2543."""


class Media:
    """Offer and answer (RFC 3264) around one RTP stream."""

    def __init__(self, pacer: Pacer, address: str) -> None:
        self.stream = RtpStream(pacer)
        self._address = address
        self._local: Local | None = None
        self.remote: Audio | None = None
        """What the far end asked for last."""
        self.wanted = Direction.SENDRECV
        """What we ask for ourselves: anything else is our hold."""
        self.body = b""
        """Our last description."""

    async def open(self) -> None:
        """Take the ports. Raises OSError."""
        await self.stream.open(self._address)
        self._local = Local(self._address, self.stream.port, secrets.randbits(31))

    def close(self) -> None:
        """Give the ports back."""
        self.stream.close()

    @property
    def is_held(self) -> bool:
        """One of the two sides does not listen."""
        return not self.wanted.receives or (self.remote is not None and not self.remote.direction.receives)

    @property
    def is_sending(self) -> bool:
        """Our audio goes out."""
        return self.wanted.sends and self.remote is not None and self.remote.direction.receives

    def answer(self, offer: bytes) -> bytes:
        """Our answer to an offer, acted upon at once. Raises NotAcceptable; then all stays as it was."""
        lines = sdp.parse(offer)
        index, audio = sdp.choose(lines)
        theirs = audio.direction
        mine = Direction.of(self.wanted.sends and theirs.receives, self.wanted.receives and theirs.sends)
        local = self._next(mine)
        self.body = sdp.answer(lines, index, audio, local)
        self._apply(audio)
        return self.body

    def offer(self) -> bytes:
        """Our wish in an offer."""
        self.body = sdp.offer(self._next(self.wanted))
        return self.body

    def hold_offer(self, dialect: HoldDialect) -> bytes:
        """An offer that holds the far end."""
        if dialect is HoldDialect.ZERO_ADDRESS:
            self.wanted = Direction.INACTIVE
            self.body = sdp.offer(self._next(Direction.SENDRECV), hold_address=True)
            return self.body
        self.wanted = Direction(dialect.value)
        return self.offer()

    def resume_offer(self) -> bytes:
        """An offer that ends our hold."""
        self.wanted = Direction.SENDRECV
        return self.offer()

    def accept(self, answer: bytes) -> None:
        """Act upon the answer to our offer. Raises NotAcceptable."""
        _index, audio = sdp.choose(sdp.parse(answer))
        self._apply(audio)

    def _apply(self, audio: Audio) -> None:
        self.remote = audio
        self.stream.configure(audio, self.is_sending)

    def _next(self, direction: Direction) -> Local:
        if self._local is None:
            raise NotAcceptable("no ports are open")
        self._local = self._local.next(direction)
        return self._local
