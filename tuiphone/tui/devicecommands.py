"""The commands of the sound devices and of the codecs."""

from __future__ import annotations

from tuiphone.i18n import _
from tuiphone.model.device import NULL_DEVICE, DeviceRole, MicTest
from tuiphone.tui.command import Command, Desk, Reason, Run, opens
from tuiphone.tui.reasons import no_engine
from tuiphone.tui.store import Store

LEVEL_STEP = 10
"""Percent that a key makes a device louder or softer."""
_LEVELS = (0, 200)


async def step_level(desk: Desk, role: DeviceRole, direction: int) -> None:
    """Make a role's device a step louder (1) or softer (-1)."""
    shown = desk.store.devices.role(role).level
    await desk.stepping.step(
        f"{role}_level", shown, direction * LEVEL_STEP, _LEVELS, lambda level: desk.phone.set_level(role, level)
    )


async def _use_headset(desk: Desk) -> None:
    on = not desk.store.devices.headset.used
    await desk.phone.use_headset(on)
    desk.store.say(_("The phone talks through the headset only") if on else _("The phone talks through any device"))


def _mute_at_device(role: DeviceRole) -> Run:
    return lambda desk: desk.phone.mute_at_device(role, not desk.store.devices.role(role).device_muted)


def can_mute_device(role: DeviceRole) -> Reason:
    """Whether a role has a device that could be muted."""

    def enabled(store: Store) -> str | None:
        silent = store.devices.role(role).in_use == NULL_DEVICE
        return no_engine(store) or (_("There is no device in use that could be muted") if silent else None)

    return enabled


def can_use_headset(store: Store) -> str | None:
    """Whether a headset is named, or one is used already."""
    headset = store.devices.headset
    named = headset.names or headset.used
    return no_engine(store) or (None if named else _("No headset has been chosen yet: the menu has “Choose a headset”"))


def device_commands() -> tuple[Command, ...]:
    """Devices, levels, trials, codecs."""
    group = _("Devices")
    ear, microphone = DeviceRole.OUTPUT, DeviceRole.INPUT
    return (
        Command("devices", group, _("Sound devices"), ("v", "f7"), opens("devices"), no_engine, _("Devices"), 30),
        Command("choose_input", group, _("Choose the microphone"), (), opens("choose_input"), no_engine),
        Command("choose_output", group, _("Choose the ear"), (), opens("choose_output"), no_engine),
        Command("choose_ring", group, _("Choose the bell"), (), opens("choose_ring"), no_engine),
        Command("bells", group, _("Let several devices ring"), (), opens("bells"), no_engine),
        Command("choose_headset", group, _("Choose a headset"), (), opens("choose_headset"), no_engine),
        Command("use_headset", group, _("Talk through the headset only, or not"), (), _use_headset, can_use_headset),
        Command("softer", group, _("Ear softer"), ("<",), lambda desk: step_level(desk, ear, -1), no_engine),
        Command("louder", group, _("Ear louder"), (">",), lambda desk: step_level(desk, ear, 1), no_engine),
        Command(
            "mute_microphone",
            group,
            _("Mute the microphone at the device, for every program, or unmute"),
            (),
            _mute_at_device(microphone),
            can_mute_device(microphone),
        ),
        Command(
            "mute_ear",
            group,
            _("Mute the ear at the device, for every program, or unmute"),
            (),
            _mute_at_device(ear),
            can_mute_device(ear),
        ),
        Command("test_tone", group, _("Test tone on the ear"), (), lambda desk: desk.toggle_tone(), no_engine),
        Command("mic_meter", group, _("Microphone meter"), (), lambda desk: desk.toggle_mic_meter(), no_engine),
        Command(
            "mic_test",
            group,
            _("Record the microphone for 5 s and play that, or end it"),
            (),
            lambda desk: desk.phone.test_mic(desk.store.devices.mic_test is MicTest.OFF),
            no_engine,
        ),
        Command(
            "refresh_devices", group, _("Look for new devices"), (), lambda desk: desk.phone.devices(True), no_engine
        ),
        Command(
            "processing",
            group,
            _("Sound: echo, noise, levels, and the gains of the call shown"),
            ("V",),
            opens("processing"),
            no_engine,
        ),
        Command("codecs", group, _("Codecs: which are offered, in what order"), ("K",), opens("codecs"), no_engine),
        Command(
            "codec_parameters",
            group,
            _("Codec parameters: opus, iLBC, iSAC, G.729, whose order counts"),
            (),
            opens("codec_parameters"),
            no_engine,
        ),
    )
