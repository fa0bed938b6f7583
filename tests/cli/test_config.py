"""``tuiphone config`` as a person or a program uses it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tuiphone.cli import run
from tuiphone.config.describe import example_toml


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone's folder with both files."""
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "config.toml").write_text(
        '[[account]]\nid = "desk"\naddress = "sip:2001@pbx.example"\npassword = "hunter2"\n'
        '[audio]\ninput = "A"\n[keys]\nhold = ["o", "f3"]\n'
    )
    (folder / "config.toml").chmod(0o600)
    (folder / "settings.toml").write_text('[audio]\ninput = "B"\n')
    return folder


def test_show_has_every_value_with_its_origin_and_no_secret(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show"]) == 0
    out = capsys.readouterr().out
    lines = {line.split(" = ")[0]: line for line in out.splitlines()}
    assert lines["input"].endswith("# settings.toml:2, instead of config.toml:6")
    assert lines["max_lines"].endswith("# default")
    assert lines["password"].startswith('password = "***"')
    assert "hunter2" not in out
    shown = tomllib.loads(out)
    assert shown["audio"]["input"] == "B"
    assert shown["account"][0]["address"] == "sip:2001@pbx.example"
    assert shown["keys"] == {"hold": ["o", "f3"]}
    assert set(shown) == set(tomllib.loads(example_toml())) | {"account"}


def test_show_changed_leaves_the_defaults_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--changed"]) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    assert shown["audio"] == {"input": "B"}
    assert "phone" not in shown


def test_show_as_json(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUIPHONE_UI_METER_HZ", "2")
    assert run(["config", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["files"]["config"] == str(home / "config.toml")
    assert shown["values"]["audio.input"] == {
        "value": "B",
        "source": "settings",
        "origin": "settings.toml:2",
        "hides": "config.toml:6",
    }
    assert shown["values"]["ui.meter_hz"] == {
        "value": 2,
        "source": "environment",
        "origin": "TUIPHONE_UI_METER_HZ",
    }
    assert shown["values"]["account.desk.password"]["value"] == "***"


def test_check_is_content_with_the_phones_own_files(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{home / 'config.toml'}: ok\n"
    assert captured.err == ""


def test_check_names_every_mistake_of_a_file_and_exits_with_1(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[phone]\nmax_lines = 0\nmax_line = 1\n")
    assert run(["config", "check", str(other)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        f"{other}:2: phone.max_lines is 0; allowed is a whole number from 1 to 32",
        f"{other}:3: there is no key max_line in [phone]; did you mean max_lines?",
    ]


def test_check_prints_warnings_and_exits_with_0(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").chmod(0o644)
    assert run(["config", "check"]) == 0
    assert "warning: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('hodl = "o"', "there is no command hodl; did you mean hold?"),
        ('hold = "m"', "is a key of"),
        ('hold = "no key"', "no key"),
    ],
)
def test_check_looks_at_the_keys_too(home: Path, capsys: pytest.CaptureFixture[str], keys: str, sentence: str) -> None:
    (home / "config.toml").write_text(f"[keys]\n{keys}\n")
    assert run(["config", "check"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("config.toml:2: ")
    assert sentence in error


def test_keys_may_change_places(home: Path) -> None:
    (home / "config.toml").write_text('[keys]\nhold = "m"\nmute = "o"\n')
    assert run(["config", "check"]) == 0


def test_check_sets_nothing_aside(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "settings.toml").write_text("[audio")
    assert run(["config", "check"]) == 0
    assert (home / "settings.toml").read_text() == "[audio"
    assert "settings.toml:1: not valid TOML" in capsys.readouterr().err


def test_a_file_that_is_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", "/no/such/file.toml"]) == 1
    assert "does not exist" in capsys.readouterr().err
    (home / "config.toml").unlink()
    assert run(["config", "check"]) == 0
    assert "the defaults are used" in capsys.readouterr().out


def test_path(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "path"]) == 0
    assert capsys.readouterr().out == f"{home / 'config.toml'}\n{home / 'settings.toml'}\n"


def test_example_can_be_used_as_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "example"]) == 0
    (home / "config.toml").write_text(capsys.readouterr().out)
    assert run(["config", "check"]) == 0


def test_mistakes_stop_show_with_sentences(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[phone]\nmax_lines = 0\n")
    assert run(["config", "show"]) == 1
    assert "config.toml:2: phone.max_lines is 0" in capsys.readouterr().err


def test_check_names_a_theme_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[ui]\ntheme = "dracul"\n')
    assert run(["config", "check", str(file)]) == 0
    words = 'warning: mine.toml:2: ui.theme is "dracul"; there is no such theme; did you mean dracula?'
    assert capsys.readouterr().err == f"{words}\n"
    file.write_text('[ui]\ntheme = "dracula"\n')
    assert run(["config", "check", str(file)]) == 0
    assert capsys.readouterr().err == ""
