"""What the demo exchange makes of messages that are odd, broken or not for it."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.demo.raw_phone import RawPhone
from tuiphone.demo.exchange import DemoExchange
from tuiphone.demo.fields import Address, split_list
from tuiphone.demo.sip import MalformedMessage, Request, parse


def options(phone: RawPhone, **replacements: str) -> str:
    text = phone.request("OPTIONS", f"sip:127.0.0.1:{phone.exchange}", "o1", 1)
    for old, new in replacements.items():
        line = next(line for line in text.split("\r\n") if line.lower().startswith(old.replace("_", "-")))
        text = text.replace(line + "\r\n", new)
    return text


async def test_options_says_what_is_allowed(phone: RawPhone) -> None:
    phone.send(options(phone))
    ok = await phone.expect(200)
    assert "INVITE" in ok.header("Allow")
    assert "tag=" in ok.header("To")


@pytest.mark.parametrize(
    "replacement",
    [
        {"cseq": "CSeq: x OPTIONS\r\n"},
        {"cseq": "CSeq: 1 INVITE\r\n"},
        {"cseq": "CSeq: 99999999999 OPTIONS\r\n"},
        {"cseq": ""},
        {"call_id": ""},
        {"call_id": "Call-ID: a\r\nCall-ID: b\r\n"},
        {"from": ""},
        {"from": "From: nobody\r\n"},
        {"from": "From: <sip:2001@127.0.0.1>\r\n"},
        {"to": "To: <\r\n"},
        {"to": "To: <sip:a@b>\r\nTo: <sip:a@b>\r\n"},
        {"max_forwards": "Max-Forwards: -1\r\n"},
        {"max_forwards": "Max-Forwards: 256\r\n"},
        {"content_length": "Content-Length: 9999\r\n"},
        {"content_length": "Content-Length: -5\r\n"},
        {"contact": "no colon here\r\n"},
        {"contact": "Contact: <sip:a@b>\r\n" + "X: y\r\n" * 300},
    ],
    ids=str,
)
async def test_a_broken_request_is_answered_400(phone: RawPhone, replacement: dict[str, str]) -> None:
    phone.send(options(phone, **replacement))
    await phone.expect(400)


@pytest.mark.parametrize(
    "data",
    [
        b"hello world, this is no SIP at all",
        b"\x00" * 600,
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nVia: nonsense\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnobody\r\n\r\n",
        b"SIP/2.0 999 Huh\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnobody\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:99999;branch=z9hG4bKx\r\n\r\n",
        b"\r\n\r\n",
        b"\xff\xfe" * 40,
    ],
)
async def test_what_cannot_be_answered_is_dropped_and_the_exchange_goes_on(phone: RawPhone, data: bytes) -> None:
    phone.send(data)
    phone.send(options(phone))
    assert (await phone.expect(200)).header("CSeq") == "1 OPTIONS"
    assert len(phone.all) == 1


async def test_an_ack_is_never_answered(phone: RawPhone) -> None:
    phone.send(phone.request("ACK", f"sip:101@127.0.0.1:{phone.exchange}", "a", 1).replace("CSeq: 1", "CSeq: x"))
    phone.send(phone.request("ACK", f"sip:101@127.0.0.1:{phone.exchange}", "a", 1))
    await phone.nothing(0.1)


async def test_other_versions_methods_schemes_and_extensions_get_their_own_answers(phone: RawPhone) -> None:
    uri = f"sip:101@127.0.0.1:{phone.exchange}"
    phone.send(options(phone).replace(" SIP/2.0\r\n", " SIP/3.0\r\n", 1))
    await phone.expect(505)
    phone.send(phone.request("SUBSCRIBE", uri, "s", 1))
    await phone.expect(405)
    phone.send(phone.request("FROBNICATE", uri, "f", 1))
    await phone.expect(501)
    phone.send(phone.request("OPTIONS", "tel:101", "t", 1))
    await phone.expect(416)
    phone.send(phone.request("INVITE", uri, "r", 1, extra="Require: 100rel\r\n", body=phone.sdp()))
    assert (await phone.expect(420)).header("Unsupported") == "100rel"


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE", "UPDATE", "OPTIONS"])
async def test_a_request_in_a_dialog_that_does_not_exist_is_481(phone: RawPhone, method: str) -> None:
    uri = f"sip:101@127.0.0.1:{phone.exchange}"
    phone.send(phone.request(method, uri, "gone", 7, to=f"<{uri}>;tag=gone"))
    await phone.expect(481)


async def test_a_cancel_for_nothing_is_481(phone: RawPhone) -> None:
    phone.send(phone.request("CANCEL", f"sip:101@127.0.0.1:{phone.exchange}", "c", 1))
    await phone.expect(481)


async def test_compact_and_folded_headers_are_understood(phone: RawPhone) -> None:
    text = options(phone, call_id="i: compact\r\n", to="t:\r\n <sip:127.0.0.1>\r\n", content_length="l: 0\r\n")
    phone.send(text)
    ok = await phone.expect(200)
    assert ok.header("Call-ID") == "compact"


async def test_random_damage_never_stops_the_exchange(exchange: DemoExchange, phone: RawPhone) -> None:
    chance = random.Random(7)
    whole = phone.request("INVITE", f"sip:101@127.0.0.1:{exchange.port}", "fuzz", 1, body=phone.sdp()).encode()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        phone.send(bytes(damaged[: chance.randint(20, len(damaged))]))
        await asyncio.sleep(0)
    phone.send(options(phone))
    await phone.expect(200, "OPTIONS")


async def test_broken_descriptions_and_rtp_do_no_harm(exchange: DemoExchange, phone: RawPhone) -> None:
    for body in ("v=0\r\nm=audio\r\n", "junk", "v=0\r\nm=audio 99999 RTP/AVP 0\r\n", "v=0\r\n", "\r\n"):
        refused = await phone.invite("101", body)
        while (await phone.expect(488)).header("Call-ID") != refused.call_id:
            pass
    leg = await phone.call("101")
    for data in (b"", b"\x80", b"\x9f" + b"\xff" * 15, b"\x80\x00" + b"\x00" * 9, b"\xa0\x00" + b"\xff" * 12):
        phone._rtp.send_to(data, leg.rtp_port)
    phone.send_rtp(leg, b"still there" * 10)
    await phone.until(lambda: any(p.payload == b"still there" * 10 for p in phone.packets))
    await phone.hang_up(leg)
    assert exchange.calls == []


async def test_tcp_carries_several_messages_in_odd_pieces(exchange: DemoExchange, phone: RawPhone) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.port)
    text = options(phone).replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode()
    writer.write(b"\r\n\r\n" + text[:40])
    await writer.drain()
    await asyncio.sleep(0.02)
    second = text.replace(b"raw", b"raX", 1)
    writer.write(text[40:] + second)
    answers = b""
    while answers.count(b"SIP/2.0 200 OK") < 2:
        answers += await asyncio.wait_for(reader.read(4096), 2)
    assert answers.startswith(b"\r\n")
    writer.close()
    await writer.wait_closed()


def test_commas_in_quotes_and_brackets_do_not_separate() -> None:
    assert split_list('"a, b" <sip:x@y;p=1,2>, <sip:z@y>') == ['"a, b" <sip:x@y;p=1,2>', "<sip:z@y>"]


def test_an_address_survives_reading_and_writing() -> None:
    text = '"Ana \\"A\\" Souza" <sip:2001@h;transport=tcp>;tag=1;lr'
    assert str(Address.parse(text)) == text


def test_a_message_survives_reading_and_writing() -> None:
    raw = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    raw += b"To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nX-\xc3\xa4: y\r\nContent-Length: 2\r\n\r\nhi"
    with pytest.raises(MalformedMessage):
        parse(raw[:30])
    good = raw.replace(b"X-\xc3\xa4", b"X-Odd")
    message = parse(good)
    assert isinstance(message, Request)
    assert not message.defect
    assert message.encode() == good
