"""One RTP stream of audio and telephone events over UDP (RFC 3550, RFC 3551, RFC 4733)."""

from __future__ import annotations

import asyncio
import random
import secrets
import struct
import time
from collections.abc import Callable, Iterator

from tuiphone.demo import rtcp
from tuiphone.demo.audio import silence_frame
from tuiphone.demo.dtmf import DIGITS, Event, parse_event
from tuiphone.demo.g711 import FRAME, RATE_HZ
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.sdp import CODECS, EVENT_TYPE, Audio

Source = Iterator[bytes | Event | None]
"""What is sent, a packet of 20 ms each: encoded audio, an event, or ``None`` for silence."""

_HEADER = struct.Struct("!BBHII")
_BIND_ATTEMPTS = 50
_REPORT_S = 5.0


class RtpStream(asyncio.DatagramProtocol):
    """Sends a source, or sends back what it hears; counts, reports, and hears digits."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self.port = 0
        self.codec = "PCMU"
        self.packets_sent = 0
        self.last_heard = time.monotonic()
        """When the last packet arrived (monotonic); the beginning, if none did."""
        self.reception = rtcp.Reception()
        self.on_digit: Callable[[str], None] = lambda _digit: None
        self.on_audio: Callable[[bytes], None] | None = None
        """Is given the payload of every audio packet."""
        self.echo = False
        """Send back every packet at once, payload untouched, instead of the source."""
        self._live = self._dead = self._paced = False
        self._source: Source | None = None
        self._remote: tuple[str, int] | None = None
        self._payload_type, self._event_type = 0, EVENT_TYPE
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._origin = time.monotonic()
        self._clock_offset = secrets.randbits(31)
        self._timestamp = self._clock_offset
        self._marker = True
        self._event_timestamp: int | None = None
        self._heard_event: tuple[int, int] | None = None
        self._echo_shift: tuple[int, int, int] | None = None
        self._rtp: asyncio.DatagramTransport | None = None
        self._rtcp: asyncio.DatagramTransport | None = None
        self._report: asyncio.TimerHandle | None = None

    # sockets

    async def open(self, host: str) -> None:
        """Take an even port for RTP and the odd one above it for RTCP. Raises OSError."""
        loop = asyncio.get_running_loop()
        for attempt in range(_BIND_ATTEMPTS):
            self._rtp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
            self.port = self._rtp.get_extra_info("sockname")[1]
            try:
                if self.port % 2:
                    raise OSError("an odd port")
                self._rtcp, _ = await loop.create_datagram_endpoint(
                    lambda: _Reports(self.reception), local_addr=(host, self.port + 1)
                )
                return
            except OSError:
                self._rtp.close()
                if attempt == _BIND_ATTEMPTS - 1:
                    raise

    def close(self) -> None:
        """Say goodbye and give the ports back."""
        self._pacer.remove(self)
        if self._report:
            self._report.cancel()
        if self._remote and self.packets_sent:
            self._send_report(rtcp.goodbye)
        for transport in (self._rtp, self._rtcp):
            if transport:
                transport.close()
        self._rtp = self._rtcp = None

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: our socket is closed."""

    def error_received(self, exc: Exception) -> None:
        """asyncio: nobody listens there (any more); RTP does not care."""

    # what is sent

    def configure(self, audio: Audio, sending: bool) -> None:
        """Send to this far end in this codec from now on, or do not send at all."""
        self.codec, self._payload_type = audio.codec, audio.payload_type
        self._event_type = audio.event_type if audio.event_type is not None else -1
        self._remote = (audio.address, audio.port) if sending else None
        self._echo_shift = None
        self._pace()
        if self._report is None:
            self._schedule_report()

    @property
    def can_send_events(self) -> bool:
        """The far end understands telephone events."""
        return self._event_type >= 0

    def begin(self) -> None:
        """Packets may go out from now on: the call, or its early media, has begun."""
        self._live = True
        self._pace()

    def play(self, source: Source | None) -> None:
        """Send this; silence when it ends or is ``None``."""
        self._source = source
        self.echo = self._dead = False
        self._pace()

    def send_back(self) -> None:
        """Echo from now on."""
        self._source, self.echo, self._echo_shift, self._dead = None, True, None, False
        self._pace()

    def mute(self) -> None:
        """Send nothing at all, not even silence, until something is played."""
        self._source, self.echo, self._dead = None, False, True
        self._pace()

    @property
    def is_playing(self) -> bool:
        """A source has not come to its end."""
        return self._source is not None

    def _pace(self) -> None:
        wanted = self._live and bool(self._remote) and not self.echo and not self._dead
        if wanted and not self._paced:
            self._marker = True
            self._timestamp = self._now()
            self._pacer.add(self)
        elif self._paced and not wanted:
            self._pacer.remove(self)
        self._paced = wanted

    def _now(self) -> int:
        return self._clock_offset + int((time.monotonic() - self._origin) * RATE_HZ)

    def tick(self) -> None:
        """Send the next 20 ms."""
        item = self._next()
        if isinstance(item, Event):
            self._send_event(item)
        else:
            self._event_timestamp = None
            self._send(self._payload_type, self._timestamp, item or silence_frame(self.codec), self._marker)
            self._marker = False
        self._timestamp += FRAME

    def _next(self) -> bytes | Event | None:
        if self._source:
            for item in self._source:
                return item
            self._source = None
        return None

    def _send_event(self, event: Event) -> None:
        """All packets of one event carry the time at which it began (RFC 4733 section 2.2)."""
        if event.first or self._event_timestamp is None:
            self._event_timestamp = self._timestamp
        self._send(self._event_type, self._event_timestamp, event.payload(), event.first)

    def _send(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._transmit(payload_type | (0x80 if marker else 0), self._sequence, timestamp, payload)

    def _transmit(self, second: int, sequence: int, timestamp: int, payload: bytes) -> None:
        if self._rtp and self._remote:
            self.packets_sent += 1
            header = _HEADER.pack(0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._ssrc)
            self._rtp.sendto(header + payload, self._remote)

    # what is heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a packet arrived."""
        if len(data) < _HEADER.size or data[0] >> 6 != 2:
            return
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        payload = _payload(data, first)
        if payload is None:
            return
        self.last_heard = time.monotonic()
        self.reception.count(ssrc, sequence, timestamp, self.last_heard)
        payload_type = second & 0x7F
        if payload_type in {self._event_type, EVENT_TYPE}:
            self._hear_event(payload, ssrc, timestamp)
        elif payload_type != self._payload_type and payload_type not in CODECS.values():
            return
        elif self.on_audio:
            self.on_audio(payload)
        if self.echo and self._live:
            self._send_echo(second, sequence, timestamp, ssrc, payload)

    def _hear_event(self, payload: bytes, ssrc: int, timestamp: int) -> None:
        event = parse_event(payload)
        if event and event.number < len(DIGITS) and self._heard_event != (ssrc, timestamp):
            self._heard_event = (ssrc, timestamp)
            self.on_digit(DIGITS[event.number])

    def _send_echo(self, second: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> None:
        """Gaps, order, marks and times of the original are kept: only the origin is ours."""
        if self._echo_shift is None or self._echo_shift[0] != ssrc:
            self._echo_shift = (ssrc, self._sequence + 1 - sequence, self._now() - timestamp)
        _ssrc, by_sequence, by_time = self._echo_shift
        self._sequence = (sequence + by_sequence) & 0xFFFF
        self._transmit(second, self._sequence, timestamp + by_time, payload)

    # reports

    def _schedule_report(self) -> None:
        # Between half and one and a half intervals, so that reports of many calls do not fall together (section 6.3.5).
        delay = _REPORT_S * random.uniform(0.5, 1.5)
        self._report = asyncio.get_running_loop().call_later(delay, self._send_scheduled)

    def _send_scheduled(self) -> None:
        if self._remote:
            self._send_report(rtcp.report)
        self._schedule_report()

    def _send_report(self, make: Callable[[rtcp.Sent, rtcp.Reception], bytes]) -> None:
        if self._rtcp and self._remote:
            sent = rtcp.Sent(self._ssrc, self._now(), self.packets_sent, self.packets_sent * FRAME)
            self._rtcp.sendto(make(sent, self.reception), (self._remote[0], self._remote[1] + 1))


class _Reports(asyncio.DatagramProtocol):
    """The RTCP socket."""

    def __init__(self, reception: rtcp.Reception) -> None:
        self._reception = reception

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        rtcp.note_sender_report(data, self._reception)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens for reports: no matter."""


def _payload(data: bytes, first: int) -> bytes | None:
    """What follows header, contributing sources and extension, without padding; ``None`` when the lengths are wrong."""
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    return data[start:end] if start <= end else None
