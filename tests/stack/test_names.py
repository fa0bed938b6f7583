"""Where requests go."""

from __future__ import annotations

import pytest

from tuiphone.model.account import Account, Transport
from tuiphone.stack.pjsua.names import Target, look_up, next_hop, route_uri, target_of
from tuiphone.stack.pjsua.pump import Pump


@pytest.mark.parametrize(
    ("text", "transport", "target"),
    [
        ("pbx.example", Transport.UDP, Target("pbx.example", 5060)),
        ("pbx.example", Transport.TLS, Target("pbx.example", 5061)),
        ("pbx.example:5080", Transport.TCP, Target("pbx.example", 5080)),
        ("sip:2044@pbx.example:5070;transport=tcp", Transport.TCP, Target("pbx.example", 5070)),
        ("sips:[2001:db8::1]:5061", Transport.TLS, Target("[2001:db8::1]", 5061)),
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


def test_a_name_is_looked_up_beside_the_thread_and_an_address_at_once() -> None:
    pump = Pump()
    found: list[frozenset[str]] = []
    look_up(pump, Target("127.0.0.1", 5060), found.append)
    assert found == [frozenset({"127.0.0.1"})]
    look_up(pump, Target("localhost", 5060), found.append)
    assert len(found) == 1
    assert pump.spin(5, lambda: len(found) == 2)
    assert "127.0.0.1" in found[1]
    look_up(pump, Target("no-such-host.invalid", 5060), found.append)
    assert pump.spin(20, lambda: len(found) == 3)
    assert found[2] == frozenset()
