"""The sound devices: opened while somebody needs them, closed when nobody does, replaced by silence when they fail.

pjmedia's conference bridge has a master port (number 0) that stands for the microphone and the ear. It runs only while
a device, or the null device that keeps its time, is open. pjsua2 names directions as the port has them: what a port
*receives* goes to the ear or the far end, what it *transmits* comes from the microphone or the far end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pjsua2 as pj

from tuiphone.controller.ports import DevicesReport, Report, RoleChoice, StackNotice, StackSettings
from tuiphone.i18n import _
from tuiphone.model.device import DeviceRole
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua import soundserver
from tuiphone.stack.pjsua.bells import Bells
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.devices import DEFAULT_CAPTURE, SILENCE, DeviceList, Found
from tuiphone.stack.pjsua.devicewatch import DeviceWatch
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump, Timer
from tuiphone.stack.pjsua.soundserver import AlsaConfig, Server
from tuiphone.stack.pjsua.stuck import StuckWatch

log = logging.getLogger(__name__)

RETRY_S = 3.0
"""While silence stands in for a device that does not open, it is tried again so often."""
FAILURES_S = 5.0
"""Devices that report failures faster than this are not opened again for each of them."""
FORGIVEN_S = 20.0
"""A device that gets stuck again within this time after it was opened again is left alone until RETRY_S have passed."""

_SOFTLY = 0.25
"""How loud a ring is in an ear that is in a call."""

Pair = tuple[Found, Found]
_EAR_AND_MIC = (DeviceRole.INPUT, DeviceRole.OUTPUT)


class Sound:
    """The three roles' devices. With ``settings.null_audio`` every real device stays closed for good."""

    def __init__(
        self,
        pump: Pump,
        manager: pj.AudDevManager,
        native: Native,
        *,
        alsa: AlsaConfig,
        report: Callable[[Report], None],
        settings: StackSettings,
    ) -> None:
        self._pump = pump
        self._manager = manager
        self._report = report
        self._null = settings.null_audio
        self._release_after_s = settings.release_after_s
        self._list = DeviceList()
        self._choices = {role: RoleChoice(role, "") for role in DeviceRole}
        self._users: set[str] = set()
        self._calls: set[str] = set()
        self._opened: Pair | None = None
        self._problems: dict[DeviceRole, str] = {}
        self._closing: Timer | None = None
        self._retry: Timer | None = None
        self._stuck = StuckWatch(pump, native, self._got_stuck)
        self._stuck_at: dict[str, float] = {}
        self._failed_at = -FAILURES_S
        self._avoided: set[str] = set()
        self._bells = Bells(native)
        self._alsa = alsa
        self._watch: DeviceWatch | None = None
        manager.setNoDev()
        if not self._null:
            self._list.refresh(manager, False, alsa.server)
            self._watch = DeviceWatch(self._something_changed)

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

    def in_call(self, call: str, on: bool) -> None:
        """A call began or ended: while there is one, held or not, nothing rings loudly in the ear."""
        if on:
            self._calls.add(call)
        else:
            self._calls.discard(call)

    def choose(self, choices: tuple[RoleChoice, ...]) -> None:
        """Use these devices and levels from now on, in a running call too."""
        self._choices.update({choice.role: choice for choice in choices})
        self._follow()
        self._apply_levels()
        self.tell()

    def refresh(self) -> None:
        """Look for devices that came or went."""
        if not self._null:
            self._look()
            self._follow()
        self.tell()

    def device_failed(self) -> None:
        """A device stopped working in use (it was unplugged): look again and open what is left.

        One that is still there is opened again, but not over and over: what fails at once is left to the watch for stuck ones.
        """
        if self._null:
            return
        self._look()
        self._bells.close()
        now = time.monotonic()
        early, self._failed_at = now - self._failed_at < FAILURES_S, now
        log.warning("a sound device stopped working%s", ", again" if early else "")
        if early:
            self._follow()
        else:
            self._reopen()
        self.tell()

    def tell(self) -> None:
        """Report devices, what is in use, and what is wrong."""
        wanted = dict(zip(_EAR_AND_MIC, self._opened or self._wanted(), strict=True))
        problems = {role: self._problems.get(role) or self._candidates(role)[0].problem for role in _EAR_AND_MIC}
        bells = self._bells_wanted()
        problems[DeviceRole.RING] = self._bells.problem or bells[0].problem
        in_use = {role: found.name for role, found in wanted.items()} | {DeviceRole.RING: bells[0].name}
        told = {role: problem for role, problem in problems.items() if problem}
        self._report(DevicesReport(self._list.available, in_use, told, tuple(bell.name for bell in bells[1:])))

    def mute_device(self, name: str, on: bool) -> None:
        """Mute a device itself; the sound server tells when it is."""
        device = self._list.named(name)
        if device is None or not device.key:
            words = _("“{name}” has no mute of its own that could be switched here: mute the role instead")
            self._report(StackNotice(NoticeLevel.WARNING, words.format(name=name)))
            return
        # The server may take its time, and the calls must not.
        threading.Thread(target=soundserver.mute, args=(device.key, device.inputs > 0, on), daemon=True).start()

    def ring(self, source: pj.AudioMedia, factor: float = 1.0) -> None:
        """Let a source be heard where the bells are, at their level: devices of their own, or the ear."""
        self._sound_on(self._bells_wanted(), source, self._level(DeviceRole.RING) * factor)
        if self._bells.problem:
            self.tell()

    def sound_on(self, name: str, source: pj.AudioMedia, factor: float = 1.0) -> None:
        """Let a source be heard on one device."""
        self._sound_on(self._list.candidates(DeviceRole.OUTPUT, (name,)), source, factor)

    def close_bells(self) -> None:
        """The bells are silent: give their devices back."""
        self._bells.close()

    def close(self) -> None:
        """Give every device back."""
        self._users.clear()
        for timer in (self._closing, self._retry):
            if timer:
                timer.cancel()
        if self._watch:
            self._watch.close()
        self._bells.close()
        self._shut()

    # which devices

    def _candidates(self, role: DeviceRole) -> list[Found]:
        choice = self._choices[role]
        return [SILENCE] if self._null else self._list.candidates(role, (choice.name, *choice.others))

    def _wanted(self) -> Pair:
        found = [self._candidates(role) for role in _EAR_AND_MIC]
        usable = [[f for f in some if f.name not in self._avoided] or [SILENCE] for some in found]
        return usable[0][0], usable[1][0]

    def _bells_wanted(self) -> list[Found]:
        """Every bell that is there; its own first place is the default's or silence's, if that was chosen."""
        return self._candidates(DeviceRole.RING)

    def _something_changed(self, server: Server | None, by_kernel: bool) -> None:
        self._pump.submit(lambda: self._take_change(server, by_kernel))

    def _take_change(self, server: Server | None, by_kernel: bool) -> None:
        if self._null or self._watch is None:
            return
        by_server = self._alsa.names_of_server
        if by_server and server == self._alsa.server and (server is not None or not by_kernel):
            return
        before = self._list.available, self._alsa.server
        self._take_list(server if by_server else None)
        if before != (self._list.available, self._alsa.server):
            self._avoided.clear()
            self._follow()
            self.tell()

    def _look(self) -> None:
        self._take_list(soundserver.ask() if self._alsa.names_of_server and soundserver.can_ask() else None)

    def _take_list(self, server: Server | None) -> None:
        if server != self._alsa.server:
            self._alsa.use(server)
        self._list.refresh(self._manager, True, server)

    # opening and closing

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
            self._closing = self._pump.later(self._release_after_s, self._linger_over)

    def _linger_over(self) -> None:
        self._closing = None
        if not self._users:
            self._shut()
            self._problems.clear()

    def _shut(self) -> None:
        self._stuck.stop()
        if self._retry:
            self._retry.cancel()
            self._retry = None
        if self._opened is not None:
            self._opened = None
            self._manager.setNoDev()

    def _follow(self) -> None:
        """Devices came, went or were chosen: open others if others are wanted now."""
        self._bells.keep(self._bells_wanted())
        if self._opened is None:
            self._problems.clear()
        elif not all(a.is_same(b) for a, b in zip(self._opened, self._wanted(), strict=True)):
            self._reopen()

    def _reopen(self) -> None:
        self._problems.clear()
        if self._opened is not None:
            self._shut()
            self._update()

    def _open(self) -> None:
        """Open the best pair that opens, silence if need be; says so when it is not the wanted one."""
        before = dict(self._problems)
        wanted = self._wanted()
        error = ""
        for pair in self._attempts():
            try:
                self._open_pair(pair)
            except pj.Error as failure:
                error = error or words_of(failure)
                log.warning("sound devices %s and %s do not open: %s", pair[0].name, pair[1].name, words_of(failure))
                self._manager.setNoDev()
                continue
            self._opened = pair
            break
        assert self._opened is not None
        log.info("sound devices: %s and %s", self._opened[0].name, self._opened[1].name)
        self._note_fallback(wanted, error)
        self._apply_levels()
        if all(found.index is not None for found in self._opened):
            self._stuck.start(*_EAR_AND_MIC)  # frames of an ear without a microphone are not counted
        if before != self._problems:
            self.tell()

    def _attempts(self) -> Iterator[Pair]:
        """Pairs to try, best first; the last one, silence, always opens. Without an output there is no input either."""
        captures, playbacks = (
            [found for found in self._candidates(role) if found.name not in self._avoided] for role in _EAR_AND_MIC
        )
        for capture in (*captures, *([] if SILENCE in captures else [SILENCE])):
            for playback in playbacks:
                if playback.index is not None:
                    yield capture, playback
        yield SILENCE, SILENCE

    def _open_pair(self, pair: Pair) -> None:
        capture, playback = pair
        if playback.index is None:
            self._manager.setNullDev()
            return
        self._manager.setCaptureDev(DEFAULT_CAPTURE if capture.index is None else capture.index)
        self._manager.setPlaybackDev(playback.index)
        self._manager.setSndDevMode(pj.PJSUA_SND_DEV_SPEAKER_ONLY if capture.index is None else 0)

    def _note_fallback(self, wanted: Pair, error: str) -> None:
        """What stands in for what; silence is not to last."""
        assert self._opened is not None
        silent = False
        for role, found, opened in zip(_EAR_AND_MIC, wanted, self._opened, strict=True):
            avoided = next((f for f in self._candidates(role) if f.name in self._avoided), None)
            if found.is_same(opened) and avoided is None:
                continue
            missed = avoided or found
            self._problems[role] = _stand_in(missed.name, opened, "" if avoided else error, avoided is not None)
            silent = silent or (opened.index is None and missed.index is not None and bool(error or avoided))
        if silent:
            self._retry = self._pump.later(RETRY_S, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._avoided.clear()
        if self._opened is not None:
            self._problems.clear()
            self._shut()
            self._update()
            self.tell()

    def _got_stuck(self, role: DeviceRole) -> None:
        """A device takes or brings nothing: open it again, and leave it alone when that does not help."""
        assert self._opened is not None
        name = self._opened[_EAR_AND_MIC.index(role)].name
        now = time.monotonic()
        again = now - self._stuck_at.get(name, -FORGIVEN_S) < FORGIVEN_S
        self._stuck_at[name] = now
        log.warning("sound device %s is stuck%s", name, ", again" if again else "")
        if again:
            self._avoided.add(name)
        else:
            words = _("“{name}” stopped working: it is opened again").format(name=name)
            self._report(StackNotice(NoticeLevel.WARNING, words))
        self._reopen()
        self.tell()

    def _sound_on(self, devices: list[Found], source: pj.AudioMedia, level: float) -> None:
        """On each of the devices; one that is the ear, or cannot be opened, sounds in the ear at the same loudness.

        During a call, a held one included, softly: the ear is at somebody's head.
        """
        source.adjustTxLevel(level)
        ear = (self._opened or self._wanted())[1]
        missed = [f for f in devices if not self._null and f.index is not None and not f.is_same(ear)]
        missed = [found for found in missed if not self._bells.sound(found, source, ear.name)]
        if missed or any(self._null or found.is_same(ear) for found in devices):
            volume = self._level(DeviceRole.OUTPUT)
            param = pj.AudioMediaTransmitParam()
            param.level = (1 / volume if volume else 1.0) * (_SOFTLY if self._calls else 1.0)
            source.startTransmit2(self.port, param)


def _stand_in(name: str, opened: Found, error: str, stuck: bool) -> str:
    if stuck and opened.index is None:
        return _("“{name}” does not respond: no sound until it does").format(name=name)
    if stuck:
        return _("“{name}” does not respond: using “{other}”").format(name=name, other=opened.name)
    if opened.index is not None:
        return _("“{name}” does not open ({why}): using “{other}”").format(name=name, why=error, other=opened.name)
    if not error:
        return _("The microphone cannot be used without an output device: choose one")
    return _("“{name}” does not open ({why}): no sound").format(name=name, why=error)
