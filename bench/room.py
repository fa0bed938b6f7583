"""Virtual sound devices to measure with: those of the tests, and a room in which mouth and ear are on one tape.

The room is one loudspeaker of two channels. What is played into the sink "lips" is its left channel, which the
microphone "mouth" hears; what a phone plays into the sink "ear" is its right one. A recording of both has them sample by
sample beside each other, so the delay between them needs no clock.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import BenchError
from tests.support.pulse import RATE, Pulse, Recorder

_MODULES = (
    f"module-null-sink sink_name=room norewinds=1 rate={RATE} channels=2 channel_map=front-left,front-right",
    "module-remap-sink sink_name=lips master=room channels=1 channel_map=mono master_channel_map=front-left remix=no",
    "module-remap-sink sink_name=ear master=room channels=1 channel_map=mono master_channel_map=front-right remix=no",
    "module-remap-source source_name=mouth master=room.monitor channels=1 channel_map=mono"
    " master_channel_map=front-left remix=no",
)


@dataclass(frozen=True)
class Room:
    """The sound server and its devices."""

    pulse: Pulse

    def devices(self, microphone: str, ear: str) -> dict[str, str]:
        """The environment in which "default" means these, for every phone in the same way."""
        return {**self.pulse.environment, "PULSE_SOURCE": microphone, "PULSE_SINK": ear}

    def tape(self, target: Path) -> Recorder:
        """A recorder of both channels."""
        return self.pulse.record(target, "room", channels=2)


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    """The devices, while the context lasts. Raises BenchError for whatever their programs do not do."""
    try:
        async with Pulse(folder / "pulse", realtime=True) as pulse:
            for module in _MODULES:
                pulse.control("load-module", *module.split())
            yield Room(pulse)
    except (AssertionError, TimeoutError, OSError, subprocess.CalledProcessError) as error:
        raise BenchError(f"virtual sound devices: {error}") from error
