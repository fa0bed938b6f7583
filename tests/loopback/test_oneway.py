"""One-way audio on the wire: the real engine, and a far end that does each thing wrong that can be done wrong."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.loopback.farend import FarEnd, sdp
from tests.support.audio import speech, write_wav
from tests.support.phone import Phone, direct_account
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import until
from tests.support.rtp import RtpEnd, ulaw
from tuiphone import texts
from tuiphone.model.call import Call, CallState
from tuiphone.model.event import Notice
from tuiphone.model.quality import Quality, QualityWord

SPEECH = ulaw(speech(10, seed=3))
SILENCE = b"\xff" * 80000
SSRC = 0x7E57
KEY = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

Packets = Callable[[int], bytes | None]
"""The packet with a number, or None for a gap."""


def rtp_of(sound: bytes, payload_type: int = 0) -> Packets:
    def packet(number: int) -> bytes:
        start = number * 160 % len(sound)
        header = struct.pack("!BBHII", 0x80, payload_type, 1000 + number, 160 * number, SSRC)
        return header + sound[start : start + 160]

    return packet


def report(sent: int, lost: int | None) -> bytes:
    """A sender report with our name (RFC 3550 section 6.4), and a report block about stream 0 where ``lost`` is given."""
    seconds = int(time.time()) + 2208988800
    body = struct.pack("!IIIIII", SSRC, seconds, 0, 0, sent, sent * 160)
    block = b"" if lost is None else struct.pack("!IIIIII", 0, 0xFF000000 | lost, 0, 0, 0, 0)
    sr = struct.pack("!BBH", 0x80 | bool(block), 200, (4 + len(body) + len(block)) // 4 - 1) + body + block
    name = b"\x01\x03far"
    chunk = struct.pack("!I", SSRC) + name + b"\0" * (4 - len(name) % 4)
    return sr + struct.pack("!BBH", 0x81, 202, (4 + len(chunk)) // 4 - 1) + chunk


class Wire:
    """Packets to the phone, 50 a second, from the port named in the far end's SDP or from another."""

    def __init__(self, port: int, to: int, packets: Packets) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, port))
        self._to = (LOOPBACK, to)
        self._task = asyncio.create_task(self._run(packets))

    async def _run(self, packets: Packets) -> None:
        begin, number = time.monotonic(), 0
        while True:
            packet = packets(number)
            if packet:
                self._socket.sendto(packet, self._to)
            number += 1
            await asyncio.sleep(max(0.0, begin + number * 0.02 - time.monotonic()))

    def close(self) -> None:
        self._task.cancel()
        self._socket.close()


@asynccontextmanager
async def wire(port: int, to: int, packets: Packets) -> AsyncIterator[None]:
    made = Wire(port, to, packets)
    try:
        yield
    finally:
        made.close()


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    async with Phone(tmp_path / "phone") as made:
        yield made


async def call_of(phone: Phone, far: FarEnd, body: str, encrypted: bool = False) -> tuple[Call, int]:
    """The phone calls, the far end answers with a description; the call, and the port where the phone hears."""
    call_id = await phone.api.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    if encrypted:
        offered = re.search(r"^a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 ", dialog.invite.body, re.MULTILINE)
        assert offered
        body = body.replace("RTP/AVP", "RTP/SAVP") + f"a=crypto:{offered[1]} AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
    await far.answer(dialog, body)
    return await phone.until(call_id, CallState.TALKING), dialog.invite.audio_port


async def problem_of(phone: Phone, call: Call) -> str:
    """What the phone says is wrong, and that it says so in time."""
    found = await phone.until(call.id, lambda c: bool(c.audio_problem), 8, "a diagnosis")
    assert call.answered_at is not None
    told = next(t for e, t in zip(phone.events, phone.times, strict=True) if getattr(e, "call", None) == found)
    assert told - call.answered_at < 5.5, "within five seconds, and one for a busy machine"
    await until(lambda: any(found.audio_problem in text for text in phone.notices), 2, "a notice with the same words")
    return found.audio_problem


async def test_nothing_comes_and_the_end_says_so(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, _ = await call_of(phone, far, sdp(port))
    problem = await problem_of(phone, call)
    assert f"they should come from {LOOPBACK}:{port}" in problem
    await phone.api.hang_up(call.id)
    ended = await phone.until_ended(call.id)
    assert problem in texts.end_sentence(ended)


async def test_a_private_address_nobody_can_reach(phone: Phone, far: FarEnd) -> None:
    call, _ = await call_of(phone, far, sdp(4000, host="192.168.77.1"))
    problem = await problem_of(phone, call)
    assert "192.168.77.1:4000" in problem
    assert "private address" in problem


async def test_packets_full_of_silence(phone: Phone, far: FarEnd, tmp_path: Path) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    await phone.api.play(str(write_wav(tmp_path / "hello.wav", speech(8, seed=1))), call.id)
    async with wire(port, hears, rtp_of(SILENCE)):
        assert "nothing but silence" in await problem_of(phone, call)


async def test_packets_of_a_codec_that_was_not_agreed_on(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    async with wire(port, hears, rtp_of(SPEECH, payload_type=18)):
        assert "it is not PCMU" in await problem_of(phone, call)


@asynccontextmanager
async def encrypting_phone(folder: Path) -> AsyncIterator[Phone]:
    port = free_port()
    async with Phone(folder, accounts=[direct_account(port, media_encryption="mandatory")], port=port) as phone:
        yield phone


async def test_packets_under_keys_that_do_not_fit(tmp_path: Path, far: FarEnd) -> None:
    port = free_port()
    async with encrypting_phone(tmp_path / "phone") as phone:
        call, hears = await call_of(phone, far, sdp(port), encrypted=True)
        async with wire(port, hears, rtp_of(SPEECH)):
            problem = await problem_of(phone, call)
    assert f"packets come from {LOOPBACK}:{port}, but no sound can be made of them" in problem
    assert "encrypted with other keys" in problem


async def test_packets_from_elsewhere_under_keys_that_do_not_fit(tmp_path: Path, far: FarEnd) -> None:
    port, elsewhere = free_port(), free_port()
    async with encrypting_phone(tmp_path / "phone") as phone:
        call, hears = await call_of(phone, far, sdp(port), encrypted=True)
        async with wire(elsewhere, hears, rtp_of(SPEECH)):
            problem = await problem_of(phone, call)
    assert f"sound comes from {LOOPBACK}:{elsewhere}, while the far end named {LOOPBACK}:{port}" in problem


async def test_keys_that_are_never_agreed_on(tmp_path: Path, far: FarEnd) -> None:
    """The far end takes the offer of DTLS-SRTP and never shakes hands: nothing may be sent in the clear."""
    port, rtp = free_port(), free_port()
    account = direct_account(port, media_encryption="mandatory", srtp_keying=["dtls"])
    async with Phone(tmp_path / "phone", accounts=[account], port=port) as phone:
        fingerprint = ":".join(["4A"] * 32)
        body = sdp(rtp).replace("RTP/AVP", "UDP/TLS/RTP/SAVP")
        body += f"a=setup:passive\r\na=fingerprint:sha-256 {fingerprint}\r\n"
        call, hears = await call_of(phone, far, body)
        async with wire(rtp, hears, rtp_of(SPEECH)):
            problem = await problem_of(phone, call)
    assert problem.startswith("nothing is sent to the far end (encryption was agreed on, but its handshake")


async def test_a_far_end_that_only_listens_where_no_packet_can_go(phone: Phone, far: FarEnd) -> None:
    """The phone's sockets are bound to the loopback: from there the system sends nothing to other networks."""
    call, _ = await call_of(phone, far, sdp(4000, "recvonly", host="203.0.113.9"))
    problem = await problem_of(phone, call)
    assert problem == "nothing is sent to the far end (this machine's network takes no packets for 203.0.113.9:4000)"


async def test_our_own_private_address_in_the_sdp(tmp_path: Path, far: FarEnd) -> None:
    async with Phone(tmp_path / "phone", sections={"network": {"public_address": "192.168.77.2"}}) as phone:
        call, _ = await call_of(phone, far, sdp(4000, host="203.0.113.9"))
        problem = await problem_of(phone, call)
    assert "they should come from 203.0.113.9:4000 (our SDP names 192.168.77.2:" in problem


async def test_a_far_end_that_is_gone(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
        async with wire(port, hears, rtp_of(SPEECH)):
            for reports in range(1, 4):
                await asyncio.sleep(1)
                rtcp.sendto(report(50 * reports, 0), (LOOPBACK, hears + 1))
    found = await phone.until(call.id, lambda c: bool(c.audio_problem), 14, "a diagnosis")
    assert found.audio_problem.startswith(f"no more sound packets come from {LOOPBACK}:{port} (the network broke off")


async def test_mute_is_no_fault(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    await phone.api.mute(call.id, True)
    async with wire(port, hears, rtp_of(SPEECH)):
        await asyncio.sleep(6)
    assert not any(c.audio_problem for c in phone.history(call.id))


@pytest.mark.parametrize("ends_the_call", [False, True])
async def test_no_packet_for_long_warns_and_ends_the_call_only_where_configured(
    tmp_path: Path, far: FarEnd, ends_the_call: bool
) -> None:
    rules = {"rtp_timeout_s": 2, "rtp_timeout_hangup": ends_the_call}
    async with Phone(tmp_path / "phone", sections={"phone": rules}) as phone:
        call, _ = await call_of(phone, far, sdp(free_port()))
        await phone.until_event(Notice, lambda e: "nothing has been heard from the far end for" in e.text, 6)
        if ends_the_call:
            await far.wait("BYE")
            ended = await phone.until_ended(call.id)
            assert "no sound (RTP) came from" in texts.end_sentence(ended)
        else:
            await asyncio.sleep(1)
            assert phone.calls[call.id].is_talking


async def test_a_far_end_whose_reports_never_mention_us(phone: Phone, far: FarEnd) -> None:
    async with RtpEnd() as rtp:
        call, hears = await call_of(phone, far, sdp(rtp.port))
        rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with rtcp:
            async with wire(free_port(), hears, rtp_of(SPEECH)):
                await asyncio.sleep(3)
                rtcp.sendto(report(150, None), (LOOPBACK, hears + 1))
                found = await phone.until(call.id, lambda c: bool(c.audio_problem), 4, "a diagnosis")
    assert "sound comes from" in found.audio_problem, "and it is not where it said"


async def test_a_far_end_that_lost_everything(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
        async with wire(port, hears, rtp_of(SPEECH)):
            await asyncio.sleep(4)
            rtcp.sendto(report(200, 200), (LOOPBACK, hears + 1))
            found = await phone.until(call.id, lambda c: bool(c.audio_problem), 4, "a diagnosis")
    assert "the far end reports that none of your sound reaches it" in found.audio_problem


async def test_a_call_in_which_all_is_well_is_good_and_keeps_its_figures(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    async with wire(port, hears, rtp_of(SPEECH)):
        quality = await phone.until_event(Quality, lambda q: q.mos_lq is not None, 8)
        await asyncio.sleep(5)
    assert phone.calls[call.id].audio_problem == ""
    assert quality.word is QualityWord.GOOD
    assert quality.codec == "PCMU"
    assert quality.rx.kbps == pytest.approx(64, abs=8)
    await phone.api.hang_up(call.id)
    await phone.until_ended(call.id)
    (row,) = await phone.api.history(limit=1)
    assert row.quality is not None
    assert row.quality.mos_mean is not None
    assert row.quality.mos_mean > 4.2


async def test_one_packet_in_ten_lost_is_heard_in_the_score(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    whole = rtp_of(SPEECH)
    async with wire(port, hears, lambda n: None if n % 10 == 7 else whole(n)):
        quality = await phone.until_event(Quality, lambda q: q.mos_lq is not None and q.rx.packets > 200, 8)
    assert quality.rx.lost_pct == pytest.approx(10, abs=2)
    assert quality.word is QualityWord.POOR
    assert phone.calls[call.id].audio_problem == ""


async def test_hold_by_either_side_is_no_fault(phone: Phone, far: FarEnd) -> None:
    port = free_port()
    call, hears = await call_of(phone, far, sdp(port))
    async with wire(port, hears, rtp_of(SPEECH)):
        await asyncio.sleep(2)
    held = asyncio.create_task(_accept_hold(far, port))
    await phone.api.hold(call.id)
    await asyncio.sleep(7)
    await held
    assert not any(c.audio_problem for c in phone.history(call.id))


async def _accept_hold(far: FarEnd, port: int) -> None:
    request = await far.wait("INVITE", where=lambda m: m.direction != "sendrecv")
    far.respond(None, request, 200, "OK", sdp(port, "recvonly"))
