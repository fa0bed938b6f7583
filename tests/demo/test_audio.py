"""Sound of the demo exchange: G.711, tones, digits, music."""

from __future__ import annotations

import math
import random
from array import array
from itertools import pairwise

import pytest

from tuiphone.demo import dtmf, g711
from tuiphone.demo.audio import Clip, intercept, milliwatt, tone
from tuiphone.demo.dtmf import DIGITS, Detector
from tuiphone.demo.music import music
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.rtp import RtpStream


@pytest.mark.parametrize(
    ("codec", "sample", "octet"),
    [
        ("PCMU", 0, 0xFF),
        ("PCMU", -1000, 0x4E),
        ("PCMU", 32767, 0x80),
        ("PCMU", -32768, 0x00),
        ("PCMU", 1000, 0xCE),
        ("PCMA", 0, 0xD5),
        ("PCMA", -1, 0x55),
        ("PCMA", 32767, 0xAA),
        ("PCMA", -32768, 0x2A),
        ("PCMA", 1000, 0xFA),
    ],
)
def test_known_samples_have_their_known_octets(codec: str, sample: int, octet: int) -> None:
    assert g711.encode(codec, [sample]) == bytes([octet])


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_decoding_and_encoding_again_changes_nothing(codec: str) -> None:
    octets = bytes(range(256))
    # Both octets of zero in PCMU mean the same sample.
    expected = octets.replace(b"\x7f", b"\xff") if codec == "PCMU" else octets
    assert g711.encode(codec, g711.decode(codec, octets)) == expected


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_the_error_stays_near_a_thirtieth(codec: str) -> None:
    samples = array("h", range(-32000, 32000, 7))
    for before, after in zip(samples, g711.decode(codec, g711.encode(codec, samples)), strict=True):
        assert abs(before - after) <= abs(before) / 30 + 8


def test_all_sixteen_digits_are_heard_in_order_and_repeated_ones_twice() -> None:
    assert Detector().feed(dtmf.tones(DIGITS + "55").samples) == DIGITS + "55"


def test_the_shortest_tone_that_a_phone_may_send_is_heard() -> None:
    assert Detector().feed(dtmf.tones("1470", seconds=0.052, gap_s=0.045).samples) == "1470"


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_digits_survive_the_codec_and_noise(codec: str) -> None:
    chance = random.Random(1)
    noisy = array("h", (s + round(chance.gauss(0, 250)) for s in dtmf.tones("2580*").samples))
    assert Detector().feed(g711.decode(codec, g711.encode(codec, noisy))) == "2580*"


def test_music_single_tones_and_noise_are_no_digits() -> None:
    chance = random.Random(2)
    noise = array("h", (round(chance.gauss(0, 4000)) for _ in range(16000)))
    for samples in (
        music().samples,
        noise,
        tone((697,), 1),
        tone((1336,), 1),
        tone((697, 770), 1),
        tone((350, 440), 1),
    ):
        assert Detector().feed(samples) == ""


def test_digits_arriving_in_any_pieces_are_the_same() -> None:
    samples = dtmf.tones("90").samples
    detector = Detector()
    assert "".join(detector.feed(samples[i : i + 77]) for i in range(0, len(samples), 77)) == "90"


def test_music_is_loud_enough_never_clips_and_has_no_seam() -> None:
    samples = music().samples
    assert max(map(abs, samples)) == pytest.approx(14000, abs=2)
    for second in range(int(music().duration_s)):
        piece = samples[second * 8000 : (second + 1) * 8000]
        assert math.sqrt(sum(s * s for s in piece) / 8000) > 300
    steps = [abs(b - a) for a, b in pairwise(samples)]
    assert abs(samples[0] - samples[-1]) <= max(steps)


def test_a_clip_is_cut_into_packets_and_filled_up() -> None:
    stream = RtpStream(Pacer())
    frames = list(Clip(array("h", [1000] * 200)).frames(stream))
    assert [len(frame) for frame in frames] == [160, 160]
    assert frames[1] == b"\xce" * 40 + b"\xff" * 120


def test_a_looped_clip_follows_a_change_of_codec() -> None:
    stream = RtpStream(Pacer())
    frames = milliwatt().frames(stream, loop=True)
    first = [next(frames) for _ in range(50)]
    assert next(frames) == first[0]
    stream.codec = "PCMA"
    assert g711.decode("PCMA", next(frames))[5] == pytest.approx(g711.decode("PCMU", first[1])[5], rel=0.05)


def test_the_intercept_tones_are_in_their_order() -> None:
    samples = intercept().samples
    heard = []
    for at in (0.1, 0.45, 0.8):
        piece = samples[round(at * 8000) : round(at * 8000) + 800]
        crossings = sum((a < 0) != (b < 0) for a, b in pairwise(piece))
        heard.append(crossings / 2 / 0.1)
    assert heard == pytest.approx([950, 1400, 1800], rel=0.03)


def test_events_have_one_time_each_and_end_three_times() -> None:
    frames = [event for event in dtmf.event_frames("7") if event]
    assert [event.duration for event in frames] == [160, 320, 480, 640, 800, 960, 1120, 1120, 1120]
    assert [event.end for event in frames] == [False] * 6 + [True] * 3
    assert frames[-1].payload() == bytes([7, 0x80 | 10, 0x04, 0x60])


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=100\r\n", "5"),
        ("application/dtmf-relay", b"signal= #\nduration=100", "#"),
        ("application/dtmf-relay", b"Duration=100\r\n", None),
        ("application/dtmf", b"a\r\n", "A"),
        ("application/dtmf", b"12", None),
        ("text/plain", b"5", None),
    ],
)
def test_digits_in_info_bodies(kind: str, body: bytes, digit: str | None) -> None:
    assert dtmf.parse_info(kind, body) == digit
