"""Why a call ended, from what was on the wire."""

from __future__ import annotations

import pytest

from tuiphone.model.call import EndCause, EndedBy, EndKind
from tuiphone.stack.pjsua.cause import Ending, classify
from tuiphone.stack.pjsua.message import SipMessage, read


def message(start: str, *headers: str) -> SipMessage:
    return read("\r\n".join([start, *headers]) + "\r\n\r\n")


def refused(code: int, words: str, *headers: str) -> EndCause:
    return classify(Ending(True, False, code, words, message(f"SIP/2.0 {code} {words}", *headers)))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (403, EndKind.FORBIDDEN),
        (404, EndKind.NOT_FOUND),
        (408, EndKind.NO_ANSWER),
        (480, EndKind.UNAVAILABLE),
        (484, EndKind.BAD_ADDRESS),
        (486, EndKind.BUSY),
        (488, EndKind.NO_COMMON_CODEC),
        (302, EndKind.REDIRECTED),
        (500, EndKind.FAILED),
        (503, EndKind.UNAVAILABLE),
        (600, EndKind.BUSY),
        (603, EndKind.DECLINED),
        (699, EndKind.FAILED),
    ],
)
def test_a_refusal_is_theirs_and_keeps_its_code(code: int, kind: EndKind) -> None:
    cause = refused(code, "Words")
    assert (cause.by, cause.kind, cause.code, cause.reason) == (EndedBy.THEM, kind, code, "Words")


@pytest.mark.parametrize(
    ("code", "q850", "kind"),
    [
        (480, 17, EndKind.BUSY),
        (480, 19, EndKind.NO_ANSWER),
        (503, 1, EndKind.NOT_FOUND),
        (500, 38, EndKind.UNREACHABLE),
        (486, 1, EndKind.BUSY),
        (404, 17, EndKind.NOT_FOUND),
        (480, 127, EndKind.UNAVAILABLE),
    ],
)
def test_a_q850_cause_explains_a_vague_code_and_no_clear_one(code: int, q850: int, kind: EndKind) -> None:
    cause = refused(code, "Words", f'Reason: Q.850 ;cause={q850} ;text="why not"')
    assert (cause.kind, cause.q850, cause.text) == (kind, q850, "why not")


def test_ends_of_our_own() -> None:
    assert classify(Ending(True, True, hung_up=True)) == EndCause(EndedBy.US, EndKind.HANGUP)
    cancelled = classify(Ending(True, False, 487, "Request Terminated", message("SIP/2.0 487 x"), hung_up=True))
    assert (cancelled.by, cancelled.kind, cancelled.code) == (EndedBy.US, EndKind.CANCELLED, 487)
    busy = classify(Ending(False, False, 486, "Busy Here", hung_up=True, our_code=486))
    assert (busy.by, busy.kind, busy.code) == (EndedBy.US, EndKind.BUSY, 486)
    declined = classify(Ending(False, False, 603, "Decline", hung_up=True))
    assert (declined.by, declined.kind, declined.code) == (EndedBy.US, EndKind.DECLINED, 603)
    stopped = classify(Ending(True, True, hung_up=True, stopping=True))
    assert (stopped.by, stopped.kind) == (EndedBy.PHONE, EndKind.ENGINE_STOPPED)


def test_their_goodbye_wins_over_ours_that_crossed_it() -> None:
    cause = classify(Ending(True, True, message=message("BYE sip:a@b SIP/2.0"), hung_up=True))
    assert (cause.by, cause.kind) == (EndedBy.THEM, EndKind.HANGUP)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("", EndKind.CANCELLED),
        ('Reason: SIP;cause=200;text="Call completed elsewhere"', EndKind.ELSEWHERE),
        ("Reason: SIP ;cause=200", EndKind.ELSEWHERE),
        ("Reason: Q.850;cause=26", EndKind.ELSEWHERE),
        ('Reason: SIP;cause=487;text="ORIGINATOR_CANCEL"', EndKind.CANCELLED),
    ],
)
def test_a_cancel_tells_whether_somebody_else_answered(reason: str, kind: EndKind) -> None:
    cause = classify(Ending(False, False, 487, "x", message("CANCEL sip:a@b SIP/2.0", *([reason] if reason else []))))
    assert (cause.by, cause.kind) == (EndedBy.THEM, kind)


def test_what_the_network_ends() -> None:
    assert classify(Ending(True, False, 408, "Request Timeout")).kind is EndKind.UNREACHABLE
    assert classify(Ending(True, False, 503, "Connection refused")).kind is EndKind.UNREACHABLE
    assert classify(Ending(False, False, 408, "x", no_ack=True)).kind is EndKind.NO_ACK
    expired = classify(Ending(True, True, 408, "No session refresh received.", session_timer=True))
    assert (expired.by, expired.kind) == (EndedBy.NETWORK, EndKind.SESSION_TIMER)


def test_codec_lists_come_with_a_codec_problem_only() -> None:
    lists = {"our_codecs": ("PCMU",), "their_codecs": ("G729", "AMR")}
    cause = classify(Ending(True, False, 488, "x", message("SIP/2.0 488 x"), **lists))  # type: ignore[arg-type]
    assert (cause.our_codecs, cause.their_codecs) == (("PCMU",), ("G729", "AMR"))
    assert classify(Ending(True, False, 486, "x", message("SIP/2.0 486 x"), **lists)).our_codecs == ()  # type: ignore[arg-type]
    ours = classify(Ending(False, False, 488, "x", **lists))  # type: ignore[arg-type]
    assert (ours.by, ours.kind) == (EndedBy.PHONE, EndKind.NO_COMMON_CODEC)


def test_a_far_ends_words_cannot_reach_the_terminal_as_controls() -> None:
    cause = refused(480, "go\x1b[31maway", 'Reason: SIP;cause=480;text="a\x07b"')
    assert "\x1b" not in cause.reason
    assert cause.text == "ab"


def test_a_refused_offer_of_encryption_only_is_not_taken_for_codecs() -> None:
    said = message("SIP/2.0 488 Not Acceptable Here")
    ended = classify(Ending(True, False, 488, "Not Acceptable Here", said, insisted=True))
    assert (ended.by, ended.kind, ended.code) == (EndedBy.THEM, EndKind.ENCRYPTION_REFUSED, 488)
    assert ended.our_codecs == ()
    busy = classify(Ending(True, False, 486, "Busy Here", message("SIP/2.0 486 Busy Here"), insisted=True))
    assert busy.kind is EndKind.BUSY
