"""Pace, counters and reports of the exchange's RTP streams."""

from __future__ import annotations

import asyncio
import struct
import time

import pytest

from tests.demo.raw_phone import lateness
from tests.support.udp import UdpSocket
from tuiphone.demo import rtcp
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.rtp import RtpStream
from tuiphone.demo.sdp import Audio, Direction, NotAcceptable, choose, parse


class Counter:
    def __init__(self) -> None:
        self.times: list[float] = []

    def tick(self) -> None:
        self.times.append(asyncio.get_running_loop().time())


async def test_twenty_streams_keep_the_pace_without_drift() -> None:
    pacer = Pacer()
    counters = [Counter() for _ in range(20)]
    for counter in counters:
        pacer.add(counter)
    await asyncio.sleep(1.2)
    for counter in counters:
        pacer.remove(counter)
    for counter in counters:
        assert len(counter.times) >= 60
        assert lateness(counter.times) < 0.005


def stall(seconds: float) -> None:
    """Keep the event loop from doing anything."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def test_a_short_stall_is_caught_up() -> None:
    pacer, counter = Pacer(), Counter()
    pacer.add(counter)
    await asyncio.sleep(0.03)
    stall(0.09)
    await asyncio.sleep(0.05)
    pacer.remove(counter)
    due = (time.monotonic() - counter.times[0]) / 0.02
    assert due - 1.5 <= len(counter.times) <= due + 1


async def test_after_a_long_stall_old_sound_is_left_out() -> None:
    pacer, counter = Pacer(), Counter()
    pacer.add(counter)
    await asyncio.sleep(0.03)
    stall(0.6)
    await asyncio.sleep(0.005)
    pacer.remove(counter)
    due = (time.monotonic() - counter.times[0]) / 0.02
    assert due > 30
    assert len(counter.times) < due - 15


async def test_without_streams_nothing_is_scheduled() -> None:
    pacer, counter = Pacer(), Counter()
    pacer.add(counter)
    await asyncio.sleep(0.03)
    pacer.remove(counter)
    seen = len(counter.times)
    await asyncio.sleep(0.06)
    assert len(counter.times) == seen


def test_lost_packets_and_jitter_are_counted() -> None:
    reception = rtcp.Reception()
    for number in range(100):
        if number % 10 != 3:
            reception.count(1, (65500 + number) & 0xFFFF, number * 160, number * 0.02)
    assert (reception.received, reception.lost) == (90, 10)
    assert reception.jitter < 0.01
    block = struct.unpack("!IIIIII", reception.block())
    assert block[0] == 1
    assert block[1] >> 24 == (10 << 8) // 100
    assert block[1] & 0xFFFFFF == 10
    assert block[2] == 65500 + 99


def test_jitter_rises_with_uneven_arrival() -> None:
    reception = rtcp.Reception()
    for number in range(200):
        reception.count(1, number, number * 160, number * 0.02 + (0.005 if number % 2 else 0))
    assert reception.jitter == pytest.approx(40, rel=0.05)


def test_a_new_source_begins_anew() -> None:
    reception = rtcp.Reception()
    reception.count(1, 10, 0, 0.0)
    reception.count(2, 5000, 0, 0.02)
    assert (reception.ssrc, reception.received, reception.lost) == (2, 1, 0)


def test_a_report_is_a_sender_report_a_block_and_a_name() -> None:
    reception = rtcp.Reception()
    reception.count(7, 1, 0, 0.0)
    rtcp.note_sender_report(rtcp.report(rtcp.Sent(7, 0, 1, 160), rtcp.Reception()), reception)
    data = rtcp.goodbye(rtcp.Sent(9, 1000, 50, 8000), reception)
    assert (data[0], data[1], data[3]) == (0x81, 200, 12)
    assert struct.unpack_from("!IQIII", data, 4)[2:] == (1000, 50, 8000)
    assert struct.unpack_from("!I", data, 28 + 16)[0] == reception.last_report != 0
    kinds, at = [], 0
    while at < len(data):
        kinds.append(data[at + 1])
        at += 4 * (int.from_bytes(data[at + 2 : at + 4]) + 1)
    assert kinds == [200, 202, 203]
    assert at == len(data)


async def test_rtcp_comes_from_the_port_above_and_says_goodbye() -> None:
    arrived: list[bytes] = []

    async with UdpSocket(lambda data, addr: arrived.append(data)) as sink:
        stream = RtpStream(Pacer())
        await stream.open("127.0.0.1")
        assert stream.port % 2 == 0
        # A far end's RTCP is expected one above its RTP (RFC 3550 section 11).
        stream.configure(Audio("127.0.0.1", sink.port - 1, "PCMU", 0, 101, Direction.SENDRECV), sending=True)
        stream.begin()
        await asyncio.sleep(0.05)
        stream.close()
        await asyncio.sleep(0.05)
    assert [data[1] for data in arrived] == [200]
    assert b"exchange@demo" in arrived[0]


def sdp(*lines: str) -> bytes:
    return "\r\n".join(("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", *lines, "")).encode()


def test_direction_and_address_may_stand_in_the_session_or_the_media() -> None:
    _index, audio = choose(parse(sdp("c=IN IP4 10.0.0.1", "a=sendonly", "m=audio 4000 RTP/AVP 8")))
    assert (audio.address, audio.direction, audio.codec) == ("10.0.0.1", Direction.SENDONLY, "PCMA")
    body = sdp("c=IN IP4 10.0.0.1", "a=sendonly", "m=audio 4000 RTP/AVP 8", "c=IN IP4 10.0.0.2", "a=recvonly")
    _index, audio = choose(parse(body))
    assert (audio.address, audio.direction) == ("10.0.0.2", Direction.RECVONLY)


def test_the_offers_order_decides_and_dynamic_types_count() -> None:
    body = sdp(
        "c=IN IP4 127.0.0.1", "m=audio 4000 RTP/AVP 111 97 0 99", "a=rtpmap:111 opus/48000/2", "a=rtpmap:97 pcma/8000",
        "a=rtpmap:99 telephone-event/8000",
    )  # fmt: skip
    _index, audio = choose(parse(body))
    assert (audio.codec, audio.payload_type, audio.event_type) == ("PCMA", 97, 99)


def test_srtp_only_and_refused_sections_are_not_acceptable() -> None:
    for line in ("m=audio 4000 RTP/SAVP 0", "m=audio 0 RTP/AVP 0", "m=video 4000 RTP/AVP 0"):
        with pytest.raises(NotAcceptable):
            choose(parse(sdp("c=IN IP4 127.0.0.1", line)))


@pytest.mark.parametrize("connection", ["c=IN IP4 host.example", "c=IN IP6 ::1", "b=AS:1"])
def test_only_numeric_ipv4_addresses_are_taken(connection: str) -> None:
    with pytest.raises(NotAcceptable):
        choose(parse(sdp(connection, "m=audio 4000 RTP/AVP 0")))
