"""Why a call ended, as SIPp's exact messages say it, in one line for the person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.scenario import Scenario, answering, sdp
from tests.support.sipp import Sipp
from tuiphone import texts
from tuiphone.model.call import CallState, EndedBy, EndKind

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]


def refusing(code: int, phrase: str, *headers: str, body: str = "") -> Scenario:
    return Scenario().receive("INVITE").reply(code, phrase, *headers, sdp=body).receive("ACK")


@pytest.mark.parametrize(
    ("code", "phrase", "kind", "words"),
    [
        (486, "Busy Here", EndKind.BUSY, "busy"),
        (600, "Busy Everywhere", EndKind.BUSY, "busy"),
        (603, "Decline", EndKind.DECLINED, "declined"),
        (404, "Not Found", EndKind.NOT_FOUND, "There is no"),
        (480, "Temporarily Unavailable", EndKind.UNAVAILABLE, "cannot be reached"),
        (403, "Forbidden", EndKind.FORBIDDEN, "not allow"),
        (408, "Request Timeout", EndKind.NO_ANSWER, "did not answer"),
        (503, "Service Unavailable", EndKind.UNAVAILABLE, "503"),
        (302, "Moved Temporarily", EndKind.REDIRECTED, "redirected"),
    ],
)
async def test_a_refusal_is_told_in_words(tmp_path: Path, code: int, phrase: str, kind: EndKind, words: str) -> None:
    async with Sipp(tmp_path / "sipp", refusing(code, phrase)) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(sipp.address)
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind, ended.end.code) == (EndedBy.THEM, kind, code)
        assert words in texts.end_sentence(ended)
        await sipp.finish()


async def test_the_q850_cause_of_a_refusal_is_told(tmp_path: Path) -> None:
    scenario = refusing(480, "Temporarily Unavailable", 'Reason: Q.850;cause=17;text="User busy"')
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        ended = await phone.until_ended(await phone.api.dial(sipp.address))
        assert ended.end is not None
        assert (ended.end.q850, ended.end.kind) == (17, EndKind.BUSY)
        assert "Q.850 17: user busy" in texts.end_sentence(ended)
        await sipp.finish()


async def test_the_q850_cause_of_a_bye_is_told(tmp_path: Path) -> None:
    reason = 'Reason: Q.850;cause=38;text="Network out of order"'
    async with (
        Sipp(tmp_path / "sipp", answering().pause(300).bye(reason)) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.talk(sipp.address)
        ended = await phone.until_ended(call.id)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind, ended.end.q850) == (EndedBy.THEM, EndKind.HANGUP, 38)
        assert "Q.850 38: network out of order" in texts.end_sentence(ended)
        await sipp.finish()


async def test_488_shows_the_codecs_of_both_ends(tmp_path: Path) -> None:
    theirs = sdp(codecs=("4 G723/8000", "18 G729/8000"))
    async with (
        Sipp(tmp_path / "sipp", refusing(488, "Not Acceptable Here", body=theirs)) as sipp,
        Phone(tmp_path / "phone") as phone,
    ):
        ended = await phone.until_ended(await phone.api.dial(sipp.address))
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind, ended.end.code) == (EndedBy.THEM, EndKind.NO_COMMON_CODEC, 488)
        assert [c.split("/")[0] for c in ended.end.our_codecs] == ["PCMU", "PCMA"]
        assert [c.split("/")[0] for c in ended.end.their_codecs] == ["G723", "G729"]
        sentence = texts.end_sentence(ended)
        assert sentence.index("PCMU") < sentence.index("G723")
        await sipp.finish()


async def test_an_offer_without_a_codec_of_ours_gets_488_and_is_told(tmp_path: Path) -> None:
    scenario = Scenario().invite(sdp(codecs=("4 G723/8000", "18 G729/8000"))).answered(488).ack()
    async with Phone(tmp_path / "phone") as phone:
        async with Sipp(tmp_path / "sipp", scenario, phone.host) as sipp:
            await sipp.finish()
        (row,) = await phone.api.history()
        assert row.end is not None
        assert row.end.kind is EndKind.NO_COMMON_CODEC
        assert [c.split("/")[0] for c in row.end.their_codecs] == ["G723", "G729"]
        assert [c.split("/")[0] for c in row.end.our_codecs] == ["PCMU", "PCMA"]


async def test_an_answer_without_a_common_codec_ends_the_call(tmp_path: Path) -> None:
    scenario = (
        Scenario().receive("INVITE").reply(200, "OK", sdp=sdp(codecs=("18 G729/8000",))).receive("BYE").reply(200, "OK")
    )
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        ended = await phone.until_ended(await phone.api.dial(sipp.address))
        assert ended.end is not None
        assert ended.end.kind is EndKind.NO_COMMON_CODEC
        await sipp.finish()


async def test_a_call_that_was_answered_elsewhere_is_not_a_far_end_that_gave_up(tmp_path: Path) -> None:
    scenario = (
        Scenario()
        .invite(sdp())
        .answered(180)
        .pause(300)
        .request("CANCEL", 'Reason: SIP;cause=200;text="Call completed elsewhere"')
        .answered(200)
        .answered(487)
        .ack()
    )
    async with Phone(tmp_path / "phone") as phone, Sipp(tmp_path / "sipp", scenario, phone.host) as sipp:
        ringing = await phone.incoming()
        ended = await phone.until_ended(ringing.id)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.THEM, EndKind.ELSEWHERE)
        assert await phone.api.history(missed=True) == ()
        assert (await phone.api.snapshot()).missed == 0
        await sipp.finish()


async def test_cancelling_a_call_that_rings(tmp_path: Path) -> None:
    scenario = (
        Scenario()
        .receive("INVITE")
        .reply(180, "Ringing")
        .receive("CANCEL")
        .reply(200, "OK")
        .reply(487, "Request Terminated", invite=True)
        .receive("ACK")
    )
    async with Sipp(tmp_path / "sipp", scenario) as sipp, Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(sipp.address)
        await phone.until(call, CallState.RINGING)
        await phone.api.hang_up()
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.US, EndKind.CANCELLED)
        await sipp.finish()


async def test_a_200_that_nobody_acknowledges_ends_with_bye_and_says_so(tmp_path: Path) -> None:
    scenario = Scenario().invite(sdp()).answered(200).receive("BYE").reply(200, "OK")
    async with Phone(tmp_path / "phone") as phone, Sipp(tmp_path / "sipp", scenario, phone.host, timeout_s=60) as sipp:
        ringing = await phone.incoming()
        await phone.api.answer()
        ended = await phone.until_ended(ringing.id, timeout_s=40)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.NETWORK, EndKind.NO_ACK)
        assert "no ACK" in texts.end_sentence(ended)
        await sipp.finish()


async def test_nobody_at_the_address(tmp_path: Path) -> None:
    from tests.support.ports import LOOPBACK, free_port

    async with Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(f"sip:nobody@{LOOPBACK}:{free_port()};transport=tcp")
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.NETWORK, EndKind.UNREACHABLE)
