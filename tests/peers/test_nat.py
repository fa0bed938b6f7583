"""The way through NATs: STUN, and calls relayed by Debian's coturn over UDP, TCP and TLS; what is said when they fail."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.farend import FarEnd
from tests.support.audio import likeness_of_files, speech, write_wav
from tests.support.certificates import Authority, Certificate
from tests.support.coturn import Coturn
from tests.support.phone import Phone, complete_wav, direct_account
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import until
from tests.support.stun import StunServer
from tuiphone.model.account import NatServers
from tuiphone.model.call import CallState

pytestmark = [pytest.mark.peer, pytest.mark.turn, pytest.mark.pjsua]

USERS = {"alice": "s3cret-of-turn"}
INSIDE, OUTSIDE = "203.0.113.7", "203.0.113.99"
"""Addresses for documentation (RFC 5737), as NATs in front of two networks."""


def phone(folder: Path, **more: Any) -> Phone:
    port = free_port()
    return Phone(folder, [direct_account(port, "alice", **more)], port=port)


def relayed(server: Coturn, transport: str = "udp", **more: Any) -> dict[str, Any]:
    """An account's settings for a relay at the server."""
    host = server.tls_host if transport == "tls" else server.host
    known = {"turn_username": "alice", "turn_password": USERS["alice"]}
    return {"turn_server": host, "turn_transport": transport, **known, **more}


async def servers_of(phone: Phone) -> NatServers:
    """What the phone's servers said first."""
    known = phone.registrations
    await until(lambda: known["alice"].nat != NatServers(), 8, "an answer of the servers")
    return known["alice"].nat


async def offer_of(phone: Phone, account: str = "") -> str:
    """The session description of a call that is declined; it must come within the limit of any gathering."""
    async with FarEnd() as far:
        call = await phone.api.dial(far.uri, account=account)
        dialog = await far.take()
        assert dialog.invite is not None
        far.respond(dialog, dialog.invite, 486, "Busy Here")
        await phone.until_ended(call)
        return dialog.invite.body


async def test_the_address_that_stun_sees_is_offered(tmp_path: Path) -> None:
    async with StunServer(INSIDE) as stun, phone(tmp_path, stun_server=stun.host) as alice:
        assert await servers_of(alice) == NatServers(mapped=INSIDE)
        offer = await offer_of(alice)
    assert f"c=IN IP4 {INSIDE}" in offer
    assert "a=candidate" not in offer


async def test_ice_has_that_address_as_a_candidate(tmp_path: Path) -> None:
    async with StunServer(INSIDE) as stun, phone(tmp_path, stun_server=stun.host, ice=True) as alice:
        offer = await offer_of(alice)
    assert re.search(rf"^a=candidate:\S+ 1 UDP \d+ {INSIDE} \d+ typ srflx raddr ", offer, re.MULTILINE | re.IGNORECASE)
    assert re.search(r"^a=candidate:.* typ host", offer, re.MULTILINE)


async def test_two_phones_with_ice_and_encryption_find_each_other(tmp_path: Path) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=5))
    heard = tmp_path / "heard.wav"
    port = free_port()
    bob = Phone(tmp_path / "bob", [direct_account(port, "bob", ice=True, media_encryption="mandatory")], port=port)
    async with bob, phone(tmp_path / "alice", ice=True, media_encryption="mandatory") as alice:
        await alice.api.dial(bob.address, play=str(ours))
        ringing = await bob.incoming()
        await bob.api.answer()
        talking = await bob.until(ringing.id, lambda c: c.state is CallState.TALKING and c.media is not None)
        assert talking.media is not None
        assert talking.media.encryption == "AEAD_AES_256_GCM"
        await bob.api.record(str(heard))
        await asyncio.sleep(3.6)  # the speech
        await bob.api.hang_up()
        await bob.until_ended(ringing.id)
    assert likeness_of_files(ours, await complete_wav(heard)) > 0.9


async def test_coturn_answers_a_phone_that_asks_for_its_address(tmp_path: Path) -> None:
    async with (
        Coturn(tmp_path / "coturn", USERS) as coturn,
        phone(tmp_path / "alice", stun_server=coturn.host) as alice,
    ):
        assert await servers_of(alice) == NatServers(mapped=LOOPBACK)


async def test_each_account_has_its_own_stun_server(tmp_path: Path) -> None:
    async with StunServer(INSIDE) as near, StunServer(OUTSIDE) as far:
        port = free_port()
        accounts = [
            direct_account(port, "near", stun_server=near.host, ice=True),
            direct_account(port, "far", stun_server=far.host, ice=True),
            direct_account(port, "bare"),
        ]
        async with Phone(tmp_path, accounts, port=port) as both:
            assert INSIDE in (offer := await offer_of(both, "near"))
            assert OUTSIDE not in offer
            assert OUTSIDE in (offer := await offer_of(both, "far"))
            assert INSIDE not in offer
            assert "203.0.113." not in await offer_of(both, "bare")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_call_is_relayed_and_both_hear_each_other(tmp_path: Path, transport: str) -> None:
    ours, theirs = (write_wav(tmp_path / f"{n}.wav", speech(3, seed=n)) for n in (1, 2))
    heard = tmp_path / "heard.wav"
    heard_there = tmp_path / "heard there.wav"
    authority = Authority(tmp_path / "ca")
    certificate = authority.server("turn", (f"IP:{LOOPBACK}",))
    async with Coturn(tmp_path / "coturn", USERS, certificate) as coturn:
        settings = relayed(coturn, transport, tls_ca_file=str(authority.ca.cert))
        # The far end knows no ICE: all it is told is where the relay is.
        async with phone(tmp_path / "alice", **settings) as alice, Phone(tmp_path / "bob") as bob:
            assert await servers_of(alice) == NatServers(relayed=LOOPBACK)
            call = await alice.api.dial(bob.address, play=str(ours), record=str(heard))
            ringing = await bob.incoming()
            await bob.api.answer()
            talking = await bob.until(ringing.id, lambda c: c.state is CallState.TALKING and c.media is not None)
            assert talking.media is not None
            assert coturn.relays(int(talking.media.remote.rpartition(":")[2]))
            await bob.api.record(str(heard_there))
            await bob.api.play(str(theirs))
            await alice.until(call, CallState.TALKING)
            await asyncio.sleep(3.6)  # the speech
            await alice.api.hang_up()
            await alice.until_ended(call)
            await bob.until_ended(ringing.id)
        await until(lambda: min(coturn.relayed) > 100, 5, f"counters of the relay, now {coturn.relayed}")
    assert likeness_of_files(theirs, await complete_wav(heard)) > 0.9
    assert likeness_of_files(ours, await complete_wav(heard_there)) > 0.9


async def test_a_wrong_password_is_told_and_the_call_goes_on_without_the_relay(tmp_path: Path) -> None:
    async with Coturn(tmp_path / "coturn", USERS) as coturn:
        settings = relayed(coturn, turn_password="guessed")
        async with phone(tmp_path / "alice", **settings) as alice:
            servers = await servers_of(alice)
            words = f"TURN server {coturn.host}: it refuses the user name or the password (401)"
            assert servers == NatServers(turn_problem=words)
            snapshot = await alice.api.snapshot()
            assert f"alice: {words}; calls go on without it" in snapshot.warnings
            offer = await offer_of(alice)
            assert "typ relay" not in offer
            assert "typ host" in offer
    assert coturn.allocations == 0


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_relay_that_never_answers_holds_no_call(tmp_path: Path, transport: str) -> None:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as deaf:
        deaf.bind((LOOPBACK, 0))
        if transport != "udp":
            deaf.listen()
        host = f"{LOOPBACK}:{deaf.getsockname()[1]}"
        settings = {"turn_server": host, "turn_transport": transport, "turn_username": "alice", "turn_password": "x"}
        async with phone(tmp_path / "alice", **settings) as alice:
            assert "typ relay" not in await offer_of(alice)
            assert await servers_of(alice) == NatServers(turn_problem=f"TURN server {host}: it does not answer")


async def test_a_stun_server_that_never_answers_holds_no_call(tmp_path: Path) -> None:
    async with StunServer(INSIDE, silent=True) as stun, phone(tmp_path, stun_server=stun.host, ice=True) as alice:
        assert "typ srflx" not in await offer_of(alice)
        assert await servers_of(alice) == NatServers(stun_problem=f"STUN server {stun.host}: it does not answer")


@pytest.mark.parametrize("ice", [False, True])
async def test_a_stun_server_that_falls_silent_is_noticed_by_the_next_call(tmp_path: Path, ice: bool) -> None:
    async with StunServer(INSIDE) as stun, phone(tmp_path, stun_server=stun.host, ice=ice) as alice:
        assert (await servers_of(alice)).mapped == INSIDE
        stun.silent = True
        assert INSIDE not in await offer_of(alice)
        await until(lambda: any("does not answer" in text for text in alice.notices), 6, "a notice")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_relay_that_goes_away_is_noticed_by_the_next_call(tmp_path: Path, transport: str) -> None:
    async with (
        Coturn(tmp_path / "coturn", USERS) as coturn,
        phone(tmp_path / "alice", **relayed(coturn, transport)) as alice,
    ):
        assert (await servers_of(alice)).relayed == LOOPBACK
        await coturn.stop()
        assert "typ relay" not in await offer_of(alice)
        await until(lambda: any("TURN server" in text for text in alice.notices), 6, "a notice")


def faulty(good: Authority, fault: str) -> Certificate:
    """A certificate for the relay that is not to be taken by those who trust this authority."""
    if fault == "stranger":
        strange = Authority(good.folder.with_name("strange"), "Stranger")
        return strange.server("turn", (f"IP:{LOOPBACK}",))
    if fault == "expired":
        return good.server("old", (f"IP:{LOOPBACK}",), expired=True)
    return good.server("other", ("DNS:other.example",))


@pytest.mark.parametrize("fault", ["stranger", "expired", "name"])
async def test_a_relay_with_a_bad_certificate_is_not_used(tmp_path: Path, fault: str) -> None:
    good = Authority(tmp_path / "ca")
    certificate = faulty(good, fault)
    async with (
        Coturn(tmp_path / "coturn", USERS, certificate) as coturn,
        phone(tmp_path / "alice", **relayed(coturn, "tls", tls_ca_file=str(good.ca.cert))) as alice,
    ):
        servers = await servers_of(alice)
        assert f"TURN server {coturn.tls_host}: its certificate is not trusted" in servers.turn_problem
        assert "typ relay" not in await offer_of(alice)
    assert coturn.allocations == 0


@pytest.mark.parametrize("fault", ["stranger", "expired", "name"])
async def test_the_call_itself_checks_the_relays_certificate(tmp_path: Path, fault: str) -> None:
    good = Authority(tmp_path / "ca")
    bad = faulty(good, fault)
    async with (
        Coturn(tmp_path / "coturn", USERS, good.server("turn", (f"IP:{LOOPBACK}",))) as coturn,
        phone(tmp_path / "alice", **relayed(coturn, "tls", tls_ca_file=str(good.ca.cert))) as alice,
    ):
        assert (await servers_of(alice)).relayed == LOOPBACK
        assert "typ relay" in await offer_of(alice)
        await coturn.stop()
        coturn.use_certificate(bad)
        await coturn.start()
        before = coturn.allocations
        assert "typ relay" not in await offer_of(alice)
        await until(lambda: any("certificate" in text for text in alice.notices), 6, "a notice")
        assert coturn.allocations == before


async def test_without_verification_any_certificate_is_taken(tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "strange", "Stranger").server("turn", ("DNS:other.example",))
    async with (
        Coturn(tmp_path / "coturn", USERS, stranger) as coturn,
        phone(tmp_path / "alice", **relayed(coturn, "tls", tls_verify=False)) as alice,
    ):
        assert (await servers_of(alice)).relayed == LOOPBACK
        assert "typ relay" in await offer_of(alice)


async def test_the_relays_password_comes_from_its_own_source_and_is_told_nowhere(tmp_path: Path) -> None:
    async with Coturn(tmp_path / "coturn", USERS) as coturn:
        settings = relayed(coturn) | {"turn_password": "", "turn_password_command": f"echo {USERS['alice']}"}
        async with phone(tmp_path / "alice", **settings) as alice:
            assert (await servers_of(alice)).relayed == LOOPBACK
            assert "typ relay" in await offer_of(alice)
            assert USERS["alice"] not in str(alice.events)
        for file in (tmp_path / "alice" / "state").rglob("*.log"):
            assert USERS["alice"] not in file.read_text(errors="replace"), file


async def test_without_the_relays_password_the_account_works_and_says_why_there_is_no_relay(tmp_path: Path) -> None:
    async with Coturn(tmp_path / "coturn", USERS) as coturn:
        settings = relayed(coturn) | {"turn_password": "", "turn_password_env": "TURN_PASSWORD_THAT_IS_NOT_SET"}
        async with phone(tmp_path / "alice", **settings) as alice:
            assert "TURN_PASSWORD_THAT_IS_NOT_SET" in (await servers_of(alice)).turn_problem
            assert "m=audio" in await offer_of(alice)
