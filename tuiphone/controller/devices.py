"""Device roles: what was chosen, what is in use, at which level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tuiphone.controller.clock import Clock, Timer
from tuiphone.controller.ports import DevicesReport, RoleChoice, SipStack, Tone
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, DeviceRole, Devices, RoleState
from tuiphone.model.event import DevicesChanged, Event, Notice, NoticeLevel

MAX_LEVEL = 200
"""Percent."""
TEST_TONE_S = 10.0
"""A forgotten test tone stops after so many seconds."""


class DeviceRoles:
    """The only writer of device state."""

    def __init__(
        self, stack: SipStack, clock: Clock, publish: Callable[[Event], None], persist: Callable[[str, object], None]
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._test_tones: dict[DeviceRole, Timer] = {}
        self._publish = publish
        self._persist = persist
        self.devices = Devices()

    def start(self, choices: tuple[RoleChoice, ...]) -> None:
        """Take the configured choices and hand them to the stack."""
        by_role = {choice.role: choice for choice in choices}
        roles = tuple(
            RoleState(role, by_role[role].name, NULL_DEVICE, "", by_role[role].level, by_role[role].muted)
            if role in by_role
            else RoleState(role)
            for role in DeviceRole
        )
        self.devices = replace(self.devices, roles=roles)
        self._hand_down()

    def choose(self, role: DeviceRole, name: str) -> None:
        """Use another device for a role from now on."""
        if name not in {DEFAULT_DEVICE, NULL_DEVICE} and name not in {
            device.name
            for device in self.devices.available
            if (device.inputs if role is DeviceRole.INPUT else device.outputs)
        }:
            raise PhoneError(
                _("There is no {role} device “{name}”: refresh the list or choose another").format(
                    role=role, name=name
                ),
                "unknown",
            )
        self._change(role, chosen=name)
        self._persist(f"audio.{role}", name)

    def set_level(self, role: DeviceRole, level: int) -> None:
        """Set a role's volume in percent."""
        if not 0 <= level <= MAX_LEVEL:
            raise PhoneError(
                _("A level is 0 to {max} percent, not {level}").format(max=MAX_LEVEL, level=level), "invalid"
            )
        self._change(role, level=level)
        self._persist(f"audio.{role}_level", level)

    def mute(self, role: DeviceRole, on: bool) -> None:
        """Mute a role for all calls (not kept: a phone that starts mute puzzles people)."""
        self._change(role, muted=on)

    def test_tone(self, role: DeviceRole, on: bool) -> None:
        """Play a tone on an output."""
        if role is DeviceRole.INPUT:
            raise PhoneError(_("A test tone needs the output or the ring device"), "invalid")
        timer = self._test_tones.pop(role, None)
        if timer:
            timer.cancel()
            self._stack.tone(Tone.TEST, False, role)
        if on:
            self._stack.tone(Tone.TEST, True, role)
            self._test_tones[role] = self._clock.later(TEST_TONE_S, lambda: self.test_tone(role, False))

    def reported(self, report: DevicesReport) -> None:
        """Take in what the stack found and uses; a new problem is said once."""
        roles = tuple(
            replace(
                state,
                in_use=report.in_use.get(state.role, NULL_DEVICE),
                problem=report.problems.get(state.role, ""),
            )
            for state in self.devices.roles
        )
        for old, new in zip(self.devices.roles, roles, strict=True):
            if new.problem and new.problem != old.problem:
                self._publish(Notice(NoticeLevel.WARNING, new.problem))
        self._set(Devices(report.available, roles))

    def _change(self, role: DeviceRole, **changes: object) -> None:
        roles = tuple(
            replace(state, **changes) if state.role is role else state  # type: ignore[arg-type]  # RoleState's own fields
            for state in self.devices.roles
        )
        self._set(replace(self.devices, roles=roles))
        self._hand_down()

    def _set(self, devices: Devices) -> None:
        if devices != self.devices:
            self.devices = devices
            self._publish(DevicesChanged(devices))

    def _hand_down(self) -> None:
        self._stack.choose_devices(
            tuple(RoleChoice(state.role, state.chosen, state.level, state.muted) for state in self.devices.roles)
        )
