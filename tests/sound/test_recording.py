"""A recording while the devices under it change."""

from __future__ import annotations

import asyncio
import time
import wave
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.sound.test_devices_follow import SPK, phone, talk, uses
from tests.support.audio import level_db, speech, write_wav
from tests.support.phone import complete_wav
from tests.support.pulse import Pulse
from tuiphone.model.device import DeviceRole

pytestmark = [pytest.mark.sound, pytest.mark.pjsua]


async def test_both_voices_go_on_through_a_change_of_the_device(tmp_path: Path) -> None:
    said = write_wav(tmp_path / "mine.wav", speech(20, seed=2))
    async with AsyncExitStack() as stack:
        pulse = await stack.enter_async_context(Pulse(tmp_path / "pulse"))
        pulse.plug("jabra", "Jabra_Evolve")
        anna = await stack.enter_async_context(phone(tmp_path / "a", pulse, output=["Jabra*", "spk"], input="mic"))
        await stack.enter_async_context(pulse.play(said))
        call = await talk(stack, anna, tmp_path)
        path, begun = Path(await anna.api.start_recording(call.call.id)), time.monotonic()
        await asyncio.sleep(2)
        pulse.unplug("jabra")
        await uses(anna, DeviceRole.OUTPUT, SPK)
        await asyncio.sleep(2)
        await anna.api.stop_recording(call.call.id)
        lasted = time.monotonic() - begun
        await complete_wav(path)
        assert call.goes_on
    with wave.open(str(path)) as file:
        rate, frames = file.getframerate(), file.getnframes()
        both = np.frombuffer(file.readframes(frames), "<i2").reshape(-1, 2) / 32768
    assert frames / rate == pytest.approx(lasted, abs=1.2), "the time without a device may be missing, on both sides"
    for side in (both[:, 0], both[:, 1]):
        assert level_db(side[:rate]) > -40, "before"
        assert level_db(side[-rate:]) > -40, "after"
