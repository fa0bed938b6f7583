"""Folders that cannot be: a sentence, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiphone.cli import run


@pytest.mark.parametrize(
    ("home", "sentence"),
    [
        ("/proc/nope", "The folder /proc/nope/run cannot be made: No such file or directory"),
        ("/etc/passwd", "The folder /etc/passwd/run cannot be made: Not a directory"),
        (
            "/tmp/" + "x" * 110,
            "bytes and a socket's may have 107: set XDG_RUNTIME_DIR, or TUIPHONE_HOME to a shorter one",
        ),
    ],
)
@pytest.mark.parametrize("words", [["engine", "start"], ["engine", "run"], ["call", "2044"]])
def test_a_home_that_cannot_be_is_one_sentence(
    home: str, sentence: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", home)
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    assert run(words) == 1
    error = capsys.readouterr().err
    assert error.startswith("tuiphone: The ")
    assert sentence in error
    assert error.count("\n") == 1


def test_what_the_system_refuses_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr("tuiphone.paths.config_file", refuse)
    assert run(["config", "path"]) == 1
    assert capsys.readouterr().err == f"tuiphone: {tmp_path}/x: No space left on device\n"
