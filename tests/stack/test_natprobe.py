"""What is said of STUN servers; TURN servers are asked at coturn in tests/peers/test_nat.py."""

from __future__ import annotations

import asyncio
import socket
import ssl

from tests.support.stun import StunServer
from tuiphone.model.account import Transport
from tuiphone.stack.natprobe import Answer, ask_stun, ask_turn, trust_of


async def test_a_stun_server_tells_our_address() -> None:
    async with StunServer("203.0.113.7") as stun:
        assert await asyncio.to_thread(ask_stun, stun.host) == Answer(stun.host, "203.0.113.7")


async def test_one_that_loses_the_first_request_is_asked_again() -> None:
    async with StunServer("203.0.113.7", silent=True) as stun:
        asked = asyncio.create_task(asyncio.to_thread(ask_stun, stun.host))
        while not stun.requests:
            await asyncio.sleep(0.01)
        stun.silent = False
        assert (await asked).server == stun.host


def test_one_where_nobody_listens_is_told_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    assert ask_stun(host) == Answer(problem=f"STUN server {host}: nobody answers there: check host and port")
    said = ask_turn(host, Transport.TCP, "alice", "x")
    assert said == Answer(problem=f"TURN server {host}: nobody answers there: check host and port")


def test_a_name_that_is_not_there_is_told() -> None:
    words = "it cannot be found: check the name and the network"
    assert ask_stun("no-such-host.invalid") == Answer(problem=f"STUN server no-such-host.invalid: {words}")


def test_a_private_authority_needs_no_key_usage() -> None:
    """As for SIP's own TLS: every Python asks the same of a certificate."""
    assert not trust_of("", verify=True).verify_flags & ssl.VERIFY_X509_STRICT
