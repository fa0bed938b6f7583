"""Device roles: what was chosen, what is in use, at which level; and the rule which device a list of names means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import takewhile

from tuiphone import texts
from tuiphone.config.option import all_of
from tuiphone.config.schema import AudioSection
from tuiphone.controller.clock import Clock, Timer
from tuiphone.controller.ports import DevicesReport, MicTestReport, RoleChoice, SipStack, Tone
from tuiphone.controller.tones import TEST
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.device import (
    DEFAULT_DEVICE,
    NULL_DEVICE,
    Device,
    DeviceRole,
    Devices,
    Headset,
    RoleState,
)
from tuiphone.model.event import DevicesChanged, Event, Notice, NoticeLevel
from tuiphone.model.media import ECHO_CANCELLERS, Processing
from tuiphone.model.pattern import matches

MAX_LEVEL = 200
"""Percent."""
MIN_EAR_LIMIT_DB = -40
"""dBFS; below, speech would suffer more than shrieks."""
TEST_TONE_S = 10.0
"""A forgotten test tone stops after so many seconds."""
MIC_TEST_S = 5.0
"""So long the microphone is recorded before it is played."""

Names = tuple[str, ...]
_TALKING = frozenset({DeviceRole.INPUT, DeviceRole.OUTPUT})


@dataclass(frozen=True, slots=True)
class DeviceWishes:
    """What the configuration wants: for each role names or patterns in order of priority, and its level in percent.

    With ``use_headset`` the ``headset`` list is microphone and ear. ``refuse_code`` answers calls while it is missing; 0
    lets them ring.
    """

    names: dict[DeviceRole, Names] = field(default_factory=dict)
    levels: dict[DeviceRole, int] = field(default_factory=dict)
    processing: Processing = field(default_factory=Processing)
    headset: Names = ()
    use_headset: bool = False
    refuse_code: int = 0

    @classmethod
    def of(cls, audio: AudioSection) -> DeviceWishes:
        """What ``[audio]`` says."""
        names = {DeviceRole.INPUT: audio.input, DeviceRole.OUTPUT: audio.output, DeviceRole.RING: audio.ring}
        levels = (audio.input_level, audio.output_level, audio.ring_level)
        return cls(
            names={role: all_of(value) for role, value in names.items()},
            levels=dict(zip(names, levels, strict=True)),
            processing=processing_of(audio),
            headset=all_of(audio.headset),
            use_headset=audio.use_headset,
            refuse_code=audio.refuse_code if audio.refuse_without_headset else 0,
        )


def processing_of(audio: AudioSection) -> Processing:
    """What ``[audio]`` wants done to the sound."""
    return Processing(**{one.name: getattr(audio, one.name) for one in fields(Processing)})


def present(role: DeviceRole, names: Iterable[str], available: Iterable[Device]) -> Names:
    """The devices that names and patterns mean for a role, in order; the default's and silence's names stay as they are."""
    fitting = [device for device in available if device.fits(role)]
    found: dict[str, None] = {}
    for name in names:
        if name in (DEFAULT_DEVICE, NULL_DEVICE):
            found[name] = None
        else:
            called = [device for device in fitting if name in (device.name, device.key)]
            meant = called or [device for device in fitting if matches(name, device.name, device.key)]
            found |= dict.fromkeys(device.name for device in meant)
    return tuple(found)


def headsets(names: Iterable[str], available: Iterable[Device]) -> list[tuple[str, str]]:
    """The headsets that are there, the best first, each as microphone and ear: half a headset is none.

    A sound server calls both nearly the same ("Jabra Evolve Mono", "Jabra Evolve Stereo"): to each ear the microphone
    belongs whose name begins most alike.
    """
    available = tuple(available)
    found: dict[tuple[str, str], None] = {}
    for name in names:
        microphones = present(DeviceRole.INPUT, (name,), available)
        for ear in present(DeviceRole.OUTPUT, (name,), available) if microphones else ():
            found[max(microphones, key=partial(_likeness, ear)), ear] = None
    return list(found)


def _likeness(one: str, other: str) -> int:
    """How many letters two names begin with in common."""
    return sum(1 for _same in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


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
        self._refuse_code = 0
        self._handed: tuple[RoleChoice, ...] = ()
        self._report: DevicesReport | None = None
        self._by_hand: frozenset[DeviceRole] = frozenset()
        """Roles whose next device was chosen by somebody: that one need not be told."""
        self.devices = Devices()

    # what others ask

    @property
    def may_auto_answer(self) -> bool:
        """Whether a call may be answered without anybody's hand: not while the headset is wanted and missing."""
        return not self._headset_missing

    @property
    def refuses(self) -> int:
        """The SIP code that refuses calls while the headset is missing, 0 while they may ring."""
        return self._refuse_code if self._headset_missing else 0

    @property
    def bell_is_ear(self) -> bool:
        """Whether calls ring in the ear: no bell has a device of its own."""
        ear, bell = self.devices.role(DeviceRole.OUTPUT), self.devices.role(DeviceRole.RING)
        return ear.in_use in (bell.in_use, *bell.also)

    # commands

    def start(self, wishes: DeviceWishes) -> None:
        """Take the configuration and hand it to the stack; which devices it means is known when the stack reports."""
        self._refuse_code = wishes.refuse_code
        roles = tuple(_role(role, wishes.names.get(role, ()), wishes.levels.get(role, 100)) for role in DeviceRole)
        headset = Headset(wishes.use_headset, wishes.headset)
        self.devices = replace(self.devices, roles=roles, headset=headset, processing=wishes.processing)
        self._hand_down()

    def choose(self, role: DeviceRole, name: str) -> None:
        """Use another device for a role from now on: it comes first in the list; a bell stands alone in it."""
        self._must_exist(role, name)
        old = self.devices.role(role).names
        names = (name,) if role is DeviceRole.RING else (name, *(other for other in old if other != name))
        self._keep_names(role, names)

    def add_bell(self, name: str, on: bool) -> None:
        """Let a further device ring too, or no longer."""
        names = self.devices.role(DeviceRole.RING).names or (DEFAULT_DEVICE,)
        if on:
            self._must_exist(DeviceRole.RING, name)
            names = (*(other for other in names if other != NULL_DEVICE), *((name,) if name not in names else ()))
        else:
            # A pattern that means this device and others is replaced by the others.
            kept = present(DeviceRole.RING, names, self.devices.available)
            names = tuple(other for other in kept if other != name) or (NULL_DEVICE,)
        self._keep_names(DeviceRole.RING, names)

    def use_headset(self, on: bool) -> None:
        """Talk through the headset only, or through what the roles say."""
        self._by_hand |= _TALKING if on != self.devices.headset.used else frozenset()
        self._set(replace(self.devices, headset=replace(self.devices.headset, used=on)))
        self._persist("audio.use_headset", on)
        self._again()

    def choose_headset(self, name: str) -> None:
        """Put a device first in the list of headsets."""
        known = {device.name for device in self.devices.available}
        if name not in known:
            raise _no_such(_("headset"), name)
        names = (name, *(other for other in self.devices.headset.names if other != name))
        self._set(replace(self.devices, headset=replace(self.devices.headset, names=names)))
        self._keep("audio.headset", names)
        self._again()

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

    def mute_at_device(self, role: DeviceRole, on: bool) -> None:
        """Mute the device in use for a role itself, for every program."""
        name = self.devices.role(role).in_use
        if name == NULL_DEVICE:
            raise PhoneError(_("There is no device in use that could be muted"))
        self._stack.mute_device(name, on)

    def test_tone(self, role: DeviceRole, on: bool, device: str = "") -> None:
        """Play a tone on an output, of a role or of a name."""
        if role is DeviceRole.INPUT:
            raise PhoneError(_("A test tone needs the output or the ring device"), "invalid")
        if device:
            self._must_exist(DeviceRole.OUTPUT, device)
        timer = self._test_tones.pop(role, None)
        if timer:
            timer.cancel()
            self._stack.tone(Tone.TEST, False, role)
        if on:
            self._stack.tone(Tone.TEST, True, role, replace(TEST, device=device))
            self._test_tones[role] = self._clock.later(TEST_TONE_S, lambda: self.test_tone(role, False))

    def set_processing(self, changes: dict[str, str | int | bool]) -> Processing:
        """Change some of Processing's fields and keep them."""
        changed = replace(self.devices.processing, **changes)  # type: ignore[arg-type]  # the API has their types
        if changed.echo_canceller not in ECHO_CANCELLERS:
            words = _("There is no echo canceller “{name}”: choose one of {known}")
            raise PhoneError(words.format(name=changed.echo_canceller, known=", ".join(ECHO_CANCELLERS)))
        if not MIN_EAR_LIMIT_DB <= changed.ear_limit_db <= 0:
            raise PhoneError(_("The limit of the ear goes from {least} to 0 dB").format(least=MIN_EAR_LIMIT_DB))
        self._stack.set_processing(changed)
        self._set(replace(self.devices, processing=changed))
        for name, value in changes.items():
            self._persist(f"audio.{name}", value)
        return changed

    def test_mic(self, on: bool) -> None:
        """Record the microphone and play it, or end that."""
        self._stack.test_mic(MIC_TEST_S if on else 0.0)

    # reports

    def reported(self, report: DevicesReport) -> None:
        """Take in what the stack found and uses; a new problem is said once."""
        self._report = report
        self._again()

    def mic_tested(self, report: MicTestReport) -> None:
        """The trial of the microphone moved on."""
        self._set(replace(self.devices, mic_test=report.state))

    # inside

    @property
    def _headset_missing(self) -> bool:
        headset = self.devices.headset
        return headset.used and self._report is not None and not headset.present

    def _again(self) -> None:
        """Work out what the lists mean now, hand down what changed, and say what is new."""
        report = self._report
        if report is None:
            return
        old = self.devices
        headset = self._headset(report.available)
        self.devices = replace(old, available=report.available, headset=headset)
        roles = tuple(self._state(state, report) for state in self.devices.roles)
        new = replace(self.devices, roles=roles)
        for problem in _new_problems(old, new):
            self._publish(Notice(NoticeLevel.WARNING, problem))
        for sentence in self._good_news(old, new):
            self._publish(Notice(NoticeLevel.INFO, sentence))
        self.devices = old
        self._set(new)
        if self._choices() != self._handed:
            self._hand_down()

    def _good_news(self, old: Devices, new: Devices) -> list[str]:
        """What took over by itself: a device that came, or works again. A warning before it must not be the last word."""
        if old.headset.problem and not new.headset.problem and new.headset.present:
            self._by_hand |= _TALKING
            return [_("The headset “{name}” is there again").format(name=new.headset.present)]
        taken: dict[str, list[str]] = {}
        for before, now in zip(old.roles, new.roles, strict=True):
            if now.in_use == before.in_use:
                continue
            if old.available and now.in_use != NULL_DEVICE and not now.problem and now.role not in self._by_hand:
                taken.setdefault(now.in_use, []).append(texts.role_words(now.role))
            self._by_hand -= {now.role}
        words = _("“{device}” is in use now: {roles}")
        return [words.format(device=device, roles=", ".join(roles)) for device, roles in taken.items()]

    def _headset(self, available: tuple[Device, ...]) -> Headset:
        headset = self.devices.headset
        pairs = headsets(headset.names, available)
        there = pairs[0][1] if pairs else ""
        problem = ""
        if headset.used and not there:
            name = headset.names[0] if headset.names else ""
            missing = self._what_is_missing(available)
            follows = (
                _("calls are refused with {code}").format(code=self._refuse_code)
                if self._refuse_code
                else _("calls ring, but are not answered by themselves, and have no sound")
            )
            problem = f"{missing.format(name=name)}: {follows}"
        return replace(headset, present=there, problem=problem)

    def _what_is_missing(self, available: tuple[Device, ...]) -> str:
        names = self.devices.headset.names
        if present(DeviceRole.OUTPUT, names, available):
            return _("The headset “{name}” is only an ear here, without a microphone")
        if present(DeviceRole.INPUT, names, available):
            return _("The headset “{name}” is only a microphone here, without an ear")
        return _("The headset “{name}” is missing") if names else _("No headset is configured (audio.headset)")

    def _state(self, state: RoleState, report: DevicesReport) -> RoleState:
        in_use = report.in_use.get(state.role, NULL_DEVICE)
        muted = any(device.muted for device in report.available if device.name == in_use and device.fits(state.role))
        also = report.also_ring if state.role is DeviceRole.RING else ()
        problem = report.problems.get(state.role, "") or self._absence(state, in_use)
        return replace(state, in_use=in_use, problem=problem, also=also, device_muted=muted)

    def _absence(self, state: RoleState, in_use: str) -> str:
        headset = self.devices.headset
        if headset.used and state.role in _TALKING:
            return headset.problem
        if not state.names or present(state.role, state.names, self.devices.available):
            return ""
        if in_use == NULL_DEVICE:
            return _("“{name}” is not there: no sound").format(name=state.chosen)
        return _("“{name}” is not there: using “{other}”").format(name=state.chosen, other=in_use)

    def _choices(self) -> tuple[RoleChoice, ...]:
        return tuple(self._choice(state) for state in self.devices.roles)

    def _choice(self, state: RoleState) -> RoleChoice:
        headset = self.devices.headset
        if headset.used and state.role in _TALKING:
            # A loudspeaker in the room must not stand in for a headset.
            pairs = headsets(headset.names, self.devices.available)
            names = (*dict.fromkeys(pair[state.role is DeviceRole.OUTPUT] for pair in pairs), NULL_DEVICE)
        else:
            names = present(state.role, state.names, self.devices.available) or (DEFAULT_DEVICE,)
            if state.role is not DeviceRole.RING and not {DEFAULT_DEVICE, NULL_DEVICE} & set(names):
                names = (*names, DEFAULT_DEVICE)
        return RoleChoice(state.role, names[0], state.level, state.muted, names[1:])

    def _keep_names(self, role: DeviceRole, names: Names) -> None:
        if names[0] != self.devices.role(role).in_use:
            self._by_hand |= {role}
        self._change(role, chosen=names[0], names=names)
        self._keep(f"audio.{role}", names)
        self._again()

    def _keep(self, key: str, names: Names) -> None:
        self._persist(key, names if len(names) > 1 else names[0])

    def _must_exist(self, role: DeviceRole, name: str) -> None:
        special = name in (DEFAULT_DEVICE, NULL_DEVICE)
        if not special and not any(d.fits(role) and name in (d.name, d.key) for d in self.devices.available):
            raise _no_such(str(role), name)

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
        self._handed = self._choices()
        self._stack.choose_devices(self._handed)


def _role(role: DeviceRole, names: Names, level: int) -> RoleState:
    return RoleState(role, names[0] if names else DEFAULT_DEVICE, NULL_DEVICE, "", level, names=names)


def _new_problems(old: Devices, new: Devices) -> list[str]:
    """Each once, though several roles may have the same."""
    before = {state.problem for state in old.roles} | {old.headset.problem}
    now = dict.fromkeys((new.headset.problem, *(state.problem for state in new.roles)))
    return [problem for problem in now if problem and problem not in before]


def _no_such(role: str, name: str) -> PhoneError:
    words = _("There is no {role} device “{name}”: refresh the list or choose another")
    return PhoneError(words.format(role=role, name=name), "unknown")
