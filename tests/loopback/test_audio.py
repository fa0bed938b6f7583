"""What is said at one end is heard at the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.loopback.steps import Talk, hang_up, holding, talk, written
from tests.support.audio import dtmf_digits, level_db, likeness_of_files, read_wav, resample, speech, write_wav
from tests.support.stackprocess import StackProcess, Start


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("voices")
    return write_wav(folder / "one.wav", speech(3, seed=1)), write_wav(folder / "two.wav", speech(3, seed=2))


async def exchange(call: Talk, voices: tuple[Path, Path], folder: Path) -> tuple[Path, Path]:
    """Both speak at once, each records the other; the two recordings, the callee's first."""
    heard = folder / "callee.wav", folder / "caller.wav"
    call.callee.do("record", call.back, str(heard[0]))
    call.caller.do("record", call.out, str(heard[1]))
    call.caller.do("play", call.out, str(voices[0]))
    call.callee.do("play", call.back, str(voices[1]))
    await call.caller.wait("PlayedReport", call_id=call.out, path=str(voices[0]))
    await call.callee.wait("PlayedReport", call_id=call.back, path=str(voices[1]))
    await asyncio.sleep(0.4)  # what is on its way: jitter buffers
    call.callee.do("record", call.back, "")
    call.caller.do("record", call.out, "")
    await hang_up(call)
    await asyncio.gather(*(written(path) for path in heard))
    return heard


async def test_speech_arrives_both_ways(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    at_callee, at_caller = await exchange(await talk(alice, bob), voices, tmp_path)
    assert likeness_of_files(voices[0], at_callee) >= 0.95
    assert likeness_of_files(voices[1], at_caller) >= 0.95
    assert likeness_of_files(voices[1], at_callee) < 0.6
    assert at_caller.stat().st_mode & 0o777 == 0o600


async def test_a_stereo_file_is_played_as_loud_as_it_is(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    said = read_wav(voices[0])[0]
    both = write_wav(tmp_path / "both.wav", np.column_stack((said, said)))
    at_callee, _ = await exchange(await talk(alice, bob), (both, voices[1]), tmp_path)
    heard = read_wav(at_callee)[0]
    assert float(np.abs(heard).max()) == pytest.approx(float(np.abs(said).max()), rel=0.1)
    assert likeness_of_files(voices[0], at_callee) >= 0.95


@pytest.mark.parametrize(
    ("codec", "least"),
    [
        ("PCMA", 0.95),
        ("G722", 0.95),
        ("opus", 0.9),
        ("G729", 0.7),
        ("GSM", 0.75),
        ("speex", 0.9),
        ("iLBC", 0.7),
        ("iSAC/16000", 0.9),
        ("iSAC/32000", 0.9),
    ],
)
async def test_every_codec_carries_speech(
    start: Start, voices: tuple[Path, Path], tmp_path: Path, codec: str, least: float
) -> None:
    carol, dave = await asyncio.gather(start("carol", codecs=[codec]), start("dave", codecs=[codec]))
    if carol.missing:
        pytest.skip(f"this build has no {codec}: {carol.missing}")
    call = await talk(carol, dave)
    assert carol.all("MediaReport")[-1].stream["codec"].lower() == codec.partition("/")[0].lower()
    at_callee, at_caller = await exchange(call, voices, tmp_path)
    assert likeness_of_files(voices[0], at_callee) >= least
    assert likeness_of_files(voices[1], at_caller) >= least


@pytest.mark.parametrize("encryption", ["optional", "mandatory"])
async def test_encrypted_audio_names_its_suite(
    start: Start, voices: tuple[Path, Path], tmp_path: Path, encryption: str
) -> None:
    carol, dave = await asyncio.gather(start("carol"), start("dave"))
    for phone in (carol, dave):
        await phone.add_account(media_encryption=encryption)
    call = await talk(carol, dave)
    for phone in (carol, dave):
        assert "AES" in phone.all("MediaReport")[-1].stream["encryption"]
    at_callee, at_caller = await exchange(call, voices, tmp_path)
    assert likeness_of_files(voices[0], at_callee) >= 0.9
    assert likeness_of_files(voices[1], at_caller) >= 0.9


async def test_an_account_that_insists_on_encryption_refuses_a_plain_call(start: Start, bob: StackProcess) -> None:
    carol = await start("carol")
    await carol.add_account(media_encryption="mandatory")
    bob.dial(carol.uri)
    cause = (await bob.wait("EndedReport")).cause
    assert (cause["by"], cause["code"]) == ("them", 488)


async def test_an_accounts_own_codecs_come_before_the_phones(start: Start) -> None:
    carol, dave = await asyncio.gather(*(start(name, codecs=["PCMU", "PCMA", "G722"]) for name in ("carol", "dave")))
    await carol.add_account(codecs=["PCMA", "G722"])
    await talk(carol, dave)
    assert dave.all("IncomingReport")[0].codecs == ["PCMA", "G722"]
    assert carol.all("MediaReport")[-1].stream["codec"] == "PCMA"
    await talk(dave, carol)
    assert dave.all("MediaReport")[-1].stream["codec"] in {"PCMA", "G722"}


async def test_nobody_hears_anything_while_held_and_everything_after(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    call = await talk(alice, bob)
    for (holder, held_id), (other, other_id) in (call.ends(), call.ends()[::-1]):
        holder.do("hold", held_id)
        await holder.wait("MediaReport", holding, call_id=held_id)
        await other.wait("MediaReport", call_id=other_id, remote_hold=True)
        ears = tmp_path / f"{holder.name}-1.wav", tmp_path / f"{other.name}-2.wav"
        for (phone, call_id), ear, voice in zip(((holder, held_id), (other, other_id)), ears, voices, strict=True):
            phone.do("record", call_id, str(ear))
            phone.do("play", call_id, str(voice), True)
        await asyncio.sleep(0.6)
        for phone, call_id in ((holder, held_id), (other, other_id)):
            phone.do("record", call_id, "")
            phone.do("play", call_id, "")
        for ear in ears:
            assert not any(ear.read_bytes()[44:]), "something was heard on hold"
        holder.do("resume", held_id)
        await holder.wait("MediaReport", lambda h: not holding(h), call_id=held_id)
        await other.wait("MediaReport", call_id=other_id, remote_hold=False)
    at_callee, at_caller = await exchange(call, voices, tmp_path)
    assert likeness_of_files(voices[0], at_callee) >= 0.9
    assert likeness_of_files(voices[1], at_caller) >= 0.9


async def test_mute_sends_silence_but_packets_go_on(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path], tmp_path: Path
) -> None:
    call = await talk(alice, bob)
    alice.do("play", call.out, str(voices[0]), True)
    bob.do("watch", 0, 10)
    alice.do("mute", call.out, True)
    await asyncio.sleep(0.3)
    heard = tmp_path / "muted.wav"
    bob.do("record", call.back, str(heard))
    before = (await bob.wait("StreamStats")).rx_packets
    await asyncio.sleep(1)
    after = bob.all("StreamStats")[-1].rx_packets
    bob.do("record", call.back, "")
    await written(heard)
    assert level_db(read_wav(heard)[0]) < -60
    assert after - before > 40
    alice.do("mute", call.out, False)
    again = tmp_path / "again.wav"
    await asyncio.sleep(0.2)
    bob.do("record", call.back, str(again))
    await asyncio.sleep(1)
    bob.do("record", call.back, "")
    await written(again)
    assert level_db(read_wav(again)[0]) > -40


@pytest.mark.parametrize("method", ["rfc4733", "info"])
async def test_digits_arrive_as_digits(alice: StackProcess, bob: StackProcess, method: str) -> None:
    call = await talk(alice, bob)
    alice.do("send_dtmf", call.out, "15,9*#A", method)
    for digit in "159*#A":
        arrived = await bob.wait("DtmfReport", call_id=call.back)
        assert (arrived.digit, arrived.method) == (digit, method)
    bob.do("send_dtmf", call.back, "0", method)
    assert (await alice.wait("DtmfReport", call_id=call.out)).digit == "0"


async def test_a_comma_pauses(alice: StackProcess, bob: StackProcess) -> None:
    call = await talk(alice, bob)
    alice.do("send_dtmf", call.out, "1,2", "info")
    first = await bob.wait("DtmfReport", digit="1")
    second = await bob.wait("DtmfReport", digit="2")
    assert 0.6 < second.at - first.at < 1.5


async def test_in_band_digits_are_tones_in_the_audio(alice: StackProcess, bob: StackProcess, tmp_path: Path) -> None:
    call = await talk(alice, bob)
    heard = tmp_path / "tones.wav"
    bob.do("record", call.back, str(heard))
    alice.do("send_dtmf", call.out, "0159#D", "inband")
    await asyncio.sleep(6 * 0.24 + 0.5)
    bob.do("record", call.back, "")
    await written(heard)
    samples, rate = read_wav(heard)
    assert dtmf_digits(resample(samples, rate, 8000), 8000) == "0159#D"
    assert not bob.all("DtmfReport")


async def test_levels_follow_the_voice_and_figures_the_packets(
    alice: StackProcess, bob: StackProcess, voices: tuple[Path, Path]
) -> None:
    call = await talk(alice, bob)
    alice.do("watch", 10, 5)
    bob.do("watch", 10, 5)
    await alice.wait("Levels", lambda h: h.mic_db <= -60, call_id=call.out)
    alice.do("play", call.out, str(voices[0]), True)
    await alice.wait("Levels", lambda h: -45 < h.mic_db < -5, call_id=call.out)
    await bob.wait("Levels", lambda h: -45 < h.ear_db < -5, call_id=call.back)
    first = await bob.wait("StreamStats", call_id=call.back)
    figures = await bob.wait("StreamStats", lambda h: h.rx_packets >= first.rx_packets + 40, call_id=call.back)
    assert figures.rx_lost == 0
    assert figures.tx_packets > 40
    assert figures.rx_silent_s < 1
    alice.do("watch", 0, 0)
    await asyncio.sleep(0.3)
    count = len(alice.all("Levels"))
    await asyncio.sleep(0.4)
    assert len(alice.all("Levels")) == count


async def test_a_file_that_is_not_there_or_not_ours_is_a_notice(
    alice: StackProcess, bob: StackProcess, tmp_path: Path
) -> None:
    call = await talk(alice, bob)
    alice.do("play", call.out, str(tmp_path / "absent.wav"))
    assert "absent.wav" in (await alice.wait("StackNotice")).text
    alice.do("record", call.out, str(tmp_path / "no-folder" / "x.wav"))
    notice = await alice.wait("StackNotice")
    assert "x.wav" in notice.text
    assert "No such file or directory" in notice.text
    await hang_up(call)
