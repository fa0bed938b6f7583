"""Why a command is not possible now, and which call it means."""

from __future__ import annotations

from tuiphone.i18n import _
from tuiphone.model.call import Call, CallState
from tuiphone.tui.store import Link, Store


def no_engine(store: Store) -> str | None:
    """The reason that stands before all others."""
    if store.link is Link.LOST:
        lost_words = _("The engine is lost; the screen tries to reach it again")
        return lost_words if store.was_up else _("No engine runs; the screen looks for one")
    return None if store.is_up else _("The engine has not answered yet")


def rings(store: Store) -> str | None:
    """Whether a call rings here."""
    return no_engine(store) or (None if store.ringing() else _("No call rings here"))


def has_call(store: Store) -> str | None:
    """Whether there is a call."""
    return no_engine(store) or (None if store.current() else _("There is no call"))


def has_several(store: Store) -> str | None:
    """Whether there are several calls."""
    return no_engine(store) or (None if len(store.calls) > 1 else _("There are no other calls"))


def answered(store: Store) -> str | None:
    """Whether the call shown is answered."""
    reason = has_call(store)
    call = store.current()
    if reason or call is None:
        return reason
    return (
        None if call.state is CallState.TALKING else _("The call on line {line} is not answered").format(line=call.line)
    )


def recorded(store: Store) -> str | None:
    """Whether the call shown is being recorded."""
    reason = answered(store)
    call = store.current()
    if reason or call is None:
        return reason
    return None if call.recording else _("The call on line {line} is not being recorded").format(line=call.line)


def can_mute(store: Store) -> str | None:
    """Whether there is a call with a microphone."""
    return no_engine(store) or (None if to_mute(store) else _("There is no call to mute"))


def can_swap(store: Store) -> str | None:
    """Whether a call is on hold."""
    return no_engine(store) or (None if store.held() else _("No call is on hold"))


def can_dial(store: Store) -> str | None:
    """Whether there are an account and a free line."""
    if reason := no_engine(store):
        return reason
    if store.account_to_dial_from() is None:
        return _("There is no account to call from; add one on the accounts screen")
    if len(store.calls) >= store.max_lines:
        return _("All {count} lines are in use").format(count=store.max_lines)
    return None


def lost(store: Store) -> str | None:
    """Whether the engine is lost."""
    return None if store.link is Link.LOST else _("The engine is running")


def has_accounts(store: Store) -> str | None:
    """Whether there are accounts."""
    return no_engine(store) or (None if store.accounts else _("There are no accounts"))


def ringing_call(store: Store) -> Call | None:
    """The call that answering and declining mean: the selected one if it rings, else the oldest that does."""
    current = store.calls.get(store.selected)
    if current and current.is_ringing:
        return current
    return next(iter(store.ringing()), None)


def to_mute(store: Store) -> Call | None:
    """The call that muting means: the one shown, else the talking one."""
    current = store.current()
    if current and not current.is_ringing:
        return current
    return store.talking()
