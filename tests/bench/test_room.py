"""Mouth and ear are on one tape."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.hearing import delays
from bench.mouth import BURST_S, PERIOD_S, bursts, two_channels
from bench.process import BenchError
from bench.room import room
from tests.support.audio import level_db, write_wav
from tests.support.pulse import RATE

pytestmark = pytest.mark.sound


async def test_what_is_said_is_on_the_left_and_what_is_heard_on_the_right(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "sound.wav", bursts(2), RATE)
    async with room(tmp_path) as here:
        for sink, loud, silent in (("lips", 0, 1), ("ear", 1, 0)):
            async with here.tape(tmp_path / f"{sink}.wav"), here.pulse.play(sound, sink) as player:
                assert await player.until_end() == 0
            both = two_channels(tmp_path / f"{sink}.wav")
            assert level_db(both[loud]) > -30
            assert level_db(both[silent]) < -90
            # Without a phone in between there is no delay.
            assert delays(both[loud], both[loud], RATE, BURST_S, PERIOD_S)[0] == 0


async def test_the_microphone_hears_what_is_said_and_nothing_else(tmp_path: Path) -> None:
    sound = write_wav(tmp_path / "sound.wav", bursts(2), RATE)
    async with room(tmp_path) as here:
        here.pulse.control("load-module", "module-loopback", "source=mouth", "sink=ear", "latency_msec=100")
        await asyncio.sleep(0.5)
        async with here.tape(tmp_path / "tape.wav"), here.pulse.play(sound, "lips") as player:
            assert await player.until_end() == 0
            await asyncio.sleep(PERIOD_S)
        said, heard = two_channels(tmp_path / "tape.wav")
        found = delays(said, heard, RATE, BURST_S, PERIOD_S)
        assert len(found) == 2
        assert all(0.02 < delay < 0.3 for delay in found)


async def test_a_missing_sound_server_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BenchError, match=r"virtual sound devices: .*pulseaudio"):
        async with room(tmp_path):
            pass
