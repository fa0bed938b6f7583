"""The screen on real terminals: in tmux, by keys as a terminal sends them; and what it writes to one."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "tests.tui.demo"]
ROOT = Path(__file__).resolve().parent.parent.parent


class Tmux:
    """A tmux server of its own with one pane."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._name, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10, cwd=ROOT).stdout

    def open(self, *arguments: str, width: int = 80, height: int = 24) -> None:
        command = "env -u COLUMNS -u LINES " + " ".join([*DEMO, *arguments]) + "; echo left with $?; sleep 60"
        self.run("new-session", "-d", "-x", str(width), "-y", str(height), "-s", "phone", command)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.run("send-keys", "-t", "phone", key)

    def until(self, text: str, wait_s: float = 20.0) -> str:
        deadline = time.monotonic() + wait_s
        while text not in (screen := self.run("capture-pane", "-p", "-t", "phone")):
            assert time.monotonic() < deadline, f"no {text!r} on:\n{screen}"
            time.sleep(0.05)
        return screen


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    server = Tmux(f"tuiphone-{os.getpid()}-{tmp_path.name}")
    yield server
    server.run("kill-server")


@pytest.mark.terminal
def test_a_call_by_keys_in_tmux(tmux: Tmux) -> None:
    tmux.open()
    tmux.until("RINGING line 3")
    tmux.press("F6")
    tmux.until("3 TALK ")
    tmux.press("M-1")
    tmux.until("Ana Souza                      ON HOLD")
    tmux.press("]", "]", "o")
    tmux.until("3 HOLD ")
    tmux.press("d", "2", "0")
    tmux.until("dials 20 from 2001 sales")
    tmux.press("Enter")
    tmux.until("RINGS THERE")
    tmux.press("F8")
    tmux.until("You cancelled the call to 20")
    tmux.press("C-p")
    tmux.until("type to filter")
    tmux.press("Escape", "F1")
    tmux.until("Up Down scroll")
    tmux.press("F1", "C-q")
    tmux.until("3 calls are going on")
    tmux.press("Enter")
    tmux.until("left with 0")


@pytest.mark.terminal
def test_a_resized_terminal_shows_what_has_room(tmux: Tmux) -> None:
    tmux.open(width=120, height=40)
    tmux.until("5 History")
    tmux.run("resize-window", "-t", "phone", "-x", "60", "-y", "20")
    shrunk = tmux.until("] next ─╯\n╭─ 3 Dial ─")
    assert "1 Lines" in shrunk
    assert "2 Call" not in shrunk
    assert all(len(row) <= 60 for row in shrunk.splitlines())


@pytest.mark.terminal
def test_in_gnu_screen_keys_act_and_bell_title_and_notification_arrive(tmux: Tmux, tmp_path: Path) -> None:
    sockets = tmp_path / "screen"
    sockets.mkdir(mode=0o700)
    (tmp_path / "rc").write_text("startup_message off\n")
    raw = tmp_path / "raw"

    def screen(*words: str) -> str:
        given = ["env", "-u", "TMUX", f"SCREENDIR={sockets}", "TERM=xterm-256color", "screen", *words]
        return " ".join(given)

    tmux.run("new-session", "-d", "-x", "80", "-y", "24", "-s", "phone", "sh")
    tmux.run("set-option", "-g", "exit-empty", "off")  # between the two sessions there is none
    tmux.run("pipe-pane", "-t", "phone", "-o", f"cat >{raw}")
    tmux.press("exec " + screen("-c", str(tmp_path / "rc"), "-S", "phone", *DEMO), "Enter")
    try:
        tmux.until("RINGING line 3")
        tmux.press("F6")
        tmux.until("3 TALK ")
        tmux.press("M-1")
        tmux.until("Ana Souza                      ON HOLD")
        seen = raw.read_bytes()
        assert b"\x1b]9;tuiphone: Door intercom calls 2001 sales\a" in seen
        assert b";RINGING: Door intercom\a" in seen
        tmux.press("C-a", "d")
        tmux.run("new-session", "-d", "-x", "100", "-y", "30", "-s", "again", screen("-d", "-r", "phone"))
        deadline = time.monotonic() + 20
        while "ON HOLD" not in (shown := tmux.run("capture-pane", "-p", "-t", "again")):
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)
        assert shown.splitlines()[-1].endswith("? Help")
    finally:
        subprocess.run(["sh", "-c", screen("-S", "phone", "-X", "quit")], check=False, capture_output=True, timeout=10)


def written_in(seconds: float, *arguments: str) -> bytes:
    """What the demo writes to a terminal in so many seconds, once it has come to rest."""
    terminal, theirs = pty.openpty()
    size = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LINES": "24", "COLUMNS": "80"}
    demo = subprocess.Popen(
        [*DEMO, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=os.environ | size
    )
    os.close(theirs)
    try:
        begun = read_until(terminal, time.monotonic() + 20, b"Help")
        assert b"Help" in begun, begun[-500:]
        read_until(terminal, time.monotonic() + 3)
        return read_until(terminal, time.monotonic() + seconds)
    finally:
        demo.kill()
        demo.wait()
        os.close(terminal)


def read_until(terminal: int, deadline: float, text: bytes | None = None) -> bytes:
    data = b""
    while time.monotonic() < deadline and not (text and text in data):
        if select.select([terminal], [], [], 0.05)[0]:
            data += os.read(terminal, 65536)
    return data


def test_an_idle_screen_writes_next_to_nothing() -> None:
    # The clock may turn once, and one account may be tried again.
    assert len(written_in(6.0, "idle")) < 6 * 200


def test_a_call_with_meters_stays_below_two_kilobytes_a_second() -> None:
    assert len(written_in(6.0)) < 6 * 2000
