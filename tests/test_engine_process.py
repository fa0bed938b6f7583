from __future__ import annotations

from pathlib import Path

import pytest

from tuiphone import engine_process, paths


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "jack server is not running\ntuiphone: config.toml:3: unknown key\nCannot connect\n",
            "config.toml:3: unknown key",
        ),
        (
            "Traceback (most recent call last):\n  File x\nNameError: name 'a' is not defined\njack\n",
            "NameError: name 'a' is not defined",
        ),
        ("Cannot connect to server socket err = No such file or directory\n", ""),
        ("", ""),
    ],
)
def test_an_engines_last_words_are_its_own(
    output: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    paths.private_dir(paths.state_dir())
    (paths.state_dir() / "engine.out").write_text(output)
    assert engine_process.last_words() == words


def test_one_engine_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    paths.private_dir(paths.runtime_dir())
    assert engine_process.running_pid() is None
    with engine_process.only_one():
        with pytest.raises(engine_process.EngineRunning, match="runs already"), engine_process.only_one():
            pass
        assert engine_process.running_pid() is not None
    assert engine_process.running_pid() is None
