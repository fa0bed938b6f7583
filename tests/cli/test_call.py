from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.cli import run
from tuiphone.cli.call import Exit, _length, _OneCall, add_parser
from tuiphone.config.schema import Config
from tuiphone.errors import PhoneError, WrongUsage
from tuiphone.model.account import DtmfMethod
from tuiphone.model.media import StreamStats
from tuiphone.rpc.server import RpcServer
from tuiphone.stack.fake import FakeStack


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return parser.parse_args(["call", *words])


async def outcome(desk: Bench, *words: str, play_s: float | None = None) -> int:
    return await asyncio.wait_for(_OneCall(desk.phone, options(*words), play_s).run(), 5)


@pytest.mark.parametrize(
    ("number", "code"),
    [("busy", Exit.BUSY), ("decline", Exit.REJECTED), ("nobody", Exit.REJECTED), ("offline", Exit.NO_ANSWER)],
)
async def test_the_exit_code_says_how_it_ended(number: str, code: Exit, capsys: pytest.CaptureFixture[str]) -> None:
    async with bench() as desk:
        assert await outcome(desk, number) == code
        assert capsys.readouterr().out.splitlines()[-1]


async def test_an_answered_call_lasts_as_long_as_asked() -> None:
    async with bench() as desk:
        assert await outcome(desk, "answer", "--duration", "0.05") == Exit.ANSWERED
        assert desk.last("hang_up")


async def test_a_call_with_a_file_lasts_as_long_as_the_file() -> None:
    async with bench() as desk:
        assert await outcome(desk, "answer", "--play", "/tmp/x.wav", play_s=0.05) == Exit.ANSWERED
        assert desk.last("play")[2] == "/tmp/x.wav"


async def test_nobody_answers() -> None:
    async with bench() as desk:
        assert await outcome(desk, "2044", "--timeout", "0.05") == Exit.NO_ANSWER


async def test_digits_are_sent_after_the_answer() -> None:
    async with bench() as desk:
        await outcome(desk, "answer", "--dtmf", "12#", "--duration", "0.5")
        assert desk.last("send_dtmf")[2:] == ("12#", DtmfMethod.RFC4733)


async def test_without_registration_no_call_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    stack = FakeStack()
    stack.registrar["sales"] = (403, "Forbidden")
    async with bench(Config(accounts=(SALES, DESK)), stack) as desk:
        assert await outcome(desk, "2044") == Exit.NOT_REGISTERED
        assert "Forbidden" in capsys.readouterr().err
        assert not [command for command in stack.commands if command[0] == "make_call"]


async def test_json_has_outcome_sentence_and_call(capsys: pytest.CaptureFixture[str]) -> None:
    async with bench() as desk:
        await outcome(desk, "busy", "--json")
        printed = json.loads(capsys.readouterr().out)
        assert (printed["exit"], printed["outcome"]) == (4, "busy")
        assert printed["call"]["end"]["code"] == 486
        assert "busy" in printed["sentence"].lower()


async def test_the_quality_of_the_call_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ((), ("--json",)):
        async with bench() as desk:
            call = asyncio.create_task(outcome(desk, "answer", "--duration", "1", *words))
            while not desk.stack.calls:
                await asyncio.sleep(0.005)
            await desk.settle()
            for second in range(1, 4):
                desk.clock.advance(1)
                figures = StreamStats(next(iter(desk.stack.calls)), 50 * second, 8000 * second, tx_packets=50 * second)
                desk.stack.report(figures)
                await desk.settle()
            assert await call == Exit.ANSWERED
    sentence, printed = capsys.readouterr().out.splitlines()[-2:]
    assert sentence == "MOS 4.4, worst 4.4; loss 0.0%"
    assert json.loads(printed)["quality"]["mos_min"] > 4.3


def test_a_file_that_cannot_be_played_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhoneError, match=r"gone\.wav cannot be played"):
        _length(str(tmp_path / "gone.wav"))
    path = tmp_path / "eight.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 800)
    with pytest.raises(PhoneError, match="not 16-bit PCM"):
        _length(str(path))


@contextlib.asynccontextmanager
async def answered_command(folder: Path, *signals: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Bench]]:
    """The command in a call, and the phone it uses. ``signals`` are env's options: what its parent made of them."""
    socket = folder / "engine.sock"
    async with bench() as desk, asyncio.timeout(20):
        server = RpcServer(desk.phone)
        await server.start(socket)
        command = await asyncio.create_subprocess_exec(
            *("env", *signals, sys.executable, "-m", "tuiphone", "call", "answer"),
            env=os.environ | {"TUIPHONE_SOCKET": str(socket), "TUIPHONE_HOME": str(folder)},
            stdout=asyncio.subprocess.PIPE,
        )
        assert command.stdout
        try:
            while not (await command.stdout.readline()).startswith(b"answered"):
                assert command.returncode is None
            yield command, desk
        finally:
            if command.returncode is None:
                command.kill()
                await command.wait()
            await server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_command_that_is_ended_hangs_up(number: signal.Signals, tmp_path: Path) -> None:
    async with answered_command(tmp_path, "--default-signal") as (command, desk):
        command.send_signal(number)
        assert await command.wait() == Exit.INTERRUPTED
        await desk.settle()
        assert desk.last("hang_up")


async def test_a_command_under_nohup_outlives_the_terminal(tmp_path: Path) -> None:
    async with answered_command(tmp_path, "--default-signal", "--ignore-signal=HUP") as (command, desk):
        command.send_signal(signal.SIGHUP)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(command.wait(), 0.3)
        command.send_signal(signal.SIGTERM)
        assert await command.wait() == Exit.INTERRUPTED
        await desk.settle()
        assert desk.last("hang_up")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--dtmf", "1x2"], "a comma for a pause, not “x”"),
        (["--record", "/nonexistent/x.wav"], "/nonexistent is not there, or not yours"),
        (["--record", "/tmp"], "/tmp is a folder"),
        (["--play", "/etc/passwd"], "it is no WAV file"),
        (["--play", "/nonexistent.wav"], "/nonexistent.wav cannot be played: No such file or directory"),
    ],
)
def test_what_cannot_be_is_said_before_anybody_is_called(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    monkeypatch.setattr("tuiphone.engine_process.spawn", lambda *_: pytest.fail("an engine was started"))
    assert run(["call", "2044", "--json", *words]) == Exit.USAGE
    printed = capsys.readouterr()
    assert printed.err.startswith("tuiphone: ")
    assert sentence in printed.err
    told = json.loads(printed.out)
    assert (told["exit"], told["outcome"]) == (2, "usage")
    assert sentence in told["sentence"]


async def test_an_account_that_is_not_there_is_wrong_usage() -> None:
    async with bench() as desk:
        with pytest.raises(WrongUsage, match="no account “zz”"):
            await outcome(desk, "2044", "--account", "zz")


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        run(["call", "2044", "--duration", "-5"])
    assert exited.value.code == 2
