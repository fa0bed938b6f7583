"""Everything the phone may tell its front ends, on one page.

The lossless lane: numbered, in order, never dropped. The latest-wins lane (Levels, StreamStats, Quality): only the
newest matters, not numbered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tuiphone.model.account import AccountStatus, DtmfMethod
from tuiphone.model.call import Call, CallId
from tuiphone.model.device import Devices
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.model.record import CallRecord

PROTOCOL = 1
"""Version of the API between engine and front ends; apart from the program's version."""


class NoticeLevel(StrEnum):
    """How much attention a notice wants."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account is new, or its configuration or registration changed."""

    status: AccountStatus


@dataclass(frozen=True, slots=True)
class AccountRemoved:
    """An account is gone."""

    account_id: str


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call is new or changed; its ENDED state is the last word on it."""

    call: Call


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """The far end sent a digit (0-9 * # A-D)."""

    call_id: CallId
    digit: str
    method: DtmfMethod


@dataclass(frozen=True, slots=True)
class DevicesChanged:
    """Devices came or went, or a role changed."""

    devices: Devices


@dataclass(frozen=True, slots=True)
class DndChanged:
    """Do-not-disturb was switched."""

    on: bool


@dataclass(frozen=True, slots=True)
class PreferencesChanged:
    """What every screen of this phone shares was chosen on one of them: the theme, the account to dial from."""

    theme: str
    default_account: str


@dataclass(frozen=True, slots=True)
class HistoryChanged:
    """The history has a new row, or rows were seen or deleted (then ``record`` is None)."""

    record: CallRecord | None
    missed: int
    """Missed calls nobody has looked at yet."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the message line."""

    level: NoticeLevel
    text: str


@dataclass(frozen=True, slots=True)
class EngineStopping:
    """The engine goes down in order; the connection ends after this."""

    reason: str


Event = (
    AccountChanged
    | AccountRemoved
    | CallChanged
    | DtmfReceived
    | DevicesChanged
    | DndChanged
    | PreferencesChanged
    | HistoryChanged
    | Notice
    | EngineStopping
)
"""The lossless lane."""

Reading = Levels | StreamStats | Quality
"""The latest-wins lane."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state at event number ``seq``: what a front end draws before it reads events from ``seq + 1``.

    ``missing`` lists, in words, what this engine cannot do (for example: no G.729); ``warnings`` what was wrong when
    it started (a settings file set aside, a password file others may read).
    """

    protocol: int
    seq: int
    engine: str
    accounts: tuple[AccountStatus, ...] = ()
    calls: tuple[Call, ...] = ()
    devices: Devices = Devices()  # noqa: RUF009 (frozen)
    dnd: bool = False
    max_lines: int = 6
    missed: int = 0
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    theme: str = ""
    default_account: str = ""


EVENT_TYPES: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        AccountChanged,
        AccountRemoved,
        CallChanged,
        DtmfReceived,
        DevicesChanged,
        DndChanged,
        PreferencesChanged,
        HistoryChanged,
        Notice,
        EngineStopping,
    )
}
READING_TYPES: dict[str, type[Reading]] = {cls.__name__: cls for cls in (Levels, StreamStats, Quality)}
