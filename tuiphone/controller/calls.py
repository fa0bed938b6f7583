"""The call table: every call, its legal moves, which one is talking, and what becomes of reports."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tuiphone.controller.clock import Clock
from tuiphone.controller.devices import MAX_LEVEL
from tuiphone.controller.ports import (
    ConfirmedReport,
    DtmfReport,
    EndedReport,
    HoldFailedReport,
    IncomingReport,
    MediaReport,
    ProgressReport,
    SipStack,
)
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod
from tuiphone.model.address import DialPlan, Party
from tuiphone.model.call import LEGAL_MOVES, Call, CallId, CallState, Direction, EndCause, new_call_id
from tuiphone.model.event import CallChanged, DtmfReceived, Event, Notice, NoticeLevel

log = logging.getLogger(__name__)

KEPT_DIGITS = 32
"""How many received DTMF digits a call shows."""


@dataclass(slots=True)
class _Entry:
    call: Call
    held_at: float = 0.0
    """When we last held it: a swap goes back to the latest."""
    verdict: EndCause | None = None
    """Our own reason for ending it, which the stack cannot know."""


class Calls:
    """The only writer of calls."""

    def __init__(self, stack: SipStack, clock: Clock, publish: Callable[[Event], None], max_lines: int) -> None:
        self._stack = stack
        self._clock = clock
        self._publish = publish
        self.max_lines = max_lines
        self._entries: dict[CallId, _Entry] = {}

    def find(self, call_id: CallId) -> Call | None:
        """A call that is not over."""
        entry = self._entries.get(call_id)
        return entry.call if entry else None

    def __iter__(self) -> Iterator[Call]:
        """Every call that is not over, oldest first."""
        return (entry.call for entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def full(self) -> bool:
        """Whether every line is in use."""
        return len(self._entries) >= self.max_lines

    @property
    def talking(self) -> Call | None:
        """The call that has the microphone, if any."""
        return next((call for call in self if call.is_talking), None)

    # commands

    def dial(self, account: Account, plan: DialPlan) -> CallId:
        """Start an outgoing call; whoever is talking goes on hold."""
        if self.full:
            raise PhoneError(
                _("All {n} lines are in use: hang up a call first (phone.max_lines)").format(n=self.max_lines), "busy"
            )
        dialling = next(
            (c for c in self if c.direction is Direction.OUTGOING and c.state is not CallState.TALKING), None
        )
        if dialling:
            raise PhoneError(
                _("Line {line} is still dialling: wait for an answer or hang it up first").format(line=dialling.line),
                "busy",
            )
        self._hold_others("")
        call = Call(
            id=new_call_id(),
            account_id=account.id,
            direction=Direction.OUTGOING,
            state=CallState.DIALING,
            remote=Party(plan.uri),
            line=self._free_line(),
            created_at=self._clock.now(),
            dtmf=account.dtmf,
        )
        self._entries[call.id] = _Entry(call)
        self._publish(CallChanged(call))
        self._stack.make_call(call.id, account.id, plan.uri, account.dtmf)
        return call.id

    def answer(self, call_id: CallId) -> None:
        """Take a ringing call; whoever is talking goes on hold."""
        call = self._named(call_id) if call_id else self._oldest(lambda c: c.is_ringing, _("No call is ringing"))
        if not call.is_ringing:
            raise PhoneError(_("Line {line} is not ringing").format(line=call.line))
        self._hold_others(call.id)
        self._move(call.id, CallState.CONNECTING)
        self._stack.answer(call.id)

    def decline(self, call_id: CallId, code: int) -> None:
        """Refuse a ringing call with a SIP code."""
        call = self._named(call_id) if call_id else self._oldest(lambda c: c.is_ringing, _("No call is ringing"))
        if not call.is_ringing:
            raise PhoneError(_("Line {line} is not ringing: hang up instead").format(line=call.line))
        if not 400 <= code <= 699:
            raise PhoneError(_("{code} does not decline a call: use 486, 480, 603, 404 or 403").format(code=code))
        self._stack.hang_up(call.id, code)

    def hang_up(self, call_id: CallId, decline_code: int) -> None:
        """End a call in whatever state it is."""
        call = self._named(call_id) if call_id else self._to_hang_up()
        self._stack.hang_up(call.id, decline_code if call.is_ringing else 0)

    def end(self, call_id: CallId, verdict: EndCause) -> None:
        """End a call for a reason of our own, which its end cause will state."""
        entry = self._entries.get(call_id)
        if entry:
            entry.verdict = verdict
            self._stack.hang_up(call_id, verdict.code)

    def hold(self, call_id: CallId) -> None:
        """Put the talking call on hold."""
        call = self._named(call_id) if call_id else self._talking_or_refuse()
        self._must_talk(call)
        if call.local_hold:
            raise PhoneError(_("Line {line} is on hold already").format(line=call.line))
        self._hold(call)

    def resume(self, call_id: CallId) -> None:
        """Take a call off hold; whoever is talking goes on hold."""
        call = self._named(call_id) if call_id else self._last_held()
        self._must_talk(call)
        if not call.local_hold:
            raise PhoneError(_("Line {line} is not on hold").format(line=call.line))
        self._hold_others(call.id)
        self._stack.resume(call.id)
        self._update(call.id, local_hold=False)

    def swap(self) -> None:
        """Exchange the talking call for the one held last."""
        self.resume(self._last_held().id)

    def mute(self, call_id: CallId, on: bool | None) -> bool:
        """Mute, unmute, or change over."""
        call = self._named(call_id) if call_id else self._talking_or_refuse()
        on = not call.muted if on is None else on
        if on != call.muted:
            self._stack.mute(call.id, on)
            self._update(call.id, muted=on)
        return on

    def set_gain(self, call_id: CallId, mic: int | None, ear: int | None) -> None:
        """Change the gains of a call that has audio."""
        call = self._named(call_id) if call_id else self._with_audio()
        mic, ear = (old if new is None else new for old, new in ((call.mic_level, mic), (call.ear_level, ear)))
        if not all(0 <= level <= MAX_LEVEL for level in (mic, ear)):
            raise PhoneError(_("Levels go from 0 to {most} percent").format(most=MAX_LEVEL))
        self._stack.set_gain(call.id, mic, ear)
        self._update(call.id, mic_level=mic, ear_level=ear)

    def send_dtmf(self, digits: str, call_id: CallId, method: DtmfMethod | None) -> None:
        """Send digits on a call that has audio."""
        call = self._named(call_id) if call_id else self._with_audio()
        digits = digits.upper().replace(" ", "")
        wrong = sorted(set(digits) - set("0123456789*#ABCD,"))
        if wrong or not digits:
            raise PhoneError(
                _("DTMF digits are 0-9 * # A-D and a comma for a pause, not “{it}”").format(it="".join(wrong))
            )
        if call.local_hold or call.state not in {CallState.TALKING, CallState.EARLY_MEDIA}:
            raise PhoneError(_("Line {line} is not talking: digits would not be heard").format(line=call.line))
        self._stack.send_dtmf(call.id, digits, method or call.dtmf)
        self._update(call.id, dtmf_sent=call.dtmf_sent + len(digits.replace(",", "")))

    def set_dtmf_method(self, method: DtmfMethod, call_id: CallId) -> None:
        """Change how a call sends digits."""
        call = self._named(call_id) if call_id else self._with_audio()
        self._update(call.id, dtmf=method)

    def play(self, path: str, call_id: CallId, loop: bool) -> None:
        """Send a file instead of the microphone."""
        call = self._named(call_id) if call_id else self._with_audio()
        self._stack.play(call.id, path, loop)

    def record(self, path: str, call_id: CallId) -> None:
        """Write what the far end says to a file."""
        call = self._named(call_id) if call_id else self._with_audio()
        self._stack.record(call.id, path)
        self._update(call.id, recording=path)

    def shows_recording(self, call_id: CallId, path: str, paused: bool) -> None:
        """What is being written of a call, if anything."""
        if call_id in self._entries:
            self._update(call_id, recording=path, recording_paused=paused)

    def with_sound(self, call_id: CallId) -> Call:
        """The call named, or the talking one; refused before it is answered."""
        call = self._named(call_id) if call_id else self._with_audio()
        self._must_talk(call)
        return call

    # reports

    def incoming(self, report: IncomingReport, account: Account) -> None:
        """Show a call that rings."""
        now = self._clock.now()
        call = Call(
            id=report.call_id,
            account_id=account.id,
            direction=Direction.INCOMING,
            state=CallState.INCOMING,
            remote=report.remote,
            line=self._free_line(),
            created_at=now,
            ringing_at=now,
            dtmf=account.dtmf,
            sip_call_id=report.sip_call_id,
        )
        self._entries[call.id] = _Entry(call)
        self._stack.ring(call.id)
        self._publish(CallChanged(call))

    def progressed(self, report: ProgressReport) -> None:
        """Take in a provisional answer."""
        entry = self._entries.get(report.call_id)
        if entry is None or entry.call.direction is Direction.INCOMING:
            return
        if report.sip_call_id and not entry.call.sip_call_id:
            self._update(report.call_id, sip_call_id=report.sip_call_id)
        if report.early_media:
            self._move(report.call_id, CallState.EARLY_MEDIA)
        elif report.code in {180, 181, 182, 183} and entry.call.state is CallState.DIALING and report.code != 183:
            self._move(report.call_id, CallState.RINGING)
        elif 200 <= report.code < 300:
            self._move(report.call_id, CallState.CONNECTING)

    def confirmed(self, report: ConfirmedReport) -> None:
        """The call is answered."""
        entry = self._entries.get(report.call_id)
        if entry is None or not self._move(report.call_id, CallState.TALKING, answered_at=self._clock.now()):
            return
        if report.remote and report.remote.name and not entry.call.remote.name:
            self._update(report.call_id, remote=replace(entry.call.remote, name=report.remote.name))
        others = [call for call in self if call.is_talking and call.id != report.call_id]
        if others:
            # Two calls became talking at the same moment: the earlier conversation keeps the microphone.
            self._hold(entry.call)

    def media_changed(self, report: MediaReport) -> None:
        """Take in what was negotiated."""
        if report.call_id in self._entries:
            self._update(report.call_id, media=report.stream, remote_hold=report.remote_hold)

    def hold_failed(self, report: HoldFailedReport) -> None:
        """Say that the far end refused a hold or resume; the call is on hold either way."""
        entry = self._entries.get(report.call_id)
        if entry is None:
            return
        self._update(report.call_id, local_hold=True)
        words = (
            _("Line {line} stays on hold: the far end refused to resume it ({why})")
            if report.resuming
            else _("Line {line}: the far end refused the hold ({why}); neither hears the other all the same")
        )
        why = f"{report.code or ''} {report.reason}".strip()
        self._publish(Notice(NoticeLevel.WARNING, words.format(line=entry.call.line, why=why)))

    def digit_received(self, report: DtmfReport) -> None:
        """The far end pressed a key."""
        entry = self._entries.get(report.call_id)
        if entry:
            digits = (entry.call.dtmf_received + report.digit)[-KEPT_DIGITS:]
            self._update(report.call_id, dtmf_received=digits)
            self._publish(DtmfReceived(report.call_id, report.digit, report.method))

    def audio_problem(self, call_id: CallId, sentence: str) -> bool:
        """Show what is wrong with a call's sound, or that nothing is any more; tells whether that is new."""
        entry = self._entries.get(call_id)
        if entry is None or entry.call.audio_problem == sentence:
            return False
        self._update(call_id, audio_problem=sentence)
        return True

    def ended(self, report: EndedReport) -> Call | None:
        """Take the call off the table; returns it as it ended, or None if it was not on it."""
        entry = self._entries.get(report.call_id)
        if entry is None:
            return None
        cause = entry.verdict or report.cause
        if entry.call.audio_problem:
            cause = replace(cause, audio_problem=entry.call.audio_problem)
        self._move(report.call_id, CallState.ENDED, ended_at=self._clock.now(), end=cause)
        del self._entries[report.call_id]
        return entry.call

    # inside

    def _move(self, call_id: CallId, state: CallState, **changes: object) -> bool:
        entry = self._entries[call_id]
        if state is entry.call.state:
            return False
        if state not in LEGAL_MOVES[entry.call.state]:
            log.warning("call %s: refused the move from %s to %s", call_id, entry.call.state, state)
            return False
        if state is CallState.RINGING and entry.call.ringing_at is None:
            changes["ringing_at"] = self._clock.now()
        self._update(call_id, state=state, **changes)
        return True

    def _update(self, call_id: CallId, **changes: object) -> None:
        entry = self._entries[call_id]
        call = replace(entry.call, **changes)  # type: ignore[arg-type]  # the callers name Call's own fields
        if call != entry.call:
            entry.call = call
            self._publish(CallChanged(call))

    def _hold(self, call: Call) -> None:
        self._entries[call.id].held_at = self._clock.now()
        self._stack.hold(call.id)
        self._update(call.id, local_hold=True)

    def _hold_others(self, call_id: CallId) -> None:
        for call in list(self):
            if call.is_talking and call.id != call_id:
                self._hold(call)

    def _free_line(self) -> int:
        used = {call.line for call in self}
        return next(line for line in range(1, self.max_lines + 2) if line not in used)

    def _named(self, call_id: CallId) -> Call:
        entry = self._entries.get(call_id)
        if entry is None and call_id.isdigit() and len(call_id) < 3:
            entry = next((e for e in self._entries.values() if e.call.line == int(call_id)), None)
        if entry is None:
            raise PhoneError(_("There is no call “{id}”: it may have ended").format(id=call_id), "unknown")
        return entry.call

    def _oldest(self, wanted: Callable[[Call], bool], otherwise: str) -> Call:
        for call in self:
            if wanted(call):
                return call
        raise PhoneError(otherwise)

    def _to_hang_up(self) -> Call:
        ranks: tuple[Callable[[Call], bool], ...] = (
            lambda c: c.is_talking,
            lambda c: c.direction is Direction.OUTGOING and c.state is not CallState.TALKING,
            lambda c: c.state is CallState.CONNECTING,
            lambda c: c.is_ringing,
            lambda c: True,
        )
        for wanted in ranks:
            for call in self:
                if wanted(call):
                    return call
        raise PhoneError(_("There is no call to hang up"))

    def _last_held(self) -> Call:
        held = [entry for entry in self._entries.values() if entry.call.is_held]
        if not held:
            raise PhoneError(_("No call is on hold"))
        return max(held, key=lambda entry: entry.held_at).call

    def _talking_or_refuse(self) -> Call:
        return self._oldest(lambda c: c.is_talking, _("No call is talking"))

    def _with_audio(self) -> Call:
        return self._oldest(
            lambda c: c.is_talking or c.state in {CallState.EARLY_MEDIA, CallState.DIALING, CallState.RINGING},
            _("No call is talking"),
        )

    def _must_talk(self, call: Call) -> None:
        if call.state is not CallState.TALKING:
            raise PhoneError(_("Line {line} is not answered yet").format(line=call.line))
