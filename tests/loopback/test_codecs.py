"""What session descriptions say of codecs, and that what they say reaches the wire."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.farend import Dialog, FarEnd, Message
from tests.support.audio import Samples, speech, write_wav
from tests.support.rtp import RtpEnd
from tests.support.stackprocess import StackProcess, Start

EVERY = ["opus", "G722", "PCMA", "PCMU", "iSAC/16000", "iSAC/32000", "iLBC", "G729"]
_MAPS = {
    "0": "PCMU/8000",
    "8": "PCMA/8000",
    "9": "G722/8000",
    "10": "L16/44100/2",
    "18": "G729/8000",
    "95": "iSAC/32000",
    "96": "iSAC/16000",
    "97": "iLBC/8000",
    "98": "opus/48000/2",
    "101": "telephone-event/8000",
}


def description(port: int, payloads: str, *lines: str) -> str:
    """A session description with these payload types, and further lines of the audio part."""
    maps = "".join(f"a=rtpmap:{p} {_MAPS[p]}\r\n" for p in payloads.split())
    more = "".join(f"{line}\r\n" for line in lines)
    return (
        "v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {payloads}\r\n{maps}{more}a=sendrecv\r\n"
    )


def payloads(message: Message) -> list[str]:
    """The payload types of the audio line, in order."""
    match = re.search(r"^m=audio \d+ \S+ ([\d ]+)", message.body, re.MULTILINE)
    assert match, message.text
    return match.group(1).split()


def maps(message: Message) -> dict[str, str]:
    """Codec by payload type."""
    return dict(re.findall(r"^a=rtpmap:(\d+) (\S+)", message.body, re.MULTILINE))


def fmtp(message: Message, payload: str) -> dict[str, str]:
    """The format parameters of a payload type."""
    match = re.search(rf"^a=fmtp:{payload} (.*?)\r?$", message.body, re.MULTILINE)
    pairs = [part.strip().partition("=") for part in match.group(1).split(";")] if match else []
    return {name: value for name, _, value in pairs}


async def offer_of(phone: StackProcess, far: FarEnd, account: str = "main") -> Message:
    """What the phone offers when it dials; the call goes on ringing."""
    phone.dial(far.uri, account)
    dialog = await far.take()
    assert dialog.invite is not None
    return dialog.invite


async def answer_of(phone: StackProcess, far: FarEnd, offer: str, user: str = "") -> tuple[Dialog, Message]:
    """What the phone answers to an offer."""
    dialog = far.invite(phone.port, user or phone.name, offer)
    call = (await phone.wait("IncomingReport")).call_id
    phone.do("answer", call)
    message = await far.until_answered(dialog)
    await phone.wait("ConfirmedReport", call_id=call)
    return dialog, message


def missing(phone: StackProcess) -> None:
    if phone.missing:
        pytest.skip(f"this build lacks codecs: {phone.missing}")


async def test_the_offer_has_all_codecs_in_order_under_the_usual_payload_types(start: Start, far: FarEnd) -> None:
    alice = await start("alice", codecs=EVERY)
    missing(alice)
    offer = await offer_of(alice, far)
    assert payloads(offer) == ["120", "9", "8", "0", "103", "104", "102", "18", "101"]
    named = maps(offer)
    assert {named[p] for p in ("120", "102", "103", "104", "101")} == {
        "opus/48000/2",
        "iLBC/8000",
        "iSAC/16000",
        "iSAC/32000",
        "telephone-event/8000",
    }


async def test_parameters_are_said_in_the_offer(start: Start, far: FarEnd) -> None:
    settings = {
        "opus_fec": True,
        "opus_dtx": True,
        "opus_bit_rate": 24000,
        "ilbc_mode_ms": 20,
        "g729_annexb": False,
    }
    alice = await start("alice", codecs=EVERY, codec_settings=settings)
    missing(alice)
    offer = await offer_of(alice, far)
    opus = fmtp(offer, "120")
    assert (opus["useinbandfec"], opus["usedtx"], opus["maxaveragebitrate"]) == ("1", "1", "24000")
    assert fmtp(offer, "102") == {"mode": "20"}
    assert fmtp(offer, "18") == {"annexb": "no"}


async def test_other_parameters_are_said_in_the_offer(start: Start, far: FarEnd) -> None:
    settings = {"opus_fec": False, "ilbc_mode_ms": 30, "g729_annexb": True}
    alice = await start("alice", codecs=EVERY, codec_settings=settings)
    missing(alice)
    offer = await offer_of(alice, far)
    assert not {"useinbandfec", "usedtx", "maxaveragebitrate"} & set(fmtp(offer, "120"))
    assert fmtp(offer, "102") == {"mode": "30"}
    assert fmtp(offer, "18") == {"annexb": "yes"}


async def test_changed_parameters_hold_from_the_next_call_on(start: Start, far: FarEnd, rtp: RtpEnd) -> None:
    alice = await start("alice", codecs=EVERY, codec_settings={"opus_bit_rate": 24000})
    missing(alice)
    assert fmtp(await offer_of(alice, far), "120") == {"maxaveragebitrate": "24000", "useinbandfec": "1"}
    changed = {"opus_dtx": True, "opus_fec": False, "ilbc_mode_ms": 20, "g729_annexb": False, "answer_order": "offer"}
    alice.do("set_codec_settings", changed)
    offer = await offer_of(alice, far)
    assert fmtp(offer, "120") == {"usedtx": "1"}
    assert fmtp(offer, "102") == {"mode": "20"}
    assert fmtp(offer, "18") == {"annexb": "no"}
    _, answer = await answer_of(alice, far, description(rtp.port, "0 8 9 101"))
    assert payloads(answer)[0] == "0"
    alice.do("set_codec_settings", {"opus_bit_rate": 12000})
    offer = await offer_of(alice, far)
    assert fmtp(offer, "120") == {"maxaveragebitrate": "12000", "useinbandfec": "1"}
    assert fmtp(offer, "102") == {"mode": "30"}
    assert fmtp(offer, "18") == {"annexb": "yes"}


@pytest.mark.parametrize(("said", "answered"), [("no", "no"), ("yes", "yes"), ("", "yes")])
async def test_an_answer_has_no_annex_b_that_the_offer_rules_out(
    start: Start, far: FarEnd, rtp: RtpEnd, said: str, answered: str
) -> None:
    alice = await start("alice", codecs=["G729"])
    missing(alice)
    offer = description(rtp.port, "18 101", *([f"a=fmtp:18 annexb={said}"] if said else []))
    _, answer = await answer_of(alice, far, offer)
    assert fmtp(answer, "18") == {"annexb": answered}


@pytest.mark.parametrize(("order", "first"), [("local", "9"), ("offer", "0")])
async def test_whose_order_decides_an_answer(start: Start, far: FarEnd, rtp: RtpEnd, order: str, first: str) -> None:
    alice = await start("alice", codecs=["G722", "PCMA", "PCMU"], codec_settings={"answer_order": order})
    dialog, answer = await answer_of(alice, far, description(rtp.port, "0 8 9 101"))
    assert payloads(answer) == [first, "101"]
    far.request(dialog, "INVITE", description(rtp.port, "8 9 101"))
    again = await far.until_answered(dialog)
    assert payloads(again) == ["9" if order == "local" else "8", "101"]


async def test_payload_types_of_the_offer_are_kept(start: Start, far: FarEnd, rtp: RtpEnd) -> None:
    alice = await start("alice", codecs=EVERY)
    missing(alice)
    _, answer = await answer_of(alice, far, description(rtp.port, "97 101", "a=fmtp:97 mode=30"))
    assert payloads(answer) == ["97", "101"]
    await rtp.until_packets(5)
    assert {p.payload_type for p in rtp.packets} == {97}


async def test_a_re_invite_without_sdp_is_answered_with_all_codecs(start: Start, far: FarEnd, rtp: RtpEnd) -> None:
    alice = await start("alice", codecs=EVERY)
    missing(alice)
    dialog, answer = await answer_of(alice, far, description(rtp.port, "0 101"))
    assert payloads(answer) == ["0", "101"]
    far.request(dialog, "INVITE")
    again = await far.until_answered(dialog, acknowledge=False)
    assert payloads(again) == ["120", "9", "8", "0", "103", "104", "102", "18", "101"]
    far.request(dialog, "ACK", description(rtp.port, "8 101"))
    await alice.wait("MediaReport", lambda h: h.stream and h.stream["codec"] == "PCMA")


async def test_codecs_chosen_during_a_call_are_for_the_next_calls(start: Start, far: FarEnd, rtp: RtpEnd) -> None:
    alice = await start("alice", codecs=["PCMU", "PCMA"])
    dialog, _ = await answer_of(alice, far, description(rtp.port, "0 8 101"))
    alice.do("set_codecs", ["G722"])
    alice.do("hold", alice.all("IncomingReport")[0].call_id)
    hold = await far.wait("INVITE")
    assert payloads(hold) == ["0", "8", "101"]
    far.respond(dialog, hold, 200, "OK", description(rtp.port, "0 101").replace("sendrecv", "recvonly"))
    far.request(dialog, "INVITE", description(rtp.port, "8 101"))
    assert payloads(await far.until_answered(dialog)) == ["8", "101"]
    assert payloads(await offer_of(alice, far)) == ["9", "101"]
    far.request(dialog, "BYE")
    await alice.wait("EndedReport")
    dialog, answer = await answer_of(alice, far, description(rtp.port, "0 9 101"))
    assert payloads(answer) == ["9", "101"]


async def test_accounts_have_codecs_of_their_own_even_such_as_are_off_in_general(
    start: Start, far: FarEnd, rtp: RtpEnd
) -> None:
    alice = await start("alice", codecs=["G722", "PCMU"])
    await alice.add_account("other", address="sip:other@127.0.0.1", codecs=["gsm", "PCM*"])
    assert payloads(await offer_of(alice, far)) == ["9", "0", "101"]
    other = payloads(await offer_of(alice, far, "other"))
    assert other[0] == "3"
    assert set(other) == {"3", "0", "8", "101"}
    _, answer = await answer_of(alice, far, description(rtp.port, "0 8 9 101"))
    assert payloads(answer) == ["9", "101"]


async def test_l16_is_offered_and_taken_in_mono_only(start: Start, far: FarEnd, rtp: RtpEnd) -> None:
    """Two channels would end the engine: the bridge has one."""
    alice = await start("alice", codecs=["L16", "PCMU"])
    assert payloads(await offer_of(alice, far)) == ["11", "0", "101"]
    _, answer = await answer_of(alice, far, description(rtp.port, "10 0 101"))
    assert payloads(answer) == ["0", "101"]
    await rtp.until_packets(5)


def silence_between(rate: int = 8000) -> Samples:
    """A second of speech, two of silence, a second of speech."""
    return np.concatenate((speech(1, rate), np.zeros(2 * rate), speech(1, rate, seed=2)))


async def packets_of(
    alice: StackProcess, far: FarEnd, rtp: RtpEnd, offer: str, voice: Path, seconds: float = 4.6
) -> None:
    """The phone answers an offer and speaks once."""
    dialog = far.invite(alice.port, alice.name, offer)
    call = (await alice.wait("IncomingReport")).call_id
    alice.do("answer", call)
    await far.until_answered(dialog)
    await alice.wait("ConfirmedReport", call_id=call)
    alice.do("play", call, str(voice))
    await asyncio.sleep(seconds)


def steps(rtp: RtpEnd) -> list[int]:
    """Differences of the packets' timestamps."""
    voice = [p for p in rtp.packets if p.payload_type != 101]
    return [b.timestamp - a.timestamp for a, b in pairwise(voice)]


@pytest.mark.parametrize(
    ("offer", "settings", "step", "size"),
    [
        ("97", {"ilbc_mode_ms": 20}, 160, 38),
        ("97", {"ilbc_mode_ms": 30}, 240, 50),
        ("96", {"isac_frame_ms": 30}, 480, 0),
        ("96", {"isac_frame_ms": 60}, 960, 0),
        ("95", {"isac_frame_ms": 30}, 960, 0),
        ("95", {"isac_frame_ms": 60}, 1920, 0),
    ],
)
async def test_packet_times_on_the_wire(
    start: Start,
    far: FarEnd,
    rtp: RtpEnd,
    tmp_path: Path,
    offer: str,
    settings: dict[str, object],
    step: int,
    size: int,
) -> None:
    alice = await start("alice", codecs=EVERY, codec_settings=settings)
    missing(alice)
    mode = [f"a=fmtp:97 mode={settings['ilbc_mode_ms']}"] if offer == "97" else []
    voice = write_wav(tmp_path / "voice.wav", speech(1))
    await packets_of(alice, far, rtp, description(rtp.port, f"{offer} 101", *mode), voice, 1.3)
    assert set(steps(rtp)) == {step}
    if size:
        assert {len(p.payload) for p in rtp.packets} == {size}


async def test_ilbc_takes_the_longer_mode_when_the_two_sides_differ(
    start: Start, far: FarEnd, rtp: RtpEnd, tmp_path: Path
) -> None:
    """RFC 3952 section 5."""
    alice = await start("alice", codecs=["iLBC"], codec_settings={"ilbc_mode_ms": 20})
    missing(alice)
    voice = write_wav(tmp_path / "voice.wav", speech(1))
    await packets_of(alice, far, rtp, description(rtp.port, "97 101", "a=fmtp:97 mode=30"), voice, 0.6)
    assert {len(p.payload) for p in rtp.packets} == {50}


@pytest.mark.parametrize("annex_b", [True, False])
async def test_g729_suppresses_silence_by_annex_b_only(
    start: Start, far: FarEnd, rtp: RtpEnd, tmp_path: Path, annex_b: bool
) -> None:
    alice = await start("alice", codecs=["G729"], codec_settings={"g729_annexb": annex_b})
    missing(alice)
    voice = write_wav(tmp_path / "voice.wav", silence_between())
    await packets_of(alice, far, rtp, description(rtp.port, "18 101"), voice)
    sizes = [len(p.payload) for p in rtp.packets]
    if annex_b:
        assert set(sizes) <= {2, 10, 12, 20}
        assert {2, 12} & set(sizes), "no description of the background noise"
        assert max(steps(rtp)) > 8000, "packets went on through two seconds of silence"
        assert sizes.count(20) > 60
    else:
        assert set(sizes) == {20}
        assert set(steps(rtp)) == {160}


@pytest.mark.parametrize("dtx", [True, False])
async def test_opus_sends_next_to_nothing_in_silence_with_dtx(
    start: Start, far: FarEnd, rtp: RtpEnd, tmp_path: Path, dtx: bool
) -> None:
    alice = await start("alice", codecs=["opus"], codec_settings={"opus_dtx": dtx, "opus_fec": False})
    missing(alice)
    voice = write_wav(tmp_path / "voice.wav", silence_between())
    await packets_of(alice, far, rtp, description(rtp.port, "98 101"), voice)
    tiny = sum(len(p.payload) <= 2 for p in rtp.packets)
    assert tiny > 40 if dtx else tiny == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [(12000, 0, 8000, 15000), (40000, 0, 32000, 48000), (40000, 12000, 8000, 15000), (12000, 40000, 8000, 15000)],
)
async def test_opus_keeps_to_the_bit_rate_of_both_sides(
    start: Start, far: FarEnd, rtp: RtpEnd, tmp_path: Path, ours: int, theirs: int, low: int, high: int
) -> None:
    settings = {"opus_bit_rate": ours, "opus_fec": False}
    alice = await start("alice", codecs=["opus"], codec_settings=settings)
    missing(alice)
    voice = write_wav(tmp_path / "voice.wav", speech(2))
    said = [f"a=fmtp:98 maxaveragebitrate={theirs}"] if theirs else []
    await packets_of(alice, far, rtp, description(rtp.port, "98 101", *said), voice, 2.2)
    spoken = sorted((len(p.payload) for p in rtp.packets), reverse=True)[: len(rtp.packets) // 2]
    assert low < 8 * 50 * sum(spoken) / len(spoken) < high * 1.25
