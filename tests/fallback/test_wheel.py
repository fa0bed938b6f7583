"""Without a compiler (ENGINE=wheel) the phone uses pjsua2's wheel: what works then, and what is said of the rest."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.steps import talk, written
from tests.support.audio import read_wav, resample, speech, write_wav
from tests.support.fidelity import fidelity
from tests.support.stackprocess import StackProcess

pytestmark = pytest.mark.pjsua

HERE = ("G722", "PCMA", "PCMU", "iLBC", "GSM", "speex")
LACKING = ("opus", "G729", "iSAC")


def tuiphone(wheel: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the wheel."""
    return subprocess.run(
        [sys.executable, "-m", "tuiphone", *arguments],
        env=os.environ | {"PYTHONPATH": str(wheel), "TUIPHONE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_codecs_are_those_of_the_wheel_and_the_others_name_the_remedy(wheel: Path, tmp_path: Path) -> None:
    ran = tuiphone(wheel, tmp_path, "codecs", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    codecs: list[dict[str, Any]] = json.loads(ran.stdout)
    assert {codec["name"] for codec in codecs if not codec["remedy"]} >= set(HERE)
    assert {codec["name"] for codec in codecs if codec["remedy"]} == set(LACKING)
    assert all("make setup" in codec["remedy"] for codec in codecs if codec["remedy"])
    assert [codec["name"] for codec in codecs if codec["place"]] == ["G722", "PCMA", "PCMU", "iLBC"]


def test_doctor_says_what_is_missing(wheel: Path, tmp_path: Path) -> None:
    found = {
        finding["topic"]: finding
        for finding in json.loads(tuiphone(wheel, tmp_path, "doctor", "--json").stdout)["findings"]
    }
    assert found["pjsua2"]["level"] == "WARN"
    assert "not our own build (pjsua2-python 2.15.1" in found["pjsua2"]["text"]
    assert "configured but not in this build: opus, iSAC/16000, iSAC/32000, G729" in found["codecs"]["text"]
    assert "1.2 only" in found["TLS"]["text"]


def test_the_demo_call_works(wheel: Path, tmp_path: Path) -> None:
    ran = tuiphone(wheel, tmp_path, "demo", "--headless")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.rstrip().endswith("demo: ok")


@pytest.mark.parametrize("mode_ms", [20, 30])
async def test_its_ilbc_is_another_coder_than_ours_and_each_hears_the_other(
    wheel: Path, tmp_path: Path, mode_ms: int
) -> None:
    """The wheel has the code of RFC 3951, our own build WebRTC's."""
    settings = {"ilbc_mode_ms": mode_ms}
    ours, theirs = (StackProcess(n, tmp_path, codecs=["iLBC"], codec_settings=settings) for n in ("ours", "theirs"))
    theirs.library = wheel
    voices = {
        phone: write_wav(tmp_path / f"{phone.name}.wav", speech(6, seed=seed))
        for seed, phone in enumerate((ours, theirs))
    }
    try:
        for phone in (ours, theirs):
            await phone.start()
            await phone.add_account()
        assert "2.15" in theirs.stack_name
        call = await talk(ours, theirs)
        heard = {phone: tmp_path / f"{phone.name}-heard.wav" for phone in (ours, theirs)}
        for phone, call_id in call.ends():
            phone.do("record", call_id, str(heard[phone]))
        await asyncio.sleep(0.2)  # jitter buffers fill
        for phone, call_id in call.ends():
            phone.do("play", call_id, str(voices[phone]))
        for phone, call_id in call.ends():
            await phone.wait("PlayedReport", call_id=call_id, timeout=15)
        await asyncio.sleep(0.4)
        for phone, call_id in call.ends():
            phone.do("record", call_id, "")
        for phone, other in ((ours, theirs), (theirs, ours)):
            await written(heard[phone])
            samples, rate = read_wav(heard[phone])
            found = fidelity(resample(read_wav(voices[other])[0], 8000, rate), samples, rate)
            assert found.correlation >= 0.79, found
            assert found.envelope >= 0.98, found
    finally:
        for phone in (ours, theirs):
            await phone.stop()
