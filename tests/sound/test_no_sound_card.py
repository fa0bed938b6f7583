"""A machine without a sound card: the phone says so, uses silence, and calls all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.audio import likeness_of_files, speech, write_wav
from tests.support.phone import Phone, complete_wav
from tuiphone.model.call import CallState
from tuiphone.model.device import NULL_DEVICE, DeviceRole

pytestmark = [pytest.mark.pjsua]


def without_a_card(folder: Path) -> Phone:
    """ALSA finds no device at all."""
    folder.mkdir()
    alsa = folder / "asound.conf"
    alsa.write_text("")
    environment = {"ALSA_CONFIG_PATH": str(alsa), "PULSE_SERVER": f"unix:{folder}/nobody"}
    return Phone(folder, sections={"audio": {"null_audio": False}}, environment=environment)


async def test_the_phone_says_that_it_has_no_sound_and_calls_all_the_same(tmp_path: Path) -> None:
    said = write_wav(tmp_path / "said.wav", speech(2))
    heard = tmp_path / "heard.wav"
    async with without_a_card(tmp_path / "a") as anna, Phone(tmp_path / "b") as bert:
        devices = (await anna.api.snapshot()).devices
        assert {devices.role(role).in_use for role in DeviceRole} == {NULL_DEVICE}
        assert "has no microphone" in devices.role(DeviceRole.INPUT).problem
        assert "has no sound output" in devices.role(DeviceRole.OUTPUT).problem
        outgoing = await anna.api.dial(bert.address)
        incoming = await bert.incoming()
        await bert.api.answer()
        await bert.until(incoming.id, CallState.TALKING)
        await bert.api.record(str(heard))
        await anna.until(outgoing, CallState.TALKING)
        await anna.api.play(str(said), outgoing)
        await asyncio.sleep(2.6)
        await anna.api.hang_up()
        await bert.until_ended(incoming.id)
        assert likeness_of_files(said, await complete_wav(heard)) > 0.9
