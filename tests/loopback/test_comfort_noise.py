"""Comfort noise (RFC 3389): what is heard while the far end sends no speech, and what it is told of our background."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.farend import FarEnd, sdp
from tests.loopback.steps import hang_up, talk, written
from tests.support.audio import Samples, level_db, read_wav, resample, speech, write_wav
from tests.support.rtp import FRAME, NOISE, PCMU, Packet, RtpEnd
from tests.support.stackprocess import StackProcess, Start

RATE = 8000
VOICE = speech(1.5, seed=5)
WHITE = 127
"""A reflection coefficient of nothing."""


@dataclass
class Far:
    """A far end in a call with a phone: its signalling, its sound, and the port where the phone hears."""

    sip: FarEnd
    rtp: RtpEnd
    hears: int
    call_id: str
    offer: str

    async def say(self) -> None:
        await self.rtp.send(VOICE, self.hears)


@pytest.fixture
async def ends() -> AsyncIterator[tuple[FarEnd, RtpEnd]]:
    async with FarEnd() as sip, RtpEnd() as rtp:
        yield sip, rtp


async def call(phone: StackProcess, ends: tuple[FarEnd, RtpEnd], codecs: str = "0 13 101") -> Far:
    """The phone calls, the far end answers with these payload types."""
    sip, rtp = ends
    call_id = phone.dial(sip.uri)
    dialog = await sip.take()
    assert dialog.invite is not None
    await sip.answer(dialog, sdp(rtp.port, codecs=codecs))
    await phone.wait("ConfirmedReport", call_id=call_id)
    return Far(sip, rtp, dialog.invite.audio_port, call_id, dialog.invite.body)


def formats(body: str) -> list[str]:
    """The payload types of the audio line."""
    found = re.search(r"^m=audio \d+ \S+ ([\d ]+)", body, re.MULTILINE)
    assert found, body
    return found[1].split()


async def heard(phone: StackProcess, call_id: str, target: Path, acting: asyncio.Task[None]) -> Samples:
    """What the ear hears meanwhile, at 8 kHz."""
    phone.do("record", call_id, str(target))
    await acting
    await asyncio.sleep(0.3)
    phone.do("record", call_id, "")
    await written(target)
    samples, rate = read_wav(target)
    return resample(samples, rate, RATE)


def quiet_part(samples: Samples) -> Samples:
    """The pause between two stretches of speech, without its edges."""
    steps = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.flatnonzero(np.sqrt((steps**2).mean(axis=1)) > 0.02)
    widest = int(np.argmax(np.diff(loud)))
    begin, end = (loud[widest] + 8) * FRAME, (loud[widest + 1] - 3) * FRAME
    assert end - begin > RATE, "there is no pause of a second"
    return samples[begin:end]


def gaps(samples: Samples) -> int:
    """How many stretches of 10 ms are digital silence."""
    steps = samples[: len(samples) // 80 * 80].reshape(-1, 80)
    return int((np.abs(steps).max(axis=1) < 2 / 32768).sum())


@pytest.mark.parametrize(
    ("codecs", "noise"),
    [
        ("0 13 101", bytes([40])),
        ("0 13 101", bytes([55])),
        ("0 101", bytes([50])),
        ("0 13 101", bytes([50, WHITE - 100, *[WHITE] * 9])),
        ("0 13 101", bytes([50, WHITE - 100, *[WHITE] * 14])),
    ],
    ids=["loud", "soft", "not agreed on", "a low hum", "many coefficients"],
)
async def test_the_far_ends_background_is_heard_in_its_pauses_as_loud_as_it_says(
    start: Start, ends: tuple[FarEnd, RtpEnd], tmp_path: Path, codecs: str, noise: bytes
) -> None:
    alice = await start("alice")
    far = await call(alice, ends, codecs)
    alice.do("watch", 0, 5)

    async def act() -> None:
        await far.say()
        for _update in range(4):
            await far.rtp.pause(noise, 0.5, far.hears)
        await far.say()

    ear = await heard(alice, far.call_id, tmp_path / "ear.wav", asyncio.create_task(act()))
    pause = quiet_part(ear)
    assert level_db(pause) == pytest.approx(-noise[0], abs=3)
    assert gaps(pause) == 0
    if len(noise) > 1:
        spectrum = np.abs(np.fft.rfft(pause)) ** 2
        bins = np.fft.rfftfreq(len(pause), 1 / RATE)
        assert spectrum[bins < 1000].mean() > 10 * spectrum[bins > 2500].mean()
    figures = alice.all("StreamStats", call_id=far.call_id)[-1]
    assert (figures.rx_lost, figures.rx_discarded) == (0, 0)


async def test_a_background_that_changes_is_followed_and_silence_is_silence(
    start: Start, ends: tuple[FarEnd, RtpEnd], tmp_path: Path
) -> None:
    alice = await start("alice")
    far = await call(alice, ends)

    async def act() -> None:
        await far.say()
        for level in (50, 40, 127):
            await far.rtp.pause(bytes([level]), 1.0, far.hears)
        await far.say()

    ear = await heard(alice, far.call_id, tmp_path / "ear.wav", asyncio.create_task(act()))
    pause = quiet_part(ear)
    third = len(pause) // 3
    levels = [level_db(pause[i * third : (i + 1) * third][third // 2 : -third // 8]) for i in range(3)]
    assert levels[:2] == pytest.approx([-50, -40], abs=3)
    assert levels[2] < -65


async def test_odd_descriptions_harm_neither_ear_nor_call(
    start: Start, ends: tuple[FarEnd, RtpEnd], tmp_path: Path
) -> None:
    alice = await start("alice")
    far = await call(alice, ends)

    async def act() -> None:
        await far.say()
        for odd in (b"", bytes([0]), bytes([0, *[255] * 12]), bytes([0, *[0, 255] * 300]), bytes([255] * 40)):
            await far.rtp.pause(odd, 0.3, far.hears)
        await far.rtp.pause(bytes([60]), 0.5, far.hears)
        await far.say()

    ear = await heard(alice, far.call_id, tmp_path / "ear.wav", asyncio.create_task(act()))
    levels = [level_db(ear[i : i + RATE // 5]) for i in range(0, len(ear) - RATE // 5, RATE // 5)]
    assert max(levels) < -10, "louder than speech"
    assert not alice.all("EndedReport")


async def test_switched_off_a_pause_is_silent(start: Start, ends: tuple[FarEnd, RtpEnd], tmp_path: Path) -> None:
    alice = await start("alice", comfort_noise=False, vad=True)
    far = await call(alice, ends, "0 101")
    assert str(NOISE) not in formats(far.offer)

    async def act() -> None:
        await far.say()
        for _update in range(4):
            await far.rtp.pause(bytes([40]), 0.5, far.hears)
        await far.say()

    ear = await heard(alice, far.call_id, tmp_path / "ear.wav", asyncio.create_task(act()))
    assert level_db(quiet_part(ear)) < -80


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        ({"vad": True}, ["0", "8", "13", "101"]),
        ({"vad": False}, ["0", "8", "101"]),
        ({"vad": True, "comfort_noise": False}, ["0", "8", "101"]),
        ({"vad": True, "codecs": ["opus", "G729"]}, ["120", "18", "101"]),
        ({"vad": True, "codecs": ["G729", "G722"]}, ["18", "9", "13", "101"]),
    ],
)
async def test_it_is_offered_where_silence_is_suppressed_and_with_codecs_that_have_none(
    start: Start, ends: tuple[FarEnd, RtpEnd], settings: dict[str, object], offered: list[str]
) -> None:
    alice = await start("alice", **{"codecs": ["PCMU", "PCMA"], **settings})
    sip, _rtp = ends
    alice.dial(sip.uri)
    invite = await sip.wait("INVITE")
    assert formats(invite.body) == offered
    assert ("a=rtpmap:13 CN/8000" in invite.body) is ("13" in offered)


@pytest.mark.parametrize(
    ("codecs", "settings", "answer"),
    [
        ("0 13 101", {}, ["0", "13", "101"]),
        ("13 0 101", {}, ["0", "13", "101"]),
        ("13 0 8 101", {"codec_settings": {"answer_order": "offer"}}, ["0", "13", "101"]),
        ("0 101", {"vad": True}, ["0", "101"]),
        ("0 13 101", {"comfort_noise": False}, ["0", "101"]),
        ("120 13 101", {"codecs": ["opus", "PCMU"]}, ["120", "101"]),
    ],
)
async def test_an_answer_has_it_when_the_offer_does(
    start: Start, ends: tuple[FarEnd, RtpEnd], codecs: str, settings: dict[str, object], answer: list[str]
) -> None:
    alice = await start("alice", **{"codecs": ["PCMU", "PCMA"], **settings})
    sip, rtp = ends
    dialog = sip.invite(alice.port, "alice", sdp(rtp.port, codecs=codecs))
    call_id = (await alice.wait("IncomingReport")).call_id
    alice.do("answer", call_id)
    answered = await sip.until_answered(dialog)
    assert sorted(formats(answered.body)) == sorted(answer)
    assert formats(answered.body)[0] == answer[0], "a codec comes first"
    await alice.wait("MediaReport", lambda report: report.stream is not None, call_id=call_id)


async def test_an_offer_of_noise_alone_is_refused(start: Start, ends: tuple[FarEnd, RtpEnd]) -> None:
    alice = await start("alice")
    sip, rtp = ends
    sip.invite(alice.port, "alice", sdp(rtp.port, codecs="13 101"))
    await sip.wait("INVITE", 488)


def background(db: float, seconds: float, seed: int = 3) -> Samples:
    """Noise as of a fan: more of it below 1 kHz."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    shaped = np.convolve(white, np.ones(5) / 5, "same")
    return np.asarray(shaped * 10 ** (db / 20) / np.sqrt((shaped**2).mean()), dtype=np.float64)


@pytest.mark.parametrize("db", [-60, -45])
async def test_a_pause_of_ours_is_told_with_the_level_of_our_background(
    start: Start, ends: tuple[FarEnd, RtpEnd], tmp_path: Path, db: float
) -> None:
    alice = await start("alice", vad=True)
    room = background(db, 7)
    room[: 2 * RATE] += speech(2, seed=1)
    room[6 * RATE :] += speech(1, seed=2)
    far = await call(alice, ends)
    alice.do("play", far.call_id, str(write_wav(tmp_path / "room.wav", room)))
    await alice.wait("PlayedReport", call_id=far.call_id, timeout=12)
    await asyncio.sleep(0.3)
    packets = sorted(far.rtp.packets, key=lambda packet: packet.sequence)
    first = next(i for i, packet in enumerate(packets) if packet.payload_type == NOISE and _spoken(packets[:i]) > 40)
    pause = [packet for packet in packets[first:] if packet.payload_type == NOISE and packet.timestamp < _end(packets)]
    assert 4 <= len(pause) <= 15, "a description now and then, no more"
    assert all(len(packet.payload) == 9 for packet in pause)
    levels = [-packet.payload[0] for packet in pause[1:]]
    assert levels == pytest.approx([db] * len(levels), abs=3)
    assert all(packet.payload[1] < WHITE - 20 for packet in pause), "the spectrum falls"
    assert {p.sequence for p in packets} == set(range(packets[0].sequence, packets[-1].sequence + 1))
    spoken = [p for p in packets[first:] if p.payload_type == PCMU]
    assert 30 < len(spoken) < 130, "speech after the pause, and not the pause itself"


def _spoken(packets: list[Packet]) -> int:
    return sum(packet.payload_type == PCMU for packet in packets)


def _end(packets: list[Packet]) -> int:
    """When speech comes back for the last time."""
    return max(
        packet.timestamp
        for before, packet in pairwise(packets)
        if packet.payload_type == PCMU and before.payload_type == NOISE
    )


@pytest.mark.parametrize(
    ("codec", "settings"),
    [
        ("PCMU", {"vad": True}),
        ("G722", {"vad": True}),
        ("GSM", {"vad": True}),
        ("G729", {}),
        ("opus", {"codec_settings": {"opus_dtx": True}}),
    ],
)
async def test_the_other_phone_hears_the_room_and_no_holes_in_a_pause(
    start: Start, tmp_path: Path, codec: str, settings: dict[str, object]
) -> None:
    both = {"codecs": [codec], **settings}
    carol, dave = await asyncio.gather(start("carol", **both), start("dave", **both))
    room = background(-45, 8)
    room[: 2 * RATE] += speech(2, seed=1)
    room[6 * RATE :] += speech(2, seed=2)
    made = await talk(carol, dave)
    dave.do("record", made.back, str(tmp_path / "heard.wav"))
    carol.do("play", made.out, str(write_wav(tmp_path / "room.wav", room)))
    await carol.wait("PlayedReport", call_id=made.out, timeout=12)
    dave.do("record", made.back, "")
    await hang_up(made)
    await written(tmp_path / "heard.wav")
    samples, rate = read_wav(tmp_path / "heard.wav")
    pause = quiet_part(resample(samples, rate, RATE))
    assert level_db(pause) == pytest.approx(-45, abs=6)
    assert gaps(pause) == 0
