"""Devices that come and go, as on a desktop: while nothing happens, while it rings, and in a call."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.audio import Samples, level_db, read_wav, speech, strength, tone, write_wav
from tests.support.phone import Phone
from tests.support.process import until
from tests.support.pulse import Pulse
from tuiphone.model.call import Call, CallState
from tuiphone.model.device import NULL_DEVICE, DeviceRole, MicTest, RoleState
from tuiphone.model.event import DevicesChanged

pytestmark = [pytest.mark.sound, pytest.mark.pjsua]

SEEN_S = 2.0
"""Within this time a device that came or went is seen, and used or replaced."""
PLAIN = {"echo_canceller": "off", "noise_suppression": False}
SPK = "Null Output (spk)"


@pytest.fixture
async def pulse(tmp_path: Path) -> AsyncIterator[Pulse]:
    async with Pulse(tmp_path / "pulse") as server:
        yield server


def phone(folder: Path, pulse: Pulse, **audio: object) -> Phone:
    """A phone on a desktop: the sound server's devices by their descriptions."""
    return Phone(folder, sections={"audio": {"null_audio": False, **PLAIN, **audio}}, environment=pulse.desktop)


async def follows(phone: Phone, role: DeviceRole, condition: Callable[[RoleState], bool], what: str) -> float:
    """Wait until a role is as it should be; the seconds that took."""
    begun = time.monotonic()
    await until(lambda: condition(phone.devices.role(role)), 12, f"{what}: {phone.devices.role(role)}")
    return time.monotonic() - begun


async def uses(phone: Phone, role: DeviceRole, name: str) -> float:
    """Wait until a role uses a device; the seconds that took."""
    return await follows(phone, role, lambda state: state.in_use == name, f"{role} uses {name}")


async def loudness(pulse: Pulse, sink: str, seconds: float, target: Path) -> float:
    """What a sink plays from now on, in dBFS."""
    async with pulse.record(target, sink):
        await asyncio.sleep(seconds)
    samples, rate = read_wav(target)
    return level_db(samples[-int(seconds * rate) :])


@dataclass
class Talk:
    """A phone with sound devices in a call with one that speaks all the time and has none."""

    anna: Phone
    call: Call

    @property
    def goes_on(self) -> bool:
        """The call is as it was."""
        return self.anna.calls[self.call.id].state is CallState.TALKING


async def talk(stack: AsyncExitStack, anna: Phone, folder: Path) -> Talk:
    said = write_wav(folder / "said.wav", speech(20))
    bert = await stack.enter_async_context(Phone(folder / "bert"))
    outgoing = await anna.api.dial(bert.address)
    incoming = await bert.incoming()
    await bert.api.answer()
    await bert.until(incoming.id, CallState.TALKING)
    await bert.api.play(str(said), incoming.id, True)
    return Talk(anna, await anna.until(outgoing, CallState.TALKING))


async def test_while_nothing_happens(tmp_path: Path, pulse: Pulse) -> None:
    async with phone(tmp_path / "a", pulse, output=["Poly*", "/jabra/"]) as anna:
        role = anna.devices.role(DeviceRole.OUTPUT)
        assert (role.in_use, role.problem) == (SPK, f"“Poly*” is not there: using “{SPK}”")
        names = {device.name for device in anna.devices.available}
        assert not any(name.startswith("Monitor of") for name in names)
        pulse.plug("jabra", "Jabra_Evolve")
        assert await uses(anna, DeviceRole.OUTPUT, "Jabra_Evolve") < SEEN_S
        assert anna.devices.role(DeviceRole.OUTPUT).problem == ""
        pulse.plug("poly", "Poly_Voyager")
        assert await uses(anna, DeviceRole.OUTPUT, "Poly_Voyager") < SEEN_S
        pulse.unplug("poly")
        assert await uses(anna, DeviceRole.OUTPUT, "Jabra_Evolve") < SEEN_S
        pulse.unplug("jabra")
        assert await uses(anna, DeviceRole.OUTPUT, SPK) < SEEN_S
        pulse.control("set-default-sink", "head")
        assert await uses(anna, DeviceRole.OUTPUT, "Null Output (head)") < SEEN_S


async def test_while_it_rings(tmp_path: Path, pulse: Pulse) -> None:
    async with (
        phone(tmp_path / "a", pulse, output="spk", ring=["ring", "Desk*"], ring_tone="us") as anna,
        Phone(tmp_path / "b") as bert,
    ):
        call = await bert.api.dial(anna.address)
        await anna.incoming()
        assert await loudness(pulse, "ring", 2.5, tmp_path / "one.wav") > -45
        pulse.plug("desk", "Desk_Bell")
        took = await follows(anna, DeviceRole.RING, lambda state: state.also == ("Desk_Bell",), "two bells")
        assert took < SEEN_S
        assert await loudness(pulse, "desk", 4.5, tmp_path / "two.wav") > -45
        assert await loudness(pulse, "ring", 4.5, tmp_path / "both.wav") > -45
        assert await loudness(pulse, "spk", 0.5, tmp_path / "ear.wav") < -80
        pulse.unplug("ring")
        assert await uses(anna, DeviceRole.RING, "Desk_Bell") < SEEN_S
        assert await loudness(pulse, "desk", 4.5, tmp_path / "left.wav") > -45
        await anna.api.answer()
        await bert.until(call, CallState.TALKING)
        await until(lambda: pulse.played_by("desk") == 0, 2, "the bell is let go")


async def test_in_a_call(tmp_path: Path, pulse: Pulse) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(
            phone(tmp_path / "a", pulse, output=["Jabra*", "spk"], input=["Jabra*", "mic"])
        )
        call = await talk(stack, anna, tmp_path)
        assert await loudness(pulse, "spk", 1.5, tmp_path / "before.wav") > -40
        pulse.plug("jabra", "Jabra_Evolve")
        pulse.plug_microphone("jabramic", "Jabra_Evolve_Mono", "mic2feed")
        assert await uses(anna, DeviceRole.OUTPUT, "Jabra_Evolve") < SEEN_S
        assert await uses(anna, DeviceRole.INPUT, "Jabra_Evolve_Mono") < SEEN_S
        assert await loudness(pulse, "jabra", 1.5, tmp_path / "headset.wav") > -40
        assert await loudness(pulse, "spk", 0.5, tmp_path / "silent.wav") < -80
        pulse.unplug("jabramic")
        pulse.unplug("jabra")
        assert await uses(anna, DeviceRole.OUTPUT, SPK) < SEEN_S
        assert await loudness(pulse, "spk", 1.5, tmp_path / "after.wav") > -40
        assert call.goes_on
        await anna.api.hang_up()
        await anna.until_ended(call.call.id)
        await until(lambda: pulse.played_by("spk") == 0, 1.5, "the devices are let go")


async def test_an_ear_without_a_microphone_is_heard_and_not_taken_for_stuck(tmp_path: Path, pulse: Pulse) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(phone(tmp_path / "a", pulse, output="spk", input="none"))
        call = await talk(stack, anna, tmp_path)
        assert await loudness(pulse, "spk", 4, tmp_path / "heard.wav") > -40
        assert anna.devices.role(DeviceRole.OUTPUT).in_use == SPK
        assert not any("stopped working" in text for text in anna.notices)
        assert call.goes_on


async def test_a_headset_that_is_pulled_out_is_not_replaced_by_a_loudspeaker(tmp_path: Path, pulse: Pulse) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(phone(tmp_path / "a", pulse, headset="Jabra*", use_headset=True))
        assert "The headset “Jabra*” is missing" in anna.devices.headset.problem
        pulse.plug("jabra", "Jabra_Evolve")
        pulse.plug_microphone("jabramic", "Jabra_Evolve_Mono", "mic2feed")
        assert await uses(anna, DeviceRole.OUTPUT, "Jabra_Evolve") < SEEN_S
        call = await talk(stack, anna, tmp_path)
        assert await loudness(pulse, "jabra", 1.5, tmp_path / "headset.wav") > -40
        pulse.unplug("jabra")
        assert await uses(anna, DeviceRole.OUTPUT, NULL_DEVICE) < SEEN_S
        assert await loudness(pulse, "spk", 1.0, tmp_path / "room.wav") < -80
        assert call.goes_on
        pulse.plug("jabra", "Jabra_Evolve")
        assert await uses(anna, DeviceRole.OUTPUT, "Jabra_Evolve") < SEEN_S
        assert await loudness(pulse, "jabra", 1.5, tmp_path / "again.wav") > -40
        assert call.goes_on


async def test_a_stuck_device_is_opened_again_then_replaced_by_silence_and_used_again_when_it_works(
    tmp_path: Path, pulse: Pulse
) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(phone(tmp_path / "a", pulse, output=["spk", "none"], input="mic"))
        call = await talk(stack, anna, tmp_path)
        await uses(anna, DeviceRole.OUTPUT, SPK)
        pulse.control("suspend-sink", "spk", "1")
        await until(lambda: any("stopped working" in text for text in anna.notices), 5, "the stuck device is seen")
        await uses(anna, DeviceRole.OUTPUT, NULL_DEVICE)
        assert "does not respond" in anna.devices.role(DeviceRole.OUTPUT).problem
        assert call.goes_on
        pulse.control("suspend-sink", "spk", "0")
        assert await uses(anna, DeviceRole.OUTPUT, SPK) < 5
        await asyncio.sleep(2.5)
        assert anna.devices.role(DeviceRole.OUTPUT).in_use == SPK
        assert await loudness(pulse, "spk", 1.5, tmp_path / "after.wav") > -40
        assert call.goes_on


async def test_the_sound_server_may_die_and_come_back_in_a_call(tmp_path: Path, pulse: Pulse) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(phone(tmp_path / "a", pulse, output="spk", input="mic"))
        call = await talk(stack, anna, tmp_path)
        await pulse.process.stop()
        await follows(anna, DeviceRole.OUTPUT, lambda state: state.in_use != SPK, "the server is gone")
        assert call.goes_on
        pulse.process.start()
        await uses(anna, DeviceRole.OUTPUT, SPK)
        assert await loudness(pulse, "spk", 1.5, tmp_path / "after.wav") > -40
        assert call.goes_on


async def test_the_microphone_is_tried_and_a_tone_is_heard_where_it_is_sent(tmp_path: Path, pulse: Pulse) -> None:
    said = write_wav(tmp_path / "said.wav", speech(6))
    async with phone(tmp_path / "a", pulse, output="spk", input="mic") as anna:
        await anna.api.test_tone(DeviceRole.OUTPUT, True, "Null Output (head)")
        async with pulse.record(tmp_path / "tone.wav", "head"):
            await asyncio.sleep(1.5)
        await anna.api.test_tone(DeviceRole.OUTPUT, False)
        heard, rate = read_wav(tmp_path / "tone.wav")
        assert strength(heard[-rate:], rate, 1000) > 0.9
        await anna.api.test_mic(True)
        async with pulse.play(said):
            await anna.until_event(DevicesChanged, lambda e: e.devices.mic_test is MicTest.PLAYING, 8)
        assert await loudness(pulse, "spk", 2, tmp_path / "played.wav") > -40
        await until(lambda: anna.devices.mic_test is MicTest.OFF, 8, "the trial is over")
        await until(lambda: pulse.played_by("spk") == 0, 1.5, "the devices are let go")


async def test_the_mute_of_the_device_itself_is_seen_and_switched(tmp_path: Path, pulse: Pulse) -> None:
    async with phone(tmp_path / "a", pulse, input="mic") as anna:
        pulse.control("set-source-mute", "mic", "1")
        assert await follows(anna, DeviceRole.INPUT, lambda state: state.device_muted, "muted") < SEEN_S
        await anna.api.mute_at_device(DeviceRole.INPUT, False)
        assert await follows(anna, DeviceRole.INPUT, lambda state: not state.device_muted, "not muted") < SEEN_S
        assert "Mute: no" in pulse.control("get-source-mute", "mic")


async def test_a_ring_from_a_file_sounds_at_its_own_volume_and_a_broken_one_still_rings(
    tmp_path: Path, pulse: Pulse
) -> None:
    door = write_wav(tmp_path / "door.wav", tone((700,), 2))
    (tmp_path / "broken.wav").write_bytes(b"no sound at all")
    studio = tmp_path / "studio.wav"
    subprocess.run(["sox", door, "-r", "44100", "-b", "24", "-c", "2", studio], check=True)
    users = ("quiet", "loud", "studio", "broken", "absent")
    rules = [f"quiet = {door} 10%", f"loud = {door}", f"studio = {studio}"]
    rules += [f"{user} = {tmp_path / user}.wav" for user in users[3:]]
    async with (
        phone(tmp_path / "a", pulse, output="spk", ring="ring", ring_tones=rules) as anna,
        Phone(tmp_path / "b", accounts=[caller(user) for user in users]) as bert,
    ):
        early = (await anna.api.snapshot()).warnings
        assert len(early) == 2, "what is wrong with the files is told before anybody calls"
        levels = {}
        for user in users:
            call = await bert.api.dial(anna.address, user)
            await anna.incoming()
            async with pulse.record(tmp_path / f"{user}.wav", "ring"):
                await asyncio.sleep(2.5)
            heard, rate = read_wav(tmp_path / f"{user}.wav")
            levels[user] = level_db(heard[-rate * 2 :])
            if user in users[:3]:
                assert strength(heard[-rate:], rate, 700) > 0.9
            await bert.api.hang_up(call)
            await until(lambda: all(call.is_over for call in anna.calls.values()), 3, "the call is over")
        assert levels["loud"] - levels["quiet"] == pytest.approx(20, abs=1.5)
        assert levels["studio"] == pytest.approx(levels["loud"], abs=1.5)
        assert min(levels["broken"], levels["absent"]) > -45
        assert any("broken.wav” cannot be played: it is no WAV file" in text for text in anna.notices)
        assert any("absent.wav” cannot be played: No such file" in text for text in anna.notices)


async def test_ringback_is_the_country_s_and_nothing_rings_loudly_into_an_ear_that_listens(
    tmp_path: Path, pulse: Pulse
) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(
            phone(tmp_path / "a", pulse, output="spk", input="mic", ring="spk", tones="uk")
        )
        bert = await stack.enter_async_context(Phone(tmp_path / "b"))
        outgoing = await anna.api.dial(bert.address)
        incoming = await bert.incoming()
        async with pulse.record(tmp_path / "ringback.wav", "spk"):
            await asyncio.sleep(4)
        ringback, rate = read_wav(tmp_path / "ringback.wav")
        assert strength(ringback, rate, 400) + strength(ringback, rate, 450) > 0.9
        await bert.api.answer()
        await bert.until(incoming.id, CallState.TALKING)
        await anna.until(outgoing, CallState.TALKING)
        carl = await stack.enter_async_context(Phone(tmp_path / "c"))
        await carl.api.dial(anna.address)
        await anna.incoming()
        async with pulse.record(tmp_path / "knock.wav", "spk"):
            await asyncio.sleep(4.5)
        knock, rate = read_wav(tmp_path / "knock.wav")
        loudest = max(level_db(knock[i : i + rate // 20]) for i in range(0, len(knock) - rate // 20, rate // 20))
        ring = max(level_db(ringback[i : i + rate // 20]) for i in range(0, len(ringback) - rate // 20, rate // 20))
        assert -50 < loudest < ring - 6


async def test_several_bells_ring_together_and_none_while_somebody_talks(tmp_path: Path, pulse: Pulse) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(
            phone(tmp_path / "a", pulse, output="spk", input="mic", ring=["ring", "spare", "spk"])
        )
        bert = await stack.enter_async_context(Phone(tmp_path / "b"))
        sinks = ("ring", "spare", "spk")

        async def loudest() -> dict[str, float]:
            async with AsyncExitStack() as recorders:
                for sink in sinks:
                    await recorders.enter_async_context(pulse.record(tmp_path / f"{sink}.wav", sink))
                await asyncio.sleep(4.5)
            return {sink: peak_level(*read_wav(tmp_path / f"{sink}.wav")) for sink in sinks}

        ringing = await bert.api.dial(anna.address)
        first = await anna.incoming()
        alone = await loudest()
        assert min(alone.values()) > -35
        assert max(alone.values()) - min(alone.values()) < 2
        await anna.api.answer()
        await bert.until(ringing, CallState.TALKING)
        carl = await stack.enter_async_context(Phone(tmp_path / "c"))
        await carl.api.dial(anna.address)
        await until(lambda: len(anna.calls) == 2, 5, "a second call")
        for held in (False, True):
            if held:
                await anna.api.hold(first.id)
                await anna.until(first.id, lambda call: call.is_held, what="the first call is held")
            knocking = await loudest()
            assert knocking["spk"] < alone["spk"] - 6, "full ring in an ear that is in a call"
            assert max(knocking["ring"], knocking["spare"]) < -80


def peak_level(samples: Samples, rate: int) -> float:
    """The level of the loudest twentieth of a second."""
    return max(level_db(samples[i : i + rate // 20]) for i in range(0, len(samples) - rate // 20, rate // 20))


@pytest.mark.parametrize(("release_ms", "least"), [(200, 0.1), (1500, 1.3)])
async def test_devices_are_let_go_a_moment_after_the_last_call(
    tmp_path: Path, pulse: Pulse, release_ms: int, least: float
) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(
            phone(tmp_path / "a", pulse, output="spk", input="mic", ring="ring", release_ms=release_ms)
        )
        made = await talk(stack, anna, tmp_path)
        await until(lambda: pulse.played_by("spk") == 1, 5, "the ear is open")
        await anna.api.hang_up(made.call.id)
        await until(lambda: anna.calls[made.call.id].is_over, 5, "the call is over")
        ended = time.monotonic()
        await until(lambda: pulse.played_by("spk") == 0, 5, "the ear is let go")
        assert least <= time.monotonic() - ended < least + 1


def caller(user: str) -> dict[str, object]:
    """A further account of the calling phone, on its one port."""
    return {"id": user, "address": f"sip:{user}@127.0.0.1", "register": False}
