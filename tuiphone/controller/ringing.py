"""Which of the phone's own sounds play now: bell, call waiting, ringback, busy and congestion tones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tuiphone.config.schema import Config
from tuiphone.controller.clock import Clock, Timer
from tuiphone.controller.ports import SipStack, Tone, ToneSound
from tuiphone.controller.tones import progress_tone, ring_sound
from tuiphone.model.call import Call, CallState, Direction, EndedBy, EndKind
from tuiphone.model.device import DeviceRole
from tuiphone.model.pattern import matches
from tuiphone.model.ringtone import COUNTRIES, Ring, parse_ring, parse_rule

END_TONE_S = 3.0
"""How long busy and congestion tones play after a call that was not answered."""

_BUSY = frozenset({EndKind.BUSY, EndKind.DECLINED})
_CONGESTION = frozenset(
    {EndKind.UNAVAILABLE, EndKind.UNREACHABLE, EndKind.UNTRUSTED, EndKind.FAILED, EndKind.NOT_FOUND}
)


@dataclass(frozen=True, slots=True)
class ToneRules:
    """``ringback``: "auto" (unless the far end sends audio), "always" or "never".

    ``country`` and ``tone_level`` (percent, 0: off) say how call progress tones sound. How a call rings: as the first of
    ``by_caller`` that fits it, else as ``by_account`` has it, else as ``ring``.
    """

    ringback: str = "auto"
    call_waiting: bool = True
    country: str = COUNTRIES[0]
    tone_level: int = 100
    ring: Ring = field(default_factory=Ring)
    by_caller: tuple[tuple[str, Ring], ...] = ()
    by_account: Callable[[str], Ring | None] = lambda account_id: None

    @classmethod
    def of(cls, config: Config, by_account: Callable[[str], Ring | None]) -> ToneRules:
        """What ``[phone]`` and ``[audio]`` say."""
        phone, audio = config.phone, config.audio
        return cls(
            phone.ringback,
            phone.call_waiting_tone,
            audio.tones,
            audio.tone_level,
            parse_ring(audio.ring_tone),
            tuple(parse_rule(rule) for rule in audio.ring_tones),
            by_account,
        )

    def ring_of(self, call: Call) -> Ring:
        """How a call rings."""
        remote = call.remote
        for pattern, ring in self.by_caller:
            if matches(pattern, remote.number, remote.uri, remote.name):
                return ring
        return self.by_account(call.account_id) or self.ring


def ring_files(config: Config) -> tuple[str, ...]:
    """The WAV files that calls may ring with."""
    audio = config.audio
    rings = [parse_ring(text) for text in (audio.ring_tone, *(a.ring_tone for a in config.accounts if a.ring_tone))]
    rings += [parse_rule(rule)[1] for rule in audio.ring_tones]
    return tuple(dict.fromkeys(ring.file for ring in rings if ring.file))


def wanted_tones(calls: Iterable[Call], rules: ToneRules, bell_is_ear: bool = False) -> dict[Tone, ToneSound]:
    """The sounds that the state of all calls asks for.

    Nothing rings in the ear during a call, a held one included: then a call knocks softly. A bell of its own rings during
    a held call, and is silent while somebody talks: the microphone would hear it.
    """
    calls = list(calls)
    tones: dict[Tone, ToneSound] = {}
    others = [call for call in calls if call.state is not CallState.INCOMING]
    talking = any(not call.is_held for call in others)
    ringing = [call for call in calls if call.is_ringing]
    if ringing:
        if not talking and not (others and bell_is_ear):
            sound = ring_sound(rules.ring_of(ringing[0]))
            if sound:
                tones[Tone.RING] = sound
        elif rules.call_waiting:
            tones[Tone.CALL_WAITING] = _progress(Tone.CALL_WAITING, rules)
    if any(_wants_ringback(call, rules.ringback) for call in calls):
        tones[Tone.RINGBACK] = _progress(Tone.RINGBACK, rules)
    return {tone: sound for tone, sound in tones.items() if sound.level}


class Ringing:
    """Starts and stops tones so that what plays is what the calls ask for."""

    def __init__(
        self,
        stack: SipStack,
        clock: Clock,
        calls: Callable[[], Iterable[Call]],
        rules: ToneRules,
        bell_is_ear: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._calls = calls
        self._rules = rules
        self._bell_is_ear = bell_is_ear
        self._playing: dict[Tone, ToneSound] = {}
        self._end_tone: Tone | None = None
        self._end_timer: Timer | None = None

    def update(self) -> None:
        """Compare what plays with what should."""
        wanted = wanted_tones(self._calls(), self._rules, self._bell_is_ear())
        if self._end_tone and any(True for _ in self._calls()):
            self._stop_end_tone()
        if self._end_tone and self._rules.tone_level:
            wanted[self._end_tone] = _progress(self._end_tone, self._rules)
        for tone, sound in sorted(self._playing.items()):
            if wanted.get(tone) != sound:
                self._stack.tone(tone, False, _role(tone))
        for tone, sound in sorted(wanted.items()):
            if self._playing.get(tone) != sound:
                self._stack.tone(tone, True, _role(tone), sound)
        self._playing = wanted

    def call_ended(self, call: Call) -> None:
        """Play busy or congestion for a moment when the far end did not take our call."""
        if (
            call.direction is Direction.OUTGOING
            and call.answered_at is None
            and call.end
            and call.end.by is not EndedBy.US
        ):
            tone = Tone.BUSY if call.end.kind in _BUSY else Tone.CONGESTION if call.end.kind in _CONGESTION else None
            if tone and not any(True for _ in self._calls()):
                self._stop_end_tone()
                self._end_tone = tone
                self._end_timer = self._clock.later(END_TONE_S, self._end_tone_over)
        self.update()

    def close(self) -> None:
        """Silence everything."""
        self._stop_end_tone()
        for tone in sorted(self._playing):
            self._stack.tone(tone, False, _role(tone))
        self._playing = {}

    def _end_tone_over(self) -> None:
        self._stop_end_tone()
        self.update()

    def _stop_end_tone(self) -> None:
        if self._end_timer:
            self._end_timer.cancel()
        self._end_timer = self._end_tone = None


def _wants_ringback(call: Call, rule: str) -> bool:
    return call.direction is Direction.OUTGOING and (
        (call.state is CallState.RINGING and rule != "never")
        or (call.state is CallState.EARLY_MEDIA and rule == "always")
    )


def _progress(tone: Tone, rules: ToneRules) -> ToneSound:
    return progress_tone(tone, rules.country, rules.tone_level)


def _role(tone: Tone) -> DeviceRole:
    return DeviceRole.RING if tone is Tone.RING else DeviceRole.OUTPUT
