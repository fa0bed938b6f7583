"""Codecs with programs that share no SIP or RTP code with us: baresip, linphone, SIPp, FFmpeg's decoders."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.farend import FarEnd
from tests.support.audio import likeness_of_files, read_wav, resample, speech, write_wav
from tests.support.baresip import Baresip
from tests.support.fidelity import fidelity
from tests.support.linphone import Linphone
from tests.support.phone import Phone, Settings, complete_wav
from tests.support.rtp import RtpEnd, audio_port
from tests.support.scenario import answering, sdp
from tests.support.sipp import Sipp
from tests.support.stackprocess import Start
from tuiphone.model.call import CallState

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]


@pytest.mark.parametrize("codec", ["PCMA", "G722", "opus"])
async def test_is_called_by_baresip_and_both_hear_each_other(tmp_path: Path, codec: str) -> None:
    module = {"PCMA": "g711", "G722": "g722", "opus": "opus"}[codec]
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=3))
    theirs = write_wav(tmp_path / "theirs.wav", speech(3, seed=4))
    heard = tmp_path / "heard.wav"
    async with (
        Baresip(tmp_path / "baresip", speech=theirs, codecs=(module,)) as baresip,
        Phone(tmp_path / "phone", sections={"audio": {"codecs": [codec]}}) as phone,
    ):
        await baresip.dial(phone.address)
        ringing = await phone.incoming()
        await phone.api.answer()
        talking = await phone.until(ringing.id, CallState.TALKING)
        assert talking.media is not None
        assert talking.media.codec == codec
        await phone.api.record(str(heard))
        await phone.api.play(str(ours))
        await baresip.until_heard(4.6)
        await phone.api.hang_up()
        await phone.until_ended(ringing.id)
        await baresip.until_event("CALL_CLOSED")
        least = 0.8 if codec == "opus" else 0.9
        assert likeness_of_files(ours, await baresip.heard()) > least
        assert likeness_of_files(theirs, await complete_wav(heard)) > least


@pytest.mark.parametrize(
    ("codec", "settings", "least"),
    [
        ("G729", {"g729_annexb": False}, 0.8),
        ("G729", {"g729_annexb": True}, 0.8),
        ("opus", {}, 0.8),
        ("G722", {}, 0.9),
        ("PCMA", {}, 0.9),
    ],
)
async def test_linphone_and_we_hear_each_other(
    start: Start, tmp_path: Path, codec: str, settings: dict[str, object], least: float
) -> None:
    alice = await start("alice", codecs=[codec], codec_settings=settings)
    if alice.missing:
        pytest.skip(f"this build has no {codec}: {alice.missing}")
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=1))
    theirs = write_wav(tmp_path / "theirs.wav", speech(3, seed=2))
    # linphone begins with the call and again at the end of its file.
    spoken = np.concatenate((np.zeros(4000), speech(3, seed=2), np.zeros(80000)))
    repeated = write_wav(tmp_path / "repeated.wav", spoken)
    heard = tmp_path / "heard.wav"
    async with Linphone(tmp_path / "linphone", repeated) as linphone:
        call = alice.dial(linphone.address)
        await alice.wait("ConfirmedReport", call_id=call, timeout=15)
        alice.do("record", call, str(heard))
        await asyncio.sleep(0.3)  # jitter buffers fill
        alice.do("play", call, str(ours))
        await alice.wait("PlayedReport", call_id=call)
        await asyncio.sleep(1)
        assert alice.all("MediaReport")[-1].stream["codec"] == codec
        alice.do("record", call, "")
        alice.do("hang_up", call)
        await linphone.until_said("ended")
    assert likeness_of_files(ours, linphone.ear) > least
    assert likeness_of_files(theirs, await complete_wav(heard)) > least


@pytest.mark.parametrize(
    ("codec", "settings", "rtpmap", "packet", "form", "head", "least"),
    [
        ("iLBC", {"ilbc_mode_ms": 20}, "97 iLBC/8000\r\na=fmtp:97 mode=20", 38, "ilbc", b"#!iLBC20\n", 0.79),
        ("iLBC", {"ilbc_mode_ms": 30}, "97 iLBC/8000\r\na=fmtp:97 mode=30", 50, "ilbc", b"#!iLBC30\n", 0.79),
        ("G729", {"g729_annexb": False}, "18 G729/8000\r\na=fmtp:18 annexb=no", 20, "g729", b"", 0.8),
        ("G722", {}, "9 G722/8000", 160, "g722", b"", 0.995),
    ],
)
async def test_ffmpeg_decodes_what_we_send(
    start: Start,
    tmp_path: Path,
    codec: str,
    settings: dict[str, object],
    rtpmap: str,
    packet: int,
    form: str,
    head: bytes,
    least: float,
) -> None:
    alice = await start("alice", codecs=[codec], codec_settings=settings)
    if alice.missing:
        pytest.skip(f"this build has no {codec}: {alice.missing}")
    voice = speech(4, 16000)
    async with FarEnd() as far, RtpEnd() as rtp:
        payload = rtpmap.split(maxsplit=1)[0]
        body = (
            "v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {rtp.port} RTP/AVP {payload}\r\na=rtpmap:{rtpmap}\r\n"
        )
        dialog = far.invite(alice.port, "alice", body)
        call = (await alice.wait("IncomingReport")).call_id
        alice.do("answer", call)
        await far.until_answered(dialog)
        await rtp.until_packets(5)
        alice.do("play", call, str(write_wav(tmp_path / "voice.wav", voice, 16000)))
        await alice.wait("PlayedReport", call_id=call)
        await asyncio.sleep(0.2)
    assert {len(p.payload) for p in rtp.packets} == {packet}
    coded, decoded = tmp_path / f"sent.{form}", tmp_path / "decoded.wav"
    coded.write_bytes(head + b"".join(p.payload for p in sorted(rtp.packets, key=lambda p: p.timestamp)))
    subprocess.run(["ffmpeg", "-v", "error", "-f", form, "-i", coded, "-c:a", "pcm_s16le", decoded], check=True)
    heard, rate = read_wav(decoded)
    found = fidelity(resample(voice, 16000, rate), heard, rate)
    assert found.correlation >= least, found
    assert found.longest_gap_s == 0


@pytest.mark.parametrize("mode_ms", [20, 30])
async def test_ilbc_packets_of_another_coder_are_heard(tmp_path: Path, mode_ms: int) -> None:
    """Captured from the code of RFC 3951, which ours is not; see tests/peers/captured/README.md."""
    frames = captured(f"ilbc-{mode_ms}.lbc", {20: 38, 30: 50}[mode_ms])
    said = speech(6, seed=6)
    heard = tmp_path / "heard.wav"
    scenario = answering(offer=sdp(codecs=(f"102 iLBC/8000\na=fmtp:102 mode={mode_ms}",))).until_bye()
    sections: dict[str, Settings] = {"audio": {"codecs": ["iLBC"]}, "codecs": {"ilbc_mode_ms": mode_ms}}
    async with (
        RtpEnd() as rtp,
        Sipp(tmp_path / "sipp", scenario, rtp_port=rtp.port) as sipp,
        Phone(tmp_path / "phone", sections=sections) as phone,
    ):
        call = await phone.api.dial(sipp.address, record=str(heard))
        offer = await sipp.until_received("INVITE")
        talking = await phone.until(call, CallState.TALKING)
        assert talking.media is not None
        assert talking.media.codec == "iLBC"
        await rtp.send_payloads(frames, 102, mode_ms * 8, audio_port(offer))
        await asyncio.sleep(0.3)  # what waits in the jitter buffer
        await phone.api.hang_up()
        await phone.until_ended(call)
        await sipp.finish()
    samples, rate = read_wav(await complete_wav(heard))
    found = fidelity(resample(said, 8000, rate), samples, rate)
    assert found.correlation >= 0.79, found
    assert found.envelope >= 0.98, found
    assert found.longest_gap_s == 0


def captured(name: str, size: int) -> list[bytes]:
    """The frames of a file in the format of RFC 3952 section 7."""
    head, _, frames = (Path(__file__).parent / "captured" / name).read_bytes().partition(b"\n")
    assert head.startswith(b"#!iLBC")
    return [frames[i : i + size] for i in range(0, len(frames), size)]
