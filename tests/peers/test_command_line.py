"""``tuiphone call`` as a script runs it: no screen, no engine yet, and an exit code that tells what happened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.audio import likeness_of_files, speech, write_wav
from tests.support.baresip import Baresip
from tests.support.phone import Phone
from tests.support.process import Process
from tests.support.scenario import Scenario
from tests.support.sipp import Sipp

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]


def call(phone: Phone, *arguments: str) -> Process:
    """The command, for a phone whose engine nobody has started."""
    return Process(
        [sys.executable, "-m", "tuiphone", "call", *arguments],
        phone.folder / "call.out",
        env=phone.program_environment,
    )


async def test_an_answered_call_plays_records_dials_digits_and_ends_with_0(tmp_path: Path) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(4, seed=11))
    theirs = write_wav(tmp_path / "theirs.wav", speech(2, seed=12))
    heard = tmp_path / "heard.wav"
    phone = Phone(tmp_path / "phone")
    options = ("--play", str(ours), "--record", str(heard), "--dtmf", "12#", "--json")
    async with (
        Baresip(tmp_path / "baresip", answer="auto", speech=theirs) as baresip,
        call(phone, baresip.address, *options) as command,
    ):
        assert await command.until_end() == 0, command.tail()
        outcome = json.loads(command.text.strip().splitlines()[-1])
        assert outcome["outcome"] == "answered"
        await baresip.until_event("CALL_CLOSED")
        assert baresip.digits == "12#"
        assert likeness_of_files(theirs, heard) > 0.9
        assert likeness_of_files(ours, await baresip.heard()) > 0.8  # the digits are sent in its place
    assert not (phone.folder / "run" / "engine.sock").exists(), "the engine that the command started is stopped"


@pytest.mark.parametrize(
    ("code", "phrase", "exit_code"),
    [(486, "Busy Here", 4), (480, "Temporarily Unavailable", 5), (603, "Decline", 6), (404, "Not Found", 6)],
)
async def test_a_refused_call_ends_with_its_own_exit_code(
    tmp_path: Path, code: int, phrase: str, exit_code: int
) -> None:
    phone = Phone(tmp_path / "phone")
    refusing = Scenario().receive("INVITE").reply(code, phrase).receive("ACK")
    async with Sipp(tmp_path / "sipp", refusing) as sipp, call(phone, sipp.address) as command:
        assert await command.until_end() == exit_code, command.tail()
        await sipp.finish()


async def test_a_call_that_nobody_answers_is_given_up_in_time(tmp_path: Path) -> None:
    phone = Phone(tmp_path / "phone")
    async with (
        Baresip(tmp_path / "baresip") as baresip,
        call(phone, baresip.address, "--timeout", "1.5") as command,
    ):
        assert await command.until_end() == 5, command.tail()
        await baresip.until_event("CALL_CLOSED")
