"""Session descriptions for one audio stream (RFC 8866) and the offer/answer rules for it (RFC 3264)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address

CODECS: dict[str, int] = {"PCMU": 0, "PCMA": 8}
"""The codecs of the exchange with their static payload types (RFC 3551), 8000 Hz each."""
EVENT_TYPE = 101
"""The payload type our own offers give to telephone-event (RFC 4733)."""
PTIME_MS = 20


class Direction(StrEnum):
    """Which way media flows, seen from whoever wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """The writer sends."""
        return self in {Direction.SENDRECV, Direction.SENDONLY}

    @property
    def receives(self) -> bool:
        """The writer wants to receive."""
        return self in {Direction.SENDRECV, Direction.RECVONLY}

    @staticmethod
    def of(sends: bool, receives: bool) -> Direction:
        """The word for both flags."""
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE


class NotAcceptable(ValueError):
    """A description that is no description, or has no audio we can do: 488."""


@dataclass(frozen=True, slots=True)
class MediaLine:
    """One m= section. ``rtpmap`` has encoding names by payload type; ``address`` is c= of the section or session."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    rtpmap: dict[int, str]
    direction: Direction
    address: str


@dataclass(frozen=True, slots=True)
class Audio:
    """What a far end's description means for us.

    ``address`` and ``port`` take our RTP; ``codec`` is "PCMU" or "PCMA" with its ``payload_type``; ``event_type`` is
    that of telephone-event or ``None``. ``direction`` is the far end's; the old hold dialect (c=0.0.0.0, RFC 2543)
    reads as sendonly.
    """

    address: str
    port: int
    codec: str
    payload_type: int
    event_type: int | None
    direction: Direction


@dataclass(frozen=True, slots=True)
class Local:
    """Our side: where we receive, what we want, and the identity and version of the session (o=)."""

    address: str
    port: int
    session: int
    version: int = 1
    direction: Direction = Direction.SENDRECV

    def next(self, direction: Direction) -> Local:
        """The same side in a new description (section 8 of RFC 3264: the version counts up)."""
        return replace(self, direction=direction, version=self.version + 1)


def parse(body: bytes) -> list[MediaLine]:
    """Read the m= sections. Raises NotAcceptable."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines or lines[0] != "v=0":
        raise NotAcceptable("not a session description")
    starts = [i for i, line in enumerate(lines) if line.startswith("m=")]
    if not starts:
        raise NotAcceptable("a session without media")
    session = lines[: starts[0]]
    default = Direction.SENDRECV
    for word in Direction:
        default = word if f"a={word}" in session else default
    address = _connection(session, "")
    ends = [*starts[1:], len(lines)]
    return [_media(lines[start:end], default, address) for start, end in zip(starts, ends, strict=True)]


def _connection(lines: list[str], default: str) -> str:
    for line in lines:
        if match := re.match(r"^c=IN IP[46] (\S+)$", line):
            return match[1].partition("/")[0]
    return default


def _media(lines: list[str], direction: Direction, address: str) -> MediaLine:
    match = re.match(r"^m=(\S+) (\d{1,5})(?:/\d+)? (\S+)((?: \S+)*)$", lines[0])
    if not match or int(match[2]) > 65535:
        raise NotAcceptable(f"bad line {lines[0][:60]!r}")
    rtpmap = {}
    for line in lines:
        if entry := re.match(r"^a=rtpmap:(\d{1,3}) (\S+)$", line):
            rtpmap[int(entry[1])] = entry[2].upper()
    for word in Direction:
        direction = word if f"a={word}" in lines else direction
    return MediaLine(
        match[1], int(match[2]), match[3], tuple(match[4].split()), rtpmap, direction, _connection(lines, address)
    )


def choose(media: list[MediaLine]) -> tuple[int, Audio]:
    """The first m= section we can do, and how. Raises NotAcceptable when there is none."""
    for index, line in enumerate(media):
        if line.kind == "audio" and line.port and line.protocol in {"RTP/AVP", "RTP/AVPF"}:
            audio = _audio(line)
            if audio:
                return index, audio
    raise NotAcceptable("no audio in PCMU or PCMA")


def _audio(line: MediaLine) -> Audio | None:
    static = {0: "PCMU/8000", 8: "PCMA/8000"} | line.rtpmap
    address = _address(line.address)
    event_type = next((t for t in _types(line) if static.get(t) == "TELEPHONE-EVENT/8000"), None)
    for payload_type in _types(line):
        codec, _, clock = static.get(payload_type, "").partition("/")
        if address and codec in CODECS and clock in {"8000", "8000/1"}:
            direction = line.direction
            if address.is_unspecified:
                direction = Direction.of(direction.sends, False)
            return Audio(line.address, line.port, codec, payload_type, event_type, direction)
    return None


def _types(line: MediaLine) -> list[int]:
    return [int(word) for word in line.formats if word.isdecimal() and int(word) < 128]


def _address(text: str) -> IPv4Address | None:
    """A numeric IPv4 address; names are not looked up (that would stop every other call meanwhile)."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def answer(offer: list[MediaLine], index: int, audio: Audio, local: Local) -> bytes:
    """Our answer: the chosen section in one codec, all others refused with port 0."""
    body = _session(local)
    for number, line in enumerate(offer):
        if number == index:
            body += _section(local, {audio.payload_type: audio.codec}, audio.event_type, line.protocol)
        else:
            body += f"m={line.kind} 0 {line.protocol} {' '.join(line.formats) or '0'}\r\n"
    return body.encode()


def offer(local: Local, hold_address: bool = False) -> bytes:
    """Our offer: both codecs and telephone-event; ``hold_address`` writes c=0.0.0.0 (the hold of RFC 2543)."""
    payload_types = {number: name for name, number in CODECS.items()}
    session = replace(local, address="0.0.0.0") if hold_address else local
    return (_session(session) + _section(local, payload_types, EVENT_TYPE, "RTP/AVP")).encode()


def _session(local: Local) -> str:
    return (
        f"v=0\r\no=- {local.session} {local.version} IN IP4 127.0.0.1\r\ns=demo exchange\r\n"
        f"c=IN IP4 {local.address}\r\nt=0 0\r\n"
    )


def _section(local: Local, codecs: dict[int, str], event_type: int | None, protocol: str) -> str:
    numbers = [*codecs, *([event_type] if event_type is not None else [])]
    text = f"m=audio {local.port} {protocol} {' '.join(map(str, numbers))}\r\n"
    text += "".join(f"a=rtpmap:{number} {name}/8000\r\n" for number, name in codecs.items())
    if event_type is not None:
        text += f"a=rtpmap:{event_type} telephone-event/8000\r\na=fmtp:{event_type} 0-15\r\n"
    return text + f"a=ptime:{PTIME_MS}\r\na={local.direction}\r\n"
