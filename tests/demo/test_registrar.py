"""Registration at the demo exchange (RFC 3261 section 10.3)."""

from __future__ import annotations

import asyncio

from tests.demo.raw_phone import RawPhone, Text
from tuiphone.demo.exchange import DemoExchange


async def test_the_right_password_registers_and_the_contact_is_listed(exchange: DemoExchange, phone: RawPhone) -> None:
    ok = await phone.register(expires=120)
    assert ok.status == 200
    assert f"<sip:2001@127.0.0.1:{phone.port}>;expires=120" in ok.header("Contact")
    assert [b.contact for b in exchange.registrar.bindings("2001")] == [f"sip:2001@127.0.0.1:{phone.port}"]


async def test_a_wrong_password_is_refused_and_binds_nothing(exchange: DemoExchange, phone: RawPhone) -> None:
    phone.password = "guess"
    assert (await phone.register()).status == 403
    assert exchange.registrar.bindings("2001") == []


async def test_another_accounts_credentials_do_not_open_this_one(exchange: DemoExchange, phone: RawPhone) -> None:
    uri = f"sip:127.0.0.1:{exchange.port}"
    to = "<sip:2002@127.0.0.1>"
    phone.send(phone.request("REGISTER", uri, "theft", 1, to=to))
    challenge = await phone.expect(401)
    extra = phone.authorize(challenge, "REGISTER", uri)
    phone.send(phone.request("REGISTER", uri, "theft", 2, to=to, extra=extra))
    await phone.expect(403)
    assert exchange.registrar.bindings("2002") == []


async def test_an_unknown_account_is_not_found(exchange: DemoExchange, phone: RawPhone) -> None:
    to = "<sip:4711@127.0.0.1>"
    phone.send(phone.request("REGISTER", f"sip:127.0.0.1:{exchange.port}", "nobody", 1, to=to))
    await phone.expect(404)


async def test_expires_zero_unregisters(exchange: DemoExchange, phone: RawPhone) -> None:
    await phone.register()
    ok = await phone.register(expires=0)
    assert ok.status == 200
    assert ok.header("Contact") == ""
    assert exchange.registrar.bindings("2001") == []


async def test_a_registration_expires_by_itself(exchange: DemoExchange, phone: RawPhone) -> None:
    await phone.register(expires=1)
    assert exchange.registrar.bindings("2001")
    await phone.until(lambda: exchange.registrar.bindings("2001") == [], 2.0)


async def test_too_short_an_expiry_is_refused_with_the_shortest_that_goes() -> None:
    async with DemoExchange(min_expires_s=60) as exchange, RawPhone(exchange.port) as phone:
        refused = await phone.register(expires=30)
        assert refused.status == 423
        assert refused.header("Min-Expires") == "60"


async def test_a_refresh_keeps_one_binding_and_two_phones_have_two(exchange: DemoExchange, phone: RawPhone) -> None:
    await phone.register(call_id="same")
    await phone.register(call_id="same")
    assert len(exchange.registrar.bindings("2001")) == 1
    async with RawPhone(exchange.port) as second:
        await second.register()
        assert len(exchange.registrar.bindings("2001")) == 2


async def test_waiting_for_a_registration_ends_when_it_comes(exchange: DemoExchange, phone: RawPhone) -> None:
    waiting = asyncio.create_task(exchange.registered("2001"))
    await phone.register()
    await asyncio.wait_for(waiting, 1)


async def test_a_contact_whose_tcp_connection_is_gone_is_gone(exchange: DemoExchange, phone: RawPhone) -> None:
    uri, to = f"sip:127.0.0.1:{exchange.port}", "<sip:2001@127.0.0.1>"
    reader, writer = await asyncio.open_connection("127.0.0.1", exchange.port)

    async def ask(cseq: int, extra: str = "") -> Text:
        request = phone.request("REGISTER", uri, "tcp", cseq, to=to, extra=extra)
        writer.write(request.replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())
        return Text(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2))

    assert (await ask(2, phone.authorize(await ask(1), "REGISTER", uri))).status == 200
    assert exchange.registrar.bindings("2001")
    writer.close()
    await phone.until(lambda: not exchange.registrar.bindings("2001"))
