"""The devices of PulseAudio, or of PipeWire in its place, as ALSA's pulse plug-in opens them.

pjmedia speaks ALSA, which knows the sound server as one device, "default". So the server is asked for its sinks and
sources (``pactl``, in a process of its own), and ALSA is given a configuration in which each of them is a device.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tuiphone.model.device import Device

log = logging.getLogger(__name__)

DRIVER = "PulseAudio"
PATIENCE_S = 2.0
"""A sound server that does not answer within this time counts as absent."""
_PREFIX = "tuiphone_"
_DEFAULT_ALIAS = f"{_PREFIX}default"
_CONFIG = "ALSA_CONFIG_PATH"


@dataclass(frozen=True, slots=True)
class Entry:
    """One sink or source: the server's own name, what people call it, and its own mute."""

    key: str
    description: str
    is_source: bool
    muted: bool = False

    @property
    def alias(self) -> str:
        """The name ALSA gets to know it by: the same for the same device, and nothing ALSA's syntax could mistake."""
        return f"{_PREFIX}{'in' if self.is_source else 'out'}_{zlib.crc32(self.key.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Server:
    """What a sound server has at the moment."""

    entries: tuple[Entry, ...] = ()
    default_sink: str = ""
    default_source: str = ""

    def devices(self) -> dict[str, Device]:
        """Each device by ALSA's name for it; of several that are called the same, each name says which it is."""
        called = Counter((entry.is_source, entry.description) for entry in self.entries)
        found = {}
        for entry in self.entries:
            name = entry.description
            if called[entry.is_source, name] > 1:
                name = f"{name} ({entry.key})"
            ways = (1, 0) if entry.is_source else (0, 1)
            found[entry.alias] = Device(name, DRIVER, *ways, entry.key, entry.muted)
        return found

    def default(self, is_source: bool) -> str:
        """The key of the default device of a direction; empty if there is none."""
        key = self.default_source if is_source else self.default_sink
        return key if any(e.key == key and e.is_source == is_source for e in self.entries) else ""

    def alsa(self) -> str:
        """The configuration that makes each of them a device of ALSA."""
        lines = []
        for entry in self.entries:
            way = "capture" if entry.is_source else "playback"
            plug = f"type pulse device {json.dumps(entry.key)}"
            lines.append(f"pcm.{entry.alias} {{ type asym {way}.pcm {{ {plug} }} hint {{ show on }} }}")
        lines.append(f"pcm.{_DEFAULT_ALIAS} {{ type pulse hint {{ show on }} }}")
        return "\n".join(lines) + "\n"


def can_ask() -> bool:
    """Whether a sound server could be asked at all (its own program for that is installed)."""
    return shutil.which("pactl") is not None


def ask() -> Server | None:
    """What the sound server has; None when none answers. Takes some 20 ms; any thread."""
    try:
        sinks, sources, info = (_pactl("list", "sinks"), _pactl("list", "sources"), _pactl("info"))
        entries = [Entry(e["name"], _describe(e), False, bool(e["mute"])) for e in sinks]
        entries += [Entry(e["name"], _describe(e), True, bool(e["mute"])) for e in sources if not _is_monitor(e)]
        return Server(tuple(entries), info["default_sink_name"], info["default_source_name"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        log.debug("no sound server: %s", error)
        return None


def mute(entry_key: str, is_source: bool, on: bool) -> bool:
    """Mute a device for every program; whether the server did."""
    command = "set-source-mute" if is_source else "set-sink-mute"
    try:
        subprocess.run(
            ["pactl", command, entry_key, "1" if on else "0"],
            check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class AlsaConfig:
    """The configuration that ALSA reads in this process: what the machine has, or ours.

    Made before the library looks at ALSA's devices for the first time. Ours lives in memory, behind a file descriptor whose
    number stays: ALSA sees by the inode that it is a new one. A configuration named in the environment is somebody's wish
    and stays what counts. ``null`` leaves the library no device to look at, which saves its start the time.
    """

    def __init__(self, system: str, null: bool) -> None:
        self._theirs = os.environ.get(_CONFIG)
        self._fd = -1
        self.names_of_server = system == "auto" and not null and self._theirs is None
        """Whether devices are the sound server's, where there is one."""
        self.server = ask() if self.names_of_server and can_ask() else None
        if null and self._theirs is None:
            self._write("")
        elif self.server:
            self.use(self.server)

    def use(self, server: Server | None) -> None:
        """From the next look at ALSA's devices on; None is the machine's own configuration."""
        self.server = server
        if server is None:
            os.environ.pop(_CONFIG, None)
        else:
            self._write(server.alsa())

    def _write(self, text: str) -> None:
        fresh = os.memfd_create("tuiphone-alsa")
        os.write(fresh, text.encode())
        if self._fd < 0:
            self._fd = fresh
        else:
            os.dup2(fresh, self._fd, inheritable=False)
            os.close(fresh)
        os.environ[_CONFIG] = f"/proc/self/fd/{self._fd}"

    def close(self) -> None:
        """Leave the machine's configuration in force."""
        if self._fd >= 0:
            os.environ.pop(_CONFIG, None)
            os.close(self._fd)
            self._fd = -1


DEFAULT_ALIAS = _DEFAULT_ALIAS
"""ALSA's name, in our configuration, for whatever the server calls its default at the moment."""


def _pactl(*words: str) -> Any:
    done = subprocess.run(
        ["pactl", "--format=json", *words],
        check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return json.loads(done.stdout.decode("utf-8", "replace"))


def _describe(entry: dict[str, Any]) -> str:
    text = str(entry.get("description") or "")
    return text if text and text != "(null)" else str(entry["name"])


def _is_monitor(source: dict[str, Any]) -> bool:
    return source.get("properties", {}).get("device.class") == "monitor" or bool(source.get("monitor_source"))
