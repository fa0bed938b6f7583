from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import AccountConfig, Config
from tuiphone.controller.ports import Credentials, NatReport, RegistrationReport
from tuiphone.errors import PhoneError
from tuiphone.model.account import Account, NatServers, RegistrationState
from tuiphone.model.event import Notice
from tuiphone.stack.fake import FakeStack


async def test_configured_accounts_register_at_start() -> None:
    async with bench() as desk:
        status = await desk.account("sales")
        assert status.registration.state is RegistrationState.REGISTERED
        assert status.registration.expires_at == desk.clock.now() + 1800


async def test_an_account_without_registration_can_call() -> None:
    config = Config(accounts=(AccountConfig(id="direct", address="sip:me@127.0.0.1", register=False),))
    async with bench(config) as desk:
        assert (await desk.account("direct")).registration.state is RegistrationState.NONE
        await desk.phone.dial("answer")
        assert desk.stack.commands[-1][0] == "make_call"
        with pytest.raises(PhoneError, match="has no registrar"):
            await desk.phone.register("direct")


async def test_a_failed_registration_waits_longer_each_time_and_recovers() -> None:
    stack = FakeStack()
    stack.registrar["sales"] = (503, "Service Unavailable")
    async with bench(Config(accounts=(SALES,)), stack) as desk:
        pauses = []
        for _ in range(9):
            registration = (await desk.account("sales")).registration
            assert registration.state is RegistrationState.WAITING
            assert (registration.code, registration.reason) == (503, "Service Unavailable")
            assert registration.retry_at is not None
            pauses.append(registration.retry_at - desk.clock.now())
            desk.clock.advance(pauses[-1] + 0.01)
            await desk.settle()
        assert 3.6 <= pauses[0] <= 4.4
        assert all(later > earlier for earlier, later in itertools.pairwise(pauses[:6]))
        assert max(pauses) <= 330
        stack.registrar.clear()
        desk.clock.advance(400)
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERED


async def test_a_wrong_password_is_not_tried_again_by_itself() -> None:
    stack = FakeStack()
    stack.registrar["sales"] = (403, "Forbidden")
    async with bench(Config(accounts=(SALES,)), stack) as desk:
        assert (await desk.account("sales")).registration.state is RegistrationState.REJECTED
        tries = sum(command[0] == "register" for command in stack.commands)
        desk.clock.advance(3600)
        await desk.settle()
        assert sum(command[0] == "register" for command in stack.commands) == tries


async def test_registering_by_hand_after_a_rejection_takes_the_new_password() -> None:
    stack = FakeStack()
    stack.registrar["sales"] = (401, "Unauthorized")
    async with bench(Config(accounts=(SALES,)), stack, {"sales": "old"}) as desk:
        desk.passwords["sales"] = "new"
        stack.registrar.clear()
        await desk.phone.register("sales")
        await desk.settle()
        assert stack.accounts["sales"][1].password == "new"
        assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERED


async def test_a_registration_lost_later_is_tried_again() -> None:
    async with bench() as desk:
        desk.stack.report(RegistrationReport("sales", 503, "The connection was lost"))
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.WAITING
        desk.clock.advance(5)
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERED


async def test_unregister_lasts_until_register() -> None:
    async with bench() as desk:
        await desk.phone.unregister("sales")
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.UNREGISTERED
        desk.clock.advance(10_000)
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.UNREGISTERED
        await desk.phone.register("sales")
        await desk.settle()
        assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERED


async def test_register_without_a_name_registers_all() -> None:
    async with bench() as desk:
        before = len(desk.stack.commands)
        await desk.phone.register()
        assert {c[1] for c in desk.stack.commands[before:]} == {"sales", "desk"}


async def test_an_account_added_on_the_screen_is_kept_and_registers() -> None:
    async with bench() as desk:
        account = Account("new", "sip:9@pbx.example", registrar="pbx.example")
        await desk.phone.add_account(account, "secret", "of turn")
        await desk.settle()
        assert desk.settings.accounts["new"] == (account, "secret", "of turn")
        status = await desk.account("new")
        assert status.stored == "settings"
        assert status.registration.state is RegistrationState.REGISTERED
        await desk.phone.remove_account("new")
        assert "new" not in desk.settings.accounts
        assert "new" not in desk.stack.accounts


async def test_an_account_of_the_users_file_is_not_changed_by_the_phone() -> None:
    async with bench() as desk:
        with pytest.raises(PhoneError, match=r"written in config\.toml"):
            await desk.phone.remove_account("sales")
        with pytest.raises(PhoneError, match=r"written in config\.toml"):
            await desk.phone.add_account(Account("sales", "sip:1@x.example"), "")


async def test_a_disabled_account_is_shown_but_not_used() -> None:
    off = replace(DESK, enabled=False)
    async with bench(Config(accounts=(SALES, off))) as desk:
        assert "desk" not in desk.stack.accounts
        with pytest.raises(PhoneError, match="switched off"):
            await desk.phone.dial("2044", account="desk")


async def test_a_password_that_cannot_be_had_is_said_and_stops_only_its_account() -> None:
    from tests.support.controller import Bench

    class Locked(Bench):
        async def _secret(self, account: Account) -> Credentials:
            if account.id == "sales":
                raise PhoneError("the keyring is locked: unlock it and register again")
            return Credentials()

    desk = Locked(Config(accounts=(SALES, DESK)), FakeStack(), {})
    await desk.phone.start()
    await desk.settle()
    registration = (await desk.account("sales")).registration
    assert registration.state is RegistrationState.REJECTED
    assert "keyring is locked" in registration.reason
    assert (await desk.account("desk")).registration.state is RegistrationState.REGISTERED
    await desk.phone.stop("done")


async def test_an_account_whose_password_is_being_looked_for_is_registering() -> None:
    from tests.support.controller import Bench

    told = asyncio.Event()

    class Slow(Bench):
        async def _secret(self, account: Account) -> Credentials:
            await told.wait()
            return Credentials(password="found")

    desk = Slow(Config(accounts=(SALES,)), FakeStack(), {})
    await desk.phone.start()
    await desk.settle()
    assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERING
    told.set()
    await desk.settle()
    assert (await desk.account("sales")).registration.state is RegistrationState.REGISTERED
    await desk.phone.stop("done")


async def test_the_default_account_dials() -> None:
    async with bench() as desk:
        await desk.phone.set_default_account("desk")
        await desk.phone.dial("2044")
        assert desk.stack.commands[-1][2] == "desk"
        await desk.settle()
        assert (await desk.phone.snapshot()).default_account == "desk"


async def test_what_stun_and_turn_servers_say_is_the_accounts_state_and_told_once() -> None:
    async with bench() as desk:

        def notices() -> list[str]:
            return [event.text for event in desk.events if isinstance(event, Notice)]

        deaf = NatServers(stun_problem="STUN server stun.example: it does not answer")
        for said in (NatServers(mapped="203.0.113.7"), deaf, deaf):
            desk.stack.report(NatReport("sales", said))
            await desk.settle()
            assert (await desk.account("sales")).nat == said
        title = (await desk.account("sales")).account.title
        words = f"{title}: STUN server stun.example: it does not answer; calls go on without it"
        assert notices() == [words]
        assert words in (await desk.phone.snapshot()).warnings
        desk.stack.report(NatReport("sales", NatServers(mapped="203.0.113.7")))
        await desk.settle()
        assert notices() == [words, f"{title}: STUN and TURN work again"]
