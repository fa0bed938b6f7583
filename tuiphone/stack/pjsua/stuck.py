"""Sees a sound device that stopped working without saying so: it takes no more sound, or brings none."""

from __future__ import annotations

import time
from collections.abc import Callable

from tuiphone.model.device import DeviceRole
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump, Timer

STUCK_S = 2.0
"""A device that has taken or brought nothing for so long is stuck; sound cards ask every few hundredths of a second."""
_LOOK_S = 0.5


class StuckWatch:
    """Looks while a device is open. Without our own build of the library there is nothing to look at."""

    def __init__(self, pump: Pump, native: Native, stuck: Callable[[DeviceRole], None]) -> None:
        self._pump = pump
        self._native = native
        self._stuck = stuck
        self._timer: Timer | None = None
        self._moved: dict[DeviceRole, tuple[int, float]] = {}
        self._can_look = native.sound_frames() is not None

    def start(self, *roles: DeviceRole) -> None:
        """Devices of these roles were opened just now."""
        self.stop()
        if self._can_look:
            now = time.monotonic()
            self._moved = dict.fromkeys(roles, (-1, now))
            self._timer = self._pump.later(_LOOK_S, self._look)

    def stop(self) -> None:
        """They are closed."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = self._pump.later(_LOOK_S, self._look)
        position = self._native.sound_frames()
        now = time.monotonic()
        for role, (before, since) in self._moved.items():
            at = position[role is DeviceRole.INPUT] if position else before
            if at != before:
                self._moved[role] = (at, now)
            elif now - since >= STUCK_S:
                self.stop()
                self._stuck(role)
                return
