"""Digits on their three ways: RTP events (RFC 4733), SIP INFO, and tones in the audio (ITU-T Q.23, Q.24)."""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from tuiphone.demo import goertzel
from tuiphone.demo.audio import Clip, pause, tone
from tuiphone.demo.g711 import FRAME, RATE_HZ
from tuiphone.model.account import DtmfMethod

DIGITS = "0123456789*#ABCD"
"""By RFC 4733 event number."""
_KEYS = ("123A", "456B", "789C", "*0#D")
_LOW, _HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_COEFFICIENTS = goertzel.coefficients((*_LOW, *_HIGH), RATE_HZ)
_BLOCK = 205
"""Samples a detector looks at (25.6 ms): the length at which all eight frequencies fall near a whole bin."""
_HOP = 102
"""Samples from one look to the next: half a block, so that a tone of 51 ms has two whole blocks wherever it begins."""
_EVENT_PACKETS, _END_PACKETS, _PAUSE_PACKETS = 6, 3, 4
EVENT_S = (_EVENT_PACKETS + _END_PACKETS + _PAUSE_PACKETS) * 0.02
"""How long ``event_frames`` takes for each digit."""
_EVENT = struct.Struct("!BBH")
_INFO_SIGNAL = re.compile(r"^\s*signal\s*=\s*([0-9A-Da-d*#])\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Digit:
    """A digit that was heard, and on which way."""

    value: str
    method: DtmfMethod


@dataclass(frozen=True, slots=True)
class Event:
    """One telephone-event packet (RFC 4733 section 2.3); ``duration`` in samples since the event began."""

    number: int
    duration: int
    end: bool = False
    first: bool = False

    def payload(self) -> bytes:
        """Its four octets, at -10 dBm0."""
        return _EVENT.pack(self.number, (0x80 if self.end else 0) | 10, self.duration)


def parse_event(payload: bytes) -> Event | None:
    """Read a telephone-event payload; ``None`` when it is too short."""
    if len(payload) < _EVENT.size:
        return None
    number, flags, duration = _EVENT.unpack_from(payload)
    return Event(number, duration, bool(flags & 0x80))


def event_frames(digits: str) -> Iterator[Event | None]:
    """Packets for digits, 20 ms each; the end is sent three times (section 2.5.1.4). ``None`` is a packet of pause."""
    for digit in digits:
        number = DIGITS.index(digit)
        for count in range(1, _EVENT_PACKETS + 1):
            yield Event(number, count * FRAME, first=count == 1)
        for _ in range(_END_PACKETS):
            yield Event(number, (_EVENT_PACKETS + 1) * FRAME, end=True)
        yield from [None] * _PAUSE_PACKETS


def tones(digits: str, seconds: float = 0.14, gap_s: float = 0.08) -> Clip:
    """Digits as tones."""
    samples = array("h")
    for digit in digits:
        row = next(i for i, keys in enumerate(_KEYS) if digit in keys)
        samples += tone((_LOW[row], _HIGH[_KEYS[row].index(digit)]), seconds, -12) + pause(gap_s)
    return Clip(samples)


def info_body(digit: str, duration_ms: int = 160) -> bytes:
    """The body of an INFO of type application/dtmf-relay."""
    return f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode()


def parse_info(content_type: str, body: bytes) -> str | None:
    """The digit of an INFO body (application/dtmf-relay or application/dtmf); ``None`` when there is none."""
    text = body.decode("ascii", "replace")
    if content_type == "application/dtmf-relay":
        match = _INFO_SIGNAL.search(text)
        return match[1].upper() if match else None
    if content_type == "application/dtmf" and text.strip().upper() in set(DIGITS):
        return text.strip().upper()
    return None


class Detector:
    """Hears digits in audio: feed it samples, it calls back once for each tone.

    A digit counts when two blocks in a row agree, and again only after a block without it.
    """

    _FLOOR = 200.0**2
    """Mean square below which a block is taken for silence without looking closer."""

    def __init__(self) -> None:
        self._rest: array[int] = array("h")
        self._candidate = ""
        self._reported = ""

    def feed(self, samples: array[int]) -> str:
        """The digits that these samples completed."""
        self._rest += samples
        found = ""
        while len(self._rest) >= _BLOCK:
            digit = self._look(self._rest[:_BLOCK])
            del self._rest[:_HOP]
            if digit and digit == self._candidate and digit != self._reported:
                found += digit
                self._reported = digit
            elif digit != self._candidate:
                self._reported = ""
            self._candidate = digit
        return found

    def _look(self, block: array[int]) -> str:
        energy = float(sum(sample * sample for sample in block))
        if energy < self._FLOOR * _BLOCK:
            return ""
        powers = goertzel.powers(block, _COEFFICIENTS)
        low = max(range(4), key=lambda i: powers[i])
        high = max(range(4, 8), key=lambda i: powers[i])
        pair = powers[low] + powers[high]
        # For pure tones the Goertzel powers add up to energy x N/2; speech spreads over more than two frequencies.
        pure = pair > 0.8 * energy * _BLOCK / 2
        balanced = 0.1 < powers[low] / max(powers[high], 1.0) < 10
        return _KEYS[low][high - 4] if pure and balanced else ""
