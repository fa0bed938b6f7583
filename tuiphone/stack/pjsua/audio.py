"""The sound devices: opened while somebody needs them, closed when nobody does, replaced by silence when they fail.

pjmedia's conference bridge has a master port (number 0) that stands for the microphone and the ear. It runs only while
a device, or the null device that keeps its time, is open. pjsua2 names directions as the port has them: what a port
*receives* goes to the ear or the far end, what it *transmits* comes from the microphone or the far end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.controller.ports import DevicesReport, Report, RoleChoice
from tuiphone.i18n import _
from tuiphone.model.device import NULL_DEVICE, DeviceRole
from tuiphone.stack.pjsua.bell import Bell, BellError
from tuiphone.stack.pjsua.convert import BRIDGE_HZ, words_of
from tuiphone.stack.pjsua.devices import DEFAULT_CAPTURE, DEFAULT_PLAYBACK, DeviceList, Found
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump, Timer

log = logging.getLogger(__name__)

LINGER_S = 1.0
"""A device stays open for so long after its last use: calls often follow one another."""

Pair = tuple[int | None, int | None]


class Sound:
    """The three roles' devices. ``null`` keeps every real device closed for good."""

    def __init__(
        self,
        pump: Pump,
        manager: pj.AudDevManager,
        native: Native,
        report: Callable[[Report], None],
        null: bool,
    ) -> None:
        self._pump = pump
        self._manager = manager
        self._native = native
        self._report = report
        self._null = null
        self._list = DeviceList()
        self._choices = {role: RoleChoice(role, "") for role in DeviceRole}
        self._users: set[str] = set()
        self._opened: Pair | None = None
        self._closing: Timer | None = None
        self._bell: Bell | None = None
        self._failed: dict[DeviceRole, Found] = {}
        manager.setNoDev()
        if not null:
            self._list.refresh(manager, rescan=False)

    # what others use

    @property
    def port(self) -> pj.AudioMedia:
        """Microphone and ear as the conference bridge sees them."""
        return self._manager.getCaptureDevMedia()

    def need(self, user: str, on: bool) -> None:
        """Somebody starts or stops using sound; the device opens at once and closes a little later."""
        if on:
            self._users.add(user)
        else:
            self._users.discard(user)
        self._update()

    def choose(self, choices: tuple[RoleChoice, ...]) -> None:
        """Use these devices and levels from now on, in a running call too."""
        before = {role: choice.name for role, choice in self._choices.items()}
        self._choices.update({choice.role: choice for choice in choices})
        if before != {role: choice.name for role, choice in self._choices.items()}:
            self._reopen()
        self._apply_levels()
        self.tell()

    def refresh(self) -> None:
        """Look for devices that came or went."""
        if not self._null:
            before = self._list.available
            self._list.refresh(self._manager, rescan=True)
            if before != self._list.available:
                self._reopen()
        self.tell()

    def device_failed(self) -> None:
        """A device stopped working in use (it was unplugged): look again and open what is left."""
        self._list.refresh(self._manager, rescan=True)
        self._reopen()
        self.tell()

    def tell(self) -> None:
        """Report devices, what is in use, and what is wrong."""
        found = {role: self._failed.get(role) or self._find(role) for role in DeviceRole}
        self._report(
            DevicesReport(
                self._list.available,
                {role: f.name for role, f in found.items()},
                {role: f.problem for role, f in found.items() if f.problem},
            )
        )

    def ring(self, source: pj.AudioMedia) -> None:
        """Let a source be heard where the bell is, at its level: a device of its own if one was chosen, else the ear."""
        wanted = self._find(DeviceRole.RING)
        if wanted.name == NULL_DEVICE:
            return
        level, ear = self._level(DeviceRole.RING), self._level(DeviceRole.OUTPUT)
        same = self._null or wanted.index == self._find(DeviceRole.OUTPUT).index
        if not same and (self._bell or self._open_bell(wanted)):
            assert self._bell is not None
            source.adjustTxLevel(level)
            self._bell.sound(source)
        else:
            source.adjustTxLevel(level / ear if ear else level)
            source.startTransmit(self.port)

    def close_ring(self) -> None:
        """The bell is silent: give its device back."""
        if self._bell:
            bell, self._bell = self._bell, None
            bell.close()

    def close(self) -> None:
        """Give every device back."""
        self._users.clear()
        if self._closing:
            self._closing.cancel()
        self.close_ring()
        self._shut()

    # inside

    def _find(self, role: DeviceRole) -> Found:
        return Found(None, NULL_DEVICE) if self._null else self._list.find(role, self._choices[role].name)

    def _level(self, role: DeviceRole) -> float:
        choice = self._choices[role]
        return 0.0 if choice.muted else choice.level / 100

    def _apply_levels(self) -> None:
        self.port.adjustTxLevel(self._level(DeviceRole.INPUT))
        self.port.adjustRxLevel(self._level(DeviceRole.OUTPUT))

    def _update(self) -> None:
        if self._users:
            if self._closing:
                self._closing.cancel()
                self._closing = None
            if self._opened is None:
                self._open()
        elif self._opened is not None and self._closing is None:
            self._closing = self._pump.later(LINGER_S, self._linger_over)

    def _linger_over(self) -> None:
        self._closing = None
        if not self._users:
            self._shut()

    def _shut(self) -> None:
        if self._opened is not None:
            self._opened = None
            self._manager.setNoDev()

    def _reopen(self) -> None:
        self._failed.clear()
        self.close_ring()
        if self._opened is not None:
            self._shut()
            self._update()

    def _open(self) -> None:
        """Open what was chosen; where that fails, the defaults; where those fail, silence. Says so when it differs."""
        had = dict(self._failed)
        self._failed.clear()
        found = (self._find(DeviceRole.INPUT), self._find(DeviceRole.OUTPUT))
        wanted: Pair = (found[0].index, found[1].index)
        error = ""
        for pair in _attempts(wanted):
            try:
                self._open_pair(pair)
            except pj.Error as failure:
                error = error or words_of(failure)
                log.warning("sound devices %s do not open: %s", pair, words_of(failure))
                self._manager.setNoDev()
                continue
            self._opened = pair
            self._note_fallback(found, pair, error)
            break
        self._apply_levels()
        if had != self._failed:
            self.tell()

    def _open_pair(self, pair: Pair) -> None:
        capture, playback = pair
        if playback is None:
            self._manager.setNullDev()
            return
        self._manager.setCaptureDev(DEFAULT_CAPTURE if capture is None else capture)
        self._manager.setPlaybackDev(playback)
        self._manager.setSndDevMode(pj.PJSUA_SND_DEV_SPEAKER_ONLY if capture is None else 0)

    def _note_fallback(self, found: tuple[Found, Found], opened: Pair, error: str) -> None:
        for role, wanted, index in zip((DeviceRole.INPUT, DeviceRole.OUTPUT), found, opened, strict=True):
            if wanted.index == index:
                continue
            if index is None:
                words = _("“{name}” does not open ({why}): no sound").format(name=wanted.name, why=error)
                if not error:
                    words = _("The microphone cannot be used without an output device: choose one")
                self._failed[role] = Found(None, NULL_DEVICE, words)
            else:
                other = self._list.find(role, "").name
                words = _("“{name}” does not open ({why}): using “{other}”")
                self._failed[role] = Found(index, other, words.format(name=wanted.name, why=error, other=other))

    def _open_bell(self, wanted: Found) -> bool:
        assert wanted.index is not None
        try:
            self._bell = self._native.bell(wanted.index, BRIDGE_HZ)
        except BellError as error:
            other = self._find(DeviceRole.OUTPUT).name
            words = _("“{name}” does not open ({why}): ringing on “{other}”")
            self._failed[DeviceRole.RING] = Found(None, other, words.format(name=wanted.name, why=error, other=other))
            self.tell()
            return False
        return True


def _attempts(wanted: Pair) -> list[Pair]:
    """Pairs to try, best first; the last one, silence, always opens. Without an output there is no input either."""
    capture, playback = wanted
    tries: list[Pair] = []
    if playback is not None:
        captures = [capture] if capture is None else [capture, DEFAULT_CAPTURE, None]
        tries = [(c, p) for c in captures for p in (playback, DEFAULT_PLAYBACK)]
    return list(dict.fromkeys([*tries, (None, None)]))
