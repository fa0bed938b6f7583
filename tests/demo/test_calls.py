"""How the demo exchange keeps to RFC 3261 and RFC 3264 within a call and between accounts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.demo.conftest import QUICK
from tests.demo.raw_phone import RawPhone
from tuiphone.demo.call import Call
from tuiphone.demo.exchange import DemoExchange


async def test_a_call_needs_the_password(exchange: DemoExchange, phone: RawPhone) -> None:
    phone.password = "guess"
    await phone.invite("101")
    await phone.expect(403)
    assert exchange.calls == []


async def test_a_stranger_may_not_call(exchange: DemoExchange, phone: RawPhone) -> None:
    phone.user = "4711"
    phone.send(phone.request("INVITE", f"sip:101@127.0.0.1:{exchange.port}", "x", 1, body=phone.sdp()))
    await phone.expect(403)


async def test_a_repeated_invite_is_one_call(exchange: DemoExchange, phone: RawPhone) -> None:
    uri = f"sip:104@127.0.0.1:{exchange.port}"
    leg = await phone.invite("104")
    await phone.expect(180)
    repeated = phone.request("INVITE", uri, leg.call_id, 2, branch=leg.branch, body=phone.sdp())
    phone.send(repeated)
    await phone.expect(180)
    assert len(exchange.calls) == 1


async def test_a_200_is_repeated_until_the_ack_and_without_it_the_call_ends(
    exchange: DemoExchange, phone: RawPhone
) -> None:
    await phone.invite("101")
    for _ in range(3):
        await phone.expect(200, "INVITE")
    bye = await phone.expect("BYE")
    assert "No ACK" in bye.header("Reason")
    phone.reply(bye, "200 OK")
    assert exchange.calls == []


@pytest.mark.parametrize(
    ("offer", "address", "answer"),
    [
        ("a=sendonly\r\n", "127.0.0.1", "a=recvonly"),
        ("a=inactive\r\n", "127.0.0.1", "a=inactive"),
        ("", "0.0.0.0", "a=recvonly"),
    ],
)
async def test_hold_by_the_phone_stops_our_audio_and_resume_starts_it(
    phone: RawPhone, offer: str, address: str, answer: str
) -> None:
    leg = await phone.call("113")
    await phone.until(lambda: len(phone.packets) > 3)
    phone.within(leg, "INVITE", phone.sdp(offer, address=address))
    await phone.answered(leg)
    assert answer in leg.ok.body
    await asyncio.sleep(0.05)
    seen = len(phone.packets)
    await asyncio.sleep(0.15)
    assert len(phone.packets) == seen
    phone.within(leg, "INVITE", phone.sdp())
    await phone.answered(leg)
    assert "a=sendrecv" in leg.ok.body
    await phone.until(lambda: len(phone.packets) > seen + 3)
    assert phone.packets[seen].marker
    await phone.hang_up(leg)


async def test_each_description_counts_its_version_up(phone: RawPhone) -> None:
    leg = await phone.call("101")
    first = leg.ok.body.splitlines()[1].split()
    phone.within(leg, "INVITE", phone.sdp())
    await phone.answered(leg)
    second = leg.ok.body.splitlines()[1].split()
    assert (first[1], int(first[2]) + 1) == (second[1], int(second[2]))
    await phone.hang_up(leg)


async def test_an_invite_without_offer_gets_one_and_the_ack_answers_it(phone: RawPhone) -> None:
    leg = await phone.invite("113", "")
    leg = await phone.answered(leg, ack_body=phone.sdp(codecs="8 101"))
    assert "RTP/AVP 0 8 101" in leg.ok.body
    await phone.until(lambda: len(phone.packets) > 3)
    assert phone.packets[-1].payload_type == 8
    await phone.hang_up(leg)


async def test_a_second_media_line_is_refused_with_port_zero(phone: RawPhone) -> None:
    leg = await phone.call("101", phone.sdp() + "m=video 9 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n")
    assert "m=video 0 RTP/AVP 96" in leg.ok.body
    await phone.hang_up(leg)


@pytest.mark.parametrize("codecs", ["18", "96"])
async def test_no_common_codec_is_488(exchange: DemoExchange, phone: RawPhone, codecs: str) -> None:
    await phone.invite("101", phone.sdp(codecs=codecs))
    await phone.expect(488)
    await phone.until(lambda: exchange.calls == [])


async def test_a_refused_reinvite_leaves_the_call_as_it_was(phone: RawPhone) -> None:
    leg = await phone.call("113")
    phone.within(leg, "INVITE", phone.sdp(codecs="18"))
    await phone.expect(488, "INVITE")
    seen = len(phone.packets)
    await phone.until(lambda: len(phone.packets) > seen + 3)
    await phone.hang_up(leg)


async def test_a_late_request_in_the_wrong_order_is_refused(phone: RawPhone) -> None:
    leg = await phone.call("101")
    leg.cseq = 0
    phone.within(leg, "INFO")
    await phone.expect(500, "INFO")
    leg.cseq = 5
    await phone.hang_up(leg)


async def test_after_bye_the_dialog_is_unknown(phone: RawPhone) -> None:
    leg = await phone.call("101")
    await phone.hang_up(leg)
    phone.within(leg, "INVITE", phone.sdp())
    await phone.expect(481, "INVITE")


async def test_a_session_without_rtp_ends() -> None:
    async with DemoExchange(pauses=replace(QUICK, rtp_timeout_s=0.3)) as exchange, RawPhone(exchange.port) as phone:
        leg = await phone.call("101")
        for _ in range(4):
            await asyncio.sleep(0.15)
            phone.send_rtp(leg, b"\xff" * 160)
        assert exchange.calls
        bye = await phone.expect("BYE")
        assert "No RTP" in bye.header("Reason")


async def test_a_held_call_may_be_silent() -> None:
    async with DemoExchange(pauses=replace(QUICK, rtp_timeout_s=0.2)) as exchange, RawPhone(exchange.port) as phone:
        leg = await phone.call("101")
        phone.within(leg, "INVITE", phone.sdp("a=inactive\r\n"))
        await phone.answered(leg)
        await asyncio.sleep(0.6)
        assert exchange.calls
        await phone.hang_up(leg)


async def test_dialling_the_other_account_rings_it_and_both_talk_directly(
    exchange: DemoExchange, phone: RawPhone, other: RawPhone
) -> None:
    await other.register()
    leg = await phone.invite("2002")
    invite = await other.expect("INVITE")
    assert invite.raw.count(b"Via: ") == 2
    assert b"Proxy-Authorization" not in invite.raw
    assert invite.header("Max-Forwards") == "69"
    other.reply(invite, "180 Ringing")
    ringing = await phone.expect(180)
    assert ringing.raw.count(b"Via: ") == 1
    other.reply(invite, "200 OK", other.sdp())
    leg = await phone.answered(leg)
    assert f"m=audio {other.rtp_port} " in leg.ok.body
    assert exchange.calls == []


async def test_cancelling_a_call_to_the_other_account_stops_its_ringing(phone: RawPhone, other: RawPhone) -> None:
    await other.register()
    leg = await phone.invite("2002")
    invite = await other.expect("INVITE")
    other.reply(invite, "180 Ringing")
    await phone.expect(180)
    phone.send(phone.request("CANCEL", leg.target, leg.call_id, 2, branch=leg.branch))
    await phone.expect(487, "INVITE")
    cancel = await other.expect("CANCEL")
    other.reply(cancel, "200 OK")
    other.reply(invite, "487 Request Terminated")
    await other.expect("ACK")


async def test_two_phones_of_one_account_ring_and_the_loser_is_cancelled(
    exchange: DemoExchange, phone: RawPhone, other: RawPhone
) -> None:
    async with RawPhone(exchange.port, "2002") as third:
        await other.register()
        await third.register()
        leg = await phone.invite("2002")
        first, second = await other.expect("INVITE"), await third.expect("INVITE")
        third.reply(second, "180 Ringing")
        await phone.expect(180)
        other.reply(first, "200 OK", other.sdp())
        await phone.answered(leg)
        await third.expect("CANCEL")


async def test_refusals_of_the_other_account_reach_the_caller(phone: RawPhone, other: RawPhone) -> None:
    await phone.invite("2002")
    await phone.expect(480)
    await other.register()
    await phone.invite("2002")
    other.reply(await other.expect("INVITE"), "486 Busy Here")
    await phone.expect(486)
    await other.expect("ACK")


async def test_the_exchange_says_goodbye_when_it_stops() -> None:
    async with DemoExchange(pauses=QUICK) as exchange, RawPhone(exchange.port) as phone:
        await phone.call("101")
        await phone.until(lambda: bool(exchange.calls))
        closing = asyncio.create_task(exchange.close())
        await phone.expect("BYE")
        await closing


async def test_scripts_can_call_an_account(exchange: DemoExchange, phone: RawPhone) -> None:
    assert exchange.call("2001", "101", _dial) is None
    await phone.register()
    call = exchange.call("2001", "101", _dial)
    assert call
    invite = await phone.expect("INVITE")
    phone.reply(invite, "486 Busy Here")
    await asyncio.wait_for(call.ended.wait(), 1)
    assert call.final_status == 486


async def _dial(call: Call) -> None:
    await call.dial()
