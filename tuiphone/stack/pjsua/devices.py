"""Which sound devices there are, and which of them a role's chosen name means."""

from __future__ import annotations

from dataclasses import dataclass

import pjsua2 as pj

from tuiphone.i18n import _
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, Device, DeviceRole

DEFAULT_CAPTURE = -1
DEFAULT_PLAYBACK = -2
"""pjmedia's numbers for the system's default devices."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a chosen name led to: a device number, its name, and what is wrong if it is not the one that was chosen.

    ``index`` is None when there is no such device, or none is wanted.
    """

    index: int | None
    name: str
    problem: str = ""


class DeviceList:
    """A picture of the machine's devices, taken anew by ``refresh``."""

    def __init__(self) -> None:
        self._infos: list[tuple[int, Device]] = []

    def refresh(self, manager: pj.AudDevManager, rescan: bool) -> None:
        """Ask the drivers again; ``rescan`` lets them look for devices that came or went."""
        if rescan:
            manager.refreshDevs()
        self._infos = []
        infos = manager.enumDev2()
        for index in range(len(infos)):
            info = infos[index]
            device = Device(info.name, info.driver, int(info.inputCount), int(info.outputCount))
            self._infos.append((index, device))

    @property
    def available(self) -> tuple[Device, ...]:
        """Every device, in the drivers' order."""
        return tuple(device for _index, device in self._infos)

    def find(self, role: DeviceRole, name: str) -> Found:
        """The device that a chosen name means for a role, else the default one, else none."""
        if name == NULL_DEVICE:
            return Found(None, NULL_DEVICE)
        usable = [(index, d) for index, d in self._infos if (d.inputs if role is DeviceRole.INPUT else d.outputs)]
        for index, device in usable:
            if device.name == name:
                return Found(index, name)
        if not usable:
            return Found(None, NULL_DEVICE, _nothing(role))
        default = DEFAULT_CAPTURE if role is DeviceRole.INPUT else DEFAULT_PLAYBACK
        problem = "" if name == DEFAULT_DEVICE else _("“{name}” is not there: using “{other}”")
        other = self._default_name(usable)
        return Found(default, other, problem.format(name=name, other=other))

    @staticmethod
    def _default_name(usable: list[tuple[int, Device]]) -> str:
        """ALSA calls the system's default "default"; otherwise pjmedia takes the first device that fits."""
        names = [device.name for _index, device in usable]
        return "default" if "default" in names else names[0]


def _nothing(role: DeviceRole) -> str:
    if role is DeviceRole.INPUT:
        return _("This machine has no microphone: the far end hears silence")
    return _("This machine has no sound output: nothing can be heard")
