"""The words for values."""

from __future__ import annotations

import pytest

from tuiphone import texts
from tuiphone.model.account import Account, AccountStatus, Registration, RegistrationState
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallState, Direction, EndCause, EndedBy, EndKind
from tuiphone.model.record import CallRecord

ANA = Party("sip:2044@pbx.example;transport=tcp", "Ana")


def ended(direction: Direction, cause: EndCause, answered: bool = True) -> Call:
    return Call(
        "1",
        "sales",
        direction,
        CallState.ENDED,
        ANA,
        1,
        100.0,
        answered_at=110.0 if answered else None,
        ended_at=302.0,
        end=cause,
    )


IN, OUT = Direction.INCOMING, Direction.OUTGOING


@pytest.mark.parametrize(
    ("direction", "cause", "answered", "sentence"),
    [
        (IN, EndCause(EndedBy.US, EndKind.HANGUP), True, "You hung up on Ana after 03:12"),
        (OUT, EndCause(EndedBy.THEM, EndKind.HANGUP, 200, "OK"), True, "Ana hung up after 03:12"),
        (
            OUT,
            EndCause(EndedBy.THEM, EndKind.HANGUP, q850=16),
            True,
            "Ana hung up after 03:12 (Q.850 16: normal clearing)",
        ),
        (
            OUT,
            EndCause(EndedBy.US, EndKind.CANCELLED, 487, "Request Terminated"),
            False,
            "You cancelled the call to Ana before it was answered (487 Request Terminated)",
        ),
        (
            IN,
            EndCause(EndedBy.US, EndKind.DECLINED, 486, "Busy Here"),
            False,
            "You declined the call from Ana (486 Busy Here)",
        ),
        (
            OUT,
            EndCause(EndedBy.THEM, EndKind.BUSY, 486, "Busy Here", 17, "user busy"),
            False,
            "Ana is busy (486 Busy Here; Q.850 17: user busy)",
        ),
        (IN, EndCause(EndedBy.PHONE, EndKind.DND, 486), False, "Do-not-disturb rejected the call from Ana (486)"),
        (
            OUT,
            EndCause(
                EndedBy.THEM, EndKind.NO_COMMON_CODEC, 488, "Not Acceptable Here", None, "", ("opus", "PCMU"), ("G729",)
            ),
            False,
            "No codec in common with Ana: here opus, PCMU; there G729 (488 Not Acceptable Here)",
        ),
        (
            OUT,
            EndCause(EndedBy.THEM, EndKind.NOT_FOUND, 404, "Not Found"),
            False,
            "There is no sip:2044@pbx.example at this server: check the number (404 Not Found)",
        ),
        (
            IN,
            EndCause(EndedBy.PHONE, EndKind.RTP_SILENCE),
            True,
            "Ended after 03:12: no sound (RTP) came from Ana any more",
        ),
        (
            OUT,
            EndCause(EndedBy.THEM, EndKind.FAILED, 500, "\x1b[31mevil", None, "\x07quoted"),
            False,
            "The call with Ana failed (500 [31mevil; “quoted”)",
        ),
    ],
)
def test_why_a_call_ended(direction: Direction, cause: EndCause, answered: bool, sentence: str) -> None:
    assert texts.end_sentence(ended(direction, cause, answered)) == sentence


@pytest.mark.parametrize("kind", list(EndKind))
@pytest.mark.parametrize("by", list(EndedBy))
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("answered", [True, False])
def test_every_end_has_a_whole_sentence_of_one_line(
    kind: EndKind, by: EndedBy, direction: Direction, answered: bool
) -> None:
    sentence = texts.end_sentence(ended(direction, EndCause(by, kind), answered))
    assert sentence
    assert "{" not in sentence
    assert "\n" not in sentence


def test_a_row_of_the_history_says_the_same_as_the_call() -> None:
    cause = EndCause(EndedBy.THEM, EndKind.HANGUP)
    record = CallRecord("1", "sales", IN, ANA.uri, ANA.name, 100.0, 110.0, 302.0, 192.0, "PCMU", cause)
    assert texts.end_sentence(record) == texts.end_sentence(ended(IN, cause))


def test_registrations_in_a_sentence() -> None:
    account = Account("sales", "sip:2001@pbx.example", "2001 sales", registrar="pbx.example")

    def sentence(registration: Registration) -> str:
        return texts.registration_sentence(AccountStatus(account, registration), now=1000.0)

    waiting = Registration(RegistrationState.WAITING, 503, "Service Unavailable", retry_at=1012.0)
    assert sentence(waiting).startswith("2001 sales: 503 Service Unavailable from pbx.example, next try in 12 s at ")
    unreached = Registration(RegistrationState.WAITING, 408, "no answer from pbx.example", retry_at=1012.0)
    assert sentence(unreached).startswith("2001 sales: 408 no answer from pbx.example, next try in 12 s at ")
    assert "check user name and password" in sentence(Registration(RegistrationState.REJECTED, 403, "Forbidden"))
    no_password = sentence(Registration(RegistrationState.REJECTED, 0, "password_command gave no password"))
    assert no_password.endswith(": password_command gave no password; register again when that is mended")
    assert "valid until" in sentence(Registration(RegistrationState.REGISTERED, 200, "OK", expires_at=2000.0))
    for state in RegistrationState:
        assert "{" not in sentence(Registration(state))
        assert texts.registration_word(Registration(state))


def test_a_state_has_a_short_word_and_hold_is_told_by_whom() -> None:
    for state in CallState:
        call = Call("1", "sales", IN, state, ANA, 1, 0.0)
        assert 0 < len(texts.state_word(call)) <= 5
        assert texts.state_words(call)
    talking = Call("1", "sales", IN, CallState.TALKING, ANA, 1, 0.0, remote_hold=True)
    assert (texts.state_word(talking), texts.hold_words(talking)) == ("HELD", "held by far end")


@pytest.mark.parametrize(("seconds", "shown"), [(0, "00:00"), (192.9, "03:12"), (3723, "1:02:03"), (-5, "00:00")])
def test_durations(seconds: float, shown: str) -> None:
    assert texts.duration(seconds) == shown
