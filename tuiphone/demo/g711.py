"""G.711: 16-bit samples to PCMU and PCMA octets and back (ITU-T G.711; the tables of audioop, which Python 3.13 lost)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import cache

RATE_HZ = 8000
FRAME = 160
"""Samples, and octets, of 20 ms."""

_SEGMENT_ENDS = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)


def _segment(magnitude: int) -> int:
    return next((number for number, end in enumerate(_SEGMENT_ENDS) if magnitude <= end), 8)


def _ulaw(sample: int) -> int:
    """One octet for a 14-bit sample."""
    mask, magnitude = (0x7F, -sample) if sample < 0 else (0xFF, sample)
    magnitude = min(magnitude, 8158) + 33
    segment = _segment(magnitude >> 1)
    return (0x7F if segment >= 8 else (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)) ^ mask


def _alaw(sample: int) -> int:
    """One octet for a 13-bit sample."""
    mask, magnitude = (0x55, -sample - 1) if sample < 0 else (0xD5, sample)
    segment = _segment(magnitude)
    if segment >= 8:
        return 0x7F ^ mask
    return ((segment << 4) | ((magnitude >> max(segment, 1)) & 0x0F)) ^ mask


def _ulaw_sample(octet: int) -> int:
    octet = ~octet & 0xFF
    magnitude = ((((octet & 0x0F) << 3) + 0x84) << ((octet & 0x70) >> 4)) - 0x84
    return -magnitude if octet & 0x80 else magnitude


def _alaw_sample(octet: int) -> int:
    octet ^= 0x55
    segment, magnitude = (octet & 0x70) >> 4, ((octet & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if octet & 0x80 else -magnitude


@cache
def _encoder(codec: str) -> bytes:
    """The octet of every 14-bit sample, indexed by its two's complement."""
    samples = (*range(8192), *range(-8192, 0))
    return bytes(_ulaw(s) if codec == "PCMU" else _alaw(s >> 1) for s in samples)


@cache
def _decoder(codec: str) -> tuple[int, ...]:
    return tuple((_ulaw_sample if codec == "PCMU" else _alaw_sample)(octet) for octet in range(256))


def encode(codec: str, samples: Iterable[int]) -> bytes:
    """Octets of "PCMU" or "PCMA" for 16-bit samples."""
    table = _encoder(codec)
    return bytes([table[(sample >> 2) & 0x3FFF] for sample in samples])


def decode(codec: str, octets: bytes) -> array[int]:
    """16-bit samples of "PCMU" or "PCMA" octets."""
    table = _decoder(codec)
    return array("h", [table[octet] for octet in octets])
