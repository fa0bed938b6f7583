"""Far ends that behave in every way the standards allow, and some that they do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.loopback.farend import Dialog, FarEnd, sdp
from tests.loopback.steps import holding, written
from tests.support.audio import dtmf_digits, level_db, likeness, read_wav, resample, speech, write_wav
from tests.support.rtp import RtpEnd
from tests.support.stackprocess import StackProcess, Start


async def taken(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> tuple[str, Dialog]:
    """Alice calls, the far end answers."""
    call = alice.dial(far.uri)
    dialog = await far.take()
    await far.answer(dialog, sdp(rtp.port))
    await alice.wait("ConfirmedReport", call_id=call)
    return call, dialog


async def answered(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, user: str = "alice", **headers: str
) -> tuple[str, Dialog]:
    """The far end calls, Alice answers."""
    dialog = far.invite(alice.port, user, sdp(rtp.port), **headers)
    call = (await alice.wait("IncomingReport")).call_id
    alice.do("ring", call)
    await far.wait("INVITE", 180)
    alice.do("answer", call)
    await far.until_answered(dialog)
    await alice.wait("ConfirmedReport", call_id=call)
    return str(call), dialog


# what arrives with an INVITE


async def test_an_incoming_call_carries_who_asserts_to_call_and_how_it_wants_to_ring(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd
) -> None:
    dialog = far.invite(
        alice.port,
        "alice",
        sdp(rtp.port, codecs="9 8 0 101"),
        P_Asserted_Identity='"Ana Souza" <sip:2044@pbx.example>',
        Alert_Info="<http://127.0.0.1>;info=alert-autoanswer",
    )
    incoming = await alice.wait("IncomingReport")
    assert incoming.remote == {"uri": "sip:2044@pbx.example", "name": "Ana Souza"}
    assert incoming.headers == {"alert-info": "<http://127.0.0.1>;info=alert-autoanswer"}
    assert incoming.codecs == ["G722", "PCMA", "PCMU"]
    alice.do("hang_up", incoming.call_id, 480)
    assert (await far.wait("INVITE", 480)).code == 480
    far.request(dialog, "ACK")


async def test_an_offer_has_one_audio_line_and_nothing_else(alice: StackProcess, far: FarEnd) -> None:
    call = alice.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    body = dialog.invite.body
    assert body.count("m=") == 1
    assert "PCMU/8000" in body
    assert "telephone-event/8000" in body
    far.respond(dialog, dialog.invite, 486, "Busy Here")
    await alice.wait("EndedReport", call_id=call)


async def test_a_delayed_offer_is_answered_with_one_audio_line(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    dialog = far.invite(alice.port, "alice", "")
    call = (await alice.wait("IncomingReport", codecs=[])).call_id
    alice.do("answer", call)
    answer = await far.until_answered(dialog, acknowledge=False)
    assert answer.body.count("m=") == 1
    far.request(dialog, "ACK", sdp(rtp.port))
    await alice.wait("ConfirmedReport", call_id=call)
    await rtp.until_packets(20)


# hold


@pytest.mark.parametrize(
    ("offer", "their_answer"),
    [
        ({"direction": "sendonly"}, "recvonly"),
        ({"direction": "inactive"}, "inactive"),
        ({"host": "0.0.0.0"}, ""),
        ({"host": "0.0.0.0", "direction": "inactive"}, "inactive"),
    ],
)
async def test_every_dialect_of_a_far_ends_hold(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, offer: dict[str, str], their_answer: str
) -> None:
    call, dialog = await answered(alice, far, rtp)
    far.request(dialog, "INVITE", sdp(rtp.port, **offer))
    answer = await far.wait("INVITE", 200)
    far.request(dialog, "ACK")
    if their_answer:
        assert answer.direction == their_answer
    assert answer.body.count("m=") == 1
    await alice.wait("MediaReport", call_id=call, remote_hold=True)
    await asyncio.sleep(0.15)
    before = len(rtp.packets)
    await asyncio.sleep(0.3)
    assert len(rtp.packets) - before <= 2, "audio is sent to somebody who holds us"
    far.request(dialog, "INVITE", sdp(rtp.port))
    await far.wait("INVITE", 200)
    far.request(dialog, "ACK")
    await alice.wait("MediaReport", call_id=call, remote_hold=False)
    await rtp.until_packets(20)


async def test_our_hold_and_resume_on_the_wire(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    call, dialog = await taken(alice, far, rtp)
    for method, ours, theirs, held in (
        ("hold", "sendonly", "recvonly", True),
        ("resume", "sendrecv", "sendrecv", False),
    ):
        alice.do(method, call)
        request = await far.wait("INVITE")
        assert request.direction == ours
        assert request.body.count("m=") == 1
        far.respond(dialog, request, 200, "OK", sdp(rtp.port, theirs))
        await far.wait("ACK")
        media = await alice.wait("MediaReport", call_id=call)
        assert (holding(media), media.remote_hold) == (held, False)


async def test_a_refused_hold_is_reported_and_kept_in_silence(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, tmp_path: Path
) -> None:
    call, dialog = await taken(alice, far, rtp)
    alice.do("play", call, str(write_wav(tmp_path / "voice.wav", speech(3))), True)
    await rtp.until_packets(50)
    assert level_db(rtp.audio[-6400:]) > -40
    alice.do("hold", call)
    request = await far.wait("INVITE")
    far.respond(dialog, request, 488, "Not Acceptable Here")
    failed = await alice.wait("HoldFailedReport", call_id=call)
    assert (failed.code, failed.resuming) == (488, False)
    await rtp.until_packets(50)
    assert level_db(rtp.audio[-6400:]) < -60, "the far end hears what is said on hold"
    alice.do("resume", call)
    await rtp.until_packets(50)
    assert level_db(rtp.audio[-6400:]) > -40
    invites = [m for m in far.messages if m.method == "INVITE" and m.is_request]
    assert len(invites) == 2, "what was never agreed on needs no negotiation to end"


async def test_an_offer_during_a_call_with_nothing_to_agree_on_gets_488_and_the_call_goes_on(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd
) -> None:
    call, dialog = await taken(alice, far, rtp)
    far.request(dialog, "INVITE", sdp(rtp.port, codecs="9 101"))
    await far.wait("INVITE", 488)
    far.request(dialog, "ACK")
    await rtp.until_packets(20)
    assert not alice.all("EndedReport", call_id=call)


async def test_a_hold_that_collides_is_tried_again(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    call, dialog = await answered(alice, far, rtp)
    alice.do("hold", call)
    first = await far.wait("INVITE")
    far.respond(dialog, first, 491, "Request Pending")
    second = await far.wait("INVITE", where=lambda m: m.header("CSeq") != first.header("CSeq"))
    assert second.direction == "sendonly"
    far.respond(dialog, second, 200, "OK", sdp(rtp.port, "recvonly"))
    await alice.wait("MediaReport", holding, call_id=call)
    assert not alice.all("HoldFailedReport")


async def test_hold_by_both_and_the_last_wish_wins(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    call, dialog = await answered(alice, far, rtp)
    far.request(dialog, "INVITE", sdp(rtp.port, "sendonly"))
    await far.wait("INVITE", 200)
    far.request(dialog, "ACK")
    await alice.wait("MediaReport", call_id=call, remote_hold=True)
    alice.do("hold", call)
    alice.do("resume", call)
    alice.do("hold", call)
    request = await far.wait("INVITE")
    assert request.direction in {"inactive", "sendonly"}
    far.respond(dialog, request, 200, "OK", sdp(rtp.port, "inactive"))
    await far.wait("ACK")
    both = await alice.wait("MediaReport", holding, call_id=call)
    assert both.remote_hold
    await asyncio.sleep(0.3)
    assert len([m for m in far.messages if m.is_request and m.method == "INVITE"]) == 1
    far.request(dialog, "INVITE", sdp(rtp.port))
    await far.wait("INVITE", 200)
    far.request(dialog, "ACK")
    back = await alice.wait("MediaReport", call_id=call, remote_hold=False)
    assert holding(back)


# digits and other requests


@pytest.mark.parametrize(
    ("kind", "body", "digits"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160", "5"),
        ("application/dtmf", "7", "7"),
        ("application/dtmf", "#\r\n", "#"),
        ("application/dtmf", "11", "#"),
    ],
)
async def test_digits_in_info(alice: StackProcess, far: FarEnd, rtp: RtpEnd, kind: str, body: str, digits: str) -> None:
    call, dialog = await answered(alice, far, rtp)
    far.request(dialog, "INFO", body, kind)
    assert (await far.wait("INFO", 200)).code == 200
    arrived = await alice.wait("DtmfReport", call_id=call)
    assert (arrived.digit, arrived.method) == (digits, "info")


async def test_requests_we_do_not_serve_get_a_proper_answer(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    _call, dialog = await answered(alice, far, rtp)
    for method, body, kind, headers, code in (
        ("OPTIONS", "", "", {}, 200),
        ("INFO", "", "", {}, 200),
        ("INFO", "<xml/>", "application/media_control+xml", {}, 415),
        ("NOTIFY", "", "", {"Event": "no-such-event", "Subscription-State": "active"}, 489),
    ):
        far.request(dialog, method, body, kind, **headers)
        assert (await far.wait(method, code)).code == code


# ends


async def test_early_media_is_heard_and_the_cause_of_the_failure_told(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, tmp_path: Path
) -> None:
    call = alice.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    far.respond(dialog, dialog.invite, 183, "Session Progress", sdp(rtp.port))
    progress = await alice.wait("ProgressReport", call_id=call, code=183)
    assert progress.early_media
    heard = tmp_path / "early.wav"
    alice.do("record", call, str(heard))
    sound = speech(1.5, seed=3)
    await rtp.send(sound, dialog.invite.audio_port)
    alice.do("record", call, "")
    far.respond(
        dialog,
        dialog.invite,
        480,
        "Temporarily Unavailable",
        Reason='Q.850;cause=19;text="No answer from user (user alerted)"',
    )
    cause = (await alice.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["code"], cause["q850"]) == ("them", "no_answer", 480, 19)
    assert cause["text"] == "No answer from user (user alerted)"
    await written(heard)
    samples, rate = read_wav(heard)
    assert likeness(sound, resample(samples, rate, 8000), 8000) > 0.9


@pytest.mark.parametrize(
    ("headers", "kind", "text"),
    [
        ({}, "cancelled", ""),
        ({"Reason": 'SIP;cause=200;text="Call completed elsewhere"'}, "elsewhere", "Call completed elsewhere"),
    ],
)
async def test_a_cancelled_ring_says_whether_somebody_else_took_it(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, headers: dict[str, str], kind: str, text: str
) -> None:
    dialog = far.invite(alice.port, "alice", sdp(rtp.port))
    call = (await alice.wait("IncomingReport")).call_id
    alice.do("ring", call)
    await far.wait("INVITE", 180)
    far.request(dialog, "CANCEL", **headers)
    await far.wait("CANCEL", 200)
    await far.wait("INVITE", 487)
    far.request(dialog, "ACK")
    cause = (await alice.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["text"]) == ("them", kind, text)


async def test_a_bye_with_a_reason_hands_it_on(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    call, dialog = await answered(alice, far, rtp)
    far.request(dialog, "BYE", Reason='Q.850;cause=16;text="Normal call clearing"')
    await far.wait("BYE", 200)
    cause = (await alice.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["q850"]) == ("them", "hangup", 16)
    assert cause["text"] == "Normal call clearing"


async def test_a_488_shows_the_far_ends_list(alice: StackProcess, far: FarEnd) -> None:
    call = alice.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    far.respond(dialog, dialog.invite, 488, "Not Acceptable Here", sdp(4000, codecs="9 8"))
    cause = (await alice.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", "no_common_codec", 488)
    assert (cause["our_codecs"], cause["their_codecs"]) == (["PCMU"], ["G722", "PCMA"])


async def test_a_redirection_is_an_end_not_a_new_call(alice: StackProcess, far: FarEnd) -> None:
    call = alice.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    far.respond(dialog, dialog.invite, 302, "Moved Temporarily")
    cause = (await alice.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", "redirected", 302)


async def test_hanging_up_ends_the_call_though_the_far_end_is_gone(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd
) -> None:
    call, _dialog = await taken(alice, far, rtp)
    alice.do("hang_up", call)
    await far.wait("BYE")
    cause = (await alice.wait("EndedReport", call_id=call, timeout=3)).cause
    assert (cause["by"], cause["kind"]) == ("us", "hangup")


async def test_an_answer_that_is_never_acknowledged_ends_as_such(alice: StackProcess, far: FarEnd, rtp: RtpEnd) -> None:
    """RFC 3261 section 13.3.1.4: the answer is repeated for 64 * T1 = 32 s, then the call is ended."""
    dialog = far.invite(alice.port, "alice", sdp(rtp.port))
    call = (await alice.wait("IncomingReport")).call_id
    alice.do("answer", call)
    await far.until_answered(dialog, acknowledge=False)
    cause = (await alice.wait("EndedReport", call_id=call, timeout=40)).cause
    assert (cause["by"], cause["kind"]) == ("network", "no_ack")


# a stream that changes under way


@pytest.mark.parametrize("codecs", ["0 101", "8 101"])
async def test_audio_follows_the_far_end_to_another_port_and_codec(
    start: Start, far: FarEnd, rtp: RtpEnd, tmp_path: Path, codecs: str
) -> None:
    phone = await start("phone", codecs=["PCMU", "PCMA"])
    call, dialog = await answered(phone, far, rtp, user="phone")
    phone.do("play", call, str(write_wav(tmp_path / "voice.wav", speech(2))), True)
    await rtp.until_packets(20)
    async with RtpEnd() as elsewhere:
        far.request(dialog, "INVITE", sdp(elsewhere.port, codecs=codecs))
        await far.wait("INVITE", 200)
        far.request(dialog, "ACK")
        await elsewhere.until_packets(30)
        kinds = {packet.payload_type for packet in elsewhere.packets[5:]}
        assert kinds == {int(codecs.partition(" ")[0])}
        payload = b"".join(packet.payload for packet in elsewhere.packets[5:])
        assert len(set(payload)) > 30, "only silence arrives"


async def test_digits_reach_a_far_end_without_rfc_4733_as_tones_and_the_person_is_told(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd
) -> None:
    call = alice.dial(far.uri)
    dialog = await far.take()
    await far.answer(dialog, sdp(rtp.port, codecs="0"))
    await alice.wait("ConfirmedReport", call_id=call)
    await rtp.until_packets(10)
    alice.do("send_dtmf", call, "59", "rfc4733")
    notice = await alice.wait("StackNotice")
    assert "RFC 4733" in notice.text
    await rtp.until_packets(40)
    assert dtmf_digits(rtp.audio, 8000) == "59"
    assert len(alice.all("StackNotice")) == 1
