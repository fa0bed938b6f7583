"""Which device a list of names and patterns means, as devices come and go."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.config.schema import AudioSection, Config
from tuiphone.controller.devices import headsets, present
from tuiphone.errors import PhoneError
from tuiphone.model.call import EndedBy, EndKind
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, Device, DeviceRole, MicTest
from tuiphone.model.event import Notice

JABRA = Device("Jabra Evolve2 75", "PulseAudio", 0, 1, "alsa_output.usb-GN_Jabra")
JABRA_MIC = Device("Jabra Evolve2 75", "PulseAudio", 1, 0, "alsa_input.usb-GN_Jabra")
POLY = Device("Poly Voyager", "PulseAudio", 0, 1, "bluez_output.poly")
BUILT_IN = Device("Built-in Audio", "PulseAudio", 0, 1, "alsa_output.pci")
BUILT_IN_MIC = Device("Built-in Audio", "PulseAudio", 1, 0, "alsa_input.pci")
EVERYTHING = (BUILT_IN, BUILT_IN_MIC, JABRA, JABRA_MIC, POLY)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("Jabra Evolve2 75",), ("Jabra Evolve2 75",)),
        (("jabra*",), ("Jabra Evolve2 75",)),
        (("Jabra",), ()),
        (("/voyager|evolve/",), ("Jabra Evolve2 75", "Poly Voyager")),
        (("/voyager/", "/evolve/"), ("Poly Voyager", "Jabra Evolve2 75")),
        (("alsa_output.usb-*",), ("Jabra Evolve2 75",)),
        (("Poly*", "", "none"), ("Poly Voyager", DEFAULT_DEVICE, NULL_DEVICE)),
        (("*", "Poly*"), ("Built-in Audio", "Jabra Evolve2 75", "Poly Voyager")),
        ((), ()),
    ],
)
def test_what_names_and_patterns_mean(names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert present(DeviceRole.OUTPUT, names, EVERYTHING) == found


def test_a_name_with_the_signs_of_a_pattern_is_a_name() -> None:
    odd = Device("USB [Audio] *", inputs=1)
    assert present(DeviceRole.INPUT, ("USB [Audio] *",), (odd, Device("USB A thing", inputs=1))) == ("USB [Audio] *",)


def test_only_devices_that_can_play_the_role_count() -> None:
    assert present(DeviceRole.INPUT, ("Poly*", "*"), EVERYTHING) == ("Built-in Audio", "Jabra Evolve2 75")


def test_a_headset_is_a_microphone_and_an_ear_that_are_called_alike() -> None:
    stereo, mono = Device("Jabra Evolve Stereo", outputs=1), Device("Jabra Evolve Mono", inputs=1)
    other, its_mic = Device("Poly Voyager Stereo", outputs=1), Device("Poly Voyager Mono", inputs=1)
    assert headsets(("/jabra|poly/",), (its_mic, mono, stereo, other)) == [
        ("Jabra Evolve Mono", "Jabra Evolve Stereo"),
        ("Poly Voyager Mono", "Poly Voyager Stereo"),
    ]
    assert headsets(("Poly*", "Jabra*"), (mono, stereo, other)) == [("Jabra Evolve Mono", "Jabra Evolve Stereo")]


def config(**audio: object) -> Config:
    return Config(audio=AudioSection(**audio), accounts=(SALES, DESK))  # type: ignore[arg-type]  # keys of the section


async def plug(desk: Bench, *devices: Device) -> None:
    """These devices, and no others, are there now."""
    desk.stack.available = devices
    desk.stack.refresh_devices()
    await desk.settle()
    await desk.settle()


def in_use(desk: Bench, role: DeviceRole) -> str:
    return desk.phone._devices.devices.role(role).in_use


def notices(desk: Bench) -> list[str]:
    return [event.text for event in desk.events if isinstance(event, Notice)]


def auto_answer(desk: Bench) -> bool:
    return desk.phone._devices.may_auto_answer


async def test_the_best_device_that_is_there_is_used_as_they_come_and_go() -> None:
    async with bench(config(output=("Poly*", "Jabra*"))) as desk:
        await plug(desk, BUILT_IN)
        assert in_use(desk, DeviceRole.OUTPUT) == "Built-in Audio"
        await plug(desk, BUILT_IN, JABRA)
        assert in_use(desk, DeviceRole.OUTPUT) == "Jabra Evolve2 75"
        await plug(desk, *EVERYTHING)
        assert in_use(desk, DeviceRole.OUTPUT) == "Poly Voyager"
        await plug(desk, BUILT_IN, JABRA)
        assert in_use(desk, DeviceRole.OUTPUT) == "Jabra Evolve2 75"
        role = desk.phone._devices.devices.role(DeviceRole.OUTPUT)
        assert (role.chosen, role.names, role.problem) == ("Poly*", ("Poly*", "Jabra*"), "")


async def test_a_missing_device_is_said_once_and_so_is_its_return() -> None:
    async with bench(config(output="Poly*")) as desk:
        await plug(desk, BUILT_IN)
        await plug(desk, BUILT_IN, BUILT_IN_MIC)
        words = "“Poly*” is not there: using “Built-in Audio”"
        assert desk.phone._devices.devices.role(DeviceRole.OUTPUT).problem == words
        assert [e.text for e in desk.events if isinstance(e, Notice)].count(words) == 1
        await plug(desk, *EVERYTHING)
        assert desk.phone._devices.devices.role(DeviceRole.OUTPUT).problem == ""
        assert notices(desk)[-1] == "“Poly Voyager” is in use now: ear"
        await plug(desk, *EVERYTHING, Device("Webcam", "PulseAudio", 1, 0))
        assert notices(desk)[-1] == "“Poly Voyager” is in use now: ear", "what changes nothing is not told"


async def test_a_device_that_takes_over_is_told_and_a_choice_is_not() -> None:
    async with bench(config(output=("Poly*", "Jabra*"), ring="Poly*")) as desk:
        await plug(desk, BUILT_IN)
        await plug(desk, BUILT_IN, JABRA)
        assert notices(desk)[-1] == "“Jabra Evolve2 75” is in use now: ear"
        await plug(desk, *EVERYTHING)
        assert "“Poly Voyager” is in use now: ear, bell" in notices(desk)
        told = len(notices(desk))
        await desk.phone.choose_device(DeviceRole.OUTPUT, "Built-in Audio")
        await desk.settle()
        assert in_use(desk, DeviceRole.OUTPUT) == "Built-in Audio"
        assert len(notices(desk)) == told


async def test_the_next_one_is_used_when_the_best_does_not_open() -> None:
    async with bench(config(output=("Poly*", "Jabra*"))) as desk:
        desk.stack.broken = {"Poly Voyager"}
        await plug(desk, *EVERYTHING)
        role = desk.phone._devices.devices.role(DeviceRole.OUTPUT)
        assert role.in_use == "Jabra Evolve2 75"
        assert "“Poly Voyager” does not open" in role.problem


async def test_a_device_chosen_on_the_screen_comes_first_and_the_list_stays_behind_it() -> None:
    async with bench(config(output=("Poly*", "Jabra*"))) as desk:
        await plug(desk, *EVERYTHING)
        await desk.phone.choose_device(DeviceRole.OUTPUT, "Built-in Audio")
        await desk.settle()
        assert in_use(desk, DeviceRole.OUTPUT) == "Built-in Audio"
        await asyncio.sleep(0.05)
        assert desk.settings.values["audio.output"] == ("Built-in Audio", "Poly*", "Jabra*")
        await plug(desk, JABRA)
        assert in_use(desk, DeviceRole.OUTPUT) == "Jabra Evolve2 75"


async def test_every_bell_of_the_list_that_is_there_rings() -> None:
    async with bench(config(ring=("Built-in*", "/jabra|poly/"))) as desk:
        await plug(desk, *EVERYTHING)
        role = desk.phone._devices.devices.role(DeviceRole.RING)
        assert (role.in_use, role.also) == ("Built-in Audio", ("Jabra Evolve2 75", "Poly Voyager"))
        await plug(desk, POLY)
        role = desk.phone._devices.devices.role(DeviceRole.RING)
        assert (role.in_use, role.also) == ("Poly Voyager", ())


async def test_bells_are_added_and_taken_away_one_by_one() -> None:
    async with bench(config(ring="Built-in*")) as desk:
        await plug(desk, *EVERYTHING)
        await desk.phone.add_bell("Poly Voyager", True)
        await desk.settle()
        assert desk.phone._devices.devices.role(DeviceRole.RING).also == ("Poly Voyager",)
        await desk.phone.add_bell("Built-in Audio", False)
        await desk.settle()
        role = desk.phone._devices.devices.role(DeviceRole.RING)
        assert (role.in_use, role.also, role.names) == ("Poly Voyager", (), ("Poly Voyager",))
        await desk.phone.add_bell("Poly Voyager", False)
        await desk.settle()
        assert in_use(desk, DeviceRole.RING) == NULL_DEVICE
        with pytest.raises(PhoneError, match="no ring device “Nothing”"):
            await desk.phone.add_bell("Nothing", True)


async def test_a_headset_is_microphone_and_ear_whatever_the_roles_say() -> None:
    async with bench(config(headset="Jabra*", use_headset=True, output="Built-in*", ring="Built-in*")) as desk:
        await plug(desk, *EVERYTHING)
        assert in_use(desk, DeviceRole.INPUT) == in_use(desk, DeviceRole.OUTPUT) == "Jabra Evolve2 75"
        assert in_use(desk, DeviceRole.RING) == "Built-in Audio"
        assert desk.phone._devices.devices.headset.present == "Jabra Evolve2 75"
        assert auto_answer(desk)
        await desk.phone.use_headset(False)
        await desk.settle()
        assert in_use(desk, DeviceRole.OUTPUT) == "Built-in Audio"


async def test_without_its_headset_the_phone_stays_silent_says_so_and_does_not_answer_by_itself() -> None:
    async with bench(config(headset="Jabra*", use_headset=True)) as desk:
        await plug(desk, BUILT_IN, BUILT_IN_MIC, JABRA)
        role = desk.phone._devices.devices.role(DeviceRole.OUTPUT)
        assert role.in_use == NULL_DEVICE, "half a headset is none"
        half = "The headset “Jabra*” is only an ear here, without a microphone: calls ring"
        assert role.problem.startswith(half)
        assert desk.phone._devices.devices.headset.problem == role.problem
        assert sum(role.problem == e.text for e in desk.events if isinstance(e, Notice)) == 1
        assert not auto_answer(desk)
        desk.stack.far_calls("sales")
        await desk.settle()
        assert len((await desk.phone.snapshot()).calls) == 1
        await plug(desk, *EVERYTHING)
        assert auto_answer(desk)
        assert "The headset “Jabra Evolve2 75” is there again" in [e.text for e in desk.events if isinstance(e, Notice)]


async def test_calls_are_refused_without_a_headset_if_that_is_configured() -> None:
    wanted = config(headset="Jabra*", use_headset=True, refuse_without_headset=True)
    async with bench(wanted) as desk:
        await plug(desk, BUILT_IN, BUILT_IN_MIC)
        assert "calls are refused with 480" in desk.phone._devices.devices.headset.problem
        desk.stack.far_calls("sales")
        await desk.settle()
        assert (await desk.phone.snapshot()).calls == ()
        assert desk.last("hang_up")[2] == 480
        end = desk.history.rows[0].end
        assert end is not None
        assert (end.by, end.kind, end.code) == (EndedBy.PHONE, EndKind.NO_HEADSET, 480)
        await plug(desk, *EVERYTHING)
        desk.stack.far_calls("sales")
        await desk.settle()
        assert len((await desk.phone.snapshot()).calls) == 1


async def test_the_mute_of_the_device_itself_is_seen_and_switched() -> None:
    async with bench(config(output="Jabra*")) as desk:
        await plug(desk, *EVERYTHING)
        await desk.phone.mute_at_device(DeviceRole.OUTPUT, True)
        await desk.settle()
        role = desk.phone._devices.devices.role(DeviceRole.OUTPUT)
        assert (role.device_muted, role.muted) == (True, False)
        await desk.phone.choose_device(DeviceRole.INPUT, NULL_DEVICE)
        await desk.settle()
        with pytest.raises(PhoneError, match="no device in use"):
            await desk.phone.mute_at_device(DeviceRole.INPUT, True)


async def test_the_microphone_is_tried_and_the_panel_can_follow_it() -> None:
    async with bench() as desk:
        await desk.phone.test_mic(True)
        await desk.settle()
        assert desk.last("test_mic") == ("test_mic", 5.0)
        assert (await desk.phone.devices()).mic_test is MicTest.RECORDING
        await desk.phone.test_mic(False)
        await desk.settle()
        assert (await desk.phone.devices()).mic_test is MicTest.OFF


async def test_a_test_tone_can_be_sent_to_any_output() -> None:
    async with bench() as desk:
        await desk.phone.test_tone(DeviceRole.OUTPUT, True, "Speakers")
        (sound,) = desk.stack.sounds.values()
        assert sound.device == "Speakers"
        with pytest.raises(PhoneError, match="no output device “Webcam”"):
            await desk.phone.test_tone(DeviceRole.OUTPUT, True, "Webcam")
