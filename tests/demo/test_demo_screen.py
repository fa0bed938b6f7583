"""``tuiphone demo`` on a real terminal: opened, used, left, come back to, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.terminal, pytest.mark.pjsua]


class Terminal:
    """A tmux of its own with one pane of 80 x 24."""

    def __init__(self, state: Path) -> None:
        self._base = f"demo-{os.getpid()}-{state.name}"
        self._runs = 0
        self.environment = os.environ | {"XDG_STATE_HOME": str(state), "TERM": "xterm-256color", "TUIPHONE_HOME": ""}

    @property
    def _name(self) -> str:
        # A server of its own for each run: one that was told to end may still be there, and take the next one's words.
        return f"{self._base}-{self._runs}"

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._name, "-f", "/dev/null", *arguments]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=10)
        return result.stdout

    def run(self, *arguments: str) -> None:
        self._runs += 1
        command = f"{sys.executable} -m tuiphone {' '.join(arguments)}; echo left with $?; sleep 60"
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "-s", "phone", command)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", "-t", "phone", key)
            time.sleep(0.1)

    def until(self, text: str, wait_s: float = 15) -> str:
        deadline = time.monotonic() + wait_s
        while text not in (screen := self.tmux("capture-pane", "-p", "-t", "phone")):
            assert time.monotonic() < deadline, f"no {text!r} on:\n{screen}"
            time.sleep(0.05)
        return screen

    def close(self) -> None:
        self.tmux("kill-server")

    def command(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "tuiphone", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=30
        ).stdout


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()
    opened.command("demo", "--stop")


def test_a_call_outlives_the_screen_and_the_demo_says_how_to_come_back(terminal: Terminal) -> None:
    terminal.run("demo")
    terminal.until("101 echo")
    terminal.until("2002 REG")
    terminal.press("1", "0", "1", "Enter")
    terminal.until("TALKING")
    terminal.press("F12")
    terminal.until("Detach")
    terminal.press("Enter")
    left = terminal.until("left with 0")
    assert "Come back: tuiphone demo" in left
    terminal.close()
    terminal.run("demo")
    terminal.until("TALKING")
    terminal.close()
    assert terminal.command("demo", "--stop") == "The demo is stopped.\n"
    assert terminal.command("demo", "--stop") == "No demo runs.\n"
