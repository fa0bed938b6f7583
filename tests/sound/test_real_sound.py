"""Real sound: what is spoken into the microphone of one phone is heard at the loudspeaker of the other, and back."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.audio import level_db, likeness_of_files, read_wav, strength
from tests.support.phone import Phone
from tests.support.process import until
from tests.support.pulse import Pulse, espeak
from tuiphone.model.call import CallState
from tuiphone.model.device import DeviceRole
from tuiphone.model.media import Levels

pytestmark = [pytest.mark.sound, pytest.mark.pjsua]

SENTENCE = "Good morning. This is the sales department."
REPLY = "Thank you. I would like to change the address."
PLAIN = {"echo_canceller": "off", "noise_suppression": False}


@pytest.fixture
async def pulse(tmp_path: Path) -> AsyncIterator[Pulse]:
    async with Pulse(tmp_path / "pulse") as server:
        yield server


def phone(folder: Path, pulse: Pulse, microphone: str, ear: str, **audio: object) -> Phone:
    """A phone with sound devices; its bell is the sink "ring"."""
    section = {"null_audio": False, "input": microphone, "output": ear, "ring": "ring", **audio}
    return Phone(folder, sections={"audio": section}, environment=pulse.environment)


async def heard(pulse: Pulse, said: Path, feed: str, ear: str, target: Path, enough: float = 0.9) -> float:
    """Speak into a microphone; the likeness of what comes out of a loudspeaker, 1 being equal.

    The best of three attempts: a machine that is busy with other things breaks sound that no phone broke.
    """
    best = 0.0
    for _ in range(3):
        async with pulse.record(target, ear), pulse.play(said, feed) as player:
            assert await player.until_end() == 0
            await asyncio.sleep(0.7)
        best = max(best, likeness_of_files(said, target))
        if best >= enough:
            break
        target.unlink()
    return best


async def loudness(pulse: Pulse, sink: str, seconds: float, target: Path) -> float:
    """What a sink plays from now on, in dBFS."""
    async with pulse.record(target, sink):
        await asyncio.sleep(seconds)
    samples, rate = read_wav(target)
    return level_db(samples[-int(seconds * rate) :])


@pytest.mark.parametrize(("cleaning", "least"), [(PLAIN, 0.9), ({}, 0.8)], ids=["plain", "default-cleaning"])
async def test_speech_into_one_microphone_is_heard_at_the_other_phone_and_back(
    tmp_path: Path, pulse: Pulse, cleaning: dict[str, object], least: float
) -> None:
    # Echo canceller and noise suppression are there to change the sound, so with them it is less alike.
    said = espeak(SENTENCE, tmp_path / "said.wav")
    replied = espeak(REPLY, tmp_path / "replied.wav")
    async with (
        phone(tmp_path / "a", pulse, "mic", "spk", **cleaning) as anna,
        phone(tmp_path / "b", pulse, "mic2", "head", **cleaning) as bert,
    ):
        outgoing = await anna.api.dial(bert.address)
        incoming = await bert.incoming()
        await bert.api.answer()
        await anna.until(outgoing, CallState.TALKING)
        assert await heard(pulse, said, "micfeed", "head", tmp_path / "there.wav", least) >= least
        assert await heard(pulse, replied, "mic2feed", "spk", tmp_path / "back.wav", least) >= least
        await anna.api.hang_up()
        await bert.until_ended(incoming.id)


async def test_devices_are_changed_during_a_call(tmp_path: Path, pulse: Pulse) -> None:
    said = espeak(SENTENCE, tmp_path / "said.wav")
    async with (
        phone(tmp_path / "a", pulse, "mic", "spk", **PLAIN) as anna,
        phone(tmp_path / "b", pulse, "mic2", "head", **PLAIN) as bert,
    ):
        outgoing = await anna.api.dial(bert.address)
        incoming = await bert.incoming()
        await bert.api.answer()
        await anna.until(outgoing, CallState.TALKING)
        await anna.api.choose_device(DeviceRole.OUTPUT, "spare")
        await until(lambda: anna.devices.role(DeviceRole.OUTPUT).in_use == "spare", 5, "the other loudspeaker")
        assert await heard(pulse, said, "mic2feed", "spare", tmp_path / "spare.wav") >= 0.9
        assert await loudness(pulse, "spk", 0.5, tmp_path / "old.wav") < -80
        await anna.api.choose_device(DeviceRole.INPUT, "mic2")
        await until(lambda: anna.devices.role(DeviceRole.INPUT).in_use == "mic2", 5, "the other microphone")
        assert await heard(pulse, said, "mic2feed", "head", tmp_path / "mic2.wav") >= 0.9
        assert anna.calls[outgoing].state is CallState.TALKING
        kept = tomllib.loads((anna.folder / "config" / "settings.toml").read_text())
        assert kept["audio"]["output"] == ["spare", "spk"]
        await bert.api.hang_up()
        await bert.until_ended(incoming.id)


async def test_the_call_goes_on_when_a_loudspeaker_is_pulled_out(tmp_path: Path, pulse: Pulse) -> None:
    said = espeak(SENTENCE, tmp_path / "said.wav")
    async with (
        phone(tmp_path / "a", pulse, "mic", "spare", **PLAIN) as anna,
        phone(tmp_path / "b", pulse, "mic2", "head", **PLAIN) as bert,
    ):
        outgoing = await anna.api.dial(bert.address)
        await bert.incoming()
        await bert.api.answer()
        await anna.until(outgoing, CallState.TALKING)
        pulse.unplug("spare")
        # PulseAudio itself moves the sound to the next loudspeaker.
        assert await heard(pulse, said, "mic2feed", "spk", tmp_path / "spk.wav") >= 0.9
        assert anna.calls[outgoing].state is CallState.TALKING
        await anna.api.hang_up()
        await anna.until_ended(outgoing)


async def test_the_bell_rings_on_its_own_device_until_somebody_answers(tmp_path: Path, pulse: Pulse) -> None:
    async with (
        phone(tmp_path / "a", pulse, "mic", "spk", **PLAIN) as anna,
        phone(tmp_path / "b", pulse, "mic2", "head", **PLAIN) as bert,
    ):
        outgoing = await anna.api.dial(bert.address)
        await bert.incoming()
        assert await loudness(pulse, "ring", 3.5, tmp_path / "ring.wav") > -45
        assert await loudness(pulse, "head", 0.5, tmp_path / "head.wav") < -80
        # The caller hears ringback meanwhile: 425 Hz, one second in five.
        async with pulse.record(tmp_path / "ringback.wav", "spk"):
            await asyncio.sleep(5)
        ringback, rate = read_wav(tmp_path / "ringback.wav")
        assert strength(ringback, rate, 425) > 0.9
        await bert.api.answer()
        await anna.until(outgoing, CallState.TALKING)
        await asyncio.sleep(0.3)
        assert await loudness(pulse, "ring", 3, tmp_path / "after.wav") < -80


async def test_a_test_tone_and_the_microphone_meter_need_no_call(tmp_path: Path, pulse: Pulse) -> None:
    said = espeak(SENTENCE, tmp_path / "said.wav")
    async with phone(tmp_path / "a", pulse, "mic", "spk", **PLAIN) as anna:
        await anna.api.test_tone(DeviceRole.OUTPUT, True)
        async with pulse.record(tmp_path / "tone.wav", "spk"):
            await asyncio.sleep(1.5)
        await anna.api.test_tone(DeviceRole.OUTPUT, False)
        tone, rate = read_wav(tmp_path / "tone.wav")
        assert strength(tone[-rate:], rate, 1000) > 0.9
        await anna.api.watch_mic(True)
        async with pulse.play(said, "micfeed"):
            level = await anna.until_event(Levels, lambda e: not e.call_id and e.mic_db > -35)
        assert level.mic_db < 0
        await anna.api.watch_mic(False)
