"""Which sound devices there are, and which of them a role's chosen names mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pjsua2 as pj

from tuiphone.i18n import _
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, Device, DeviceRole
from tuiphone.stack.pjsua.soundserver import DEFAULT_ALIAS, Server

DEFAULT_CAPTURE = -1
DEFAULT_PLAYBACK = -2
"""pjmedia's numbers for the system's default devices."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a chosen name led to: a device number, its name, and what is wrong if it is not the one that was chosen.

    ``index`` is None for silence. It counts until the next look at the devices only; ``key`` names the device for good.
    """

    index: int | None
    name: str
    key: str = ""
    problem: str = ""

    def is_same(self, other: Found) -> bool:
        """Whether both are the same device."""
        return (self.index is None) == (other.index is None) and (self.key or self.name) == (other.key or other.name)


SILENCE = Found(None, NULL_DEVICE)


class DeviceList:
    """A picture of the machine's devices, taken anew by ``refresh``."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, Device]] = []
        self._server: Server | None = None
        self._default_index: int | None = None

    def refresh(self, manager: pj.AudDevManager, rescan: bool, server: Server | None) -> None:
        """Ask the drivers again; ``rescan`` lets them look for devices that came or went.

        With a sound server ALSA's devices are the ones of ``Server.alsa``, and get the server's names.
        """
        if rescan:
            manager.refreshDevs()
        named = server.devices() if server else {}
        self._server = server
        self._rows, self._default_index = [], None
        infos = manager.enumDev2()
        for index in range(len(infos)):
            info = infos[index]
            if server is None:
                device = Device(info.name, info.driver, int(info.inputCount), int(info.outputCount))
                self._rows.append((index, device))
            elif info.name == DEFAULT_ALIAS:
                self._default_index = index
            elif info.name in named:
                self._rows.append((index, named[info.name]))

    @property
    def available(self) -> tuple[Device, ...]:
        """Every device, in the drivers' order."""
        return tuple(device for _index, device in self._rows)

    def candidates(self, role: DeviceRole, names: Iterable[str]) -> list[Found]:
        """The devices that names mean for a role, as far as they are there; never empty.

        Where none is there, the system's default with a word on that, and silence where the machine has no device.
        """
        found: list[Found] = []
        missing = ""
        for name in names:
            if name == NULL_DEVICE:
                found.append(SILENCE)
                break
            device = self._default(role) if name == DEFAULT_DEVICE else self._named(role, name)
            if device is None:
                missing = missing or name
            elif not any(device.is_same(other) for other in found):
                found.append(device)
        return found or [self._instead(role, missing)]

    def named(self, name: str) -> Device | None:
        """A device by its name or key."""
        return next((device for _index, device in self._rows if name in (device.name, device.key)), None)

    def _named(self, role: DeviceRole, name: str) -> Found | None:
        for index, device in self._rows:
            if device.fits(role) and name in (device.name, device.key):
                return Found(index, device.name, device.key)
        return None

    def _default(self, role: DeviceRole) -> Found | None:
        usable = [device for _index, device in self._rows if device.fits(role)]
        if not usable:
            return None
        if self._server is not None:
            key = self._server.default(role is DeviceRole.INPUT)
            name = next((device.name for device in usable if device.key == key), usable[0].name)
            return Found(self._default_index, name, key)
        # ALSA calls the system's default "default"; otherwise pjmedia takes the first device that fits.
        names = [device.name for device in usable]
        index = DEFAULT_CAPTURE if role is DeviceRole.INPUT else DEFAULT_PLAYBACK
        return Found(index, "default" if "default" in names else names[0])

    def _instead(self, role: DeviceRole, missing: str) -> Found:
        default = self._default(role)
        if default is None:
            return Found(None, NULL_DEVICE, problem=_nothing(role))
        words = _("“{name}” is not there: using “{other}”") if missing else ""
        return Found(default.index, default.name, default.key, words.format(name=missing, other=default.name))


def _nothing(role: DeviceRole) -> str:
    if role is DeviceRole.INPUT:
        return _("This machine has no microphone: the far end hears silence")
    return _("This machine has no sound output: nothing can be heard")
