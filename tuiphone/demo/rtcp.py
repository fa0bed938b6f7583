"""RTCP: what a receiver of RTP counts, and the reports made of it (RFC 3550 sections 6 and A)."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass

from tuiphone.demo.g711 import RATE_HZ

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 201, 202, 203
_NTP_EPOCH = 2208988800
"""Seconds from 1900 to 1970."""
_MAX_DROPOUT = 3000
_CNAME = b"exchange@demo"
_HEADER = struct.Struct("!BBHI")
_SENDER = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")


@dataclass(slots=True)
class Reception:
    """Counters of one arriving stream (appendix A.1, A.3 and A.8); ``jitter`` in samples."""

    ssrc: int = 0
    base: int = 0
    highest: int = 0
    """Sequence number extended by its cycles."""
    received: int = 0
    jitter: float = 0.0
    last_report: int = 0
    """Middle 32 bits of the NTP time in the last sender report, and when it came (monotonic)."""
    last_report_at: float = 0.0
    _transit: float = 0.0
    _expected_before: int = 0
    _received_before: int = 0

    def count(self, ssrc: int, sequence: int, timestamp: int, now: float) -> None:
        """A packet arrived at ``now`` (monotonic seconds)."""
        if not self.received or ssrc != self.ssrc:
            self._restart(ssrc, sequence)
        ahead = (sequence - self.highest) & 0xFFFF
        if ahead < _MAX_DROPOUT:
            self.highest += ahead
        self.received += 1
        transit = now * RATE_HZ - timestamp
        if self.received > 1:
            difference = abs(transit - self._transit)
            # A jump (hold, a restarted clock) says nothing about the network.
            if difference < RATE_HZ:
                self.jitter += (difference - self.jitter) / 16
        self._transit = transit

    def _restart(self, ssrc: int, sequence: int) -> None:
        self.ssrc, self.base, self.highest, self.received, self.jitter = ssrc, sequence, sequence, 0, 0.0
        self._expected_before = self._received_before = 0

    @property
    def lost(self) -> int:
        """Packets expected but not received."""
        return max(0, self.highest - self.base + 1 - self.received) if self.received else 0

    def block(self) -> bytes:
        """The report block about this stream; closes the interval that "fraction lost" covers."""
        expected = self.highest - self.base + 1
        due = expected - self._expected_before
        missing = due - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        fraction = min(255, (missing << 8) // due) if due > 0 and missing > 0 else 0
        delay = round((time.monotonic() - self.last_report_at) * 65536) if self.last_report else 0
        loss = (fraction << 24) | min(self.lost, 0x7FFFFF)
        highest = self.highest & 0xFFFFFFFF
        return _BLOCK.pack(self.ssrc, loss, highest, round(self.jitter), self.last_report, delay & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Sent:
    """What we sent so far; ``timestamp`` is the RTP time of this moment, ``octets`` counts payload only."""

    ssrc: int
    timestamp: int
    packets: int
    octets: int


def report(sent: Sent, reception: Reception) -> bytes:
    """A compound packet: sender report, one report block if anything was received, and the canonical name."""
    blocks = reception.block() if reception.received else b""
    ntp = round((time.time() + _NTP_EPOCH) * 2**32) & 0xFFFFFFFFFFFFFFFF
    counts = (value & 0xFFFFFFFF for value in (sent.timestamp, sent.packets, sent.octets))
    body = _SENDER.pack(ntp, *counts) + blocks
    return _packet(SENDER_REPORT, 1 if blocks else 0, sent.ssrc, body) + _description(sent.ssrc)


def goodbye(sent: Sent, reception: Reception) -> bytes:
    """The last report of a stream (section 6.6)."""
    return report(sent, reception) + _packet(BYE, 1, sent.ssrc, b"")


def _packet(kind: int, count: int, ssrc: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, (len(body) + 4) // 4, ssrc) + body


def _description(ssrc: int) -> bytes:
    item = bytes((1, len(_CNAME))) + _CNAME
    return _packet(SOURCE_DESCRIPTION, 1, ssrc, item + bytes(4 - len(item) % 4))


def note_sender_report(data: bytes, reception: Reception) -> None:
    """Remember from an arriving compound packet what the next report block has to repeat (LSR, DLSR)."""
    while len(data) >= _HEADER.size:
        _flags, kind, words, _ssrc = _HEADER.unpack_from(data)
        if kind == SENDER_REPORT and len(data) >= _HEADER.size + 8:
            reception.last_report = int.from_bytes(data[10:14])
            reception.last_report_at = time.monotonic()
        data = data[4 * (words + 1) :]
