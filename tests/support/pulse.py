"""A private PulseAudio with virtual devices: a sound card that tests can speak into and listen to.

Sinks ``spk``, ``head``, ``spare`` and ``ring`` are loudspeakers; source ``mic`` is a microphone that hears what is
played into the sink ``micfeed``, ``mic2`` hears ``mic2feed``. Programs started with ``environment`` see just these.
"""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.process import Process, until

SINKS = ("spk", "head", "spare", "ring", "micfeed", "mic2feed")
SOURCES = {"mic": "micfeed", "mic2": "mic2feed"}
RATE = 48000

# norewinds: without it a null sink runs slow whenever another stream is open.
_SINK = "load-module module-null-sink sink_name={name} norewinds=1 rate={rate} channels=1 channel_map=mono"
_SOURCE = (
    "load-module module-remap-source source_name={name} master={feed}.monitor channels=1 channel_map=mono"
    " master_channel_map=mono remix=no"
)
_ALSA = """\
pcm.!default {{ type pulse hint {{ show on description "default" }} }}
ctl.!default {{ type pulse }}
{devices}
"""
# One direction each, as a loudspeaker and a microphone are: ALSA's pulse plug-in alone would claim both.
_ALSA_DEVICE = """\
pcm.{name} {{
    type asym
    {direction}.pcm {{ type pulse device "{name}" }}
    hint {{ show on description "{name}" }}
}}"""


@dataclass
class Pulse:
    """The sound server, in a folder of its own; with ``realtime`` it may take real-time priority, as it has on a desktop."""

    folder: Path
    realtime: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = self.folder / "native"
        (self.folder / "asound.conf").write_text(self._alsa())
        (self.folder / "default.pa").write_text(self._script())
        self.process = Process(
            ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disallow-exit",
             "--log-target=stderr", "-F", self.folder / "default.pa"],
            self.folder / "log",
            env=self._home,
            realtime=self.realtime,
        )  # fmt: skip

    @property
    def _home(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a phone needs to see these devices and no others."""
        return {"PULSE_SERVER": f"unix:{self.socket}", "ALSA_CONFIG_PATH": str(self.folder / "asound.conf")}

    @property
    def desktop(self) -> dict[str, str]:
        """What a phone needs to see the server's devices as on a desktop: by the server's own descriptions."""
        return {"PULSE_SERVER": f"unix:{self.socket}"}

    def control(self, *arguments: str) -> str:
        """Run pactl; its output."""
        done = subprocess.run(
            ["pactl", *arguments], env={**self._home, **self.environment, "PATH": "/usr/bin:/bin"},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    def plug(self, sink: str, description: str) -> None:
        """Bring a loudspeaker that is called ``description`` (one word)."""
        module, *arguments = _SINK.format(name=sink, rate=RATE).split()[1:]
        self.control("load-module", module, *arguments, f"sink_properties=device.description={description}")

    def plug_microphone(self, source: str, description: str, feed: str) -> None:
        """Bring a microphone that hears what is played into the sink ``feed``."""
        module, *arguments = _SOURCE.format(name=source, feed=feed).split()[1:]
        self.control("load-module", module, *arguments, f"source_properties=device.description={description}")

    def unplug(self, name: str) -> None:
        """Take a loudspeaker or microphone away."""
        for line in self.control("list", "short", "modules").splitlines():
            number, _, module = line.partition("\t")
            if f"sink_name={name} " in module or f"source_name={name} " in module:
                self.control("unload-module", number)

    def played_by(self, sink: str) -> int:
        """How many streams play on a sink."""
        numbers = dict(line.split("\t")[:2][::-1] for line in self.control("list", "short", "sinks").splitlines())
        inputs = [line.split("\t")[1] for line in self.control("list", "short", "sink-inputs").splitlines()]
        return inputs.count(numbers.get(sink, "-"))

    def play(self, wav: Path, sink: str = "micfeed") -> Process:
        """A player of a WAV file into a sink; enter it to begin."""
        return Process(
            ["paplay", f"--device={sink}", wav],
            self.folder / f"play-{sink}.log",
            env={**self._home, **self.environment},
        )

    def record(self, target: Path, sink: str = "spk", channels: int = 1) -> Recorder:
        """A recorder of what a sink plays; entering it returns when the first samples have arrived."""
        return Recorder(
            Process(
                ["parec", f"--device={sink}.monitor", "--file-format=wav", f"--rate={RATE}", f"--channels={channels}",
                 "--format=s16le", "--latency-msec=20", target],
                self.folder / f"record-{sink}.log",
                env={**self._home, **self.environment},
            ),
            target,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        self.process.start()
        await until(self._answers, 15, "PulseAudio answers with its virtual devices")
        return self

    def _answers(self) -> bool:
        if self.process.returncode is not None:
            raise AssertionError(f"pulseaudio ended:\n{self.process.tail()}")
        if not self.socket.exists():
            return False
        try:
            return "mic" in self.control("list", "short", "sources")
        except subprocess.CalledProcessError:
            return False

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.stop()

    def _script(self) -> str:
        lines = [f"load-module module-native-protocol-unix auth-anonymous=1 socket={self.socket}"]
        lines += [_SINK.format(name=name, rate=RATE) for name in SINKS]
        lines += [_SOURCE.format(name=name, feed=feed) for name, feed in SOURCES.items()]
        lines += ["set-default-sink spk", "set-default-source mic"]
        return "\n".join(lines) + "\n"

    def _alsa(self) -> str:
        devices = [_ALSA_DEVICE.format(name=name, direction="playback") for name in SINKS]
        devices += [_ALSA_DEVICE.format(name=name, direction="capture") for name in SOURCES]
        return _ALSA.format(devices="\n".join(devices))


@dataclass
class Recorder:
    """A running recording."""

    process: Process
    target: Path

    async def __aenter__(self) -> Self:
        self.process.start()
        await until(lambda: self.target.exists() and self.target.stat().st_size > 1000, 10, "first samples recorded")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.process.stop()
        await asyncio.sleep(0)


def espeak(text: str, target: Path) -> Path:
    """Spoken text as 16-bit mono WAV at the telephone's 8 kHz, with the telephone's band."""
    raw = target.with_suffix(".espeak.wav")
    subprocess.run(["espeak-ng", "-v", "en", "-s", "150", "-w", str(raw), text], check=True, capture_output=True)
    subprocess.run(
        ["sox", str(raw), "-r", "8000", "-b", "16", "-c", "1", str(target), "gain", "-n", "-6", "sinc", "300-3400"],
        check=True, capture_output=True,
    )  # fmt: skip
    return target
