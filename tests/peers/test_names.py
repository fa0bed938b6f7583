"""Registrars and called parties by name: SRV records, servers that do not answer, names that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.kamailio import Kamailio
from tests.support.nameserver import NameServer
from tests.support.phone import Phone, direct_account, registered_account
from tests.support.ports import LOOPBACK, free_port
from tuiphone import texts
from tuiphone.model.account import RegistrationState
from tuiphone.model.call import CallState, EndKind

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

USERS = {"alice": "secret"}


def by_name(names: NameServer) -> dict[str, dict[str, object]]:
    """The section of a phone that asks this name server."""
    return {"network": {"dns_servers": [names.host]}}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_registers_at_the_next_server_when_the_first_does_not_answer(tmp_path: Path, transport: str) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS) as registrar:
        records = {
            f"_sip._{transport}.pbx.test SRV": [
                f"20 0 {registrar.port} second.pbx.test.",
                f"10 0 {free_port()} first.pbx.test.",
            ],
            "first.pbx.test A": [LOOPBACK],
            "second.pbx.test A": [LOOPBACK],
        }
        account = registered_account("alice", "pbx.test", "secret", transport=transport)
        async with NameServer(records) as names, Phone(tmp_path / "phone", [account], by_name(names)) as phone:
            # Over UDP only time tells that nobody is there: ten seconds, as for any registrar.
            await phone.until_account("alice", RegistrationState.REGISTERED, 15)
            assert {seen.transport for seen in registrar.accepted("alice")} == {transport}


async def test_a_registrars_certificate_is_for_the_domain_not_for_the_server_behind_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate = authority.server("pbx.test")
    async with Kamailio(tmp_path / "kamailio", USERS, certificate) as registrar:
        records = {
            "_sips._tcp.pbx.test SRV": [f"1 0 {registrar.tls_port} edge.test."],
            "_sips._tcp.fraud.test SRV": [f"1 0 {registrar.tls_port} edge.test."],
            "edge.test A": [LOOPBACK],
        }
        more = {"transport": "tls", "tls_ca_file": str(authority.ca.cert)}
        accounts = [
            registered_account("alice", "pbx.test", "secret", **more),
            registered_account("mallory", "fraud.test", "secret", **more),
        ]
        async with NameServer(records) as names, Phone(tmp_path / "phone", accounts, by_name(names)) as phone:
            await phone.until_account("alice", RegistrationState.REGISTERED)
            status = await phone.until_account("mallory", RegistrationState.WAITING)
            assert "the certificate is for “pbx.test”, not for this server" in status.registration.reason


async def test_a_name_with_a_port_or_without_records_is_the_host_itself(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", USERS) as registrar:
        account = registered_account("alice", f"pbx.test:{registrar.port}", "secret")
        async with (
            NameServer({"pbx.test A": [LOOPBACK]}) as names,
            Phone(tmp_path / "phone", [account], by_name(names)) as phone,
        ):
            await phone.until_account("alice", RegistrationState.REGISTERED)


async def test_a_registrar_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    account = registered_account("alice", "no-such-host.invalid", "secret")
    async with NameServer({}) as names, Phone(tmp_path / "phone", [account], by_name(names)) as phone:
        status = await phone.until_account("alice", RegistrationState.WAITING)
        assert "no-such-host.invalid cannot be found: check the name" in texts.registration_sentence(status)


async def test_a_called_host_is_found_by_its_records(tmp_path: Path) -> None:
    port = free_port()
    records = {"_sip._udp.far.test SRV": [f"1 0 {port} host.far.test."], "host.far.test A": [LOOPBACK]}
    bob = Phone(tmp_path / "bob", [direct_account(port, "bob")], port=port)
    async with NameServer(records) as names, bob, Phone(tmp_path / "alice", (), by_name(names)) as alice:
        call = await alice.api.dial("sip:bob@far.test")
        ringing = await bob.incoming()
        await bob.api.answer()
        await alice.until(call, CallState.TALKING)
        await alice.api.hang_up()
        await bob.until_ended(ringing.id)
        call = await alice.api.dial("sip:bob@no-such-host.invalid")
        ended = await alice.until_ended(call)
        assert ended.end is not None
        assert ended.end.kind is EndKind.UNREACHABLE
        assert "no-such-host.invalid cannot be found" in texts.end_sentence(ended)
