"""Two phones whose owners press every key in any order: whatever they do, the phones keep their promises."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.process import until
from tuiphone.controller.api import PhoneApi
from tuiphone.errors import PhoneError
from tuiphone.model.account import DtmfMethod
from tuiphone.model.call import EndedBy, EndKind

CODECS = ("opus", "G722", "PCMU", "PCMA")
SECONDS = 20
Act = Callable[[PhoneApi, str, random.Random], Awaitable[object]]

ACTS: tuple[Act, ...] = (
    lambda phone, call, chance: phone.answer(call),
    lambda phone, call, chance: phone.answer(call),
    lambda phone, call, chance: phone.decline(call),
    lambda phone, call, chance: phone.hang_up(call),
    lambda phone, call, chance: phone.hold(call),
    lambda phone, call, chance: phone.resume(call),
    lambda phone, call, chance: phone.swap(),
    lambda phone, call, chance: phone.mute(call),
    lambda phone, call, chance: phone.send_dtmf("1#", call),
    lambda phone, call, chance: phone.set_dtmf_method(chance.choice(list(DtmfMethod)), call),
    lambda phone, call, chance: phone.set_codecs(tuple(chance.sample(CODECS, chance.randint(2, len(CODECS))))),
    lambda phone, call, chance: phone.set_processing(noise_suppression=chance.random() < 0.5),
)


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_two_people_do_their_phones_agree(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    sections = {"audio": {"null_audio": True, "codecs": list(CODECS)}}
    async with (
        Phone(tmp_path / "ana", sections=sections) as ana,
        Phone(tmp_path / "rui", sections=sections) as rui,
    ):
        loop = asyncio.get_running_loop()
        end = loop.time() + SECONDS
        while loop.time() < end:
            phone, other = chance.choice([(ana, rui), (rui, ana)])
            live = [call.id for call in phone.calls.values() if not call.is_over]
            call = chance.choice(["", *live])
            with suppress(PhoneError):  # most keys make no sense most of the time, and are refused with a sentence
                if chance.random() < 0.15:
                    await phone.api.dial(other.address)
                else:
                    await chance.choice(ACTS)(phone.api, call, chance)
            for phone in (ana, rui):
                talking = [call for call in (await phone.api.snapshot()).calls if call.is_talking]
                assert len(talking) <= 1, "one microphone, two conversations"
            await asyncio.sleep(chance.choice([0, 0, 0.02, 0.1]))
        await _hang_everything_up(ana, rui)
        await _agree(ana, rui)


async def _hang_everything_up(*phones: Phone) -> None:
    async def nothing_left() -> bool:
        for phone in phones:
            for call in (await phone.api.snapshot()).calls:
                with suppress(PhoneError):
                    await phone.api.hang_up(call.id)
        return not any([(await phone.api.snapshot()).calls for phone in phones])

    for _attempt in range(50):
        if await nothing_left():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("calls are left")


async def _agree(ana: Phone, rui: Phone) -> None:
    """Every call that reached the other side ended there too, and nobody was cut off by the phones themselves."""
    ends = [{c.sip_call_id: c.end for c in phone.calls.values() if c.sip_call_id} for phone in (ana, rui)]
    common = ends[0].keys() & ends[1].keys()
    assert len(common) >= 5, "hardly a call was made"
    await until(lambda: all(c.is_over for p in (ana, rui) for c in p.calls.values()), 5, "every end was told")
    for phone in (ana, rui):
        for call in phone.calls.values():
            assert call.end is not None
            assert call.end.by is not EndedBy.NETWORK, call
            assert call.end.kind is not EndKind.FAILED, call
        log = phone.log(100_000)
        assert "Traceback" not in log
        assert "refused the move" not in log
