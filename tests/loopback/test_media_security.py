"""What protects a call's audio, what is refused for lack of it, and how packets are marked for routers."""

from __future__ import annotations

import asyncio
import re
import socket

import pytest

from tests.loopback.farend import FarEnd, sdp
from tests.loopback.steps import hang_up, talk
from tests.support.ports import free_port
from tests.support.stackprocess import Start

EF, CS3 = 46, 24
IP_PKTOPTIONS = 9
"""Of Linux's ip(7): what came with the last packet."""
CMSG_HEADER = socket.CMSG_LEN(0)


async def offer_of(start: Start, keying: str) -> str:
    """The session description of an account that insists on encryption."""
    phone = await start("carol")
    await phone.add_account(media_encryption="mandatory", srtp_keying=[keying])
    async with FarEnd() as far:
        phone.dial(far.uri)
        dialog = await far.take()
        assert dialog.invite is not None
        far.respond(dialog, dialog.invite, 486, "Busy Here")
        return dialog.invite.body


async def test_authenticated_ciphers_are_offered_first(start: Start) -> None:
    body = await offer_of(start, "sdes")
    suites = re.findall(r"^a=crypto:\d+ (\S+)", body, re.MULTILINE)
    assert suites[:2] == ["AEAD_AES_256_GCM", "AEAD_AES_128_GCM"]
    assert suites[-1] == "AES_CM_128_HMAC_SHA1_32"
    assert "RTP/SAVP" in body


async def test_keys_by_handshake_are_offered_with_a_fingerprint(start: Start) -> None:
    body = await offer_of(start, "dtls")
    assert re.search(r"^a=fingerprint:sha-256 [0-9A-F:]{95}", body, re.MULTILINE | re.IGNORECASE)
    assert "a=crypto" not in body


@pytest.mark.parametrize("keying", ["sdes", "dtls"])
async def test_the_suite_in_use_is_named(start: Start, keying: str) -> None:
    carol, dave = await asyncio.gather(start("carol"), start("dave"))
    for phone in (carol, dave):
        await phone.add_account(media_encryption="mandatory", srtp_keying=[keying])
    call = await talk(carol, dave)
    for phone in (carol, dave):
        if phone.all("MediaReport")[-1].stream["encryption"] != "AEAD_AES_256_GCM":
            await phone.wait("MediaReport", lambda heard: heard.stream["encryption"] == "AEAD_AES_256_GCM")
        streams = [heard.stream for heard in phone.all("MediaReport")]
        assert not streams[-1]["keys_awaited"]
        assert all(stream["keys_awaited"] for stream in streams if not stream["encryption"]), "never in the clear"
    await hang_up(call)


async def test_a_phone_that_insists_refuses_a_far_end_without_encryption(start: Start) -> None:
    carol = await start("carol")
    await carol.add_account(media_encryption="mandatory")
    async with FarEnd() as far:
        call = carol.dial(far.uri)
        dialog = await far.take()
        await far.answer(dialog, sdp(far.port))
        cause = (await carol.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"]) == ("phone", "not_encrypted")


async def test_a_far_end_that_takes_no_encryption_is_not_called_one_without_our_codecs(start: Start) -> None:
    carol = await start("carol")
    await carol.add_account(media_encryption="mandatory")
    async with FarEnd() as far:
        call = carol.dial(far.uri)
        dialog = await far.take()
        assert dialog.invite is not None
        far.respond(dialog, dialog.invite, 488, "Not Acceptable Here")
        cause = (await carol.wait("EndedReport", call_id=call)).cause
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", "encryption_refused", 488)


@pytest.mark.parametrize(("ours", "theirs"), [("sdes", "dtls"), ("dtls", "sdes")])
async def test_two_phones_that_agree_on_keys_in_different_ways_say_so(start: Start, ours: str, theirs: str) -> None:
    carol, dave = await asyncio.gather(start("carol"), start("dave"))
    await carol.add_account(media_encryption="mandatory", srtp_keying=[ours])
    await dave.add_account(media_encryption="mandatory", srtp_keying=[theirs])
    carol.dial(dave.uri)
    assert (await dave.wait("EndedReport")).cause["kind"] == "encryption_differs"
    assert (await carol.wait("EndedReport")).cause["kind"] == "encryption_refused"


@pytest.mark.parametrize(
    ("ours", "theirs", "suite"),
    [
        ("optional", "optional", "AEAD_AES_256_GCM"),
        ("optional", "mandatory", "AEAD_AES_256_GCM"),
        ("mandatory", "optional", "AEAD_AES_256_GCM"),
        ("optional", "off", ""),
        ("off", "optional", ""),
        ("off", "off", ""),
    ],
)
async def test_optional_encryption_is_used_where_both_can(start: Start, ours: str, theirs: str, suite: str) -> None:
    carol, dave = await asyncio.gather(start("carol"), start("dave"))
    await carol.add_account(media_encryption=ours)
    await dave.add_account(media_encryption=theirs)
    call = await talk(carol, dave)
    for phone in (carol, dave):
        assert phone.all("MediaReport")[-1].stream["encryption"] == suite
    await hang_up(call)


async def test_audio_stays_within_its_range_of_ports(start: Start) -> None:
    first = free_port(7)
    carol = await start("carol", rtp_port_min=first, rtp_port_max=first + 7)
    async with FarEnd() as far:
        for _ in range(3):
            carol.dial(far.uri)
            dialog = await far.take()
            assert dialog.invite is not None
            assert first <= dialog.invite.audio_port <= first + 6
            rtcp = re.search(r"^a=rtcp:(\d+)", dialog.invite.body, re.MULTILINE)
            assert rtcp
            assert first < int(rtcp.group(1)) <= first + 7


async def test_a_caller_without_encryption_is_refused_in_words(start: Start) -> None:
    carol = await start("carol")
    await carol.add_account(media_encryption="mandatory")
    async with FarEnd() as far:
        far.invite(carol.port, "carol", sdp(far.port))
        await far.wait("INVITE", 488)
    cause = (await carol.wait("EndedReport")).cause
    assert cause["kind"] == "not_encrypted"


async def test_signalling_and_audio_are_marked_for_routers(start: Start) -> None:
    carol = await start("carol")
    with MarkedSocket() as rtp:
        async with FarEnd() as far:
            with MarkedSocket() as sip:
                carol.dial(f"sip:far@127.0.0.1:{sip.port}")
                assert await sip.dscp() == CS3
            call = carol.dial(far.uri)
            dialog = await far.take()
            await far.answer(dialog, sdp(rtp.port))
            await carol.wait("ConfirmedReport", call_id=call)
            assert await rtp.dscp() == EF


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_signalling_over_a_connection_is_marked_too(start: Start, transport: str) -> None:
    carol = await start("carol")
    with socket.create_server(("127.0.0.1", 0)) as registrar:
        registrar.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        host = f"127.0.0.1:{registrar.getsockname()[1]}"
        await carol.add_account("connected", registrar=host, transport=transport)
        carol.do("register", "connected")
        registrar.settimeout(5)
        connection, _peer = await asyncio.to_thread(registrar.accept)
        with connection:
            # One control message: its length, level and type, then the mark of the packet that made the connection.
            options = connection.getsockopt(socket.IPPROTO_IP, IP_PKTOPTIONS, 64)
            assert options[CMSG_HEADER] >> 2 == CS3


class MarkedSocket:
    """A UDP socket that sees the DSCP of what arrives (RFC 2474)."""

    def __enter__(self) -> MarkedSocket:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.port = int(self._socket.getsockname()[1])
        return self

    def __exit__(self, *args: object) -> None:
        self._socket.close()

    async def dscp(self) -> int:
        _data, extra, _flags, _address = await asyncio.to_thread(self._socket.recvmsg, 4096, 64)
        return next(data[0] for level, kind, data in extra if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS)) >> 2


async def test_a_caller_that_insists_is_refused_in_words_where_encryption_is_off(start: Start) -> None:
    carol = await start("carol")
    await carol.add_account()
    key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + "\r\n"
    async with FarEnd() as far:
        far.invite(carol.port, "carol", sdp(far.port).replace("RTP/AVP", "RTP/SAVP") + key)
        await far.wait("INVITE", 488)
    assert (await carol.wait("EndedReport")).cause["kind"] == "encryption_off"
