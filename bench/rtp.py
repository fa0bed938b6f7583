"""RTP as the far end receives it (RFC 3550): what was said, put together by its time stamps."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

PAYLOAD_AT = 12
"""Where the payload begins: none of the phones sends contributing sources or extensions."""
SILENCE = 0xFF
"""PCMU's zero."""
_STAMP = struct.Struct("!I")
_PCMU = 0


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
