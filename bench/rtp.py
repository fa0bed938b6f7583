"""The far end's sound: RTP (RFC 3550) that answers a phone's, and what the phone said, put together by its time stamps."""

from __future__ import annotations

import re
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field

from bench.audio import pcmu_frames, tone_frame

LOOPBACK = "127.0.0.1"
TONE, ECHO = "tone", "echo"
"""Users with a sound of their own; every other one talks."""
PAYLOAD_AT = 12
"""Where the payload begins: none of the phones sends contributing sources or extensions."""
SILENCE = 0xFF
"""PCMU's zero."""
_STAMP = struct.Struct("!I")
_PCMU = 0
_RTP = struct.Struct("!BBHII")
_FRAME = 160
_EVENTS = re.compile(rb"a=rtpmap:(\d+) telephone-event/8000", re.IGNORECASE)
_AUDIO = re.compile(rb"^m=audio (\d+) \S+ (.*?)\r?$", re.MULTILINE)
_PTIME = re.compile(r"^a=ptime:\d+", re.MULTILINE)
_OUR_SSRC = struct.pack("!I", 0x7E57)
_MIRROR = {b"a=sendonly": "recvonly", b"a=recvonly": "sendonly", b"a=inactive": "inactive"}


def udp(port: int, buffer: int = 1 << 20) -> socket.socket:
    """A datagram socket on loopback with room for a burst."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    end.bind((LOOPBACK, port))
    end.setblocking(False)
    return end


@dataclass(slots=True)
class Heard:
    """The PCMU of one call. A packet has its place by its time stamp, whenever it arrives."""

    _first: int | None = None
    _sound: bytearray = field(default_factory=bytearray)

    def add(self, packet: bytes) -> None:
        """Take one packet; other payload types (RFC 4733 digits) are no sound."""
        if packet[1] & 0x7F != _PCMU:
            return
        (stamp,) = _STAMP.unpack_from(packet, 4)
        if self._first is None:
            self._first = stamp
        begin = (stamp - self._first) & 0xFFFFFFFF
        if begin >= 0x80000000:
            return  # older than the first one
        payload = packet[PAYLOAD_AT:]
        missing = begin - len(self._sound)
        if missing > 0:
            self._sound.extend(bytes([SILENCE]) * missing)
        self._sound[begin : begin + len(payload)] = payload

    def sound(self) -> bytes:
        """All of it; what never came is silence."""
        return bytes(self._sound)


@dataclass(frozen=True)
class Caller:
    """Whose INVITE it is: the user, whom they dialled, the Call-ID."""

    user: str = ""
    dialled: str = ""
    call: str = ""


@dataclass(slots=True)
class Peer:
    """What comes from, and goes to, one RTP port of a phone. ``frames`` is what is sent, in turn; None: what came."""

    frames: list[bytes] | None
    caller: Caller = Caller()
    heard: Heard | None = None
    held: bool = False
    received: int = 0
    octets: int = 0

    def answer(self, packet: bytes) -> bytes:
        """The packet that answers one."""
        number = self.received
        self.received += 1
        self.octets += len(packet) - PAYLOAD_AT
        if self.heard is not None:
            self.heard.add(packet)
        if self.frames is None:
            return packet[:8] + _OUR_SSRC + packet[PAYLOAD_AT:]
        header = _RTP.pack(0x80, 0, number & 0xFFFF, (number * _FRAME) & 0xFFFFFFFF, 0x7E57)
        return header + self.frames[number % len(self.frames)]


class Audio:
    """One RTP port for all calls: packets are told apart by where they come from."""

    def __init__(self) -> None:
        self.socket, self._rtcp = _pair()
        self.port: int = self.socket.getsockname()[1]
        self.received = 0
        self._talk = pcmu_frames()
        self._tone = [tone_frame()]
        self._peers: dict[int, Peer] = {}

    def close(self) -> None:
        """Give both ports back."""
        self.socket.close()
        self._rtcp.close()

    def read(self) -> None:
        """Answer what has arrived. RTCP is left in its socket: the kernel drops what does not fit."""
        recvfrom, sendto = self.socket.recvfrom, self.socket.sendto
        with suppress(BlockingIOError):
            while True:
                data, source = recvfrom(2048)
                self.received += 1
                peer = self._peers.get(source[1]) or self._peers.setdefault(source[1], Peer(self._talk))
                packet = peer.answer(data)
                if not peer.held:
                    # A call that has just ended refuses the packet; that is no error here.
                    with suppress(OSError):
                        sendto(packet, source)

    def counts(self, user: str) -> tuple[int, int]:
        """Packets, and octets of sound, that have come from a user."""
        peers = [peer for peer in self._peers.values() if peer.caller.user == user]
        return sum(peer.received for peer in peers), sum(peer.octets for peer in peers)

    def heard(self, user: str) -> Heard:
        """What a user who dialled the tone has said; nothing if nobody did."""
        return next((p.heard for p in reversed(self._peers.values()) if p.caller.user == user and p.heard), Heard())

    def describe(self, offer: bytes, caller: Caller = Caller()) -> bytes:
        """The answer to an offer, or to none; empty when its codec was not offered. Nothing is sent to who holds us."""
        audio = _AUDIO.search(offer)
        payloads = audio[2].split() if audio else [b"0"]
        events = _EVENTS.search(offer)
        dtmf = events[1].decode() if events else "" if offer else "101"
        echo = caller.dialled == ECHO
        payload = next(p.decode() for p in payloads if p.decode() != dtmf) if echo else "0"
        if (offer and audio is None) or payload.encode() not in payloads:
            return b""
        direction = next((there for here, there in _MIRROR.items() if here in offer), "sendrecv")
        if audio:
            self._meet(int(audio[1]), caller).held = not direction.startswith("send")
        about = _about(offer.decode(), payload) if echo else ["a=rtpmap:0 PCMU/8000"]
        lines = [
            "v=0",
            f"o=- {self.port} {time.time_ns() // 1000} IN IP4 {LOOPBACK}",
            "s=-",
            f"c=IN IP4 {LOOPBACK}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {payload} {dtmf}".rstrip(),
            *about,
            *([f"a=rtpmap:{dtmf} telephone-event/8000"] if dtmf else []),
            f"a={direction}",
        ]
        return "\r\n".join([*lines, ""]).encode()

    def _meet(self, port: int, caller: Caller) -> Peer:
        """Who sends from a port now; a re-INVITE finds the peer that is there."""
        known = self._peers.pop(port, None)
        if known is None or known.caller != caller:
            frames = {ECHO: None, TONE: self._tone}.get(caller.dialled, self._talk)
            known = Peer(frames, caller, Heard() if caller.dialled == TONE else None)
        self._peers[port] = known
        return known


def _about(offer: str, payload: str) -> list[str]:
    """What an offer says of one payload type, and its packet time."""
    return [
        line
        for line in offer.splitlines()
        if line.startswith((f"a=rtpmap:{payload} ", f"a=fmtp:{payload} ")) or _PTIME.match(line)
    ]


def _pair() -> tuple[socket.socket, socket.socket]:
    """An even port and the next one."""
    for _ in range(200):
        first = udp(0, 4 << 20)
        number = first.getsockname()[1]
        with suppress(OSError):
            if number % 2 == 0:
                return first, udp(number + 1)
        first.close()
    raise OSError("no pair of free ports found")
