"""Accounts of a real phone at Debian's Kamailio, with digest authentication."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

import pytest

from tests.support.kamailio import Kamailio
from tests.support.phone import Phone, registered_account
from tests.support.process import until
from tuiphone import texts
from tuiphone.model.account import RegistrationState
from tuiphone.model.call import CallState, EndKind
from tuiphone.model.event import AccountChanged

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

USERS = {"alice": "secret", "bob": "hidden"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_registers_refreshes_at_half_time_and_unregisters_at_the_end(tmp_path: Path, transport: str) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS, max_expires_s=6) as registrar:
        account = registered_account("alice", registrar.host, "secret", transport=transport)
        async with Phone(tmp_path / "phone", [account]) as phone:
            status = await phone.until_account("alice", RegistrationState.REGISTERED)
            assert status.registration.expires_at == pytest.approx(time.time() + 6, abs=2)
            seen = await registrar.until_registered("alice", 3)
            assert {r.transport for r in seen} == {transport}
            assert seen[0].expires == 1800
            for earlier, later in itertools.pairwise(seen):
                assert later.at - earlier.at == pytest.approx(3, abs=0.9)
        assert (await registrar.until_registered("alice", len(seen) + 1))[-1].expires == 0


async def test_a_wrong_password_is_said_once_and_a_mended_one_is_taken(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS) as registrar:
        account = registered_account("alice", registrar.host, "wrong", retry_s=1)
        async with Phone(tmp_path / "phone", [account]) as phone:
            status = await phone.until_account("alice", RegistrationState.REJECTED)
            assert status.registration.code in {401, 403}
            assert status.registration.retry_at is None
            assert "check user name and password" in texts.registration_sentence(status)
            # Trying again by itself could lock the account.
            with pytest.raises(TimeoutError):
                await until(lambda: len(registrar.registers) > 2, 2.5, "another attempt by itself")
            assert [r.what for r in registrar.registers] == ["challenge", "refused"]
            file = phone.folder / "config" / "config.toml"
            file.write_text(file.read_text().replace("wrong", "secret"))
            await phone.api.register("alice")
            await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_an_unknown_user_is_refused_in_words(tmp_path: Path) -> None:
    async with (
        Kamailio(tmp_path / "kamailio", USERS) as registrar,
        Phone(tmp_path / "phone", [registered_account("mallory", registrar.host, "x")]) as phone,
    ):
        status = await phone.until_account("mallory", RegistrationState.REJECTED)
        assert status.registration.code == 403
        assert "403" in texts.registration_sentence(status)


async def test_unregistering_and_registering_by_wish(tmp_path: Path) -> None:
    async with (
        Kamailio(tmp_path / "kamailio", USERS) as registrar,
        Phone(tmp_path / "phone", [registered_account("alice", registrar.host, "secret")]) as phone,
    ):
        await phone.until_account("alice", RegistrationState.REGISTERED)
        await phone.api.unregister("alice")
        await phone.until_account("alice", RegistrationState.UNREGISTERED)
        assert (await registrar.until_registered("alice", 2))[-1].expires == 0
        await phone.api.register("alice")
        await phone.until_account("alice", RegistrationState.REGISTERED)
        assert (await registrar.until_registered("alice", 3))[-1].expires == 1800


async def test_a_registrar_that_restarts_finds_the_phone_back_by_itself_over_udp(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS, max_expires_s=4) as registrar:
        account = registered_account("alice", registrar.host, "secret", retry_s=1)
        async with Phone(tmp_path / "phone", [account]) as phone:
            await phone.until_account("alice", RegistrationState.REGISTERED)
            await registrar.stop()
            count = len(registrar.accepted("alice"))
            # Past the moment of a refresh, which finds nobody.
            await asyncio.sleep(2.5)
            await registrar.start()
            await registrar.until_registered("alice", count + 1, timeout_s=15)
            await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_back_off_survives_a_restarted_registrar_over_tcp(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS, max_expires_s=4) as registrar:
        account = registered_account("alice", registrar.host, "secret", transport="tcp", retry_s=1)
        async with Phone(tmp_path / "phone", [account]) as phone:
            await phone.until_account("alice", RegistrationState.REGISTERED)
            await registrar.stop()
            status = await phone.until_account("alice", RegistrationState.WAITING)
            assert status.registration.retry_at is not None
            sentence = texts.registration_sentence(status)
            assert registrar.host in sentence
            assert "next try in" in sentence
            await until(lambda: len(_pauses(phone)) >= 3, 15, "three failed attempts")
            first, second, third = _pauses(phone)[:3]
            assert first == pytest.approx(1, rel=0.15)
            assert second == pytest.approx(2, rel=0.15)
            assert third == pytest.approx(4, rel=0.15)
            count = len(registrar.accepted("alice"))
            await registrar.start()
            await registrar.until_registered("alice", count + 1, timeout_s=12)
            status = await phone.until_account("alice", RegistrationState.REGISTERED)
            assert status.registration.retry_at is None


async def test_a_registrar_that_is_not_there_at_start_is_tried_again(tmp_path: Path) -> None:
    registrar = Kamailio(tmp_path / "kamailio", USERS)
    account = registered_account("alice", registrar.host, "secret", transport="tcp", retry_s=1)
    async with Phone(tmp_path / "phone", [account]) as phone:
        await phone.until_account("alice", RegistrationState.WAITING)
        async with registrar:
            await phone.until_account("alice", RegistrationState.REGISTERED)


@pytest.mark.parametrize("auth_calls", [False, True], ids=["open", "calls-need-the-password"])
async def test_two_accounts_on_two_transports_call_each_other_through_the_registrar(
    tmp_path: Path, auth_calls: bool
) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS, auth_calls=auth_calls) as registrar:
        alice = registered_account("alice", registrar.host, "secret", transport="udp")
        bob = registered_account("bob", registrar.host, "hidden", transport="tcp")
        async with Phone(tmp_path / "a", [alice]) as phone_a, Phone(tmp_path / "b", [bob]) as phone_b:
            await phone_a.until_account("alice", RegistrationState.REGISTERED)
            await phone_b.until_account("bob", RegistrationState.REGISTERED)
            outgoing = await phone_a.api.dial("bob")
            incoming = await phone_b.incoming()
            await phone_a.until(outgoing, CallState.RINGING)
            await phone_b.api.answer()
            await phone_a.until(outgoing, CallState.TALKING)
            await phone_b.until(incoming.id, CallState.TALKING)
            await phone_b.api.hold()
            await phone_a.until(outgoing, lambda c: c.remote_hold, what="held by the far end")
            await phone_b.api.hang_up(incoming.id)
            await phone_a.until_ended(outgoing)
        assert registrar.calls == ([("alice", "bob")] if auth_calls else [])


async def test_a_call_with_a_wrong_password_is_forbidden(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS, auth_calls=True) as registrar:
        account = registered_account("alice", registrar.host, "wrong", register=False)
        async with Phone(tmp_path / "phone", [account]) as phone:
            ended = await phone.until_ended(await phone.api.dial("bob"))
            assert ended.end is not None
            assert (ended.end.kind, ended.end.code) == (EndKind.FORBIDDEN, 407)
            assert registrar.calls == []


async def test_an_outbound_proxy_is_used_for_a_domain_that_nobody_can_look_up(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS) as proxy:
        alice = registered_account("alice", "pbx.invalid", "secret", proxy=proxy.host)
        bob = registered_account("bob", proxy.host, "hidden")
        async with Phone(tmp_path / "a", [alice]) as phone_a, Phone(tmp_path / "b", [bob]) as phone_b:
            await phone_a.until_account("alice", RegistrationState.REGISTERED)
            await phone_b.until_account("bob", RegistrationState.REGISTERED)
            outgoing = await phone_a.api.dial("bob")
            assert (await phone_a.until(outgoing, CallState.RINGING)).remote.uri == "sip:bob@pbx.invalid"
            await phone_b.incoming()
            await phone_b.api.answer()
            await phone_a.until(outgoing, CallState.TALKING)
            await phone_a.api.hang_up()
            await phone_a.until_ended(outgoing)


def _pauses(phone: Phone) -> list[float]:
    """The pause that was announced after each failed attempt."""
    pauses = []
    seen: set[float] = set()
    for at, event in zip(phone.times, phone.events, strict=True):
        retry_at = event.status.registration.retry_at if isinstance(event, AccountChanged) else None
        if retry_at is not None and retry_at not in seen:
            seen.add(retry_at)
            pauses.append(retry_at - at)
    return pauses
