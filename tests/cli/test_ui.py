"""Where no screen can be drawn, a sentence says so."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tuiphone.cli.ui import _connect
from tuiphone.errors import EngineLost


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_be_drawn_on_gets_a_sentence(term: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": term, "TUIPHONE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tuiphone"],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=20,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert f"TERM is “{term}”" in done.stderr
    assert "TERM=xterm-256color" in done.stderr
    assert not list(tmp_path.rglob("engine.lock"))


def test_without_a_terminal_the_commands_that_need_none_are_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tuiphone"],
        env={**os.environ, "TUIPHONE_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert "the screen needs a terminal" in done.stderr


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "No engine listens at "),
        ("ALSA lib: no card\n", "No engine listens at "),
        ("tuiphone: config.toml:3: ports are numbers\n", "config.toml:3: ports are numbers"),
    ],
)
async def test_an_engine_that_is_not_there_has_a_reason(
    output: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "engine.out").write_text(output)
    with pytest.raises(EngineLost) as caught:
        await _connect()
    assert str(caught.value).startswith(reason)
