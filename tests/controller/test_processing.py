"""What is done to the sound: from the configuration, changed on the screen, kept, and refused in words."""

from __future__ import annotations

import pytest

from tests.support.controller import DESK, SALES, bench
from tests.support.process import until
from tuiphone.config.schema import AudioSection, Config
from tuiphone.errors import PhoneError
from tuiphone.model.event import DevicesChanged
from tuiphone.model.media import Processing

QUIET = AudioSection(echo_canceller="speex", noise_suppression=False, gain_control=True, ear_limit_db=-12)


async def test_the_stack_starts_with_what_the_configuration_wants() -> None:
    async with bench(Config(accounts=(SALES, DESK), audio=QUIET)) as desk:
        wanted = Processing("speex", False, True, -12)
        assert desk.stack.settings.processing == wanted
        assert (await desk.phone.devices()).processing == wanted


async def test_a_change_reaches_the_stack_and_every_screen_and_is_kept() -> None:
    async with bench() as desk:
        now = await desk.phone.set_processing(noise_suppression=False, gain_control=True)
        await desk.settle()
        assert now == Processing(noise_suppression=False, gain_control=True)
        assert desk.last("set_processing") == ("set_processing", now)
        assert next(e for e in reversed(desk.events) if isinstance(e, DevicesChanged)).devices.processing == now
        kept = {"audio.noise_suppression": False, "audio.gain_control": True}
        await until(lambda: desk.settings.values == kept, 5, "both are kept, and nothing else")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"echo_canceller": "best"}, "There is no echo canceller “best”: choose one of webrtc, speex, off"),
        ({"ear_limit_db": 3}, "The limit of the ear goes from -40 to 0 dB"),
    ],
)
async def test_what_does_not_exist_is_refused(change: dict[str, str | int], sentence: str) -> None:
    async with bench() as desk:
        with pytest.raises(PhoneError, match=sentence):
            await desk.phone.set_processing(**change)  # type: ignore[arg-type]  # wrong on purpose
        assert not any(command[0] == "set_processing" for command in desk.stack.commands)


async def test_the_gains_of_a_call_are_changed_one_by_one() -> None:
    async with bench() as desk:
        call = await desk.phone.dial("sip:far@far.example")
        await desk.settle()
        desk.stack.far_answers(call)
        await desk.settle()
        await desk.phone.set_call_gain(mic=150)
        await desk.phone.set_call_gain(call, ear=50)
        await desk.settle()
        assert desk.last("set_gain") == ("set_gain", call, 150, 50)
        assert (desk.call(call).mic_level, desk.call(call).ear_level) == (150, 50)
        with pytest.raises(PhoneError, match="Levels go from 0 to 200 percent"):
            await desk.phone.set_call_gain(call, mic=201)
