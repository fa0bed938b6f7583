from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.controller import bench
from tuiphone.cli import run
from tuiphone.cli.ctl import parse_parameters
from tuiphone.errors import PhoneError
from tuiphone.rpc.server import RpcServer


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A controller on the fake stack, served from a thread, as the engine of this test."""
    path = tmp_path / "engine.sock"
    monkeypatch.setenv("TUIPHONE_SOCKET", str(path))
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with bench() as desk:
            server = RpcServer(desk.phone)
            await server.start(path)
            started.set()
            await asyncio.to_thread(stop.wait)
            await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(5)
    yield
    stop.set()
    thread.join(5)


def test_a_method_prints_its_result_as_json(engine: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ctl", "preview", "target=+49 (241) 12"]) == 0
    assert json.loads(capsys.readouterr().out)["uri"] == "sip:+4924112@pbx.example"


def test_words_become_the_types_of_the_method(engine: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ctl", "set_dnd", "on=true"]) == 0
    assert run(["ctl", "set_level", "role=ring", "level=60"]) == 0
    assert run(["ctl", "snapshot"]) == 0
    snapshot = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert snapshot["dnd"] is True
    assert [role["level"] for role in snapshot["devices"]["roles"]] == [100, 100, 60]


def test_an_account_is_given_as_json(engine: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ctl", "add_account", 'account={"id": "n", "address": "sip:n@x.example", "register": false}']) == 0
    assert run(["ctl", "accounts"]) == 0
    assert "sip:n@x.example" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ctl", "hold"], "No call is talking"),
        (["ctl", "answer", "call=nope"], "There is no call “nope”"),
        (["ctl", "set_level", "role=ring", "level=900"], "0 to 200 percent, not 900"),
        (["ctl", "events", "--since", "99"], "cannot be replayed"),
    ],
)
def test_a_refusal_is_one_sentence(
    engine: None, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    error = capsys.readouterr().err
    assert error.startswith("tuiphone: ")
    assert sentence in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ctl", "nope"], "no method “nope”"),
        (["ctl", "dial"], "needs the parameter “target”"),
        (["ctl", "dial", "target=1", "colour=red"], "no parameter “colour”; it takes: target, account"),
        (["ctl", "set_dnd", "on=perhaps"], 'parameter “on” is "perhaps"; allowed: true or false'),
        (["ctl", "mute", "on=3"], 'parameter “on” is "3"; allowed: true or false or null'),
        (["ctl", "history", "limit=few"], 'parameter “limit” is "few"; allowed: whole number'),
        (["ctl", "set_level", "role=nose", "level=1"], 'is "nose"; allowed: “input” or “output” or “ring”'),
        (["ctl", "add_account", "account={}"], "parameter “account”: Object missing required field `id`"),
        (["ctl", "set_dnd", "on"], "not key=value"),
        (["ctl", "dial", "target=[1"], "The value of target is not JSON"),
        (["ctl", "events", "since=3"], "events takes no parameters, only options"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("tuiphone: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_without_an_engine_the_exit_code_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUIPHONE_SOCKET", str(tmp_path / "none.sock"))
    assert run(["ctl", "snapshot"]) == 3
    assert "No engine listens" in capsys.readouterr().err


def test_methods_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ctl", "methods"]) == 0
    assert "send_dtmf" in capsys.readouterr().out


def test_values_that_look_like_json_must_be_json() -> None:
    assert parse_parameters(["a=[1]", "b=x=y"]) == {"a": [1], "b": "x=y"}
    with pytest.raises(PhoneError, match="not JSON"):
        parse_parameters(["a={"])
