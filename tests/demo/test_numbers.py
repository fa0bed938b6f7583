"""What the numbers of the demo exchange do, heard and seen by a phone made of bare sockets."""

from __future__ import annotations

import asyncio
from array import array

import pytest

from tests.demo.raw_phone import Leg, RawPhone, lateness
from tuiphone.demo import dtmf, g711
from tuiphone.demo.exchange import DemoExchange
from tuiphone.demo.numbers import plan
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.rtp import RtpStream

pytestmark = pytest.mark.usefixtures("exchange")


def audio_of(phone: RawPhone, since: int = 0) -> array[int]:
    return g711.decode("PCMU", b"".join(p.payload for p in phone.packets[since:] if p.payload_type == 0))


def loudness(samples: array[int]) -> float:
    return (sum(s * s for s in samples) / len(samples)) ** 0.5 if samples else 0.0


async def test_echo_gives_back_every_octet_in_order(phone: RawPhone) -> None:
    leg = await phone.call("101")
    await asyncio.sleep(0.02)
    sent = [bytes((i + k) % 256 for k in range(160)) for i in range(40)]
    for payload in sent:
        phone.send_rtp(leg, payload)
        await asyncio.sleep(0.002)
    await phone.until(lambda: len(phone.packets) >= len(sent))
    assert [packet.payload for packet in phone.packets] == sent
    assert len({(p.sequence - phone.packets[0].sequence) & 0xFFFF for p in phone.packets}) == len(sent)
    steps = {b.timestamp - a.timestamp for a, b in zip(phone.packets, phone.packets[1:], strict=False)}
    assert steps == {160}
    await phone.hang_up(leg)


async def test_echo_speaks_pcma_when_that_is_what_was_offered(phone: RawPhone) -> None:
    leg = await phone.call("101", phone.sdp(codecs="8 101"))
    assert "RTP/AVP 8 101" in leg.ok.body
    phone.send_rtp(leg, b"\x55" * 160, payload_type=8)
    await phone.until(lambda: bool(phone.packets))
    assert (phone.packets[0].payload_type, phone.packets[0].payload) == (8, b"\x55" * 160)
    await phone.hang_up(leg)


async def test_music_is_loud_enough_and_comes_every_20_ms(phone: RawPhone) -> None:
    leg = await phone.call("102")
    await phone.until(lambda: len(phone.packets) >= 75)
    await phone.hang_up(leg)
    assert loudness(audio_of(phone)) > 500
    assert lateness([packet.at for packet in phone.packets]) < 0.005
    assert {b.timestamp - a.timestamp for a, b in zip(phone.packets, phone.packets[1:], strict=False)} == {160}
    assert [p.marker for p in phone.packets[:2]] == [True, False]


async def test_busy_is_486_and_its_ack_ends_the_retransmissions(phone: RawPhone) -> None:
    leg = await phone.invite("103")
    refused = await phone.expect(486)
    await phone.expect(486)
    phone.send(phone.request("ACK", leg.target, leg.call_id, 2, branch=leg.branch, to=refused.header("To")))
    await asyncio.sleep(0.05)
    seen = len(phone.all)
    await asyncio.sleep(0.3)
    assert len(phone.all) == seen


async def test_no_answer_rings_until_cancel_and_then_says_487(exchange: DemoExchange, phone: RawPhone) -> None:
    leg = await phone.invite("104")
    await phone.expect(180)
    phone.send(phone.request("CANCEL", leg.target, leg.call_id, 2, branch=leg.branch))
    await phone.expect(200, "CANCEL")
    terminated = await phone.expect(487, "INVITE")
    phone.send(phone.request("ACK", leg.target, leg.call_id, 2, branch=leg.branch, to=terminated.header("To")))
    assert exchange.calls == []


async def _back_as_tones(phone: RawPhone, wanted: str) -> None:
    detector = dtmf.Detector()
    seen = len(phone.packets)
    heard = ""
    deadline = asyncio.get_running_loop().time() + 5
    while wanted not in heard:
        assert asyncio.get_running_loop().time() < deadline, f"heard {heard!r}"
        await asyncio.sleep(0.05)
        heard += detector.feed(audio_of(phone, seen))
        seen = len(phone.packets)


async def test_digits_as_rtp_events_come_back_as_tones_and_as_events(phone: RawPhone) -> None:
    leg = await phone.call("105")
    for number in (1, 1, 10, 15):
        phone.send_event(leg, number)
    await _back_as_tones(phone, "11*D")
    await phone.until(lambda: sum(p.payload_type == 101 and bool(p.payload[1] & 0x80) for p in phone.packets) >= 12)
    events = [p for p in phone.packets if p.payload_type == 101]
    begun = [p.payload[0] for p in events if p.marker]
    assert begun == [1, 1, 10, 15]
    assert len({p.timestamp for p in events}) == 4
    await phone.hang_up(leg)


async def test_digits_as_info_come_back_as_tones_and_as_info(phone: RawPhone) -> None:
    leg = await phone.call("105")
    for digit in "7#":
        phone.within(leg, "INFO", f"Signal={digit}\r\nDuration=160\r\n", "application/dtmf-relay")
        await phone.expect(200, "INFO")
    await _back_as_tones(phone, "7#")
    for digit in "7#":
        info = await phone.expect("INFO")
        assert info.header("Content-Type") == "application/dtmf-relay"
        assert f"Signal={digit}\r\n" in info.body
        phone.reply(info, "200 OK")
    await phone.hang_up(leg)


async def test_digits_as_tones_are_heard_and_come_back(phone: RawPhone) -> None:
    leg = await phone.call("105")
    await asyncio.sleep(0.6)
    for frame in dtmf.tones("258").frames(RtpStream(Pacer())):
        phone.send_rtp(leg, frame)
        await asyncio.sleep(0.005)
    await _back_as_tones(phone, "258")
    await phone.hang_up(leg)


async def test_call_back_hangs_up_and_then_an_invite_arrives(exchange: DemoExchange, phone: RawPhone) -> None:
    await phone.register()
    await phone.call("106")
    bye = await phone.expect("BYE")
    assert "Q.850;cause=16" in bye.header("Reason")
    phone.reply(bye, "200 OK")
    invite = await phone.expect("INVITE")
    assert invite.start.startswith(f"INVITE sip:2001@127.0.0.1:{phone.port} ")
    assert "sip:106@" in invite.header("From")
    phone.packets.clear()
    phone.reply(invite, "180 Ringing")
    phone.reply(invite, "200 OK", phone.sdp())
    await phone.expect("ACK")
    await phone.until(lambda: len(phone.packets) > 50)
    assert loudness(audio_of(phone)) > 200
    tag = f";tag=raw{phone.port}"
    leg = Leg(
        invite.header("Call-ID"), "sip:106@127.0.0.1", invite.header("To") + tag, invite.header("From"), 0, invite
    )
    await phone.hang_up(leg)
    assert exchange.calls == []


async def test_a_call_back_that_nobody_takes_is_cancelled(exchange: DemoExchange, phone: RawPhone) -> None:
    await phone.register()
    await phone.call("106")
    phone.reply(await phone.expect("BYE"), "200 OK")
    invite = await phone.expect("INVITE")
    phone.reply(invite, "180 Ringing")
    cancel = await phone.expect("CANCEL")
    phone.reply(cancel, "200 OK")
    phone.reply(invite, "487 Request Terminated")
    await phone.expect("ACK")
    assert exchange.calls == []


async def test_hang_up_plays_a_little_and_sends_bye(phone: RawPhone) -> None:
    await phone.call("107")
    bye = await phone.expect("BYE")
    phone.reply(bye, "200 OK")
    assert len(phone.packets) > 10


async def test_hold_comes_in_three_dialects_and_ends_each_time(phone: RawPhone) -> None:
    leg = await phone.call("108")
    seen = []
    for _ in range(6):
        invite = await phone.expect("INVITE")
        direction = next(line for line in invite.body.splitlines() if line[:4] in {"a=se", "a=re", "a=in"})
        address = next(line for line in invite.body.splitlines() if line.startswith("c="))
        seen.append((direction, address))
        answer = {"a=sendonly": "a=recvonly\r\n", "a=inactive": "a=inactive\r\n"}.get(direction, "a=sendrecv\r\n")
        phone.reply(invite, "200 OK", phone.sdp(answer))
        await phone.expect("ACK")
    live, zero = "c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"
    assert seen == [
        ("a=sendonly", live), ("a=sendrecv", live), ("a=inactive", live),
        ("a=sendrecv", live), ("a=sendrecv", zero), ("a=sendrecv", live),
    ]  # fmt: skip
    await phone.hang_up(leg)


async def test_an_announcement_is_heard_before_480(phone: RawPhone) -> None:
    await phone.invite("109")
    progress = await phone.expect(183)
    assert "m=audio" in progress.body
    await phone.until(lambda: len(phone.packets) > 20)
    assert loudness(audio_of(phone)) > 1000
    await phone.expect(480)


@pytest.mark.parametrize(("number", "status"), [("110", 603), ("111", 488), ("999", 404)])
async def test_refusals(phone: RawPhone, number: str, status: int) -> None:
    await phone.invite(number)
    await phone.expect(status)


async def test_dead_air_answers_and_sends_nothing(phone: RawPhone) -> None:
    leg = await phone.call("112")
    await asyncio.sleep(0.2)
    assert phone.packets == []
    await phone.hang_up(leg)


def test_every_number_is_there_once_and_says_what_it_does() -> None:
    numbers = list(plan())
    assert len({n.number for n in numbers}) == len(numbers)
    assert all(n.title and n.text for n in numbers)
