"""Debian's baresip as a phone on the demo exchange."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.baresip import Baresip
from tests.support.process import until
from tuiphone.demo.exchange import DemoExchange

pytestmark = pytest.mark.peer


def on(exchange: DemoExchange, folder: Path, user: str = "2001", transport: str = "udp") -> Baresip:
    where = f"127.0.0.1:{exchange.port};transport={transport}"
    return Baresip(folder, user, account=f"<sip:{user}@{where}>;auth_user={user};auth_pass=demo-{user};regint=60")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_baresip_registers_and_talks_to_the_echo(exchange: DemoExchange, tmp_path: Path, transport: str) -> None:
    async with on(exchange, tmp_path / "b", transport=transport) as baresip:
        await exchange.registered("2001")
        await baresip.dial(f"sip:101@127.0.0.1:{exchange.port};transport={transport}")
        await baresip.until_event("CALL_ESTABLISHED")
        await baresip.send_digits("15#")
        await until(lambda: baresip.digits == "15#", 5, "the digits come back")
        await baresip.hold()
        call = exchange.calls[0]
        await until(lambda: call.media.is_held, 5, "the exchange is held")
        await baresip.resume()
        await until(lambda: not call.media.is_held, 5, "the exchange is not held any more")
        await baresip.hang_up()
        await baresip.until_event("CALL_CLOSED")
        await until(lambda: not exchange.calls, 5, "the call is over")


async def test_baresip_is_put_on_hold_and_called_back(exchange: DemoExchange, tmp_path: Path) -> None:
    async with on(exchange, tmp_path / "b") as baresip:
        await exchange.registered("2001")
        await baresip.dial(f"sip:106@127.0.0.1:{exchange.port}")
        await baresip.until_event("CALL_CLOSED")
        await baresip.until_event("CALL_INCOMING")
        await baresip.accept()
        await until(lambda: exchange.calls and exchange.calls[0].media.stream.packets_sent > 20, 5, "music plays")
        await baresip.hang_up()
        await until(lambda: not exchange.calls, 5, "the call is over")
        await baresip.dial(f"sip:108@127.0.0.1:{exchange.port}")
        seen = set()
        for _ in range(3):
            await until(lambda: exchange.calls and exchange.calls[0].media.is_held, 5, "held")
            seen.add(exchange.calls[0].media.wanted)
            await until(lambda: not exchange.calls[0].media.is_held, 5, "live")
        assert len(seen) == 2
        await baresip.hang_up()


async def test_two_baresips_call_each_other_through_the_exchange(exchange: DemoExchange, tmp_path: Path) -> None:
    async with on(exchange, tmp_path / "a") as anna, on(exchange, tmp_path / "b", "2002") as bert:
        await exchange.registered("2001")
        await exchange.registered("2002")
        await anna.dial(f"sip:2002@127.0.0.1:{exchange.port}")
        await bert.until_event("CALL_INCOMING")
        await anna.until_event("CALL_RINGING")
        await bert.accept()
        await anna.until_event("CALL_ESTABLISHED")
        await bert.hang_up()
        await anna.until_event("CALL_CLOSED")
