"""``tuiphone codecs`` with the real engine's library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.pjsua


def codecs(home: Path, configuration: str, *options: str) -> subprocess.CompletedProcess[str]:
    folder = home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(configuration)
    return subprocess.run(
        [sys.executable, "-m", "tuiphone", "codecs", *options],
        env={"TUIPHONE_HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_codec_has_a_line_those_that_are_on_first(tmp_path: Path) -> None:
    shown = codecs(tmp_path, '[audio]\ncodecs = ["PCMA", "G722", "speex/*"]\n')
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["PCMA", "8000", "Hz", "on,", "place", "1"]
    assert lines[1].split() == ["G722", "16000", "Hz", "on,", "place", "2"]
    assert sum(line.startswith("speex") and "on, place" in line for line in lines) == 3
    assert any(line.startswith("PCMU") and line.endswith("off") for line in lines)


def test_as_json(tmp_path: Path) -> None:
    shown = codecs(tmp_path, '[audio]\ncodecs = ["PCMU"]\n', "--json")
    assert shown.returncode == 0
    listed = json.loads(shown.stdout)
    assert listed[0] == {"name": "PCMU", "clock_hz": 8000, "channels": 1, "place": 1, "remedy": ""}
    here = {(c["name"], c["clock_hz"]) for c in listed}
    assert {("opus", 48000), ("iSAC", 32000), ("iLBC", 8000), ("G729", 8000), ("GSM", 8000)} <= here
    assert all(c["place"] == 0 for c in listed[1:])


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ('[audio]\ncodecs = ["PCMA", "opsu"]\n', "“opsu” names no codec; there are: "),
        ('[audio]\ncodecs = ["x*"]\n', "“x*” names no codec; there are: "),
        (
            '[[account]]\nid = "desk"\naddress = "sip:2001@pbx.example"\ncodecs = ["AMR"]\n',
            "Account desk: “AMR” names no codec; there are: ",
        ),
    ],
)
def test_a_name_or_pattern_that_matches_nothing_is_an_error_that_lists_what_there_is(
    tmp_path: Path, configuration: str, sentence: str
) -> None:
    shown = codecs(tmp_path, configuration)
    assert shown.returncode == 1
    assert sentence in shown.stderr
    assert "PCMA/8000" in shown.stderr.partition("there are: ")[2]
    assert "Traceback" not in shown.stderr
    assert shown.stdout == ""


def test_without_an_engine_a_mistake_in_the_configuration_is_told(tmp_path: Path) -> None:
    shown = codecs(tmp_path, "[audio]\ncodec = []\n")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "there is no key codec in [audio]; did you mean codecs?" in shown.stderr


def test_a_stack_that_does_not_start_is_told(tmp_path: Path) -> None:
    shown = codecs(tmp_path, '[network]\nbind_address = "192.0.2.77"\n')
    assert shown.returncode != 0
    assert shown.stderr.startswith("tuiphone: ")
