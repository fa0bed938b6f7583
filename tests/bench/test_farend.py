"""The far end answers what a phone offers, and paces its audio by the phone's."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bench.farend import FarEnd
from bench.rtp import ECHO, LOOPBACK, TONE, Audio, Caller, udp

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 96 0 120\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:120 telephone-event/8000\r\n"
)


@pytest.fixture
def audio() -> Iterator[Audio]:
    made = Audio()
    yield made
    made.close()


def test_answer_takes_pcmu_and_the_offered_event_type(audio: Audio) -> None:
    answer = audio.describe(OFFER)
    assert f"m=audio {audio.port} RTP/AVP 0 120\r\n".encode() in answer
    assert b"a=sendrecv" in answer


@pytest.mark.parametrize(("here", "there"), [(b"sendonly", b"recvonly"), (b"inactive", b"inactive")])
def test_hold_is_mirrored(audio: Audio, here: bytes, there: bytes) -> None:
    assert b"a=" + there in audio.describe(OFFER + b"a=" + here + b"\r\n")


def test_offer_without_pcmu_has_no_answer(audio: Audio) -> None:
    assert audio.describe(OFFER.replace(b"96 0 120", b"96 120")) == b""


def test_each_packet_is_answered_by_the_next_one(audio: Audio) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(2)
        phone.bind((LOOPBACK, 0))
        sequences = []
        for _ in range(3):
            phone.sendto(b"\x80\x00" + bytes(170), (LOOPBACK, audio.port))
            audio.read()
            packet = phone.recv(2048)
            assert len(packet) == 172
            sequences.append(int.from_bytes(packet[2:4]))
    assert sequences == [0, 1, 2]
    assert audio.received == 3


def test_nothing_is_sent_to_a_phone_that_holds(audio: Audio) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(2)
        phone.bind((LOOPBACK, 0))
        offer = OFFER.replace(b"4000", str(phone.getsockname()[1]).encode())
        for direction, heard in ((b"sendonly", False), (b"sendrecv", True)):
            audio.describe(offer + b"a=" + direction + b"\r\n")
            phone.sendto(b"\x80\x00" + bytes(170), (LOOPBACK, audio.port))
            audio.read()
            phone.setblocking(False)
            try:
                assert (phone.recv(2048) != b"") is heard
            except BlockingIOError:
                assert not heard


OPUS = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio %d RTP/AVP 101 96 0\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=ptime:20\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
)


def test_echo_takes_the_codec_that_the_phone_likes_best_as_it_was_offered(audio: Audio) -> None:
    lines = audio.describe(OPUS % 4000, Caller("ours1", ECHO)).decode().splitlines()
    assert f"m=audio {audio.port} RTP/AVP 96 101" in lines
    assert {"a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1", "a=ptime:20"} <= set(lines)
    assert "a=fmtp:101 0-16" not in lines


def test_echo_needs_no_map_for_a_static_payload_type(audio: Audio) -> None:
    lines = audio.describe(b"m=audio 4000 RTP/AVP 9\r\n", Caller("ours1", ECHO)).decode().splitlines()
    assert f"m=audio {audio.port} RTP/AVP 9" in lines
    assert "a=rtpmap:0 PCMU/8000" not in lines


def test_echo_sends_back_what_it_hears_under_its_own_name_and_counts_it_for_the_user(audio: Audio) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(2)
        phone.bind((LOOPBACK, 0))
        audio.describe(OPUS % phone.getsockname()[1], Caller("ours1", ECHO))
        for number in range(3):
            sent = b"\x80\x60" + number.to_bytes(2) + b"\0\0\0\x09" + b"\0\0\0\x01" + bytes([number]) * 50
            phone.sendto(sent, (LOOPBACK, audio.port))
            audio.read()
            echo = phone.recv(2048)
            assert (echo[:8], echo[12:]) == (sent[:8], sent[12:])
            assert echo[8:12] != sent[8:12]
    assert audio.counts("ours1") == (3, 150)
    assert audio.counts("pjsua1") == (0, 0)


def test_what_is_said_to_the_tone_is_kept(audio: Audio) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((LOOPBACK, 0))
        audio.describe(OFFER.replace(b"4000", str(phone.getsockname()[1]).encode()), Caller("ours", TONE))
        phone.sendto(b"\x80\x00" + bytes(10) + b"\x2a" * 160, (LOOPBACK, audio.port))
        audio.read()
    assert audio.heard("ours").sound() == b"\x2a" * 160
    assert audio.heard("pjsua").sound() == b""


def test_a_new_call_from_a_known_port_is_another_peer_and_a_reinvite_is_not(audio: Audio) -> None:
    first, second = Caller("ours1", TONE, "a"), Caller("ours1", ECHO, "b")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(2)
        phone.bind((LOOPBACK, 0))
        offer = OFFER.replace(b"4000", str(phone.getsockname()[1]).encode())
        for caller, count in ((first, 1), (first, 2), (second, 1)):
            assert audio.describe(offer, caller)
            phone.sendto(b"\x80\x00" + bytes(170), (LOOPBACK, audio.port))
            audio.read()
            phone.recv(2048)
            assert audio.counts("ours1")[0] == count


def test_registration_wants_the_password(audio: Audio, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(2)
        phone.bind((LOOPBACK, 0))
        sip = udp(0)
        end = FarEnd(audio, sip)
        here = f"{LOOPBACK}:{phone.getsockname()[1]}"
        request = (
            f"REGISTER sip:{LOOPBACK} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
            f"From: <sip:ours@{LOOPBACK}>;tag=1\r\nTo: <sip:ours@{LOOPBACK}>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
            f"Contact: <sip:ours@{here}>\r\nContent-Length: 0\r\n\r\n"
        )
        phone.sendto(request.encode(), (LOOPBACK, end.port))
        end.read()
        assert phone.recv(2048).startswith(b"SIP/2.0 401 ")
        sip.close()
    assert end.contacts == {}
    assert "registered" not in capsys.readouterr().out
