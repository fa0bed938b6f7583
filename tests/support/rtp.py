"""A far end's audio for SIPp's calls: sends sound as PCMU over RTP, keeps what arrives (RFC 3550, 3551, 4733)."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.support.audio import Samples
from tests.support.ports import free_port
from tests.support.process import until
from tests.support.udp import UdpSocket

PCMU = 0
NOISE = 13
EVENTS = 101
FRAME = 160
DIGITS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; ``at`` is the loop's time of arrival."""

    at: float
    payload_type: int
    sequence: int
    timestamp: int
    payload: bytes


class RtpEnd(UdpSocket):
    """An RTP port on loopback, of audio with a clock of 8 kHz."""

    def __init__(self) -> None:
        super().__init__(port=free_port())
        self.packets: list[Packet] = []
        self._sequence = 1000
        self._timestamp = 8000

    async def send(self, samples: Samples, to: int) -> None:
        """Send sound to a port on loopback, at the pace at which it is spoken."""
        data = ulaw(samples)
        await self.send_payloads([data[i : i + FRAME] for i in range(0, len(data) - FRAME + 1, FRAME)], PCMU, FRAME, to)

    async def send_payloads(self, payloads: Sequence[bytes], kind: int, samples: int, to: int) -> None:
        """Send packets of a payload type, each of so many samples at 8 kHz, at the pace of those."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for number, payload in enumerate(payloads, 1):
            self._send(payload, kind, samples, to)
            await asyncio.sleep(max(0.0, begin + number * samples / 8000 - loop.time()))

    async def pause(self, noise: bytes, seconds: float, to: int) -> None:
        """Send one description of background noise (RFC 3389), and nothing for as long as it lasts."""
        self._send(noise, NOISE, round(seconds * 50) * FRAME, to)
        await asyncio.sleep(seconds)

    def _send(self, payload: bytes, kind: int, samples: int, to: int) -> None:
        header = struct.pack("!BBHII", 0x80, kind, self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF, 0x7E57)
        self.send_to(header + payload, to)
        self._sequence += 1
        self._timestamp += samples

    @property
    def audio(self) -> Samples:
        """The sound that arrived, in the order of its timestamps."""
        voice = sorted((p for p in self.packets if p.payload_type == PCMU), key=lambda p: (p.timestamp, p.sequence))
        return from_ulaw(b"".join(packet.payload for packet in voice))

    @property
    def digits(self) -> str:
        """The telephone events that arrived, one for each timestamp."""
        events = {p.timestamp: p.payload[0] for p in self.packets if p.payload_type == EVENTS and p.payload}
        return "".join(DIGITS[event] for event in events.values() if event < len(DIGITS))

    async def until_packets(self, count: int, timeout_s: float = 5.0) -> None:
        """Wait until so many more packets than now have arrived."""
        goal = len(self.packets) + count
        await until(lambda: len(self.packets) >= goal, timeout_s, f"{count} more RTP packets")

    async def rate(self, seconds: float = 0.5) -> float:
        """Packets a second that arrive from now on."""
        begin = len(self.packets)
        await asyncio.sleep(seconds)
        return (len(self.packets) - begin) / seconds

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Part of asyncio's protocol."""
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        _, kind, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
        start = 12 + 4 * (data[0] & 0x0F)
        now = asyncio.get_running_loop().time()
        self.packets.append(Packet(now, kind & 0x7F, sequence, timestamp, data[start:]))


def audio_port(message: str) -> int:
    """The port of the audio stream in a message's SDP."""
    match = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
    assert match, f"no audio in:\n{message}"
    return int(match.group(1))


def ulaw(samples: Samples) -> bytes:
    """Encode by ITU-T G.711's mu-law."""
    values = np.clip(samples * 32768, -32635, 32635).astype(np.int64)
    magnitude = np.abs(values) + 132
    exponent = np.maximum(np.floor(np.log2(magnitude)).astype(np.int64) - 7, 0)
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    code = ~(((values < 0).astype(np.int64) << 7) | (exponent << 4) | mantissa) & 0xFF
    return bytes(code.astype(np.uint8))


def from_ulaw(data: bytes) -> Samples:
    """Decode G.711's mu-law."""
    code = ~np.frombuffer(data, dtype=np.uint8).astype(np.int64) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << ((code >> 4) & 7)) - 132
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude) / 32768, dtype=np.float64)
