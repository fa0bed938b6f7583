"""Hold as a negotiation, without a far end."""

from __future__ import annotations

from typing import Any, cast

import pytest

pj = pytest.importorskip("pjsua2")

from tuiphone.stack.pjsua.hold import Hold  # noqa: E402 (needs pjsua2)
from tuiphone.stack.pjsua.pump import Pump  # noqa: E402

pytestmark = pytest.mark.pjsua


class Call:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def setHold(self, param: Any) -> None:  # noqa: N802 (pjsua2's name)
        self.asked.append("hold")

    def reinvite(self, param: Any) -> None:
        self.asked.append("resume")


class Negotiation:
    """A call on a Hold, and what failed."""

    def __init__(self) -> None:
        self.failures: list[tuple[int, bool]] = []
        self.call = Call()
        self.hold = Hold(Pump(), True, lambda code, reason, resuming: self.failures.append((code, resuming)))

    def want(self, on: bool) -> None:
        self.hold.want(cast(Any, self.call), on)

    def over(self, transaction: int, code: int, gone: bool = True) -> None:
        self.hold.transaction_over(cast(Any, self.call), transaction, code, "", gone)


def test_each_re_invite_counts_though_their_transactions_have_one_address() -> None:
    talk = Negotiation()
    for on in (True, False, True):
        talk.want(on)
        talk.over(7, 200)
        assert (talk.hold.actual, talk.hold.pending) == (on, False)
    assert talk.call.asked == ["hold", "resume", "hold"]


def test_a_refusal_that_is_told_twice_counts_once() -> None:
    talk = Negotiation()
    talk.want(True)
    talk.over(7, 488, gone=False)
    assert talk.failures == [(488, False)]
    talk.want(False)
    talk.want(True)
    assert talk.hold.pending
    talk.over(7, 488)  # the end of the first one, half a minute later
    assert talk.hold.pending
    talk.over(7, 200)
    assert (talk.hold.actual, talk.hold.pending) == (True, False)


def test_a_wish_that_changed_meanwhile_follows_at_once_and_one_that_was_taken_back_does_not_fail() -> None:
    talk = Negotiation()
    talk.want(True)
    talk.want(False)
    talk.over(7, 200)
    assert talk.call.asked == ["hold", "resume"]
    talk.over(8, 200)
    talk.want(True)
    talk.want(False)
    talk.over(9, 488)
    assert (talk.failures, talk.hold.on, talk.hold.pending) == ([], False, False)


def test_who_refuses_to_be_resumed_stays_on_hold() -> None:
    talk = Negotiation()
    talk.want(True)
    talk.over(7, 200)
    talk.want(False)
    talk.over(8, 500)
    assert talk.failures == [(500, True)]
    assert (talk.hold.on, talk.hold.actual) == (True, True)
