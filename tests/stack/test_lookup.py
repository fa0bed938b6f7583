"""Servers behind a host name (RFC 3263, RFC 2782), asked of a name server of our own."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.support.nameserver import NameServer
from tuiphone.model.account import Transport
from tuiphone.stack.lookup import Server, servers_of, split_port

UDP = Transport.UDP


async def ask(server: NameServer, host: str, port: int = 0, transport: Transport = UDP) -> tuple[Server, ...]:
    return await asyncio.to_thread(servers_of, host, port, transport, socket.AF_INET, (server.host,))


async def test_records_come_in_the_order_of_their_priority_with_their_ports() -> None:
    records = {
        "_sip._udp.pbx.example SRV": ["20 0 5070 b.pbx.example.", "10 0 5080 a.pbx.example."],
        "a.pbx.example A": ["192.0.2.1"],
        "b.pbx.example A": ["192.0.2.2", "192.0.2.3"],
    }
    async with NameServer(records) as server:
        found = await ask(server, "pbx.example")
    assert found[0] == Server("192.0.2.1", 5080)
    assert set(found[1:]) == {Server("192.0.2.2", 5070), Server("192.0.2.3", 5070)}


@pytest.mark.parametrize(
    ("transport", "service"),
    [(Transport.UDP, "_sip._udp"), (Transport.TCP, "_sip._tcp"), (Transport.TLS, "_sips._tcp")],
)
async def test_each_transport_asks_for_its_service(transport: Transport, service: str) -> None:
    records = {f"{service}.pbx.example SRV": ["1 1 5099 a.pbx.example."], "a.pbx.example A": ["192.0.2.1"]}
    async with NameServer(records) as server:
        assert await ask(server, "pbx.example", 0, transport) == (Server("192.0.2.1", 5099),)


async def test_weights_are_chances() -> None:
    records = {
        "_sip._udp.pbx.example SRV": ["1 1 1 a.pbx.example.", "1 9 2 a.pbx.example."],
        "a.pbx.example A": ["192.0.2.1"],
    }
    async with NameServer(records) as server:
        first = [(await ask(server, "pbx.example"))[0].port for _ in range(60)]
    assert first.count(2) > first.count(1)


async def test_a_port_and_a_name_without_records_are_the_host_itself() -> None:
    async with NameServer({"pbx.example A": ["192.0.2.9"]}) as server:
        assert await ask(server, "pbx.example") == (Server("192.0.2.9", 5060),)
        assert await ask(server, "pbx.example", 0, Transport.TLS) == (Server("192.0.2.9", 5061),)
        asked = len(server.asked)
        assert await ask(server, "pbx.example", 5099) == (Server("192.0.2.9", 5099),)
        assert server.asked[asked:] == ["pbx.example A"]


async def test_a_service_that_is_not_offered_and_a_name_that_is_not_there_have_no_servers() -> None:
    async with NameServer({"_sip._udp.pbx.example SRV": ["0 0 0 ."], "pbx.example A": ["192.0.2.9"]}) as server:
        assert await ask(server, "pbx.example") == ()
        assert await ask(server, "no-such-host.invalid") == ()


async def test_names_of_this_machine_need_no_name_server() -> None:
    async with NameServer({}) as server:
        assert await ask(server, "localhost") == (Server("127.0.0.1", 5060),)


def test_a_name_server_that_never_answers_leaves_the_machines_own_ways() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{deaf.getsockname()[1]}"
        assert servers_of("localhost", 0, UDP, socket.AF_INET, (host,)) == (Server("127.0.0.1", 5060),)


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("pbx.example", ("pbx.example", 0)),
        ("pbx.example:3478", ("pbx.example", 3478)),
        ("[2001:db8::1]:53", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 0)),
        ("2001:db8::1", ("2001:db8::1", 0)),
    ],
)
def test_hosts_and_ports_are_taken_apart(text: str, apart: tuple[str, int]) -> None:
    assert split_port(text) == apart
