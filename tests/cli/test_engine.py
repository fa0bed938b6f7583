from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.controller import bench
from tuiphone import engine_process, paths
from tuiphone.cli import run
from tuiphone.model.event import PROTOCOL
from tuiphone.rpc.server import RpcServer


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """An engine on the fake stack as the one of this home; the event is set once it was told to stop."""
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    paths.private_dir(paths.runtime_dir())
    started, stop, stopped = threading.Event(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with bench() as desk:
            server = RpcServer(desk.phone)
            await server.start(paths.socket_file())
            started.set()
            while not stop.is_set() and not desk.shutdowns:
                await asyncio.sleep(0.01)
            if desk.shutdowns:
                stopped.set()
            await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(5)
    monkeypatch.setattr(engine_process, "running_pid", lambda: None if stopped.is_set() else 4242)
    yield stopped
    stop.set()
    thread.join(5)


def test_the_engine_is_described(engine: threading.Event, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["engine", "status"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The engine runs (process 4242, ")
    assert "account sales: " in out


def test_an_engine_elsewhere_is_described_through_its_socket(
    engine: threading.Event, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    socket = paths.socket_file()
    monkeypatch.setenv("TUIPHONE_SOCKET", str(socket))
    monkeypatch.setattr(engine_process, "running_pid", lambda: None)
    assert run(["engine", "status"]) == 0
    assert capsys.readouterr().out.startswith(f"The engine behind {socket} runs (")
    assert run(["engine", "stop"]) == 1
    assert "elsewhere" in capsys.readouterr().err


def test_no_engine_is_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    assert run(["engine", "status"]) == 3
    assert run(["engine", "status", "--json"]) == 3
    assert capsys.readouterr().out == 'No engine runs.\n{"running": false}\n'
    assert run(["engine", "stop"]) == 0


@pytest.mark.parametrize("protocol", [PROTOCOL, 99])
def test_an_engine_of_any_version_is_stopped(
    engine: threading.Event, protocol: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tuiphone.rpc.server.PROTOCOL", protocol)
    assert run(["engine", "stop"]) == 0
    assert engine.is_set()
    assert capsys.readouterr().out == "The engine is stopped.\n"


def test_other_commands_say_that_the_versions_differ(
    engine: threading.Event, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tuiphone.rpc.server.PROTOCOL", 99)
    for words in (["engine", "status"], ["ctl", "snapshot"], ["ctl", "events"], ["call", "2044"]):
        assert run(words) == 1
        error = capsys.readouterr().err
        assert "speaks protocol 99" in error
        assert error.count("\n") == 1
