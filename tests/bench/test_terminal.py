"""What a program printed is found among its control sequences."""

from __future__ import annotations

import sys

import pytest

from bench.process import BenchError
from bench.terminal import Terminal, printed


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[1;31mRING\x1b[0mING",
        b"\x1b[?2026h\x1b[3;1HRINGING\x1b[?2026l",
        b"\x1b]0;title\x07RINGING",
        b"\x1b]9;Ana calls\x1b\\RINGING",
        b"\x1bPq...\x1b\\RINGING\x07",
        b"\x1b(BRINGING",
    ],
)
def test_control_sequences_are_left_out(data: bytes) -> None:
    assert printed(data) == "RINGING"


def test_letters_of_other_alphabets_stay() -> None:
    assert printed("\x1b[2m◀ Zürich ▮▯".encode()) == "◀ Zürich ▮▯"


async def test_time_of_an_answer_to_a_key() -> None:
    terminal = Terminal([sys.executable, "-c", "print('ready'); print('got ' + input().upper())"], {})
    try:
        shown = await terminal.shows("ready")
        pressed = terminal.press("abc\n")
        answered = await terminal.shows("got ABC", pressed)
        assert terminal.started_at < shown < pressed < answered
        # Nothing is echoed by the line discipline: what is seen was drawn by the program.
        assert "abc" not in terminal.text()
    finally:
        await terminal.close()


async def test_missing_text_is_said() -> None:
    terminal = Terminal([sys.executable, "-c", "print('something else'); input()"], {})
    try:
        with pytest.raises(BenchError, match=r"without “ready”(.|\n)*something else"):
            await terminal.shows("ready", timeout_s=0.5)
    finally:
        await terminal.close()


async def test_a_program_is_told_of_another_size() -> None:
    script = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "print('ready', flush=True)\n"
        "signal.sigwait([signal.SIGWINCH])\n"
        "print(os.get_terminal_size(), flush=True)\n"
        "input()\n"
    )
    terminal = Terminal([sys.executable, "-c", script], {})
    try:
        await terminal.shows("ready")
        terminal.resize(40, 120)
        await terminal.shows("columns=120, lines=40")
    finally:
        await terminal.close()


async def test_each_frame_that_a_program_draws_at_once_is_waited_for() -> None:
    script = r"print('ready'); input(); print('\x1b[?2026hone\x1b[?2026l'); input(); print('\x1b[?2026htwo\x1b[?2026l'); input()"
    terminal = Terminal([sys.executable, "-c", script], {})
    try:
        await terminal.shows("ready")
        for text in ("one", "two"):
            terminal.forget()
            terminal.press("\n")
            await terminal.frame()
            assert text in terminal.text()
    finally:
        await terminal.close()
