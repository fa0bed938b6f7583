"""The tests' own RTP end: what is sent is what arrives."""

from __future__ import annotations

import asyncio

import numpy as np

from tests.support.audio import correlate, speech
from tests.support.rtp import RtpEnd, audio_port, from_ulaw, ulaw


def test_mu_law_keeps_speech() -> None:
    said = speech(1.0)
    heard = from_ulaw(ulaw(said))
    assert correlate(said, heard) > 0.999
    assert float(np.abs(said - heard).max()) < 0.02


def test_mu_law_knows_the_values_of_g711() -> None:
    assert ulaw(np.array([0.0])) == b"\xff"
    assert (from_ulaw(b"\xff\x00\x80") * 32768).tolist() == [0.0, -32124.0, 32124.0]


async def test_sound_travels_between_two_ends() -> None:
    said = speech(0.5)
    async with RtpEnd() as one, RtpEnd() as other:
        await one.send(said, other.port)
        await asyncio.sleep(0.05)
        assert len(other.packets) == 25
        assert correlate(said[: len(other.audio)], other.audio) > 0.999


def test_the_port_is_read_from_sdp() -> None:
    assert audio_port("INVITE …\n\nv=0\nm=audio 4000 RTP/AVP 0\n") == 4000
