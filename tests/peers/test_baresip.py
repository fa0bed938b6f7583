"""Calls with Debian's baresip: both ways, speech, hold, digits, busy, cancel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.audio import dtmf_digits, likeness_of_files, read_wav, speech, write_wav
from tests.support.baresip import Baresip
from tests.support.kamailio import Kamailio
from tests.support.phone import Phone, complete_wav, registered_account
from tests.support.process import until
from tuiphone.model.account import DtmfMethod, RegistrationState
from tuiphone.model.call import CallState, EndedBy, EndKind
from tuiphone.model.event import DtmfReceived

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]


async def test_dials_baresip_and_both_hear_each_other(tmp_path: Path) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=1))
    theirs = write_wav(tmp_path / "theirs.wav", speech(3, seed=2))
    heard = tmp_path / "heard.wav"
    async with (
        Baresip(tmp_path / "baresip", speech=theirs, answer="auto") as baresip,
        Phone(tmp_path / "phone") as phone,
    ):
        call = await phone.api.dial(baresip.address, play=str(ours), record=str(heard))
        talking = await phone.until(call, CallState.TALKING)
        assert talking.media is not None
        assert (talking.media.codec, talking.media.clock_hz, talking.media.direction) == ("PCMU", 8000, "sendrecv")
        await baresip.until_heard(4.6)
        await phone.api.hang_up()
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.US, EndKind.HANGUP)
        await baresip.until_event("CALL_CLOSED")
        assert likeness_of_files(ours, await baresip.heard()) > 0.9
        assert likeness_of_files(theirs, await complete_wav(heard)) > 0.9


async def test_is_called_by_baresip_and_both_hear_each_other(tmp_path: Path) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=3))
    theirs = write_wav(tmp_path / "theirs.wav", speech(3, seed=4))
    heard = tmp_path / "heard.wav"
    async with (
        Baresip(tmp_path / "baresip", user="carol", speech=theirs) as baresip,
        Phone(tmp_path / "phone") as phone,
    ):
        await baresip.dial(phone.address)
        ringing = await phone.incoming()
        assert "carol" in ringing.remote.uri
        await baresip.until_event("CALL_RINGING")
        await phone.api.answer()
        await phone.until(ringing.id, CallState.TALKING)
        await phone.api.record(str(heard))
        await phone.api.play(str(ours))
        await baresip.until_heard(4.6)
        await baresip.hang_up()
        ended = await phone.until_ended(ringing.id)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.THEM, EndKind.HANGUP)
        assert likeness_of_files(ours, await baresip.heard()) > 0.9
        assert likeness_of_files(theirs, await complete_wav(heard)) > 0.9


@pytest.mark.parametrize("codec", ["PCMA", "G722", "opus"])
async def test_agrees_with_baresip_on_a_codec(tmp_path: Path, codec: str) -> None:
    module = {"PCMA": "g711", "G722": "g722", "opus": "opus"}[codec]
    ours = write_wav(tmp_path / "ours.wav", speech(2.5))
    async with (
        Baresip(tmp_path / "baresip", answer="auto", codecs=(module,)) as baresip,
        Phone(tmp_path / "phone", sections={"audio": {"codecs": [codec]}}) as phone,
    ):
        call = await phone.api.dial(baresip.address, play=str(ours))
        talking = await phone.until(call, CallState.TALKING)
        assert talking.media is not None
        assert talking.media.codec == codec
        await baresip.until_heard(3)
        await phone.api.hang_up()
        await baresip.until_event("CALL_CLOSED")
        # Opus does not keep the waveform, only the sound.
        assert likeness_of_files(ours, await baresip.heard()) > (0.8 if codec == "opus" else 0.9)


async def test_the_far_end_holds_and_resumes(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(baresip.address)
        await baresip.hold()
        held = await phone.until(call.id, lambda c: c.remote_hold, what="held by the far end")
        assert held.media is not None
        assert held.media.direction == "recvonly"
        assert not held.local_hold
        await baresip.resume()
        back = await phone.until(call.id, lambda c: not c.remote_hold, what="resumed by the far end")
        assert back.media is not None
        assert back.media.direction == "sendrecv"
        await phone.api.hang_up()
        await phone.until_ended(call.id)


async def test_holds_the_far_end_and_both_at_once(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(baresip.address)
        await phone.api.hold()
        await phone.until(call.id, lambda c: c.media is not None and c.media.direction == "sendonly", what="holding")
        await baresip.hold()
        await phone.until(call.id, lambda c: c.local_hold and c.remote_hold, what="both hold")
        await phone.api.resume()
        await phone.until(call.id, lambda c: not c.local_hold and c.remote_hold, what="only they hold")
        await baresip.resume()
        await phone.until(
            call.id,
            lambda c: not c.remote_hold and c.media is not None and c.media.direction == "sendrecv",
            what="nobody holds",
        )
        await phone.api.hang_up()
        await phone.until_ended(call.id)


@pytest.mark.parametrize("method", [DtmfMethod.RFC4733, DtmfMethod.INFO])
async def test_baresip_receives_our_digits(tmp_path: Path, method: DtmfMethod) -> None:
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(baresip.address)
        await baresip.until_event("CALL_RTPESTAB")
        await phone.api.send_dtmf("159*#D0", method=method)
        await until(lambda: len(baresip.digits) >= 7, 8, "seven digits at baresip")
        assert baresip.digits == "159*#D0"
        assert phone.calls[call.id].dtmf_sent == 7
        await phone.api.hang_up()


async def test_baresip_hears_our_digits_as_tones(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip, Phone(tmp_path / "phone") as phone:
        await phone.talk(baresip.address)
        await baresip.until_event("CALL_RTPESTAB")
        await phone.api.send_dtmf("2580A#", method=DtmfMethod.INBAND)
        await baresip.until_heard(3)
        await phone.api.hang_up()
        await baresip.until_event("CALL_CLOSED")
        assert dtmf_digits(*read_wav(await baresip.heard())) == "2580A#"
        assert baresip.digits == "", "the tones travel in the audio only"


async def test_digits_of_baresip_are_events(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.talk(baresip.address)
        await baresip.send_digits("42#A")
        await until(lambda: phone.digits(call.id) == "42#A", 5, "the digits as events")
        methods = {event.method for event in phone.events if isinstance(event, DtmfReceived)}
        assert methods == {DtmfMethod.RFC4733}
        assert phone.calls[call.id].dtmf_received == "42#A"
        await phone.api.hang_up()


async def test_baresip_is_busy(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(baresip.address)
        await phone.until(call, CallState.RINGING)
        await baresip.hang_up()
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind, ended.end.code) == (EndedBy.THEM, EndKind.BUSY, 486)


async def test_cancels_a_call_that_rings_at_baresip(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip") as baresip, Phone(tmp_path / "phone") as phone:
        call = await phone.api.dial(baresip.address)
        await phone.until(call, CallState.RINGING)
        await phone.api.hang_up()
        ended = await phone.until_ended(call)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.US, EndKind.CANCELLED)
        await baresip.until_event("CALL_CLOSED")


async def test_baresip_cancels_a_call_that_rings_here(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip") as baresip, Phone(tmp_path / "phone") as phone:
        await baresip.dial(phone.address)
        ringing = await phone.incoming()
        await baresip.hang_up()
        ended = await phone.until_ended(ringing.id)
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.THEM, EndKind.CANCELLED)
        assert (await phone.api.history(missed=True))[0].call_id == ringing.id


@pytest.mark.parametrize("code", [486, 480, 603])
async def test_declines_baresip_with_the_chosen_answer(tmp_path: Path, code: int) -> None:
    async with Baresip(tmp_path / "baresip") as baresip, Phone(tmp_path / "phone") as phone:
        await baresip.dial(phone.address)
        ringing = await phone.incoming()
        await phone.api.decline(code=code)
        closed = await baresip.until_event("CALL_CLOSED")
        assert str(code) in closed.param
        ended = await phone.until_ended(ringing.id)
        assert ended.end is not None
        assert ended.end.by is EndedBy.US


async def test_do_not_disturb_really_rejects(tmp_path: Path) -> None:
    async with Baresip(tmp_path / "baresip") as baresip, Phone(tmp_path / "phone") as phone:
        await phone.api.set_dnd(True)
        await baresip.dial(phone.address)
        assert "486" in (await baresip.until_event("CALL_CLOSED")).param
        assert not phone.calls
        rows = await phone.api.history()
        assert [row.end.kind for row in rows if row.end] == [EndKind.DND]


async def test_nobody_answers_behind_the_registrar(tmp_path: Path) -> None:
    users = {"alice": "secret", "bob": "hidden"}
    async with Kamailio(tmp_path / "kamailio", users, ring_s=2) as registrar:
        line = f"<sip:bob@{registrar.host}>;auth_pass=hidden;regint=60"
        account = registered_account("alice", registrar.host, "secret")
        async with (
            Baresip(tmp_path / "baresip", user="bob", account=line) as baresip,
            Phone(tmp_path / "phone", [account]) as phone,
        ):
            await registrar.until_registered("bob")
            await phone.until_account("alice", RegistrationState.REGISTERED)
            call = await phone.api.dial("bob")
            await phone.until(call, CallState.RINGING)
            ended = await phone.until_ended(call)
            assert ended.end is not None
            assert (ended.end.by, ended.end.kind, ended.end.code) == (EndedBy.THEM, EndKind.NO_ANSWER, 408)
            await baresip.until_event("CALL_CLOSED")
