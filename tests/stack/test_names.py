"""Where requests go."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.nameserver import NameServer
from tuiphone.model.account import Account, Transport
from tuiphone.stack.lookup import Server
from tuiphone.stack.pjsua.names import Names, Target, next_hop, route_uri, target_of
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump


@pytest.mark.parametrize(
    ("text", "transport", "target"),
    [
        ("pbx.example", Transport.UDP, Target("pbx.example", 0)),
        ("pbx.example", Transport.TLS, Target("pbx.example", 0, Transport.TLS)),
        ("pbx.example:5080", Transport.TCP, Target("pbx.example", 5080, Transport.TCP)),
        ("sip:2044@pbx.example:5070;transport=tcp", Transport.TCP, Target("pbx.example", 5070, Transport.TCP)),
        ("sips:[2001:db8::1]:5061", Transport.TLS, Target("[2001:db8::1]", 5061, Transport.TLS)),
        ("sip:", Transport.UDP, None),
        ("", Transport.UDP, None),
    ],
)
def test_targets(text: str, transport: Transport, target: Target | None) -> None:
    assert target_of(text, transport) == target


def test_literals_need_no_lookup() -> None:
    assert Target("127.0.0.1", 5060).is_literal
    assert Target("[::1]", 5060).is_literal
    assert not Target("localhost", 5060).is_literal


def test_the_proxy_comes_first() -> None:
    account = Account("a", "sip:a@pbx.example", registrar="pbx.example", proxy="edge.example:5090")
    assert next_hop(account) == Target("edge.example", 5090)


def test_routes_name_their_transport_once() -> None:
    assert route_uri("pbx.example", Transport.UDP) == "sip:pbx.example"
    assert route_uri("pbx.example:5061", Transport.TLS) == "sip:pbx.example:5061;transport=tls"
    assert route_uri("sip:pbx.example;transport=tcp", Transport.TCP) == "sip:pbx.example;transport=tcp"


class Told(Native):
    """Notes what pjsip would be told."""

    def __init__(self) -> None:
        self.hosts: list[tuple[str, int, str]] = []

    def set_host(self, name: str, port: int, transport: Transport, servers: str) -> None:
        self.hosts.append((name, port, servers))


def test_a_name_is_looked_up_beside_the_thread_and_an_address_at_once() -> None:
    pump, told = Pump(), Told()
    names = Names(pump, told, (), ipv6=False)
    found: list[tuple[Server, ...]] = []
    names.look_up(Target("127.0.0.1", 0, Transport.TLS), found.append)
    assert found == [(Server("127.0.0.1", 5061),)]
    names.look_up(Target("localhost", 5070), found.append)
    assert len(found) == 1
    assert pump.spin(5, lambda: len(found) == 2)
    assert found[1] == (Server("127.0.0.1", 5070),)
    assert told.hosts == [("localhost", 5070, "127.0.0.1:5070")]
    names.look_up(Target("no-such-host.invalid", 0), found.append)
    assert pump.spin(20, lambda: len(found) == 3)
    assert found[2] == ()


async def test_a_server_that_did_not_answer_comes_after_the_others() -> None:
    records = {
        "_sip._udp.pbx.example SRV": ["1 0 1 pbx.example.", "2 0 2 pbx.example.", "3 0 3 pbx.example."],
        "pbx.example A": ["192.0.2.1"],
    }
    a, b, c = (Server("192.0.2.1", port) for port in (1, 2, 3))
    async with NameServer(records) as server:
        pump, told = Pump(), Told()
        names = Names(pump, told, (server.host,), ipv6=False)

        async def servers() -> tuple[Server, ...]:
            found: list[tuple[Server, ...]] = []
            names.look_up(Target("pbx.example", 0), found.append)
            assert await asyncio.to_thread(pump.spin, 5, lambda: bool(found))
            return found[0]

        assert await servers() == (a, b, c)
        assert names.failed((a, b, c))
        assert await servers() == (b, c, a)
        assert names.failed((b, c, a))
        assert not names.failed((c, a, b)), "none is left that did not fail"
        assert await servers() == (a, b, c), "the one that failed first is tried first"
        names.answered((b, c, a))
        assert await servers() == (b, a, c)
