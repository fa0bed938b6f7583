"""SIP messages as text."""

from __future__ import annotations

from tuiphone.model.address import Party
from tuiphone.stack.pjsua.message import Reason, asserted_party, read, read_reason


def test_headers_by_long_name_folded_lines_and_body() -> None:
    message = read(
        'INVITE sip:a@b SIP/2.0\r\nf: "Ana"\r\n <sip:2044@pbx>;tag=1\r\nVia: one\r\nvia: two\r\nc: application/sdp\r\n\r\nv=0\r\n'
    )
    assert message.method == "INVITE"
    assert message.code == 0
    assert message.first("from") == '"Ana" <sip:2044@pbx>;tag=1'
    assert message.headers["via"] == ("one", "two")
    assert message.first("content-type") == "application/sdp"
    assert message.body == "v=0\r\n"
    assert message.first("absent") == ""


def test_a_response_has_a_code_and_no_method() -> None:
    message = read("SIP/2.0 486 Busy Here\r\nCall-ID: x\r\n\r\n")
    assert (message.code, message.method) == (486, "")


def test_nonsense_is_an_empty_message() -> None:
    for text in ("", "\r\n\r\n", "SIP/2.0\r\n\r\n", "SIP/2.0 many words\r\n", ":::\r\n"):
        assert read(text).code == 0


def test_what_is_no_text_and_what_a_terminal_would_obey_is_taken_out() -> None:
    message = read(
        "INVITE sip:a@b SIP/2.0\r\nCall-ID: a\udc9d\x1b]0;b\x07\r\nSubject: tab\there\r\n\r\na=rtpmap:96 x\x1b[2J/8000\r\n"
    )
    assert message.first("call-id") == "a?]0;b"
    assert message.first("subject") == "tab\there"
    assert message.body == "a=rtpmap:96 x[2J/8000\r\n"


def test_reasons_of_both_protocols_in_one_header_or_two() -> None:
    both = Reason(16, 200, "Call completed elsewhere")
    one = 'Reason: SIP;cause=200;text="Call completed elsewhere", Q.850;cause=16;text="Normal, clearing"'
    two = 'Reason: SIP ; cause=200 ; text="Call completed elsewhere"\r\nReason: Q.850;cause=16'
    for header in (one, two):
        assert read_reason(read(f"BYE sip:a@b SIP/2.0\r\n{header}\r\n\r\n")) == both
    assert read_reason(read("BYE sip:a@b SIP/2.0\r\nReason: preemption;cause=1\r\n\r\n")) == Reason()
    escaped = read('BYE sip:a@b SIP/2.0\r\nReason: SIP;cause=1;text="a \\"b\\""\r\n\r\n')
    assert read_reason(escaped).text == 'a "b"'


def test_the_asserted_identity_is_a_sip_one() -> None:
    head = "INVITE sip:a@b SIP/2.0\r\n"
    both = read(f'{head}P-Asserted-Identity: <tel:+4420>\r\nP-Asserted-Identity: "Ana" <sip:2044@pbx>\r\n\r\n')
    assert asserted_party(both) == Party("sip:2044@pbx", "Ana")
    older = read(f'{head}Remote-Party-ID: "Rui" <sip:2090@pbx>;party=calling\r\n\r\n')
    assert asserted_party(older) == Party("sip:2090@pbx", "Rui")
    assert asserted_party(read(f"{head}\r\n")) is None
