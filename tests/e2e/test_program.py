"""The real program in a real terminal, with a real far end: what a person does, and what must not end a call."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.process import until
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.peer, pytest.mark.pjsua]

TUIPHONE = (sys.executable, "-m", "tuiphone")
READY = "phone NO REG"
"""What the status bar says of the account when the engine is there."""


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    """A configured phone that nobody has started yet; whatever engine runs at the end is stopped."""
    phone = Phone(tmp_path / "phone")
    yield phone
    if pid := engine_pid(phone):
        os.kill(pid, signal.SIGTERM)
        await until(lambda: not engine_pid(phone), 8, "the engine stops")


def engine_pid(phone: Phone) -> int:
    """Of the engine that holds the lock; 0 when none runs."""
    lock = phone.folder / "run" / "engine.lock"
    pid = int(lock.read_text() or 0) if lock.exists() else 0
    return pid if pid and Path(f"/proc/{pid}/stat").exists() and not _is_zombie(pid) else 0


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def still_talks(baresip: Baresip) -> None:
    """The far end hears more and more, and nobody has ended the call."""
    (recording,) = baresip.folder.glob("dump-*-dec.wav")
    size = recording.stat().st_size
    await until(lambda: recording.stat().st_size > size + 8000, 5, "half a second more is heard")
    assert "CALL_CLOSED" not in {event.type for event in baresip.events}


async def test_a_call_outlives_every_end_of_the_screen(tmp_path: Path, phone: Phone) -> None:
    async with (
        Baresip(tmp_path / "baresip", answer="auto") as baresip,
        Terminal(phone.program_environment) as terminal,
        Terminal(phone.program_environment, size=(80, 24)) as second,
    ):
        terminal.run(*TUIPHONE)
        await terminal.until_shows(READY, timeout_s=20)
        terminal.press("d")
        terminal.write(baresip.address)
        terminal.press("Enter")
        await terminal.until_shows("TALKING")
        await baresip.until_event("CALL_RTPESTAB")

        os.kill(terminal.pid, signal.SIGKILL)
        await until(lambda: not terminal.alive, 5, "the killed screen is gone")
        await still_talks(baresip)
        terminal.run(*TUIPHONE)
        await terminal.until_shows("TALKING", "sip:baresip@", timeout_s=15)

        screen = terminal.pid
        terminal.close_window()
        await until(lambda: not Path(f"/proc/{screen}").exists(), 5, "the screen ends with its window")
        await still_talks(baresip)
        terminal.run(*TUIPHONE)
        second.run(*TUIPHONE)
        await terminal.until_shows("TALKING", timeout_s=15)
        await second.until_shows("TALKING", timeout_s=15)

        os.kill(engine_pid(phone), signal.SIGKILL)
        await asyncio.gather(
            terminal.until_shows("ENGINE LOST", "Start the engine", timeout_s=2),
            second.until_shows("ENGINE LOST", timeout_s=2),
        )
        second.press("F12", "Enter")
        await until(lambda: not second.alive, 5, "the second screen is left")
        terminal.press("e")
        screen_text = await terminal.until_shows(READY, timeout_s=20)
        assert "ENGINE LOST" not in screen_text
        assert "TALKING" not in screen_text

        terminal.press("F12")
        await terminal.until_shows("Stop the phone")
        terminal.press("Down", "Enter")
        await until(lambda: not terminal.alive, 8, "the screen is left")
        await until(lambda: not engine_pid(phone), 8, "the engine has stopped")


async def test_an_incoming_call_is_answered_by_key_and_digits_reach_the_far_end(tmp_path: Path, phone: Phone) -> None:
    async with (
        Baresip(tmp_path / "baresip", user="carol") as baresip,
        Terminal(phone.program_environment, size=(80, 24)) as terminal,
    ):
        terminal.run(*TUIPHONE)
        await terminal.until_shows(READY, timeout_s=20)
        await baresip.dial(phone.address)
        await terminal.until_shows("RINGING line 1", "carol", "F6")
        terminal.write("q")
        await asyncio.sleep(0.3)
        await terminal.until_shows("RINGING line 1")
        terminal.press("F6")
        await terminal.until_shows("TALKING")
        await baresip.until_event("CALL_RTPESTAB")
        terminal.write("42#")
        await until(lambda: baresip.digits == "42#", 5, "the digits at the far end")
        terminal.press("o")
        await terminal.until_shows("HOLD", "held by you")
        terminal.press("o")
        await terminal.until_shows("TALKING")
        await baresip.hang_up()
        await terminal.until_shows("carol hung up after")
