"""pjsua2's numbers as people's."""

from __future__ import annotations

import pytest

pytest.importorskip("pjsua2", reason="pjsua2 is not installed: run make setup")

from tuiphone.model.media import SILENCE_DB
from tuiphone.stack.pjsua.convert import direction_word, level_db, plain, srtp_suite, ssrc_of

pytestmark = pytest.mark.pjsua


def test_levels_rise_from_silence_to_full_scale() -> None:
    levels = [level_db(percent) for percent in range(101)]
    assert levels[0] == SILENCE_DB
    assert levels[:51] == sorted(levels[:51])
    assert -1 < level_db(50) <= 0
    assert -45 < level_db(20) < -20


def test_directions() -> None:
    assert [direction_word(bits) for bits in range(4)] == ["inactive", "sendonly", "recvonly", "sendrecv"]


def test_the_librarys_own_names_are_kept_from_people() -> None:
    assert plain("Unknown error from audio driver (PJMEDIA_EAUD_SYSERR)") == "Unknown error from audio driver"
    assert plain("Connection refused [status=120111]") == "Connection refused"


def test_the_suite_in_a_calls_dump() -> None:
    dump = "  SRTP status: Active Crypto-suite: AES_CM_128_HMAC_SHA1_80\n"
    assert srtp_suite(dump) == "AES_CM_128_HMAC_SHA1_80"
    assert srtp_suite("") == ""


@pytest.mark.parametrize(
    ("sdp", "ssrc"),
    [
        ("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=ssrc:305419896 cname:x\r\n", 0x12345678),
        ("a=ssrc:4294967295\n", 0xFFFFFFFF),
        ("v=0\r\ni=a=ssrc:1\r\n", 0),
        ("a=ssrc:x\r\n", 0),
        ("", 0),
    ],
)
def test_the_synchronization_source_of_a_description(sdp: str, ssrc: int) -> None:
    assert ssrc_of(sdp) == ssrc
