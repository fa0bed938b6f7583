"""TLS to Debian's Kamailio: who is trusted, who is not, and what the person is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import Authority, Certificate
from tests.support.kamailio import Kamailio
from tests.support.phone import Phone, Settings, direct_account, registered_account
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import until
from tuiphone import texts
from tuiphone.model.account import Registration, RegistrationState
from tuiphone.model.call import CallState, EndedBy, EndKind

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

USERS = {"alice": "secret"}
HERE = (f"IP:{LOOPBACK}", "DNS:localhost")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


def account(
    registrar: Kamailio, trusted: Authority | None, host: str = "localhost", user: str = "alice", **more: Any
) -> Settings:
    trust = {"tls_ca_file": str(trusted.ca.cert)} if trusted else {}
    return registered_account(
        user, f"{host}:{registrar.tls_port}", "secret", transport="tls", retry_s=1, **trust, **more
    )


@pytest.mark.parametrize(("offered", "version"), [("TLSv1.2", "TLSv1.2"), ("TLSv1.2+", "TLSv1.3")])
async def test_registers_over_both_versions_of_tls(
    tmp_path: Path, authority: Authority, offered: str, version: str
) -> None:
    async with (
        Kamailio(tmp_path / "k", USERS, authority.server("pbx", HERE), tls_method=offered) as registrar,
        Phone(tmp_path / "phone", [account(registrar, authority)]) as phone,
    ):
        await phone.until_account("alice", RegistrationState.REGISTERED)
        assert [(r.transport, r.tls_version) for r in registrar.accepted("alice")] == [("tls", version)]


async def test_a_registrar_named_by_its_address_is_checked_against_the_address(
    tmp_path: Path, authority: Authority
) -> None:
    async with (
        Kamailio(tmp_path / "k", USERS, authority.server("pbx", HERE)) as registrar,
        Phone(tmp_path / "phone", [account(registrar, authority, host=LOOPBACK)]) as phone,
    ):
        await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_the_authority_may_be_named_for_all_accounts(tmp_path: Path, authority: Authority) -> None:
    async with Kamailio(tmp_path / "k", USERS, authority.server("pbx", HERE)) as registrar:
        sections = {"network": {"tls_ca_file": str(authority.ca.cert)}}
        async with Phone(tmp_path / "phone", [account(registrar, None)], sections) as phone:
            await phone.until_account("alice", RegistrationState.REGISTERED)


def _stranger(folder: Path, _authority: Authority) -> Certificate:
    return Authority(folder / "stranger", "Somebody Else").server("pbx", HERE)


def _other_name(_folder: Path, authority: Authority) -> Certificate:
    return authority.server("elsewhere.test", ("DNS:elsewhere.test",))


def _expired(_folder: Path, authority: Authority) -> Certificate:
    return authority.server("pbx", HERE, expired=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_stranger, r"certificate of .pbx. is signed by nobody we trust"),
        (_other_name, r"certificate is for .elsewhere\.test., not for this server"),
        (_expired, r"certificate of .pbx. has expired"),
    ],
    ids=["unknown-authority", "wrong-name", "expired"],
)
async def test_a_bad_certificate_is_refused_and_the_reason_said(
    tmp_path: Path, authority: Authority, make: Callable[[Path, Authority], Certificate], words: str
) -> None:
    async with (
        Kamailio(tmp_path / "k", USERS, make(tmp_path, authority)) as registrar,
        Phone(tmp_path / "phone", [account(registrar, authority)]) as phone,
    ):
        status = await phone.until_account("alice", RegistrationState.WAITING)
        sentence = texts.registration_sentence(status)
        assert re.search(words, sentence, re.IGNORECASE), sentence
        assert registrar.registers == [], "not even the user's name may reach a server that is not trusted"
        # The server is mended: the next attempt succeeds by itself.
        await registrar.stop()
        registrar.use_certificate(authority.server("mended", HERE))
        await registrar.start()
        await phone.until_account("alice", RegistrationState.REGISTERED, timeout_s=15)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_stranger, "the certificate of “pbx” is signed by nobody we trust (see tls_ca_file)"),
        (_other_name, "the certificate is for “elsewhere.test”, not for this server"),
    ],
    ids=["unknown-authority", "wrong-name"],
)
async def test_a_call_to_a_server_that_is_not_trusted_ends_with_the_reason(
    tmp_path: Path, authority: Authority, make: Callable[[Path, Authority], Certificate], words: str
) -> None:
    plain = direct_account(free_port(), transport="tls", tls_ca_file=str(authority.ca.cert))
    async with (
        Kamailio(tmp_path / "k", USERS, make(tmp_path, authority)) as registrar,
        Phone(tmp_path / "phone", [plain]) as phone,
    ):
        call = await phone.api.dial(f"sip:bob@localhost:{registrar.tls_port}")
        ended = await phone.until(call, CallState.ENDED)
        assert ended.end
        assert (ended.end.by, ended.end.kind) == (EndedBy.PHONE, EndKind.UNTRUSTED)
        assert texts.end_sentence(ended) == f"Nothing was sent to bob: {words}"
        assert registrar.calls == []


async def test_an_account_without_a_registrar_calls_only_the_server_that_is_pinned(
    tmp_path: Path, authority: Authority
) -> None:
    expected, shown = authority.server("pbx", HERE), authority.server("pbx2", HERE)
    pinned = {"transport": "tls", "tls_ca_file": str(authority.ca.cert), "tls_pin_sha256": expected.sha256}
    async with (
        Kamailio(tmp_path / "k", USERS, shown) as registrar,
        Phone(tmp_path / "phone", [direct_account(free_port(), **pinned)]) as phone,
    ):
        call = await phone.api.dial(f"sip:bob@localhost:{registrar.tls_port}")
        ended = await phone.until(call, CallState.ENDED)
        assert texts.end_sentence(ended) == "Nothing was sent to bob: the server's certificate is not the pinned one"
        await registrar.stop()
        registrar.use_certificate(expected)
        await registrar.start()
        call = await phone.api.dial(f"sip:bob@localhost:{registrar.tls_port}")
        ended = await phone.until(call, CallState.ENDED)
        assert ended.end
        assert ended.end.kind is EndKind.NOT_FOUND, "the pinned one is taken, and does not know Bob"


async def test_a_later_failure_is_not_put_down_to_the_certificate(tmp_path: Path, authority: Authority) -> None:
    async with (
        Kamailio(tmp_path / "k", USERS, _stranger(tmp_path, authority)) as registrar,
        Phone(tmp_path / "phone", [account(registrar, authority)]) as phone,
    ):
        refused = (await phone.until_account("alice", RegistrationState.WAITING)).registration
        assert "certificate" in refused.reason
        await registrar.stop()
        await until(lambda: _waits_again(phone, refused), 4, "another attempt failed")
        assert "certificate" not in phone.registrations["alice"].registration.reason


def _waits_again(phone: Phone, before: Registration) -> bool:
    now = phone.registrations["alice"].registration
    return now.state is RegistrationState.WAITING and now.retry_at != before.retry_at


async def test_every_account_is_told_why_a_certificate_is_refused(tmp_path: Path, authority: Authority) -> None:
    async with Kamailio(tmp_path / "k", USERS, _stranger(tmp_path, authority)) as registrar:
        accounts = [account(registrar, authority, user=user) for user in ("alice", "bob", "carol")]
        # One that takes any certificate connects to the same address, which says nothing of the others.
        trusting = account(registrar, None, user="dora", tls_verify=False)
        async with Phone(tmp_path / "phone", [*accounts, trusting]) as phone:
            for user in ("alice", "bob", "carol"):
                status = await phone.until_account(user, RegistrationState.WAITING)
                assert "signed by nobody we trust" in status.registration.reason


async def test_a_lost_connection_is_not_put_down_to_a_certificate_that_was_accepted(
    tmp_path: Path, authority: Authority
) -> None:
    async with (
        Kamailio(tmp_path / "k", USERS, _stranger(tmp_path, authority)) as registrar,
        Phone(tmp_path / "phone", [account(registrar, None, tls_verify=False)]) as phone,
    ):
        await phone.until_account("alice", RegistrationState.REGISTERED)
        await registrar.stop()
        status = await phone.until_account("alice", RegistrationState.WAITING)
        assert "was lost" in status.registration.reason
        assert "certificate" not in status.registration.reason


async def test_verification_can_be_switched_off(tmp_path: Path, authority: Authority) -> None:
    stranger = _stranger(tmp_path, authority)
    async with (
        Kamailio(tmp_path / "k", USERS, stranger) as registrar,
        Phone(tmp_path / "phone", [account(registrar, None, tls_verify=False)]) as phone,
    ):
        await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_a_pinned_certificate_is_taken(tmp_path: Path, authority: Authority) -> None:
    certificate = authority.server("pbx", HERE)
    async with Kamailio(tmp_path / "k", USERS, certificate) as registrar:
        pinned = account(registrar, authority, tls_pin_sha256=certificate.sha256)
        async with Phone(tmp_path / "phone", [pinned]) as phone:
            await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_another_certificate_than_the_pinned_one_is_refused(tmp_path: Path, authority: Authority) -> None:
    expected, shown = authority.server("pbx", HERE), authority.server("pbx2", HERE)
    async with Kamailio(tmp_path / "k", USERS, shown) as registrar:
        pinned = account(registrar, authority, tls_pin_sha256=expected.sha256)
        async with Phone(tmp_path / "phone", [pinned]) as phone:
            status = await phone.until_account("alice", RegistrationState.WAITING)
            sentence = texts.registration_sentence(status)
            assert "certificate is not the pinned one" in sentence
            assert registrar.registers == []
