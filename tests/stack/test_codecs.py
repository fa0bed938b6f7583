"""Codecs: order, and session descriptions."""

from __future__ import annotations

from tuiphone.stack.pjsua.codecs import fit_noise, label, offered, priorities, restrict

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 9 0 103 104 120 18 101\r\n"
    "a=rtpmap:9 G722/8000\r\na=rtpmap:103 iSAC/16000\r\na=rtpmap:104 iSAC/32000\r\n"
    "a=rtpmap:120 opus/48000/2\r\na=fmtp:120 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
    "a=sendrecv\r\n"
)


def test_the_wanted_order_becomes_priorities_and_all_others_are_off() -> None:
    ids = ["speex/16000/1", "PCMU/8000/1", "PCMA/8000/1", "opus/48000/2", "iSAC/16000/1", "iSAC/32000/1"]
    found = priorities(ids, ("OPUS", "iSAC/32000", "pcmu"))
    assert [i for i in sorted(ids, key=lambda i: -found[i]) if found[i]] == [
        "opus/48000/2",
        "iSAC/32000/1",
        "PCMU/8000/1",
    ]
    assert found["speex/16000/1"] == found["PCMA/8000/1"] == found["iSAC/16000/1"] == 0


def test_an_offers_speech_codecs_in_its_order() -> None:
    assert offered(OFFER) == ("G722", "PCMU", "iSAC/16000", "iSAC/32000", "opus", "G729")
    assert offered("v=0\r\nm=audio 4000 RTP/AVP 0 8\r\n") == ("PCMU", "PCMA")
    assert offered("") == ()
    assert offered("m=video 4000 RTP/AVP 96\r\n") == ()


def test_labels_name_the_rate_where_the_name_leaves_it_open() -> None:
    assert label("iSAC", 16000) == "iSAC/16000"
    assert label("opus", 48000) == "opus"


def test_an_accounts_own_codecs_and_their_order() -> None:
    narrowed = restrict(OFFER, ("opus", "PCMU"))
    assert "m=audio 4000 RTP/AVP 120 0 101\r\n" in narrowed
    assert "G722" not in narrowed
    assert "iSAC" not in narrowed
    assert "a=fmtp:120 useinbandfec=1\r\n" in narrowed
    assert "a=rtpmap:101 telephone-event/8000\r\n" in narrowed
    assert narrowed.endswith("a=sendrecv\r\n")
    assert offered(restrict(OFFER, ("iSAC/32000",))) == ("iSAC/32000",)


def test_a_description_is_never_left_without_a_codec() -> None:
    assert restrict(OFFER, ("AMR",)) == OFFER
    assert restrict(OFFER, ()) == OFFER
    assert restrict("v=0\r\n", ("opus",)) == "v=0\r\n"


NOISY = OFFER.replace(" 18 101\r\n", " 18 13 101\r\n").replace("a=sendrecv", "a=rtpmap:13 CN/8000\r\na=sendrecv")


def test_comfort_noise_is_offered_with_silence_suppression_and_a_codec_it_goes_with() -> None:
    assert fit_noise(NOISY, True) == NOISY
    assert fit_noise(NOISY, False) == OFFER
    assert fit_noise(OFFER, True) == OFFER
    only_opus = restrict(NOISY, ("opus",))
    assert "m=audio 4000 RTP/AVP 120 13 101\r\n" in only_opus
    assert "m=audio 4000 RTP/AVP 120 101\r\n" in fit_noise(only_opus, True)
    assert "CN/8000" not in fit_noise(only_opus, True)


def test_comfort_noise_is_no_codec() -> None:
    assert offered(NOISY) == offered(OFFER)
