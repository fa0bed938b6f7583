"""Why a call ended: from what was seen on the wire to an EndCause."""

from __future__ import annotations

from dataclasses import dataclass

from tuiphone.model.address import printable
from tuiphone.model.call import EndCause, EndedBy, EndKind
from tuiphone.stack.pjsua.message import Reason, SipMessage, read_reason

_BY_CODE: dict[int, EndKind] = {
    400: EndKind.FAILED,
    401: EndKind.FORBIDDEN,
    402: EndKind.FORBIDDEN,
    403: EndKind.FORBIDDEN,
    404: EndKind.NOT_FOUND,
    407: EndKind.FORBIDDEN,
    408: EndKind.NO_ANSWER,
    410: EndKind.NOT_FOUND,
    415: EndKind.NO_COMMON_CODEC,
    416: EndKind.BAD_ADDRESS,
    480: EndKind.UNAVAILABLE,
    484: EndKind.BAD_ADDRESS,
    485: EndKind.BAD_ADDRESS,
    486: EndKind.BUSY,
    487: EndKind.CANCELLED,
    488: EndKind.NO_COMMON_CODEC,
    500: EndKind.FAILED,
    502: EndKind.UNREACHABLE,
    503: EndKind.UNAVAILABLE,
    504: EndKind.UNREACHABLE,
    600: EndKind.BUSY,
    603: EndKind.DECLINED,
    604: EndKind.NOT_FOUND,
    606: EndKind.NO_COMMON_CODEC,
}
_BY_Q850: dict[int, EndKind] = {
    1: EndKind.NOT_FOUND,
    3: EndKind.UNREACHABLE,
    17: EndKind.BUSY,
    18: EndKind.NO_ANSWER,
    19: EndKind.NO_ANSWER,
    20: EndKind.UNAVAILABLE,
    21: EndKind.DECLINED,
    27: EndKind.UNAVAILABLE,
    28: EndKind.BAD_ADDRESS,
    31: EndKind.UNAVAILABLE,
    38: EndKind.UNREACHABLE,
}
"""Causes (ITU-T Q.850) that say more than the SIP code they come with."""
_NOT_ACCEPTABLE = frozenset({488, 606, 415})
"""Codes that refuse an offer."""
_VAGUE = frozenset({0, 480, 500, 503, 487})
"""Codes that a Q.850 cause may overrule."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of a call at its end.

    ``message`` is what came from the far end and ended it: BYE, CANCEL or a final response; None when nothing did.
    ``our_code`` is what we declined with. ``no_ack`` tells that our 200 was never acknowledged.
    """

    outgoing: bool
    answered: bool
    code: int = 0
    reason: str = ""
    message: SipMessage | None = None
    hung_up: bool = False
    our_code: int = 0
    no_ack: bool = False
    stopping: bool = False
    session_timer: bool = False
    our_codecs: tuple[str, ...] = ()
    their_codecs: tuple[str, ...] = ()
    conflict: EndKind | None = None
    """Why the two ends could not agree on encryption."""
    refusal: str = ""
    """Why we refused the certificate of the server on the way, in words."""
    insisted: bool = False
    """Our offer had encrypted audio only."""


def classify(ending: Ending) -> EndCause:
    """Who ended the call, and why."""
    said = read_reason(ending.message) if ending.message else Reason()
    by, kind, code, reason = _who(ending, said)
    codecs = kind is EndKind.NO_COMMON_CODEC
    return EndCause(
        by=by,
        kind=kind,
        code=code,
        reason=printable(reason),
        q850=said.q850,
        text=said.text,
        our_codecs=ending.our_codecs if codecs else (),
        their_codecs=ending.their_codecs if codecs else (),
    )


def _who(ending: Ending, said: Reason) -> tuple[EndedBy, EndKind, int, str]:
    method = ending.message.method if ending.message else ""
    if method == "BYE":
        kind = EndKind.NO_COMMON_CODEC if said.sip == 488 else EndKind.HANGUP
        return EndedBy.THEM, kind, said.sip or 0, said.text
    if method == "CANCEL":
        elsewhere = said.sip == 200 or "elsewhere" in said.text.lower() or said.q850 == 26
        return EndedBy.THEM, EndKind.ELSEWHERE if elsewhere else EndKind.CANCELLED, 487, "Request Terminated"
    if ending.no_ack:
        return EndedBy.NETWORK, EndKind.NO_ACK, 0, ""
    if ending.hung_up:
        return _by_us(ending)
    if ending.message:
        refused = ending.insisted and ending.code in _NOT_ACCEPTABLE
        kind = EndKind.ENCRYPTION_REFUSED if refused else _kind_of(ending.code, said)
        return EndedBy.THEM, kind, ending.code, ending.reason
    return _without_a_message(ending)


def _by_us(ending: Ending) -> tuple[EndedBy, EndKind, int, str]:
    if ending.stopping:
        return EndedBy.PHONE, EndKind.ENGINE_STOPPED, 0, ""
    if ending.answered:
        return EndedBy.US, EndKind.HANGUP, 0, ""
    if ending.outgoing:
        return EndedBy.US, EndKind.CANCELLED, 487, "Request Terminated"
    code = ending.our_code or 603
    return EndedBy.US, EndKind.BUSY if code in {486, 600} else EndKind.DECLINED, code, ending.reason


def _without_a_message(ending: Ending) -> tuple[EndedBy, EndKind, int, str]:
    """Nothing came from the far end: a timer, the network or our own stack ended it."""
    if ending.refusal:
        return EndedBy.PHONE, EndKind.UNTRUSTED, 0, ending.refusal
    if ending.conflict:
        return EndedBy.PHONE, ending.conflict, ending.code if ending.code >= 400 else 488, ending.reason
    if ending.code in _NOT_ACCEPTABLE:
        return EndedBy.PHONE, EndKind.NO_COMMON_CODEC, ending.code, ending.reason
    if ending.session_timer:
        return EndedBy.NETWORK, EndKind.SESSION_TIMER, ending.code, ending.reason
    if ending.code in {0, 408, 502, 503, 504}:
        return EndedBy.NETWORK, EndKind.UNREACHABLE, ending.code, ending.reason
    return EndedBy.NETWORK, _kind_of(ending.code, Reason()), ending.code, ending.reason


def _kind_of(code: int, said: Reason) -> EndKind:
    if code in _VAGUE and said.q850 in _BY_Q850:
        return _BY_Q850[said.q850]
    if 300 <= code < 400:
        return EndKind.REDIRECTED
    return _BY_CODE.get(code, EndKind.FAILED)
