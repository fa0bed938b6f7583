"""The real engine on the demo exchange: every number of the plan, as a user would meet it."""

from __future__ import annotations

import wave
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.demo.conftest import QUICK
from tests.support.audio import read_wav
from tests.support.phone import Phone
from tests.support.process import until
from tuiphone.demo.dtmf import Detector
from tuiphone.demo.exchange import ACCOUNTS, DemoExchange
from tuiphone.model.account import DtmfMethod, RegistrationState
from tuiphone.model.call import CallState, EndedBy, EndKind

pytestmark = pytest.mark.pjsua


@pytest_asyncio.fixture
async def running() -> AsyncIterator[DemoExchange]:
    # Long enough for an engine that is short of time: these tests are about what happens, not how fast.
    async with DemoExchange(pauses=replace(QUICK, ring_s=0.2, digits_s=0.6, hang_up_s=0.8, hold_s=0.8)) as exchange:
        yield exchange


@pytest_asyncio.fixture
async def engine(running: DemoExchange, tmp_path: Path) -> AsyncIterator[Phone]:
    accounts = [
        {"id": user, "address": f"sip:{user}@127.0.0.1:{running.port}", "password": password}
        for user, password in ACCOUNTS.items()
    ]
    async with Phone(tmp_path / "phone", accounts) as phone:
        for user in ACCOUNTS:
            await phone.until_account(user, RegistrationState.REGISTERED)
        yield phone


@pytest.mark.parametrize(
    ("number", "kind", "by"),
    [
        ("103", EndKind.BUSY, EndedBy.THEM),
        ("107", EndKind.HANGUP, EndedBy.THEM),
        ("109", EndKind.UNAVAILABLE, EndedBy.THEM),
        ("110", EndKind.DECLINED, EndedBy.THEM),
        ("111", EndKind.NO_COMMON_CODEC, EndedBy.THEM),
        ("999", EndKind.NOT_FOUND, EndedBy.THEM),
    ],
)
async def test_calls_that_the_exchange_ends(engine: Phone, number: str, kind: EndKind, by: EndedBy) -> None:
    ended = await engine.until_ended(await engine.api.dial(number))
    assert ended.end
    assert (ended.end.kind, ended.end.by) == (kind, by)


async def test_an_announcement_is_early_media(engine: Phone) -> None:
    call = await engine.api.dial("109")
    await engine.until_ended(call)
    states = [now.state for now in engine.history(call)]
    assert CallState.EARLY_MEDIA in states
    assert CallState.TALKING not in states


async def test_no_answer_rings_until_it_is_cancelled(engine: Phone, running: DemoExchange) -> None:
    call = await engine.api.dial("104")
    await engine.until(call, CallState.RINGING)
    await engine.api.hang_up(call)
    ended = await engine.until_ended(call)
    assert ended.end and ended.end.kind is EndKind.CANCELLED
    await until(lambda: not running.calls, 5, "the exchange forgets the call")


@pytest.mark.parametrize("method", [DtmfMethod.RFC4733, DtmfMethod.INFO])
async def test_digits_come_back_the_way_they_were_sent(engine: Phone, method: DtmfMethod) -> None:
    call = await engine.talk("105")
    await engine.api.send_dtmf("159*0#D", call.id, method)
    await until(lambda: engine.digits(call.id) == "159*0#D", 15, "the digits come back")
    await engine.api.hang_up(call.id)


async def test_digits_in_the_audio_come_back_in_the_audio(engine: Phone, running: DemoExchange, tmp_path: Path) -> None:
    call = await engine.talk("105")
    ear = tmp_path / "ear.wav"
    await until(lambda: running.calls and running.calls[0].media.stream.on_audio, 5, "the exchange listens")
    await engine.api.record(str(ear), call.id)
    await engine.api.send_dtmf("2580", call.id, DtmfMethod.INBAND)
    # It stops listening while it plays.
    await until(lambda: running.calls[0].media.stream.on_audio is None, 10, "the digits are played back")
    await until(lambda: running.calls[0].media.stream.on_audio is not None, 10, "they are played")
    await engine.api.hang_up(call.id)
    await until(lambda: _digits_in(ear) == "2580", 5, "the tones are in the recording")


def _digits_in(recording: Path) -> str:
    try:
        samples, rate = read_wav(recording)
    except (OSError, EOFError, wave.Error):
        return ""  # not closed yet
    return Detector().feed(array("h", [int(s * 32767) for s in samples[:: rate // 8000]]))


async def test_being_held_in_each_dialect_is_seen(engine: Phone) -> None:
    call = await engine.talk("108")
    for _ in range(3):
        await engine.until(call.id, lambda c: c.remote_hold, what="held by the exchange")
        await engine.until(call.id, lambda c: not c.remote_hold, what="taken back")
    assert sum(
        b.remote_hold and not a.remote_hold
        for a, b in zip(engine.history(call.id), engine.history(call.id)[1:], strict=False)
    ) == 3  # fmt: skip
    await engine.api.hang_up(call.id)


async def test_one_account_calls_the_other(engine: Phone) -> None:
    call = await engine.api.dial("2002", "2001")
    ringing = await engine.incoming()
    assert (ringing.account_id, ringing.remote.number) == ("2002", "2001")
    await engine.api.answer(ringing.id)
    await engine.until(call, CallState.TALKING)
    await engine.api.hang_up(call)
    assert (await engine.until_ended(ringing.id)).end
