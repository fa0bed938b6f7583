"""Digest answers, against the examples of RFC 2617 and RFC 7616."""

from __future__ import annotations

import secrets

import pytest

from tuiphone.controller.ports import Credentials
from tuiphone.stack.pjsua.digest import authorization

MUFASA = Credentials("Mufasa", "Circle of Life")
NEWER = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="{}", opaque="{}"'
NONCE, OPAQUE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
MD5, SHA256 = (NEWER.format(algorithm, NONCE, OPAQUE) for algorithm in ("MD5", "SHA-256"))


@pytest.fixture(autouse=True)
def _our_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda size: CNONCE)


@pytest.mark.parametrize(
    ("challenge", "response"),
    [
        (MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(challenge: str, response: str) -> None:
    value = authorization([challenge], "GET", "/dir/index.html", MUFASA)
    assert value.startswith('Digest username="Mufasa", realm="http-auth@example.org", ')
    assert f'response="{response}"' in value
    assert f'opaque="{OPAQUE}"' in value
    assert f'cnonce="{CNONCE}", qop=auth, nc=00000001' in value


def test_the_strongest_that_can_be_answered_is() -> None:
    assert "algorithm=SHA-256" in authorization([MD5, SHA256], "GET", "/", MUFASA)
    assert "algorithm=SHA-256" in authorization([SHA256, MD5], "GET", "/", MUFASA)
    assert "algorithm=MD5" in authorization([MD5, NEWER.format("X-NEW", NONCE, OPAQUE)], "GET", "/", MUFASA)


def test_without_qop_as_in_rfc_2069() -> None:
    value = authorization(['Digest realm="r", nonce="n"'], "PUBLISH", "sip:c@x", Credentials("u", "p"))
    assert "qop" not in value
    assert "cnonce" not in value
    assert 'response="' in value


@pytest.mark.parametrize("challenge", ["", "Basic realm=x", "Digest realm=x", 'Digest nonce="n", qop="auth-int"'])
def test_what_cannot_be_answered_is_not(challenge: str) -> None:
    assert authorization([challenge], "GET", "/", MUFASA) == ""


def test_nobody_answers_without_a_name() -> None:
    assert authorization([MD5], "GET", "/", Credentials()) == ""
