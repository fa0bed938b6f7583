from __future__ import annotations

import asyncio

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import AudioSection, Config
from tuiphone.controller.ports import Tone
from tuiphone.errors import PhoneError
from tuiphone.model.device import DeviceRole
from tuiphone.model.event import DevicesChanged, Notice


async def test_a_chosen_device_is_used_and_kept() -> None:
    async with bench() as desk:
        await desk.phone.choose_device(DeviceRole.OUTPUT, "Speakers")
        await desk.settle()
        role = (await desk.phone.devices()).role(DeviceRole.OUTPUT)
        assert (role.chosen, role.in_use, role.problem) == ("Speakers", "Speakers", "")
        assert any(isinstance(event, DevicesChanged) for event in desk.events)
        await asyncio.sleep(0.05)
        assert desk.settings.values["audio.output"] == "Speakers"


async def test_a_device_that_cannot_play_the_role_is_refused() -> None:
    async with bench() as desk:
        with pytest.raises(PhoneError, match="no output device “Webcam”"):
            await desk.phone.choose_device(DeviceRole.OUTPUT, "Webcam")


async def test_a_configured_device_that_is_absent_is_said_and_stays_chosen() -> None:
    config = Config(audio=AudioSection(input="Jabra"), accounts=(SALES, DESK))
    async with bench(config) as desk:
        role = (await desk.phone.devices()).role(DeviceRole.INPUT)
        assert (role.chosen, role.in_use) == ("Jabra", "Headset")
        assert [e.text for e in desk.events if isinstance(e, Notice)] == ["“Jabra” is not there: using “Headset”"]


async def test_levels_have_a_range() -> None:
    async with bench() as desk:
        await desk.phone.set_level(DeviceRole.RING, 60)
        assert (await desk.phone.devices()).role(DeviceRole.RING).level == 60
        with pytest.raises(PhoneError, match="0 to 200 percent, not 300"):
            await desk.phone.set_level(DeviceRole.RING, 300)


async def test_a_test_tone_plays_on_the_role_and_ends_by_itself() -> None:
    async with bench() as desk:
        await desk.phone.test_tone(DeviceRole.RING, True)
        assert desk.stack.tones == {(Tone.TEST, DeviceRole.RING)}
        desk.clock.advance(11)
        assert desk.stack.tones == set()
        with pytest.raises(PhoneError, match="output or the ring device"):
            await desk.phone.test_tone(DeviceRole.INPUT, True)


async def test_the_microphone_is_watched_while_a_screen_reads_levels() -> None:
    async with bench() as desk:
        reader = desk.phone.subscribe(readings=True)
        waiting = asyncio.ensure_future(anext(reader))
        await desk.settle()
        await desk.phone.watch_mic(True)
        assert list(desk.stack.watched) == [10, 1.0, True]
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await desk.settle()
        assert not desk.stack.watched[2]
