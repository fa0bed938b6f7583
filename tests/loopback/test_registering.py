"""Registration against a registrar of the test's own, which answers just as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.loopback.farend import FarEnd, Message
from tests.support.ports import LOOPBACK
from tests.support.stackprocess import StackProcess


@pytest.fixture
async def registrar() -> AsyncIterator[FarEnd]:
    async with FarEnd() as end:
        yield end


async def account(alice: StackProcess, registrar: FarEnd, **fields: object) -> None:
    await alice.add_account(
        "work",
        "secret",
        address=f"sip:2001@{LOOPBACK}",
        registrar=f"{LOOPBACK}:{registrar.port}",
        username="2001",
        **fields,
    )


def grant(registrar: FarEnd, request: Message, expires: int) -> None:
    contact = request.header("Contact").partition(";expires")[0]
    text = [
        "SIP/2.0 200 OK",
        *(f"Via: {via}" for via in request.headers("Via")),
        f"From: {request.header('From')}",
        f"To: {request.header('To')};tag=r",
        f"Call-ID: {request.header('Call-ID')}",
        f"CSeq: {request.header('CSeq')}",
        f"Contact: {contact};expires={expires}" if expires else f"Expires: {expires}",
    ]
    registrar.send("\r\n".join(text) + "\r\nContent-Length: 0\r\n\r\n")


async def test_registers_with_the_wanted_expiry_and_refreshes_at_half_of_what_was_granted(
    alice: StackProcess, registrar: FarEnd
) -> None:
    await account(alice, registrar, expires_s=600)
    alice.do("register", "work")
    request = await registrar.wait("REGISTER")
    assert request.header("Expires") == "600"
    loop = asyncio.get_running_loop()
    grant(registrar, request, 4)
    report = await alice.wait("RegistrationReport", account_id="work")
    assert (report.code, report.expires_s) == (200, 4)
    begin = loop.time()
    again = await registrar.wait("REGISTER", where=lambda m: m.header("CSeq") != request.header("CSeq"))
    assert 1.5 < loop.time() - begin < 3.5
    assert again.header("Call-ID") == request.header("Call-ID")
    grant(registrar, again, 4)


async def test_a_refusal_keeps_code_and_words_and_is_not_repeated(alice: StackProcess, registrar: FarEnd) -> None:
    await account(alice, registrar)
    alice.do("register", "work")
    request = await registrar.wait("REGISTER")
    registrar.respond(None, request, 503, "Maintenance")
    report = await alice.wait("RegistrationReport", account_id="work")
    assert (report.code, report.expires_s) == (503, 0)
    assert "Maintenance" in report.reason
    await asyncio.sleep(1)
    assert len([m for m in registrar.messages if m.method == "REGISTER"]) == 1


async def test_unregisters_and_registers_again_at_once_when_told_both(alice: StackProcess, registrar: FarEnd) -> None:
    await account(alice, registrar)
    alice.do("register", "work")
    grant(registrar, await registrar.wait("REGISTER"), 600)
    await alice.wait("RegistrationReport", account_id="work", expires_s=600)
    alice.do("unregister", "work")
    alice.do("register", "work")
    goodbye = await registrar.wait("REGISTER", where=lambda m: m.header("Expires") == "0")
    grant(registrar, goodbye, 0)
    back = await registrar.wait("REGISTER", where=lambda m: m.header("Expires") != "0")
    grant(registrar, back, 600)
    await alice.wait("RegistrationReport", account_id="work", expires_s=600)


async def test_leaving_says_goodbye_to_the_registrar(alice: StackProcess, registrar: FarEnd) -> None:
    await account(alice, registrar)
    alice.do("register", "work")
    grant(registrar, await registrar.wait("REGISTER"), 600)
    await alice.wait("RegistrationReport", account_id="work", expires_s=600)
    alice.do("remove_account", "work")
    goodbye = await registrar.wait("REGISTER", where=lambda m: m.header("Expires") == "0")
    grant(registrar, goodbye, 0)
    await alice.wait("RegistrationReport", account_id="work", expires_s=0)
    alice.do("register", "work")
    await asyncio.sleep(0.5)
    assert registrar.messages[-1].text == goodbye.text


async def test_a_registrar_whose_name_is_unknown_is_named(alice: StackProcess) -> None:
    await alice.add_account("work", "secret", address="sip:2001@no-such-host.invalid", registrar="no-such-host.invalid")
    alice.do("register", "work")
    report = await alice.wait("RegistrationReport", account_id="work", timeout=20)
    assert report.code == 503
    assert "no-such-host.invalid" in report.reason


async def test_nothing_listening_over_tcp_is_a_refused_connection(alice: StackProcess, registrar: FarEnd) -> None:
    await account(alice, registrar, transport="tcp")
    alice.do("register", "work")
    report = await alice.wait("RegistrationReport", account_id="work")
    assert report.code == 503
    assert "refused" in report.reason.lower()
    assert str(registrar.port) in report.reason


async def test_a_connection_that_is_lost_ends_the_registration_in_words(alice: StackProcess) -> None:
    reader_done: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = Message((await reader.readuntil(b"\r\n\r\n")).decode())
        answer = [
            "SIP/2.0 200 OK",
            *(f"Via: {via}" for via in request.headers("Via")),
            *(f"{name}: {request.header(name)}" for name in ("From", "Call-ID", "CSeq")),
            f"To: {request.header('To')};tag=r",
            f"Contact: {request.header('Contact').partition(';expires')[0]};expires=600",
        ]
        writer.write(("\r\n".join(answer) + "\r\nContent-Length: 0\r\n\r\n").encode())
        await reader_done.put(writer)

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    await alice.add_account(
        "work", "x", address=f"sip:2001@{LOOPBACK}", registrar=f"{LOOPBACK}:{port}", transport="tcp"
    )
    alice.do("register", "work")
    await alice.wait("RegistrationReport", account_id="work", expires_s=600)
    writer = await reader_done.get()
    writer.close()
    server.close()
    report = await alice.wait("RegistrationReport", account_id="work")
    assert report.code == 503
    assert f"{LOOPBACK}:{port}" in report.reason
    assert "lost" in report.reason
