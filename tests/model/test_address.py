from __future__ import annotations

import pytest

from tuiphone.model.address import AddressError, clean_dial_string, parse_party, parse_uri, plan_dial, printable


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("2044", "2044"),
        ("+49 (241) 12-34\n", "+492411234"),
        ("+49 (0)241 5", "+492415"),
        ("tel:+44-20-7946-0018", "+442079460018"),
        ("tel:+1-201-555-0123;phone-context=example.com", "+12015550123"),
        ("callto:2044", "2044"),
        ("<sip:ana@pbx.example>", "ana@pbx.example"),
        ('"Ana Souza" <sip:ana@pbx.example>', "ana@pbx.example"),
        ("SIP:ana@pbx.example", "ana@pbx.example"),
        ("sips:ana@pbx.example", "sips:ana@pbx.example"),
        ("*97#", "*97#"),
        (" 0 20 / 79 46.00 18 ", "02079460018"),
        ("\u202a+44\u00a020\u20117946\u202c", "+44207946"),
        ("ana", "ana"),
        ("sip:127.0.0.1:5080", "127.0.0.1:5080"),
        ("\r\n\t", ""),
    ],
)
def test_what_surrounds_a_number_is_taken_off(typed: str, dialled: str) -> None:
    assert clean_dial_string(typed) == dialled


@pytest.mark.parametrize(
    ("typed", "uri", "shown"),
    [
        ("2044", "sip:2044@pbx.example", "2044"),
        ("ana@other.example", "sip:ana@other.example", "ana@other.example"),
        ("ana@PBX.example", "sip:ana@PBX.example", "ana"),
        ("*97#", "sip:*97%23@pbx.example", "*97#"),
        ("sips:ana@x.org", "sips:ana@x.org", "ana@x.org"),
        ("bob@[::1]:5070", "sip:bob@[::1]:5070", "bob@[::1]:5070"),
        ("192.0.2.7", "sip:192.0.2.7", "192.0.2.7"),
    ],
)
def test_the_plan_says_what_is_dialled_and_what_is_shown(typed: str, uri: str, shown: str) -> None:
    plan = plan_dial(typed, "sales", "pbx.example")
    assert (plan.uri, plan.shown, plan.account_id) == (uri, shown, "sales")


def test_a_transport_other_than_udp_is_named_in_the_uri() -> None:
    assert plan_dial("2044", "a", "pbx.example:5061", "tls").uri == "sip:2044@pbx.example:5061;transport=tls"
    assert plan_dial("b@x.org;transport=tcp", "a", "pbx.example", "tls").uri == "sip:b@x.org;transport=tcp"
    assert plan_dial("sips:b@x.org", "a", "pbx.example", "tls").uri == "sips:b@x.org"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "nothing to dial"),
        ("bob@", "no valid host name"),
        ("bob@bad host!", "no valid host name"),
        ("bob@x.org:99999", "port “99999”"),
        ("b<o>b@x.org", "characters before the @"),
        ("1" * 600, "longer than 512"),
    ],
)
def test_what_cannot_be_dialled_is_said_in_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(AddressError, match=sentence):
        plan_dial(typed, "a", "pbx.example")


def test_a_number_without_any_domain_asks_for_an_address() -> None:
    with pytest.raises(AddressError, match="dial user@host instead"):
        plan_dial("2044", "a", "")


def test_the_sentence_can_be_translated() -> None:
    with pytest.raises(AddressError) as refused:
        plan_dial("bob@x.org:99999", "a", "pbx.example")
    words = refused.value.in_words(lambda text: text.replace("a port is", "ein Port ist"))
    assert words.endswith("ein Port ist a number from 1 to 65535".replace("a number", "a number"))


@pytest.mark.parametrize(
    ("header", "uri", "name"),
    [
        ('"Ana \\"A\\" Souza" <sip:ana@x.org>;tag=1', "sip:ana@x.org", 'Ana "A" Souza'),
        ("Ana <sip:ana@x.org>", "sip:ana@x.org", "Ana"),
        ("sip:ana@x.org;tag=2", "sip:ana@x.org", ""),
        ('"\x1b[31mred\x07" <sip:a@x>', "sip:a@x", "[31mred"),
        ('" \u3164\u200b\u2800 " <sip:a@x>', "sip:a@x", ""),
    ],
)
def test_parties_are_read_from_headers_and_made_safe(header: str, uri: str, name: str) -> None:
    party = parse_party(header)
    assert (party.uri, party.name) == (uri, name)


def test_a_uri_keeps_its_parameters_and_drops_headers_and_password() -> None:
    uri = parse_uri("sip:ana:secret@x.org:5070;transport=tcp?Subject=hi")
    assert str(uri) == "sip:ana@x.org:5070;transport=tcp"
    assert uri.aor == "ana@x.org"


def test_printable_takes_off_what_could_steer_a_terminal() -> None:
    assert printable("a\x1b]0;x\x07b\u202ec\n") == "a]0;xbc"
