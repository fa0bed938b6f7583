"""The projection alone."""

from __future__ import annotations

from dataclasses import replace

from tuiphone.model.account import Account, AccountStatus, Registration, RegistrationState
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallState, Direction, EndCause, EndedBy, EndKind
from tuiphone.model.event import (
    PROTOCOL,
    AccountChanged,
    AccountRemoved,
    CallChanged,
    DndChanged,
    HistoryChanged,
    Notice,
    NoticeLevel,
    Snapshot,
)
from tuiphone.model.media import Levels
from tuiphone.tui.store import Link, Store, Topic

TALK = Call("a", "sales", Direction.INCOMING, CallState.TALKING, Party("sip:1@x", "Ann"), 1, 100.0, answered_at=105.0)
RING = Call("b", "sales", Direction.INCOMING, CallState.INCOMING, Party("sip:2@x", "Ben"), 2, 110.0)
DIAL = Call("c", "sales", Direction.OUTGOING, CallState.RINGING, Party("sip:3@x", "Cy"), 3, 120.0)
SALES = AccountStatus(Account("sales", "sip:2001@pbx", registrar="pbx"))


def attached(*calls: Call, accounts: tuple[AccountStatus, ...] = (SALES,)) -> Store:
    store = Store(lambda: 1000.0)
    store.attach(Snapshot(PROTOCOL, 7, "engine", accounts=accounts, calls=calls))
    return store


def status(state: RegistrationState, code: int = 0) -> AccountStatus:
    return replace(SALES, registration=Registration(state, code, "Busy Everywhere", retry_at=1012.0))


def test_the_current_call_goes_by_state_until_one_is_selected() -> None:
    held = replace(TALK, id="d", local_hold=True, line=4)
    store = attached(RING, held, DIAL, TALK)
    order = []
    while current := store.current():
        order.append(current.id)
        store.apply(CallChanged(replace(current, state=CallState.ENDED)))
    assert order == ["a", "c", "d", "b"]
    store = attached(RING, TALK)
    store.select("b")
    assert store.current() is RING
    store.apply(CallChanged(replace(RING, state=CallState.ENDED)))
    assert store.current() is TALK
    assert store.selected == ""


def test_an_ended_call_is_gone_and_its_sentence_is_a_message() -> None:
    store = attached(TALK)
    end = EndCause(EndedBy.THEM, EndKind.RTP_SILENCE)
    store.apply(CallChanged(replace(TALK, state=CallState.ENDED, ended_at=165.0, end=end)))
    assert not store.calls
    assert store.messages[-1].level is NoticeLevel.WARNING
    assert "01:00" in store.messages[-1].text


def test_those_who_watch_are_told_of_their_topics_only() -> None:
    store = attached()
    told: list[Topic] = []
    end = store.watch(Topic.DND | Topic.CALLS, told.append)
    store.apply(HistoryChanged(None, 3))
    assert not told
    store.apply(DndChanged(True))
    store.apply(CallChanged(RING))
    assert told == [Topic.DND, Topic.CALLS]
    end()
    store.apply(DndChanged(False))
    assert len(told) == 2


def test_a_failing_registration_is_told_once_and_its_recovery_too() -> None:
    store = attached()
    store.apply(AccountChanged(status(RegistrationState.WAITING, 503)))
    store.apply(AccountChanged(status(RegistrationState.REGISTERING, 503)))
    store.apply(AccountChanged(status(RegistrationState.REGISTERED, 200)))
    store.apply(AccountChanged(status(RegistrationState.REGISTERED, 200)))
    assert [message.level for message in store.messages] == [NoticeLevel.WARNING, NoticeLevel.INFO]
    assert "503 Busy Everywhere from pbx, next try in 12 s at" in store.messages[0].text


def test_trouble_at_the_time_of_attaching_is_told() -> None:
    store = attached(accounts=(status(RegistrationState.REJECTED, 403),))
    assert "403" in store.messages[-1].text


def test_a_lost_engine_leaves_the_last_picture_and_no_levels() -> None:
    store = attached(TALK)
    store.read(Levels("a", -10.0, -10.0))
    store.lost("gone")
    assert store.link is Link.LOST
    assert not store.levels
    assert store.current() is TALK
    store.attach(Snapshot(PROTOCOL, 1, "engine"))
    assert not store.calls


def test_a_new_row_of_the_history_comes_first_and_accounts_go() -> None:
    store = attached()
    store.apply(AccountRemoved("sales"))
    assert store.account_to_dial_from() is None
    store.apply(Notice(NoticeLevel.ERROR, "port in use"))
    assert store.messages[-1].text == "port in use"
