"""What was said has its place by its time stamp."""

from __future__ import annotations

import struct

import pytest

from bench.rtp import Heard


def packet(stamp: int, octet: int, payload_type: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, 1, stamp & 0xFFFFFFFF, 7) + bytes([octet]) * 160


def blocks(heard: Heard) -> list[int]:
    sound = heard.sound()
    assert all(len(set(sound[n : n + 160])) == 1 for n in range(0, len(sound), 160))
    return [sound[n] for n in range(0, len(sound), 160)]


@pytest.mark.parametrize("first", [0, 123456, 0xFFFFFFFF - 100])
def test_a_packet_that_never_came_is_silence_and_one_that_came_late_is_in_its_place(first: int) -> None:
    heard = Heard()
    for number in (0, 1, 4, 3):
        heard.add(packet(first + 160 * number, number + 1))
    assert blocks(heard) == [1, 2, 0xFF, 4, 5]


def test_digits_and_what_is_older_than_the_first_packet_are_no_sound() -> None:
    heard = Heard()
    heard.add(packet(1600, 1))
    heard.add(packet(1760, 9, payload_type=101))
    heard.add(packet(1440, 8))
    assert blocks(heard) == [1]


def test_marker_bit_does_not_matter() -> None:
    heard = Heard()
    heard.add(packet(0, 3, payload_type=0x80))
    assert blocks(heard) == [3]
