"""Extended reports (RFC 3611): two real phones tell each other how they sound, and what that is on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.loopback.farend import FarEnd, sdp
from tests.loopback.test_oneway import SPEECH, SSRC, report, rtp_of, wire
from tests.support.audio import speech, write_wav
from tests.support.phone import Phone
from tests.support.ports import LOOPBACK, free_port
from tuiphone.model.call import CallState
from tuiphone.model.event import CallChanged
from tuiphone.model.quality import Quality

REPORT_S = 12.0
"""Reports are 5 s apart; the first that knows a score is the second at the latest."""
_XR, _VOIP_METRICS = 207, 7


def extended_report(mos_lq: int, mos_cq: int, r: int, lost: int) -> bytes:
    """A sender report and an extended report with a VoIP metrics block (RFC 3611 section 4.7)."""
    rates = struct.pack("!BBBB", lost, 5, 128, 2)
    delays = struct.pack("!HHHH", 120, 9000, 46, 95)
    rest = struct.pack("!bbBBBBBBBBHHH", -21, -60, 55, 16, r, 127, mos_lq, mos_cq, 0xB7, 0, 40, 80, 300)
    block = struct.pack("!BBHI", _VOIP_METRICS, 0, 8, 0) + rates + delays + rest
    return report(150, 0) + struct.pack("!BBHI", 0x80, _XR, (8 + len(block)) // 4 - 1, SSRC) + block


def metrics_in(packet: bytes) -> bytes | None:
    """The content of the VoIP metrics block in a compound RTCP packet, from the loss rate on."""
    while len(packet) >= 8:
        kind, length = packet[1], 4 * (1 + int.from_bytes(packet[2:4], "big"))
        blocks, packet = packet[8:length], packet[length:]
        while kind == _XR and blocks:
            size = 4 * (1 + int.from_bytes(blocks[2:4], "big"))
            if blocks[0] == _VOIP_METRICS:
                return blocks[8:size]
            blocks = blocks[size:]
    return None


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[tuple[Phone, Phone]]:
    async with Phone(tmp_path / "alice") as alice, Phone(tmp_path / "bob") as bob:
        yield alice, bob


async def test_two_phones_tell_each_other_how_they_sound(phones: tuple[Phone, Phone], tmp_path: Path) -> None:
    alice, bob = phones
    out = await alice.api.dial(bob.address)
    back = (await bob.until_event(CallChanged, lambda e: e.call.state is CallState.INCOMING, 8)).call.id
    await bob.api.answer(back)
    await alice.until(out, CallState.TALKING)
    sound = str(write_wav(tmp_path / "talk.wav", speech(8, seed=5)))
    await alice.api.play(sound, out)
    await bob.api.play(sound, back)
    told = [await p.until_event(Quality, lambda q: bool(q.own and q.far and q.far.mos_lq), REPORT_S) for p in phones]
    for quality, other in zip(told, (bob, alice), strict=True):
        assert quality.far is not None
        heard = [q.mos_lq for q in other.events if isinstance(q, Quality) and q.mos_lq is not None]
        assert any(quality.far.mos_lq == pytest.approx(score, abs=0.051) for score in heard), "the E-model's, there"
        assert quality.far.loss_pct == 0
        assert quality.far.r is not None
        assert quality.far.r > 80
        assert quality.far.buffer_kind == 3
    assert told[0].own is not None


async def test_a_far_ends_own_rating_and_ours_on_the_wire(tmp_path: Path) -> None:
    port = free_port(beside=1)
    async with FarEnd() as far, Phone(tmp_path / "phone") as phone:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
            rtcp.bind((LOOPBACK, port + 1))
            rtcp.setblocking(False)
            call_id = await phone.api.dial(far.uri)
            dialog = await far.take()
            assert dialog.invite is not None
            assert "a=rtcp-xr:rcvr-rtt=all stat-summary=loss,dup,jitt voip-metrics" in dialog.invite.body
            hears = dialog.invite.audio_port
            await far.answer(dialog, sdp(port))
            await phone.until(call_id, CallState.TALKING)
            whole = rtp_of(SPEECH)
            async with wire(port, hears, lambda n: None if n > 50 and n % 20 == 0 else whole(n)):
                before = await phone.until_event(Quality, lambda q: q.mos_lq is not None, 8)
                assert before.far is None, "nothing was told yet"
                rtcp.sendto(extended_report(mos_lq=32, mos_cq=30, r=61, lost=26), (LOOPBACK, hears + 1))
                quality = await phone.until_event(Quality, lambda q: q.far is not None, 3)
                sent = await _block(rtcp)
    assert quality.far is not None
    assert (quality.far.mos_lq, quality.far.mos_cq, quality.far.r) == (3.2, 3.0, 61)
    assert (quality.far.loss_pct, quality.far.burst_ms, quality.far.gap_ms) == (10.2, 120, 9000)
    assert (quality.far.signal_db, quality.far.noise_db, quality.far.end_system_ms) == (-21, -60, 95)
    loss, _discard, burst, gap = sent[:4]
    assert 100 * loss / 256 == pytest.approx(5, abs=2)
    assert burst == 0, "19 of 20 in order: scattered, no burst"
    assert 100 * gap / 256 == pytest.approx(5, abs=2)
    scores = [q.mos_lq for q in phone.events if isinstance(q, Quality) and q.mos_lq is not None]
    assert sent[18] == 127 or any(sent[18] / 10 == pytest.approx(score, abs=0.051) for score in scores)
    assert sent[18] != 127, "five seconds suffice for a score"


async def _block(rtcp: socket.socket) -> bytes:
    """The second block the phone sends: the first may come before the first score."""
    end, blocks = time.monotonic() + REPORT_S, 0
    while time.monotonic() < end:
        try:
            found = metrics_in(rtcp.recv(2048))
        except BlockingIOError:
            await asyncio.sleep(0.02)
            continue
        if found and (blocks := blocks + 1) == 2:
            return found
    raise AssertionError(f"{blocks} blocks came")
