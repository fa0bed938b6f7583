"""Tones by country against ITU-T E.180 Supplement 2, rings, and who rings how."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import AccountConfig, AudioSection, Config
from tuiphone.controller.ports import Beat, Tone, ToneSound
from tuiphone.controller.ringing import ring_files
from tuiphone.controller.tones import PLANS, SOFT_LEVEL, progress_tone, ring_sound
from tuiphone.model.device import DeviceRole
from tuiphone.model.ringtone import COUNTRIES, RINGS, Ring, WrongRing, parse_ring, parse_rule

RING = (Tone.RING, DeviceRole.RING)
WAITING = (Tone.CALL_WAITING, DeviceRole.OUTPUT)


@pytest.mark.parametrize(
    ("country", "tone", "beats"),
    [
        ("us", Tone.RINGBACK, ((440, 480, 2000, 4000),)),
        ("us", Tone.BUSY, ((480, 620, 500, 500),)),
        ("us", Tone.CONGESTION, ((480, 620, 250, 250),)),
        ("us", Tone.CALL_WAITING, ((440, 0, 300, 10000),)),
        ("uk", Tone.RINGBACK, ((400, 450, 400, 200), (400, 450, 400, 2000))),
        ("uk", Tone.BUSY, ((400, 0, 375, 375),)),
        ("uk", Tone.CONGESTION, ((400, 0, 400, 350), (400, 0, 225, 525))),
        ("de", Tone.BUSY, ((425, 0, 480, 480),)),
        ("de", Tone.CONGESTION, ((425, 0, 240, 240),)),
        ("fr", Tone.RINGBACK, ((440, 0, 1500, 3500),)),
        ("it", Tone.CONGESTION, ((425, 0, 200, 200),)),
        ("jp", Tone.BUSY, ((400, 0, 500, 500),)),
        ("eu", Tone.RINGBACK, ((425, 0, 1000, 4000),)),
    ],
)
def test_call_progress_tones_are_the_country_s(country: str, tone: Tone, beats: tuple[Beat, ...]) -> None:
    assert progress_tone(tone, country, 100) == ToneSound(beats, 100 if tone is not Tone.CALL_WAITING else SOFT_LEVEL)


def test_every_country_and_ring_fits_a_tone_generator() -> None:
    """pjmedia takes 32 beats; a telephone's band is 300 to 3400 Hz."""
    sounds = [progress_tone(t, c, 100) for c in COUNTRIES for t in Tone if t not in (Tone.RING, Tone.TEST)]
    sounds += [sound for name in RINGS if (sound := ring_sound(Ring(name)))]
    for sound in sounds:
        assert 0 < len(sound.beats) <= 32
        assert all(300 <= hz <= 3400 for beat in sound.beats for hz in beat[:2] if hz)
        assert all(on > 0 and off >= 0 for _one, _two, on, off in sound.beats)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_s_ring_keeps_its_rhythm(country: str) -> None:
    sound = ring_sound(Ring(country))
    assert sound is not None
    whole = sum(on + off for _one, _two, on, off in sound.beats)
    assert whole == pytest.approx(sum(PLANS[country].rhythm), abs=40)


def test_call_waiting_is_softer_than_other_tones() -> None:
    assert progress_tone(Tone.CALL_WAITING, "us", 100).level <= 50


@pytest.mark.parametrize(
    ("text", "ring"),
    [
        ("bell", Ring("bell")),
        ("uk 60%", Ring("uk", level=60)),
        ("none", Ring("none")),
        ("~/my door.wav 5 %", Ring("", "~/my door.wav", 5)),
        ("/usr/share/ring.WAV", Ring("", "/usr/share/ring.WAV")),
    ],
)
def test_how_a_ring_is_written(text: str, ring: Ring) -> None:
    assert parse_ring(text) == ring


@pytest.mark.parametrize("text", ["", "gong", "ring.wav", "~/ring.mp3", "bell 201%", "60%", "bell 60 loud"])
def test_what_is_no_ring(text: str) -> None:
    with pytest.raises(WrongRing):
        parse_ring(text)


@pytest.mark.parametrize("text", ["bell", "= bell", "300 = ", "/[/ = bell"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(WrongRing):
        parse_rule(text)


def config(**audio: object) -> Config:
    own = AccountConfig(id="sales", address="sip:2001@pbx.example", ring_tone="chime 50%")
    return Config(audio=AudioSection(**audio), accounts=(own, DESK))  # type: ignore[arg-type]  # keys of the section


@pytest.mark.parametrize(
    ("account", "number", "name", "ring"),
    [
        ("desk", "555", "", Ring("bell")),
        ("sales", "555", "", Ring("chime", level=50)),
        ("sales", "+442079460018", "", Ring("uk")),
        ("desk", "300", "", Ring("", "~/door.wav", 60)),
        ("desk", "301", "Ana Souza", Ring("marimba")),
        ("desk", "666", "", Ring("none")),
    ],
)
async def test_a_call_rings_as_its_caller_its_account_or_the_phone_says(
    account: str, number: str, name: str, ring: Ring
) -> None:
    rules = ("+44* = uk", "300 = ~/door.wav 60%", "Ana* = marimba", "/^66+$/ = none")
    async with bench(config(ring_tone="bell", ring_tones=rules)) as desk:
        desk.stack.far_calls(account, number, name)
        await desk.settle()
        assert desk.stack.sounds.get(Tone.RING) == ring_sound(ring)


async def test_the_next_call_rings_in_its_own_way_when_the_first_is_gone() -> None:
    async with bench(config()) as desk:
        first = desk.stack.far_calls("sales")
        desk.stack.far_calls("desk")
        await desk.settle()
        assert desk.stack.sounds[Tone.RING] == ring_sound(Ring("chime", level=50))
        desk.stack.far_hangs_up(first)
        await desk.settle()
        assert desk.stack.sounds[Tone.RING] == ring_sound(Ring("warble"))


async def test_tones_are_as_loud_as_configured_and_can_be_off() -> None:
    async with bench(Config(audio=AudioSection(tones="uk", tone_level=30), accounts=(SALES, DESK))) as desk:
        await desk.phone.dial("2044")
        await desk.settle()
        assert desk.stack.sounds[Tone.RINGBACK] == ToneSound(PLANS["uk"].ringback, 30)
    async with bench(Config(audio=AudioSection(tone_level=0), accounts=(SALES, DESK))) as desk:
        await desk.phone.dial("busy")
        await desk.settle()
        assert desk.stack.tones == set()
        await desk.phone.dial("2044")
        await desk.settle()
        assert desk.stack.tones == set()


async def test_nothing_rings_in_the_ear_during_a_call_a_held_one_included() -> None:
    async with bench(Config(audio=AudioSection(ring="Headset", output="Headset"), accounts=(SALES, DESK))) as desk:
        await desk.phone.dial("answer")
        await desk.settle()
        await desk.phone.hold()
        await desk.settle()
        desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.tones == {WAITING}
        assert desk.stack.sounds[Tone.CALL_WAITING].level <= 50


async def test_a_bell_of_its_own_rings_during_a_held_call_and_is_silent_while_somebody_talks() -> None:
    async with bench(Config(audio=AudioSection(ring="Speakers", output="Headset"), accounts=(SALES, DESK))) as desk:
        await desk.phone.dial("answer")
        await desk.settle()
        desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.tones == {WAITING}
        await desk.phone.hold()
        await desk.settle()
        assert desk.stack.tones == {RING}


def test_a_ring_from_a_file_comes_with_what_rings_without_it(tmp_path: Path) -> None:
    sound = ring_sound(parse_ring(f"{tmp_path}/none.wav 70%"))
    assert sound is not None
    assert (sound.file, sound.level) == (f"{tmp_path}/none.wav", 70)
    assert sound.beats == (ring_sound(Ring("warble")) or ToneSound(())).beats


def test_every_file_that_may_ring_is_known_beforehand() -> None:
    rules = ("300 = ~/door.wav 60%", "+44* = uk", "301 = ~/door.wav")
    own = AccountConfig(id="sales", address="sip:2001@pbx.example", ring_tone="/srv/sales.wav")
    wanted = Config(audio=AudioSection(ring_tone="~/usual.wav", ring_tones=rules), accounts=(own, DESK))
    assert set(ring_files(wanted)) == {"~/usual.wav", "~/door.wav", "/srv/sales.wav"}
    assert ring_files(Config()) == ()
