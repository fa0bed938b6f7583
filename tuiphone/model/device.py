"""Sound devices and the roles they play."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """A device the machine has; ``name`` is what is chosen and persisted, ``driver`` says whose name it is (ALSA)."""

    name: str
    driver: str = ""
    inputs: int = 0
    outputs: int = 0


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role: the name that was chosen, the name in use now (NULL_DEVICE if none opens), and why they differ."""

    role: DeviceRole
    chosen: str = DEFAULT_DEVICE
    in_use: str = NULL_DEVICE
    problem: str = ""
    level: int = 100
    """Percent: microphone gain, ear volume, ring volume (0 to 200)."""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Devices:
    """All devices and all roles, in the order of DeviceRole."""

    available: tuple[Device, ...] = ()
    roles: tuple[RoleState, ...] = (
        RoleState(DeviceRole.INPUT),
        RoleState(DeviceRole.OUTPUT),
        RoleState(DeviceRole.RING),
    )

    def role(self, role: DeviceRole) -> RoleState:
        """The state of one role."""
        return next(state for state in self.roles if state.role is role)
