"""``tuiphone demo``: the exchange as a process, the demo's own files, the scripted call."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.raw_phone import RawPhone
from tuiphone import paths
from tuiphone.cli.demo import number_table
from tuiphone.config.load import load
from tuiphone.demo import home, serve, tonecheck
from tuiphone.demo.exchange import ACCOUNTS, DemoExchange
from tuiphone.demo.numbers import plan
from tuiphone.errors import PhoneError


def tuiphone(*arguments: str, timeout_s: float = 90, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tuiphone", *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )


def scripted_call() -> tuple[subprocess.Popen[str], Iterator[str], Path]:
    """One that has begun: its process, the lines that it will still print, and the folder of its files."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tuiphone", "demo", "--headless"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    lines = iter(process.stdout.readline, "")
    port = re.findall(r"port (\d+)", next(line for line in lines if "exchange" in line))[0]
    next(line for line in lines if "dial 101" in line)
    return process, lines, next(p for p in Path("/tmp").glob("tuiphone-demo-*") if _port_in(p) == int(port))


@pytest.fixture
def demo_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    yield tmp_path
    serve.stop()


def test_list_shows_every_number_within_80_columns() -> None:
    shown = tuiphone("demo", "--list").stdout
    for number in plan():
        assert f"  {number.number} " in shown
        assert number.text in shown
    assert max(map(len, number_table().splitlines())) <= 80


@pytest.mark.usefixtures("demo_home")
async def test_the_exchange_runs_as_a_process_is_found_used_and_stopped() -> None:
    assert serve.find() is None
    running = await asyncio.to_thread(serve.spawn, True)
    assert running == serve.find()
    assert running.pid != os.getpid()
    async with RawPhone(running.port) as phone:
        assert (await phone.register()).status == 200
    assert await asyncio.to_thread(serve.stop)
    assert serve.find() is None
    assert not await asyncio.to_thread(serve.stop)


@pytest.mark.usefixtures("demo_home")
def test_a_second_exchange_in_the_same_home_is_refused_with_the_remedy() -> None:
    serve.spawn(any_port=True)
    second = tuiphone("demo", "--exchange", "--port", "0")
    assert second.returncode == 1
    assert "tuiphone demo --stop" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.usefixtures("demo_home")
async def test_a_port_in_use_is_named() -> None:
    async with DemoExchange() as other:
        result = await asyncio.to_thread(tuiphone, "demo", "--exchange", "--port", str(other.port))
        assert result.returncode == 1
        assert str(other.port) in result.stderr


@pytest.mark.usefixtures("demo_home")
def test_a_restarted_exchange_has_the_port_it_had() -> None:
    first = serve.spawn(any_port=True)
    serve.stop()
    assert serve.spawn().port == first.port


@pytest.mark.usefixtures("demo_home")
async def test_an_exchange_in_the_background_ends_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    began = asyncio.get_running_loop().time()
    await serve._run((0,), lambda _exchange: None, 0.1)
    assert asyncio.get_running_loop().time() - began < 2


def test_the_demo_configuration_is_valid_private_and_has_both_accounts(demo_home: Path) -> None:
    home.write_config(5999)
    path = paths.config_file()
    assert path.is_relative_to(demo_home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load(path, paths.settings_file())
    assert not loaded.warnings
    assert {a.id: a.password.reveal() for a in loaded.config.accounts} == dict(ACCOUNTS)
    assert {a.account().registrar for a in loaded.config.accounts} == {"127.0.0.1:5999"}
    assert home.configured_port() == 5999
    assert tomllib.loads(path.read_text())["network"]["bind_address"] == "127.0.0.1"


def test_a_home_with_a_long_path_gets_a_short_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = tempfile.mkdtemp(prefix="run-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", short)
    for name in ("TUIPHONE_HOME", "TUIPHONE_SOCKET"):
        monkeypatch.setenv(name, "")
    home.enter(tmp_path / ("x" * 120))
    assert paths.socket_file() == Path(short) / "tuiphone" / "demo.sock"
    assert os.environ["TUIPHONE_HOME"].startswith(str(tmp_path))
    shutil.rmtree(short)


def test_a_melody_is_found_where_it_is_and_not_where_it_is_not(tmp_path: Path) -> None:
    sent, other = (0, 3, 1, 4, 2, 5), (5, 1, 4, 0, 3, 2)
    path = tmp_path / "melody.wav"
    tonecheck.write_melody(path, sent)
    found = tonecheck.find_melody(path, sent)
    assert found.share == 1.0
    assert found.at_s == pytest.approx(0.1, abs=0.021)
    assert tonecheck.find_melody(path, other).share < 0.5


def test_silence_noise_a_broken_or_missing_recording_match_nothing(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(array("h", [0] * 32000).tobytes())
    assert tonecheck.find_melody(path, (0, 1)).share == 0
    assert tonecheck.level_db(path) == -90
    path.write_bytes(b"RIFF")
    assert tonecheck.find_melody(path, (0, 1)).share == 0
    assert tonecheck.find_melody(tmp_path / "none.wav", (0, 1)).share == 0
    assert tonecheck.level_db(tmp_path / "none.wav") == -90


def test_stop_without_a_demo_says_so(tmp_path: Path) -> None:
    result = tuiphone("demo", "--stop", XDG_STATE_HOME=str(tmp_path), TUIPHONE_HOME="")
    assert (result.returncode, result.stdout) == (0, "No demo runs.\n")


@pytest.mark.pjsua
def test_the_scripted_call_works_from_end_to_end() -> None:
    result = tuiphone("demo", "--headless")
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stdout + result.stderr
    assert lines[-1] == "demo: ok"
    for step in ("register", "dial 101", "hear the echo", "send digits", "hold", "resume", "be called back", "answer"):
        assert any(f"s  {step}: " in line for line in lines), step


def test_the_scripted_call_fails_with_a_sentence_when_the_engine_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "pjsua2.py").write_text("raise ImportError('not built')\n")
    result = tuiphone("demo", "--headless", PYTHONPATH=str(tmp_path))
    shutil.rmtree(re.findall(r"logs: (/tmp/tuiphone-demo-[^)]*)", result.stdout)[0])
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1].startswith("demo: failed: The engine did not start")
    assert "Traceback" not in result.stdout + result.stderr


def test_spawn_reports_the_last_words(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PhoneError, match="did not start"):
        serve.spawn(any_port=True)


@pytest.mark.pjsua
def test_a_scripted_call_that_is_terminated_leaves_nothing_running() -> None:
    process, lines, folder = scripted_call()
    process.terminate()
    last = list(lines)[-1]
    assert process.wait(20) == 1
    assert last.startswith("demo: failed: interrupted")
    assert f"logs: {folder}" in last
    assert not [name for name in ("engine.lock", "exchange.lock") if _is_held(folder / "run" / name)]
    shutil.rmtree(folder)


@pytest.mark.pjsua
def test_a_scripted_call_that_is_killed_leaves_nothing_running_either() -> None:
    process, _, folder = scripted_call()
    process.kill()
    process.wait()
    deadline = time.monotonic() + 15
    for name in ("engine.lock", "exchange.lock"):
        while _is_held(folder / "run" / name):
            assert time.monotonic() < deadline, name
            time.sleep(0.02)
    shutil.rmtree(folder)


def _is_held(lock: Path) -> bool:
    with lock.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@pytest.mark.pjsua
def test_a_killed_engine_is_a_failure_with_a_sentence() -> None:
    process, lines, folder = scripted_call()
    os.kill(int((folder / "run" / "engine.lock").read_text()), signal.SIGKILL)
    last = list(lines)[-1]
    assert process.wait(20) == 1
    assert last.startswith("demo: failed: The engine")
    shutil.rmtree(folder)


def _port_in(folder: Path) -> int:
    try:
        return int(json.loads((folder / "run" / "exchange.lock").read_text())["port"])
    except (OSError, ValueError):
        return 0
