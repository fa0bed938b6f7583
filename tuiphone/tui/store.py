"""What the screen knows: a projection of the engine's snapshot and events. Pure: no widgets, no clock, no I/O.

Panels read from the store and are told which topics changed. Only the selection, the account to dial from and the
messages are the screen's own; everything else comes from the engine and is never changed here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, Flag, auto

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.account import Account, AccountStatus, RegistrationState
from tuiphone.model.call import Call, CallId, CallState, EndKind
from tuiphone.model.device import Devices
from tuiphone.model.event import (
    AccountChanged,
    AccountRemoved,
    CallChanged,
    DevicesChanged,
    DndChanged,
    DtmfReceived,
    EngineStopping,
    Event,
    HistoryChanged,
    Notice,
    NoticeLevel,
    PreferencesChanged,
    Reading,
    Snapshot,
)
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.model.record import CallRecord

_KEPT_MESSAGES = 200
_KEPT_RECORDS = 500
_KEPT_SCORES = 60


class Topic(Flag):
    """What may have changed, for those who watch the store."""

    LINK = auto()
    ACCOUNTS = auto()
    CALLS = auto()
    DEVICES = auto()
    DND = auto()
    HISTORY = auto()
    READINGS = auto()
    MESSAGE = auto()
    SECOND = auto()
    """A second has passed while there are calls."""
    MINUTE = auto()
    FOCUS = auto()
    THEME = auto()
    ENGINE = LINK | ACCOUNTS | CALLS | DEVICES | DND | HISTORY | THEME


class Link(Enum):
    """The way to the engine."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the message log; ``at`` in seconds since the epoch."""

    at: float
    level: NoticeLevel
    text: str


@dataclass(frozen=True, slots=True)
class _Watch:
    topics: Topic
    call: Callable[[Topic], None]


_GOING_OUT = frozenset({CallState.DIALING, CallState.RINGING, CallState.EARLY_MEDIA, CallState.CONNECTING})


class Store:
    """The projection. ``clock`` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.now = clock()
        """The time that running calls are shown at; it moves once a second, so that all panels show the same."""
        self.link = Link.CONNECTING
        self.lost_reason = ""
        self.was_up = False
        """An engine has answered once: what is shown came from it."""
        self.engine = ""
        self.missing: tuple[str, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.max_lines = 6
        self.theme = ""
        self.default_account = ""
        self.dnd = False
        self.missed = 0
        self.accounts: dict[str, AccountStatus] = {}
        self.calls: dict[CallId, Call] = {}
        self.devices = Devices()
        self.history: tuple[CallRecord, ...] = ()
        self.levels: dict[CallId, Levels] = {}
        self.stats: dict[CallId, StreamStats] = {}
        self.quality: dict[CallId, Quality] = {}
        self.scores: dict[CallId, deque[float]] = {}
        """What the quality was, one score a second, the newest last."""
        self.last_ended: Call | None = None
        self.messages: deque[Message] = deque(maxlen=_KEPT_MESSAGES)
        self.selected: CallId = ""
        self.dial_account = ""
        self._watches: list[_Watch] = []
        self._in_trouble: set[str] = set()
        self._device_problems: set[str] = set()

    # watching

    def watch(self, topics: Topic, call: Callable[[Topic], None]) -> Callable[[], None]:
        """Have ``call`` told which of ``topics`` changed; the result ends that."""
        watch = _Watch(topics, call)
        self._watches.append(watch)
        return lambda: self._watches.remove(watch) if watch in self._watches else None

    def changed(self, topics: Topic) -> None:
        """Tell those who watch."""
        if topics & _TIMED:
            self.now = self.clock()
        for watch in tuple(self._watches):
            if watch.topics & topics:
                watch.call(topics)

    # what the engine tells

    def attach(self, snapshot: Snapshot) -> None:
        """Take over the engine's whole state."""
        self.link, self.lost_reason, self.was_up = Link.UP, "", True
        self.engine, self.missing, self.max_lines = snapshot.engine, snapshot.missing, snapshot.max_lines
        self.warnings = snapshot.warnings
        self.theme, self.default_account = snapshot.theme, snapshot.default_account
        self.dnd, self.missed, self.devices = snapshot.dnd, snapshot.missed, snapshot.devices
        self.accounts = {status.account.id: status for status in snapshot.accounts}
        self.calls = {call.id: call for call in snapshot.calls if not call.is_over}
        self.levels, self.stats, self.quality, self.scores = {}, {}, {}, {}
        self._forget_selection()
        self.changed(Topic.ENGINE | Topic.READINGS)
        self._tell_of_trouble()

    def _tell_of_trouble(self) -> None:
        for sentence in (*self.warnings, *self.missing):
            if all(message.text != sentence for message in self.messages):
                self.say(sentence, NoticeLevel.WARNING)
        for status in self.accounts.values():
            if status.registration.state in _BAD_REGISTRATION:
                self._in_trouble.add(status.account.id)
                self.say(texts.registration_sentence(status, self.clock()), NoticeLevel.WARNING)

        self._tell_of_devices()

    def _tell_of_devices(self) -> None:
        problems = {state.problem for state in self.devices.roles if state.problem}
        for problem in sorted(problems - self._device_problems):
            self.say(problem, NoticeLevel.WARNING)
        self._device_problems = problems

    def lost(self, reason: str) -> None:
        """The engine does not answer any more; what was known stays on view as it was."""
        if self.link is Link.LOST and reason == self.lost_reason:
            return
        self.link, self.lost_reason = Link.LOST, reason
        self.levels, self.stats, self.quality, self.scores = {}, {}, {}, {}
        self.changed(Topic.ENGINE | Topic.READINGS)

    def apply(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case CallChanged(call):
                self._apply_call(call)
            case AccountChanged(status):
                self._apply_account(status)
            case AccountRemoved(account_id):
                self.accounts.pop(account_id, None)
                self.changed(Topic.ACCOUNTS)
            case DevicesChanged(devices):
                self.devices = devices
                self.changed(Topic.DEVICES)
                self._tell_of_devices()
            case DndChanged(on):
                self.dnd = on
                self.changed(Topic.DND)
            case PreferencesChanged(theme, default_account):
                self.theme, self.default_account = theme, default_account
                self.changed(Topic.THEME | Topic.ACCOUNTS)
            case HistoryChanged(record, missed):
                self.missed = missed
                if record is not None:
                    self.history = (record, *self.history)[:_KEPT_RECORDS]
                self.changed(Topic.HISTORY)
                if record is not None and record.end and record.end.kind in _REFUSED_UNSEEN:
                    self.say(texts.end_sentence(record), NoticeLevel.WARNING)
            case Notice(level, text):
                self.say(text, level)
            case EngineStopping(reason):
                self.say(reason or _("The engine is stopping"), NoticeLevel.WARNING)
            case DtmfReceived():
                pass  # the digits come with the call's own change

    def read(self, reading: Reading) -> None:
        """Take in a level or a statistic; nobody is told: meters are repainted at their own pace."""
        if isinstance(reading, Levels):
            self.levels[reading.call_id] = reading
        elif isinstance(reading, Quality):
            self.quality[reading.call_id] = reading
            score = reading.mos_lq if reading.mos_cq is None else reading.mos_cq
            if score is not None:
                self.scores.setdefault(reading.call_id, deque(maxlen=_KEPT_SCORES)).append(score)
        else:
            self.stats[reading.call_id] = reading

    def set_history(self, records: tuple[CallRecord, ...]) -> None:
        """The newest rows of the history, as the engine has them."""
        self.history = records
        self.changed(Topic.HISTORY)

    # the screen's own

    def say(self, text: str, level: NoticeLevel = NoticeLevel.INFO) -> None:
        """Put a sentence on the message line."""
        self.messages.append(Message(self.clock(), NoticeLevel(level), text))
        self.changed(Topic.MESSAGE)

    def select(self, call_id: CallId) -> None:
        """Show a call in the call panel, and mean it with the next commands; "" goes by the state again."""
        self.selected = call_id
        self.changed(Topic.CALLS)

    def dial_from(self, account_id: str) -> None:
        """Dial from this account until another is chosen."""
        self.dial_account = account_id
        self.changed(Topic.ACCOUNTS)

    # questions

    @property
    def is_up(self) -> bool:
        """The engine answers."""
        return self.link is Link.UP

    def by_line(self) -> list[Call]:
        """Calls in the order of their lines."""
        return sorted(self.calls.values(), key=lambda call: call.line)

    def ringing(self) -> list[Call]:
        """Incoming calls nobody answered, the oldest first."""
        return sorted((call for call in self.calls.values() if call.is_ringing), key=lambda call: call.id)

    def current(self) -> Call | None:
        """The call that commands mean: the selected one; else talking, going out, held, ringing."""
        if self.selected in self.calls:
            return self.calls[self.selected]
        order = sorted(self.calls.values(), key=_rank)
        return order[0] if order else None

    def talking(self) -> Call | None:
        """The call our microphone belongs to."""
        return next((call for call in self.calls.values() if call.is_talking), None)

    def held(self) -> list[Call]:
        """Calls on hold by us."""
        return [call for call in self.by_line() if call.is_held]

    def account_to_dial_from(self) -> Account | None:
        """The account chosen in the dial panel, else the default one, else the first enabled one."""
        for wanted in (self.dial_account, self.default_account):
            if wanted in self.accounts:
                return self.accounts[wanted].account
        return next((status.account for status in self.accounts.values() if status.account.enabled), None)

    def account_title(self, account_id: str) -> str:
        """What the screen calls an account."""
        status = self.accounts.get(account_id)
        return status.account.title if status else account_id

    # inside

    def _apply_call(self, call: Call) -> None:
        if call.is_over:
            self.calls.pop(call.id, None)
            self.levels.pop(call.id, None)
            self.stats.pop(call.id, None)
            self.quality.pop(call.id, None)
            self.scores.pop(call.id, None)
            self._forget_selection()
            self.last_ended = call
            ordinary = call.end is None or call.end.kind in _ORDINARY_ENDS
            self.changed(Topic.CALLS)
            self.say(texts.end_sentence(call), NoticeLevel.INFO if ordinary else NoticeLevel.WARNING)
            return
        self.calls[call.id] = call
        self.changed(Topic.CALLS)

    def _apply_account(self, status: AccountStatus) -> None:
        before = self.accounts.get(status.account.id)
        self.accounts[status.account.id] = status
        self.changed(Topic.ACCOUNTS)
        state = status.registration.state
        if state in _BAD_REGISTRATION:
            self._in_trouble.add(status.account.id)
            if before is None or before.registration.state is not state:
                self.say(texts.registration_sentence(status, self.clock()), NoticeLevel.WARNING)
        elif state is RegistrationState.REGISTERED and status.account.id in self._in_trouble:
            self._in_trouble.discard(status.account.id)
            self.say(texts.registration_sentence(status, self.clock()))

    def _forget_selection(self) -> None:
        if self.selected not in self.calls:
            self.selected = ""


_TIMED = Topic.SECOND | Topic.MINUTE | Topic.CALLS | Topic.LINK
_BAD_REGISTRATION = frozenset({RegistrationState.WAITING, RegistrationState.REJECTED})
_REFUSED_UNSEEN = frozenset({EndKind.NO_HEADSET, EndKind.LINES_FULL})
"""Calls that never rang, which somebody did not wish: do-not-disturb was wished, and is only in the history."""
_ORDINARY_ENDS = frozenset({EndKind.HANGUP, EndKind.CANCELLED, EndKind.ELSEWHERE, EndKind.DND, EndKind.ENGINE_STOPPED})


def _rank(call: Call) -> tuple[int, float]:
    """Smaller is meant sooner."""
    if call.is_talking:
        return 0, -(call.answered_at or 0.0)
    if call.state in _GOING_OUT:
        return 1, -call.created_at
    if call.is_held:
        return 2, -(call.answered_at or 0.0)
    return 3, call.created_at
