from __future__ import annotations

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import Config, PhoneSection
from tuiphone.controller.ports import Tone
from tuiphone.model.device import DeviceRole

RING = (Tone.RING, DeviceRole.RING)
WAITING = (Tone.CALL_WAITING, DeviceRole.OUTPUT)
RINGBACK = (Tone.RINGBACK, DeviceRole.OUTPUT)
BUSY = (Tone.BUSY, DeviceRole.OUTPUT)


async def test_an_incoming_call_rings_on_the_ring_device_until_answered() -> None:
    async with bench() as desk:
        desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.tones == {RING}
        await desk.phone.answer()
        await desk.settle()
        assert desk.stack.tones == set()


async def test_during_a_call_another_one_only_knocks() -> None:
    async with bench() as desk:
        await desk.phone.dial("answer")
        await desk.settle()
        desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.tones == {WAITING}


async def test_the_knocking_can_be_switched_off() -> None:
    config = Config(phone=PhoneSection(call_waiting_tone=False), accounts=(SALES, DESK))
    async with bench(config) as desk:
        await desk.phone.dial("answer")
        await desk.settle()
        desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.tones == set()


async def test_ringback_plays_until_the_far_end_sends_audio_or_answers() -> None:
    async with bench() as desk:
        call = await desk.phone.dial("2044")
        await desk.settle()
        assert desk.stack.tones == {RINGBACK}
        desk.stack.far_answers(call)
        await desk.settle()
        assert desk.stack.tones == set()
        await desk.phone.dial("early")
        await desk.settle()
        assert desk.stack.tones == set()


async def test_a_busy_far_end_is_heard_for_three_seconds() -> None:
    async with bench() as desk:
        await desk.phone.dial("busy")
        await desk.settle()
        assert desk.stack.tones == {BUSY}
        desk.clock.advance(3.1)
        assert desk.stack.tones == set()


async def test_a_new_call_silences_the_busy_tone() -> None:
    async with bench() as desk:
        await desk.phone.dial("busy")
        await desk.settle()
        await desk.phone.dial("2044")
        await desk.settle()
        assert desk.stack.tones == {RINGBACK}


async def test_a_call_we_cancelled_leaves_silence() -> None:
    async with bench() as desk:
        await desk.phone.dial("2044")
        await desk.settle()
        await desk.phone.hang_up()
        await desk.settle()
        assert desk.stack.tones == set()
