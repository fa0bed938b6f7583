"""Sound devices and the roles they play."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tuiphone.model.media import Processing


class DeviceRole(StrEnum):
    """What a device is used for: the microphone, the ear, and the bell."""

    INPUT = "input"
    OUTPUT = "output"
    RING = "ring"


DEFAULT_DEVICE = ""
"""The chosen name that means: what the system calls its default."""
NULL_DEVICE = "none"
"""The chosen name that means: no sound at all (silence in, nothing out)."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device the machine has; ``name`` is what is chosen and persisted, ``driver`` says whose name it is (ALSA).

    ``key`` is the driver's own name where ``name`` is a description ("alsa_output.usb-…"); a configuration may name either.
    ``muted`` is the mute of the device itself, as its button or another program left it.
    """

    name: str
    driver: str = ""
    inputs: int = 0
    outputs: int = 0
    key: str = ""
    muted: bool = False

    def fits(self, role: DeviceRole) -> bool:
        """Whether it can play a role."""
        return (self.inputs if role is DeviceRole.INPUT else self.outputs) > 0


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role: the name that was chosen, the name in use now (NULL_DEVICE if none opens), and why they differ.

    ``names`` is the whole list of names and patterns in order of priority, ``chosen`` its first. ``also`` are further
    devices in use at the same time (bells). ``device_muted``: the device itself is muted, by its button or another program.
    """

    role: DeviceRole
    chosen: str = DEFAULT_DEVICE
    in_use: str = NULL_DEVICE
    problem: str = ""
    level: int = 100
    """Percent: microphone gain, ear volume, ring volume (0 to 200)."""
    muted: bool = False
    names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    device_muted: bool = False


@dataclass(frozen=True, slots=True)
class Headset:
    """The headset: whether it is to drive microphone and ear (``used``), the list that names it, and the one that is there.

    ``problem`` says what follows from its absence; empty while it is there or not wanted.
    """

    used: bool = False
    names: tuple[str, ...] = ()
    present: str = ""
    problem: str = ""


class MicTest(StrEnum):
    """Where the trial of the microphone stands: it is recorded for some seconds, then played in the ear."""

    OFF = "off"
    RECORDING = "recording"
    PLAYING = "playing"


@dataclass(frozen=True, slots=True)
class Devices:
    """All devices and all roles, in the order of DeviceRole."""

    available: tuple[Device, ...] = ()
    roles: tuple[RoleState, ...] = (
        RoleState(DeviceRole.INPUT),
        RoleState(DeviceRole.OUTPUT),
        RoleState(DeviceRole.RING),
    )
    headset: Headset = Headset()
    mic_test: MicTest = MicTest.OFF
    processing: Processing = field(default_factory=Processing)

    def role(self, role: DeviceRole) -> RoleState:
        """The state of one role."""
        return next(state for state in self.roles if state.role is role)
