"""Hold in every dialect, early media, offers that come late, and digits, with SIPp's messages and RTP of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.audio import likeness, likeness_of_files, speech, write_wav
from tests.support.phone import Phone, complete_wav
from tests.support.process import until
from tests.support.rtp import RtpEnd, audio_port
from tests.support.scenario import Scenario, answering, sdp
from tests.support.sipp import Sipp
from tuiphone.model.account import DtmfMethod
from tuiphone.model.call import CallState
from tuiphone.model.event import DtmfReceived

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

RELAY = "application/dtmf-relay"


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (sdp("sendonly", version=2), "a=recvonly"),
        (sdp("inactive", version=2), "a=inactive"),
        (sdp("sendrecv", address="0.0.0.0", version=2), "m=audio"),
    ],
    ids=["sendonly", "inactive", "zero-address"],
)
async def test_the_far_end_holds_in_its_dialect(tmp_path: Path, offer: str, answer: str) -> None:
    scenario = (
        answering()
        .pause(600)
        .invite(offer)
        .answered(200, expect=answer)
        .ack()
        .pause(1500)
        .invite(sdp(version=3))
        .answered(200, expect="a=sendrecv")
        .ack()
        .until_bye()
    )
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.talk(sipp.address)
        await rtp.until_packets(10)
        held = await phone.until(call.id, lambda c: c.remote_hold, what="held")
        assert not held.local_hold
        assert held.state is CallState.TALKING
        assert await rtp.rate() <= 2, "nothing is sent to a far end that holds"
        await phone.until(call.id, lambda c: not c.remote_hold, what="resumed")
        await rtp.until_packets(20)
        await phone.api.hang_up()
        await sipp.finish()


async def test_holds_the_far_end_with_sendonly_and_resumes(tmp_path: Path) -> None:
    scenario = (
        answering()
        .receive("INVITE", expect="a=sendonly")
        .reply(200, "OK", sdp=sdp("recvonly", version=2))
        .receive("ACK")
        .receive("INVITE", expect="a=sendrecv")
        .reply(200, "OK", sdp=sdp(version=3))
        .receive("ACK")
        .until_bye()
    )
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.talk(sipp.address)
        await phone.api.hold()
        await phone.until(call.id, lambda c: c.media is not None and c.media.direction == "sendonly", what="holding")
        await phone.api.resume()
        await phone.until(call.id, lambda c: c.media is not None and c.media.direction == "sendrecv", what="resumed")
        await rtp.until_packets(10)
        await phone.api.hang_up()
        await sipp.finish()


async def test_a_refused_hold_is_a_hold_all_the_same_and_is_told(tmp_path: Path) -> None:
    scenario = (
        answering().receive("INVITE", expect="a=sendonly").reply(488, "Not Acceptable Here").receive("ACK").until_bye()
    )
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(sipp.address)
        await phone.api.hold()
        await until(lambda: any("refused" in text for text in phone.notices), 5, "a notice")
        assert phone.calls[call.id].is_held
        await phone.api.resume()
        await phone.until(call.id, lambda c: c.is_talking, what="talking again")
        await phone.api.hang_up()
        await sipp.finish()


async def test_early_media_is_heard_before_the_answer(tmp_path: Path) -> None:
    announcement = speech(1.5, seed=7)
    said = write_wav(tmp_path / "said.wav", announcement)
    heard = tmp_path / "heard.wav"
    scenario = (
        Scenario()
        .receive("INVITE")
        .reply(183, "Session Progress", sdp=sdp())
        .pause(2200)
        .reply(200, "OK", sdp=sdp())
        .receive("ACK")
        .until_bye()
    )
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.api.dial(sipp.address, record=str(heard))
        port = audio_port(await sipp.until_received("INVITE"))
        await phone.until(call, CallState.EARLY_MEDIA)
        await rtp.send(announcement, port)
        talking = await phone.until(call, CallState.TALKING)
        assert [c.state for c in phone.history(call)].index(CallState.EARLY_MEDIA) >= 0
        assert talking.answered_at is not None
        await phone.api.hang_up()
        await phone.until_ended(call)
        await sipp.finish()
        assert likeness_of_files(said, await complete_wav(heard)) > 0.9


async def test_early_media_that_ends_in_a_refusal(tmp_path: Path) -> None:
    scenario = (
        Scenario()
        .receive("INVITE")
        .reply(183, "Session Progress", sdp=sdp())
        .pause(300)
        .reply(486, "Busy Here")
        .receive("ACK")
    )
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(sipp.address)
        await phone.until(call, CallState.EARLY_MEDIA)
        ended = await phone.until_ended(call)
        assert ended.answered_at is None
        assert ended.end is not None
        assert ended.end.code == 486
        await sipp.finish()


async def test_an_invite_without_an_offer_gets_ours_in_the_answer(tmp_path: Path) -> None:
    ours = speech(1.5, seed=8)
    said = write_wav(tmp_path / "said.wav", ours)
    scenario = Scenario().invite().answered(200, expect="m=audio").ack(sdp()).until_bye()
    async with (
        Phone(tmp_path / "phone") as phone,
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, phone.host, rtp_port=rtp.port) as sipp,
    ):
        ringing = await phone.incoming()
        await phone.api.answer()
        await phone.until(ringing.id, CallState.TALKING)
        await phone.until(ringing.id, lambda c: c.media is not None and c.media.codec == "PCMU", what="audio")
        await phone.api.play(str(said))
        await rtp.until_packets(90)
        await phone.api.hang_up()
        await sipp.finish()
        assert likeness(ours, rtp.audio, 8000) > 0.9


async def test_an_offer_in_a_later_invite_without_a_body(tmp_path: Path) -> None:
    scenario = answering().pause(300).invite().answered(200, expect="m=audio").ack(sdp(version=2)).until_bye()
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.talk(sipp.address)
        await until(lambda: len(sipp.received("ACK")) >= 1 and "INVITE" in sipp.messages, 5, "the call")
        await rtp.until_packets(60)
        assert phone.calls[call.id].state is CallState.TALKING
        assert not phone.calls[call.id].remote_hold
        await phone.api.hang_up()
        await sipp.finish()


async def test_our_digits_as_rfc_4733_events_on_the_wire(tmp_path: Path) -> None:
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", answering().until_bye(), rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        await phone.talk(sipp.address)
        await rtp.until_packets(5)
        await phone.api.send_dtmf("1A#,0")
        await until(lambda: len(rtp.digits) >= 4, 6, "four events")
        assert rtp.digits == "1A#0"
        await phone.api.hang_up()
        await sipp.finish()


async def test_our_digits_as_sip_info(tmp_path: Path) -> None:
    scenario = answering()
    for digit in ("7", r"\*", "D"):
        scenario.receive("INFO", expect=f"Signal= *{digit}").reply(200, "OK")
    async with (
        Sipp(tmp_path / "sipp", scenario.until_bye()) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.talk(sipp.address)
        await phone.api.set_dtmf_method(DtmfMethod.INFO)
        await phone.api.send_dtmf("7*D")
        await until(lambda: len(sipp.received("INFO")) == 3, 6, "three INFO requests")
        assert all(RELAY in message for message in sipp.received("INFO"))
        assert phone.calls[call.id].dtmf is DtmfMethod.INFO
        await phone.api.hang_up()
        await sipp.finish()


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        (RELAY, "Signal=5\nDuration=160", "5"),
        (RELAY, "Signal= #\nDuration= 160", "#"),
        ("application/dtmf", "9", "9"),
    ],
)
async def test_a_digit_in_sip_info_is_an_event(tmp_path: Path, kind: str, body: str, digit: str) -> None:
    scenario = answering().pause(200).request("INFO", body=body, kind=kind).answered(200).until_bye()
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(sipp.address)
        received = await phone.until_event(DtmfReceived, lambda event: event.call_id == call.id)
        assert (received.digit, received.method) == (digit, DtmfMethod.INFO)
        await phone.api.hang_up()
        await sipp.finish()


async def test_an_info_that_carries_no_digit_is_answered_and_the_call_goes_on(tmp_path: Path) -> None:
    scenario = (
        answering()
        .request("INFO", body="Signal=\nDuration=x", kind=RELAY)
        .any_answer()
        .request("INFO", body="hello", kind="text/plain")
        .any_answer()
        .request("OPTIONS")
        .answered(200)
        .until_bye()
    )
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(sipp.address)
        await until(lambda: "OPTIONS" in sipp.messages, 5, "OPTIONS")
        assert phone.digits(call.id) == ""
        assert phone.calls[call.id].state is CallState.TALKING
        await phone.api.hang_up()
        await sipp.finish()


async def test_muting_sends_silence_and_the_far_end_still_gets_packets(tmp_path: Path) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(4, seed=9))
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", answering().until_bye(), rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        await phone.api.dial(sipp.address, play=str(ours))
        await rtp.until_packets(40)
        assert await phone.api.mute()
        await rtp.until_packets(10)
        begin = len(rtp.audio)
        await rtp.until_packets(40)
        silent = rtp.audio[begin:]
        assert abs(silent).max() < 0.001
        assert not await phone.api.mute()
        await rtp.until_packets(60)
        assert abs(rtp.audio[-4800:]).max() > 0.05
        await phone.api.hang_up()
        await sipp.finish()
