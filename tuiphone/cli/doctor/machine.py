"""Python, its packages, pjsua2, and the system's sound."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tuiphone.cli.doctor import portaudio
from tuiphone.cli.doctor.finding import Finding, fail, ok, warn
from tuiphone.config.option import all_of
from tuiphone.config.schema import Config
from tuiphone.controller.devices import present
from tuiphone.i18n import _
from tuiphone.model.codec import names_codec
from tuiphone.model.device import Device, DeviceRole

PROBE_TIMEOUT_S = 30.0
_BUILD = "make setup"
_WHEEL = "make setup ENGINE=wheel"
_PACKAGES = ("textual", "rich", "msgspec", "tomli-w", "sounddevice", "aioice", "dnspython")


def python() -> Iterator[Finding]:
    """The interpreter and the packages it needs."""
    yield ok("Python", f"{platform.python_version()} ({sys.executable})")
    missing = [name for name in _PACKAGES if not _version(name)]
    if missing:
        text = _("not installed: {names}").format(names=", ".join(missing))
        yield fail("packages", text, f"{sys.executable} -m pip install {' '.join(missing)}")
    else:
        yield ok("packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


# --- pjsua2 -----------------------------------------------------------------------------------------------------------


_DEVICE_KEYS = {
    "input": DeviceRole.INPUT,
    "output": DeviceRole.OUTPUT,
    "ring": DeviceRole.RING,
    "headset": DeviceRole.OUTPUT,
}


@dataclass(frozen=True, slots=True)
class Library:
    """What the probe found out (see ``tuiphone.cli.doctor.probe``)."""

    module: str
    distribution: str
    version: str
    features: list[str]
    codecs: list[str]
    devices: list[tuple[Any, ...]]
    """Name, inputs, outputs, and the sound server's own name where there is one."""
    tls: bool
    openssl: str

    @property
    def is_own_build(self) -> bool:
        """Built by native/, with the helper linked in; else a wheel."""
        return bool(self.features)


def engine_library(config: Config | None) -> Iterator[Finding]:
    """pjsua2: whose build, its codecs, TLS and sound devices."""
    found = probe()
    if isinstance(found, Finding):
        yield found
        return
    source = found.distribution or found.module
    if found.is_own_build:
        yield ok("pjsua2", _("{version}, own build ({source})").format(version=found.version, source=source))
    else:
        text = _("{version}, not our own build ({source}): fewer codecs, no sound devices, 4 calls at most")
        yield warn("pjsua2", text.format(version=found.version, source=source), _BUILD)
    yield _codecs(found, config)
    yield _tls(found)
    yield from _devices(found, config)


def probe() -> Library | Finding:
    """Ask pjsua2 in a process of its own; a Finding when it cannot answer."""
    command = [sys.executable, "-m", "tuiphone.cli.doctor.probe"]
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except subprocess.TimeoutExpired:
        text = _("pjsua2 did not come up within {n} s").format(n=f"{PROBE_TIMEOUT_S:g}")
        return fail(
            "pjsua2", text, _("end what blocks the sound system, or build anew: {command}").format(command=_BUILD)
        )
    lines = run.stdout.decode(errors="replace").strip().splitlines()
    if run.returncode == 0 and lines:
        facts: dict[str, Any] = json.loads(lines[-1])
        return Library(**facts | {"devices": [tuple(device) for device in facts["devices"]]})
    return _why_not(run.returncode, run.stderr.decode(errors="replace"))


def _why_not(code: int, errors: str) -> Finding:
    last = (errors.strip().splitlines() or [""])[-1]
    if code < 0:
        name = signal.Signals(-code).name
        return fail("pjsua2", _("it crashes when it comes up ({signal})").format(signal=name), _BUILD)
    if "No module named" in last and "pjsua2" in last:
        remedy = _("{build} (with a compiler), or {wheel} (without)").format(build=_BUILD, wheel=_WHEEL)
        return fail("pjsua2", _("not installed for this Python"), remedy)
    return fail("pjsua2", _("it cannot be used: {reason}").format(reason=last), _BUILD)


def _codecs(library: Library, config: Config | None) -> Finding:
    has = [_split(codec) for codec in library.codecs]
    wanted = list(config.audio.codecs) if config else []
    for account in config.accounts if config else ():
        wanted += account.codecs
    lacking = [name for name in dict.fromkeys(wanted) if not any(names_codec(name, *codec) for codec in has)]
    shown = ", ".join(_names(library.codecs))
    if not lacking:
        return ok("codecs", shown)
    text = _("{codecs}; configured but not in this build: {lacking}").format(codecs=shown, lacking=", ".join(lacking))
    remedy = _("take them out of the configuration")
    return warn(
        "codecs", text, remedy if library.is_own_build else _("{build}, or {other}").format(build=_BUILD, other=remedy)
    )


def _split(codec_id: str) -> tuple[str, int]:
    name, _slash, rest = codec_id.partition("/")
    rate = rest.partition("/")[0]
    return name, int(rate) if rate.isdigit() else 0


def _names(codec_ids: list[str]) -> list[str]:
    """Codec names without repetition; with the clock rate where one name has several."""
    pairs = list(dict.fromkeys(tuple(codec_id.split("/")[:2]) for codec_id in codec_ids))
    names = [pair[0] for pair in pairs]
    return [name if names.count(name) == 1 else f"{name}/{rate}" for name, rate in pairs]


def _tls(library: Library) -> Finding:
    if not library.tls:
        return warn("TLS", _("this build of pjsua2 has no TLS"), _BUILD)
    release = re.search(r"(\d+)\.(\d+)\.(\d+)", library.openssl)
    if release and tuple(map(int, release.groups())) >= (1, 1, 1):
        return ok("TLS", _("1.2 and 1.3 ({library})").format(library=library.openssl))
    text = _("1.2 only ({library})").format(library=library.openssl or _("a built-in OpenSSL of unknown version"))
    return warn("TLS", text, _BUILD)


def _devices(library: Library, config: Config | None) -> Iterator[Finding]:
    devices = [Device(row[0], "", row[1], row[2], *row[3:]) for row in library.devices]
    inputs, outputs = ([d.name for d in devices if d.fits(role)] for role in (DeviceRole.INPUT, DeviceRole.OUTPUT))
    if config and config.audio.null_audio:
        yield ok("devices", _("not used: audio.null_audio is true"))
        return
    if not inputs and not outputs:
        yield _no_devices(library)
        return
    text = _("input: {inputs}; output: {outputs}")
    yield ok("devices", text.format(inputs=", ".join(inputs) or _("none"), outputs=", ".join(outputs) or _("none")))
    for key, role in _DEVICE_KEYS.items() if config else ():
        chosen = all_of(getattr(config.audio, key)) if config else ()
        if chosen and not present(role, chosen, devices):
            listed = _("”, “").join(chosen)
            text = _("{key} is “{names}”, which is not there now").format(key=f"audio.{key}", names=listed)
            yield warn("devices", text, _("plug it in, or choose another one in the devices panel"))


def _no_devices(library: Library) -> Finding:
    others = portaudio.names()
    if others:
        # Then it is not the machine that lacks them.
        text = _("pjsua2 sees no sound device, but PortAudio does: {names}").format(names=", ".join(others))
        return warn("devices", text, _BUILD)
    text = _("pjsua2 sees no sound device: calls carry silence")
    remedy = _("see the next line; without a sound card set null_audio = true under [audio]")
    return warn("devices", text, remedy if library.is_own_build else _BUILD)


# --- the system's sound -----------------------------------------------------------------------------------------------


def sound_system(config: Config | None) -> Iterator[Finding]:
    """Which sound server runs, else which cards ALSA has; nothing where no sound is wanted."""
    if config and config.audio.null_audio:
        return
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    servers = [
        *(["PipeWire"] if (runtime / "pipewire-0").is_socket() else []),
        *(["PulseAudio"] if os.environ.get("PULSE_SERVER") or (runtime / "pulse" / "native").is_socket() else []),
    ]
    cards = _alsa_cards()
    if servers:
        yield ok("sound", _("{servers}; {n} ALSA cards").format(servers=", ".join(servers), n=len(cards)))
    elif cards:
        yield ok("sound", _("ALSA without a sound server: {cards}").format(cards=", ".join(cards)))
    else:
        text = _("neither a sound server nor a sound card of this user")
        yield warn("sound", text, _("start PipeWire or PulseAudio in this session, or join the group audio"))


def _alsa_cards() -> list[str]:
    """Names in /proc/asound/cards: lines such as " 0 [PCH  ]: HDA-Intel - HDA Intel PCH"."""
    try:
        text = Path("/proc/asound/cards").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return re.findall(r"(?m)^ *\d+ \[[^\]]*\]: .* - (.+)$", text)
