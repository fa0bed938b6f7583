"""Malformed SIP: the phone answers it or drops it, and goes on."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.phone import Phone
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import until
from tests.support.scenario import answering
from tests.support.sipp import Sipp
from tuiphone.errors import PhoneError
from tuiphone.model.call import CallId, CallState

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

MESSAGES = sorted((Path(__file__).parent / "malformed").glob("*.sip"))
HARMLESS = {
    "request-uri-broken-escape",
    "method-in-lower-case",
    "via-eighty-of-them",
    "from-invalid-utf8",
    "from-terminal-escapes",
    "call-id-invalid-utf8",
    "max-forwards-zero",
    "content-length-beyond-the-end",
    "content-length-cuts-the-sdp",
    "content-length-twice",
    "content-type-multipart-without-boundary",
    "header-of-six-thousand-bytes",
    "sdp-address-impossible",
    "sdp-ninety-media-lines",
    "sdp-clock-rate-zero",
}
"""Flaws that a phone may overlook and ring."""
_PROBE = (
    b"OPTIONS sip:phone@@PHONE@ SIP/2.0\r\n"
    b"Via: SIP/2.0/@TRANSPORT@ @SENDER@;branch=z9hG4bK-probe-@ONCE@;rport\r\n"
    b"From: <sip:probe@@SENDER@>;tag=probe\r\nTo: <sip:phone@@PHONE@>\r\n"
    b"Call-ID: probe-@ONCE@\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


def test_there_are_enough_of_them() -> None:
    assert len(MESSAGES) >= 30


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_the_phone_goes_on_after_malformed_messages(tmp_path: Path, transport: str) -> None:
    tcp_port = free_port()
    sections = {"network": {"tcp_port": tcp_port}, "phone": {"max_lines": 32}}
    async with Phone(tmp_path / "phone", sections=sections) as phone:
        port = phone.port if transport == "UDP" else tcp_port
        send = _send_udp if transport == "UDP" else _send_tcp
        deaf: list[str] = []
        rang: dict[CallId, str] = {}
        for file in MESSAGES:
            await send(port, file.read_bytes(), 0.03)
            if not (await send(port, _PROBE, 1.5)).startswith(b"SIP/2.0 200"):
                deaf.append(file.name)
            await asyncio.sleep(0.05)
            for call in [c for c in phone.calls.values() if c.state is CallState.INCOMING and c.id not in rang]:
                # A flaw that harms nobody may let the call ring; a name from the wire never controls the terminal.
                rang[call.id] = file.stem.partition("-")[2]
                assert call.remote.label.isprintable(), (file.name, call.remote)
                with suppress(PhoneError):  # it may have failed meanwhile
                    await phone.api.answer(call.id)
        assert deaf == [], "no answer to a good request after these"
        assert set(rang.values()) <= HARMLESS
        await phone.api.hang_up_all()
        await until(lambda: all(call.is_over for call in phone.calls.values()), 10, "every call is over")
        async with Sipp(tmp_path / "sipp", answering().until_bye()) as sipp:
            call = await phone.talk(sipp.address)
            await phone.api.hang_up(call.id)
            await phone.until_ended(call.id)
            await sipp.finish()
        assert "Traceback" not in phone.log(100_000)


def _filled(message: bytes, port: int, sender: tuple[str, int], transport: str) -> bytes:
    values = {
        "PHONE": f"{LOOPBACK}:{port}",
        "SENDER": "{}:{}".format(*sender),
        "TRANSPORT": transport,
        "ONCE": str(sender[1]),
    }
    for name, value in values.items():
        message = message.replace(f"@{name}@".encode(), value.encode())
    return message


async def _send_udp(port: int, message: bytes, wait_s: float) -> bytes:
    """Send one datagram from a port of its own; the first answer, if one comes in time."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.bind((LOOPBACK, 0))
        await loop.sock_sendto(sender, _filled(message, port, sender.getsockname(), "UDP"), (LOOPBACK, port))
        try:
            async with asyncio.timeout(wait_s):
                return await loop.sock_recv(sender, 65536)
        except TimeoutError:
            return b""


async def _send_tcp(port: int, message: bytes, wait_s: float) -> bytes:
    """The same over a connection of its own."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(_filled(message, port, writer.get_extra_info("sockname"), "TCP"))
        async with asyncio.timeout(wait_s):
            return await reader.read(65536)
    except (TimeoutError, ConnectionError):
        return b""
    finally:
        writer.close()
