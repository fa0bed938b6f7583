"""Sound devices, on a PulseAudio of the test's own: chosen, changed in a call, broken, gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.steps import holding, talk, written
from tests.support.audio import level_db, likeness_of_files, read_wav, speech, strength, write_wav
from tests.support.pulse import Pulse
from tests.support.stackprocess import StackProcess, Start

pytestmark = pytest.mark.sound

BROKEN = '\npcm.broken { type pulse device "absent" hint { show on description "broken" } }\n'
PLAIN = {"null_audio": False, "processing": {"echo_canceller": "off", "noise_suppression": False}}


@pytest.fixture
async def pulse(tmp_path: Path) -> AsyncIterator[Pulse]:
    async with Pulse(tmp_path / "pulse") as server:
        configuration = tmp_path / "pulse" / "asound.conf"
        configuration.write_text(configuration.read_text() + BROKEN)
        yield server


@pytest.fixture
async def phone(pulse: Pulse, start: Start, monkeypatch: pytest.MonkeyPatch) -> StackProcess:
    for name, value in pulse.environment.items():
        monkeypatch.setenv(name, value)
    phone = await start("phone", **PLAIN)
    await choose(phone, input="mic", output="spk", ring="ring")
    return phone


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "voice.wav", speech(3))


async def choose(phone: StackProcess, **names: str) -> dict[str, Any]:
    phone.do("choose_devices", [[role, name] for role, name in names.items()])
    report = await phone.wait("DevicesReport")
    return {role: (report.in_use[role], report.problems.get(role, "")) for role in ("input", "output", "ring")}


async def test_devices_are_listed_with_what_they_can_do(phone: StackProcess) -> None:
    phone.do("refresh_devices")
    report = await phone.wait("DevicesReport")
    found = {device["name"]: (device["inputs"] > 0, device["outputs"] > 0) for device in report.available}
    assert found["mic"] == (True, False)
    assert found["spk"] == (False, True)
    assert {device["driver"] for device in report.available} == {"ALSA"}
    assert report.in_use == {"input": "mic", "output": "spk", "ring": "ring"}
    assert report.problems == {}


async def test_the_bell_rings_on_its_own_device_at_its_own_level(
    phone: StackProcess, pulse: Pulse, tmp_path: Path
) -> None:
    levels = []
    for percent in (100, 25):
        phone.do("choose_devices", [["ring", "ring", percent]])
        ear, bell = tmp_path / f"ear{percent}.wav", tmp_path / f"bell{percent}.wav"
        async with pulse.record(bell, "ring"), pulse.record(ear, "spk"):
            phone.do("tone", "ring", True, "ring")
            await asyncio.sleep(1.5)
            phone.do("tone", "ring", False, "ring")
        assert level_db(read_wav(ear)[0]) < -80
        levels.append(level_db(read_wav(bell)[0]))
    assert levels[0] > -40
    assert 8 < levels[0] - levels[1] < 16


async def test_the_test_tone_follows_the_device_that_is_chosen(
    phone: StackProcess, pulse: Pulse, tmp_path: Path
) -> None:
    first, second = tmp_path / "spk.wav", tmp_path / "head.wav"
    async with pulse.record(first, "spk"), pulse.record(second, "head"):
        phone.do("tone", "test", True, "output")
        await asyncio.sleep(1)
        await choose(phone, output="head")
        await asyncio.sleep(1)
        phone.do("tone", "test", False, "output")
    one, rate = read_wav(first)
    two, _rate = read_wav(second)
    assert strength(one[rate // 3 : rate], rate, 1000) > 0.95
    assert level_db(one[-rate // 3 :]) < -60
    assert strength(two[-rate // 2 :], rate, 1000) > 0.95
    assert level_db(two[: rate // 3]) < -60


async def test_the_microphone_can_be_watched_without_a_call(phone: StackProcess, pulse: Pulse, voice: Path) -> None:
    phone.do("watch", 10, 0, True)
    await phone.wait("Levels", lambda h: h.mic_db < -60, call_id="")
    async with pulse.play(voice, "micfeed"):
        await phone.wait("Levels", lambda h: -40 < h.mic_db < -5, call_id="")
    assert all(h.ear_db < -60 for h in phone.all("Levels", call_id="")), "the microphone is heard in the ear"
    phone.do("watch", 0, 0, False)


async def test_devices_levels_and_mute_change_in_a_call(
    phone: StackProcess, bob: StackProcess, pulse: Pulse, voice: Path, tmp_path: Path
) -> None:
    call = await talk(phone, bob)

    async def heard_at(device: str, name: str) -> Path:
        target = tmp_path / f"{name}.wav"
        async with pulse.record(target, device):
            bob.do("play", call.back, str(voice))
            await bob.wait("PlayedReport")
            await asyncio.sleep(0.5)
        return target

    first = await heard_at("spk", "first")
    assert likeness_of_files(voice, first) >= 0.9
    await choose(phone, output="head")
    second = await heard_at("head", "second")
    assert likeness_of_files(voice, second) >= 0.9
    phone.do("choose_devices", [["output", "head", 50], ["input", "mic", 100, True]])
    at_bob = tmp_path / "muted.wav"
    bob.do("record", call.back, str(at_bob))
    async with pulse.play(voice, "micfeed"):
        third = await heard_at("head", "third")
    bob.do("record", call.back, "")
    await written(at_bob)
    assert level_db(read_wav(at_bob)[0]) < -60
    assert 4 < level_db(read_wav(second)[0]) - level_db(read_wav(third)[0]) < 8
    phone.do("choose_devices", [["input", "mic", 100, False]])
    unmuted = tmp_path / "unmuted.wav"
    bob.do("record", call.back, str(unmuted))
    async with pulse.play(voice, "micfeed") as player:
        await player.until_end()
    bob.do("record", call.back, "")
    await written(unmuted)
    assert likeness_of_files(voice, unmuted) >= 0.9


async def test_a_name_that_is_not_there_falls_back_with_a_sentence(phone: StackProcess) -> None:
    now = await choose(phone, input="gone", output="head", ring="none")
    assert now["input"] == ("default", "“gone” is not there: using “default”")
    assert now["output"] == ("head", "")
    assert now["ring"] == ("none", "")


async def test_a_chosen_device_that_does_not_open_is_silent_and_the_call_goes_on(
    phone: StackProcess, bob: StackProcess
) -> None:
    """Not replaced by another one: what is said could be heard by people around."""
    await choose(phone, output="broken")
    await talk(phone, bob)
    phone.rewind()
    report = await phone.wait("DevicesReport", lambda h: "output" in h.problems)
    assert report.in_use["output"] == "none"
    assert report.problems["output"].startswith("“broken” does not open")
    assert "PJMEDIA" not in report.problems["output"]


async def test_a_bell_that_does_not_open_rings_in_the_ear(phone: StackProcess, pulse: Pulse, tmp_path: Path) -> None:
    await choose(phone, ring="broken")
    ear = tmp_path / "ear.wav"
    async with pulse.record(ear, "spk"):
        phone.do("tone", "ring", True, "ring")
        report = await phone.wait("DevicesReport", lambda h: "ring" in h.problems)
        await asyncio.sleep(0.7)
        phone.do("tone", "ring", False, "ring")
    assert report.problems["ring"].endswith("ringing on “spk”")
    assert level_db(read_wav(ear)[0]) > -45


async def test_a_bell_that_does_not_open_during_a_held_call_is_soft_in_the_ear(
    phone: StackProcess, bob: StackProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await choose(phone, ring="broken")
    levels = []
    for in_call in (False, True):
        if in_call:
            call = await talk(phone, bob)
            phone.do("hold", call.out)
            await phone.wait("MediaReport", holding, call_id=call.out)
        ear = tmp_path / f"ear-{in_call}.wav"
        async with pulse.record(ear, "spk"):
            phone.do("tone", "ring", True, "ring")
            await asyncio.sleep(0.7)
            phone.do("tone", "ring", False, "ring")
        samples, rate = read_wav(ear)
        levels.append(level_db(samples[-rate // 3 :]))
    assert levels[1] == pytest.approx(levels[0] - 12, abs=2)


async def test_a_call_outlives_its_sound_devices(
    phone: StackProcess, bob: StackProcess, pulse: Pulse, voice: Path, tmp_path: Path
) -> None:
    call = await talk(phone, bob)
    await asyncio.sleep(0.3)
    await pulse.process.stop()
    report = await phone.wait("DevicesReport", lambda h: h.in_use["output"] == "none", timeout=10)
    assert "output" in report.problems
    at_phone = tmp_path / "after.wav"
    phone.do("record", call.out, str(at_phone))
    bob.do("play", call.back, str(voice))
    await bob.wait("PlayedReport")
    await asyncio.sleep(0.4)
    phone.do("record", call.out, "")
    await written(at_phone)
    assert likeness_of_files(voice, at_phone) > 0.95


async def test_a_machine_without_sound_says_so_and_calls_all_the_same(
    start: Start, bob: StackProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path / "nothing.conf"
    nothing.write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", os.fspath(nothing))
    phone = await start("phone", **PLAIN)
    now = await choose(phone, input="", output="", ring="")
    assert {name for name, _problem in now.values()} == {"none"}
    assert "no microphone" in now["input"][1]
    assert "no sound output" in now["output"][1]
    await talk(phone, bob)
