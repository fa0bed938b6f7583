"""``tuiphone doctor``: each thing that can be wrong has a line with a word and a remedy, and none is a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import socket
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.controller import bench
from tuiphone.cli import run
from tuiphone.cli.doctor import findings, machine, phone, portaudio, terminal
from tuiphone.cli.doctor.finding import Finding, Level, fail, ok, report
from tuiphone.config.schema import AudioSection, Config, UiSection
from tuiphone.controller.history import History
from tuiphone.rpc.server import RpcServer

ROOT = Path(__file__).parents[2]
ACCOUNT = '[[account]]\nid = "desk"\naddress = "sip:2001@pbx.example"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phone's folder, without anything in it."""
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path))
    monkeypatch.delenv("TUIPHONE_SOCKET", raising=False)
    (tmp_path / "config").mkdir(mode=0o700)
    return tmp_path


@pytest.fixture
def write_config(home: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (home / "config/config.toml").write_text(text)
        (home / "config/config.toml").chmod(0o600)

    return write


def levels(found: list[Finding], topic: str = "") -> list[Level]:
    return [finding.level for finding in found if topic in ("", finding.topic)]


def text(found: list[Finding]) -> str:
    return "\n".join(report(finding) for finding in found)


def library(**facts: object) -> machine.Library:
    """A pjsua2 as it should be, but for ``facts``."""
    whole: dict[str, object] = {
        "module": "/x/pjsua2.py",
        "distribution": "tuiphone-pjsua2 2.17",
        "version": "2.17",
        "features": ["wake"],
        "codecs": [
            "opus/48000/2",
            "PCMU/8000/1",
            "PCMA/8000/1",
            "G722/16000/1",
            "G729/8000/1",
            "iLBC/8000/1",
            "iSAC/16000/1",
            "iSAC/32000/1",
        ],
        "devices": [("Headset", 1, 1), ("Speakers", 0, 2)],
        "tls": True,
        "openssl": "OpenSSL 3.0.17 1 Jul 2025",
    }
    return machine.Library(**(whole | facts))  # type: ignore[arg-type]


# the command


def test_a_line_says_level_topic_text_and_what_to_do() -> None:
    assert report(ok("TLS", "1.2")) == "OK    TLS        1.2"
    assert report(fail("pjsua2", "absent", "make setup")) == (
        "FAIL  pjsua2     absent\n                 do: make setup"
    )


def test_exit_code_and_json_follow_the_findings(
    home: Path, write_config: Callable[[str], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "probe", library)
    assert run(["doctor", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["ok"] is True
    assert {"level": "OK", "topic": "engine", "text": "not running; `tuiphone` starts it"} in whole["findings"]
    write_config("[phone]\nmax_lines = 0\n")
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"(?m)^FAIL  config +.*config\.toml:2: phone\.max_lines is 0", out)
    assert re.search(r"(?m)^OK    pjsua2 ", out)


def test_every_warning_and_failure_has_a_remedy(
    home: Path, write_config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "probe", lambda: library(features=[], devices=[], tls=False, codecs=[]))
    write_config(ACCOUNT + 'password_env = "NOT_SET_ANYWHERE"\n[keys]\nnothing = "x"\n')
    bad = [finding for finding in findings() if finding.level is not Level.OK]
    assert {finding.topic for finding in bad} >= {"config", "pjsua2", "codecs", "TLS", "devices", "password"}
    assert all(finding.remedy for finding in bad)


# Python and pjsua2


def test_the_packages_looked_for_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {re.split(r"[<>=~ ]", name)[0] for name in project["dependencies"]} == set(machine._PACKAGES)


def test_a_missing_package_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PACKAGES", ("rich", "no-such-package-at-all"))
    found = list(machine.python())
    assert levels(found) == [Level.OK, Level.FAIL]
    assert found[1].remedy.endswith("pip install no-such-package-at-all")


@pytest.mark.pjsua
def test_the_real_library_answers() -> None:
    found = machine.probe()
    assert isinstance(found, machine.Library), report(found)
    assert re.match(r"2\.\d+", found.version)
    assert "PCMU/8000/1" in found.codecs
    assert found.tls
    assert found.distribution
    assert found.openssl.startswith("OpenSSL ")


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("import os; os.abort()", "it crashes when it comes up (SIGABRT)"),
        ("raise ModuleNotFoundError(\"No module named '_pjsua2'\")", "not installed for this Python"),
        ("raise ImportError('undefined symbol: pj_x')", "it cannot be used: ImportError: undefined symbol: pj_x"),
    ],
)
def test_a_library_that_fails_is_a_line_not_a_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, text: str
) -> None:
    for name in ("_pjsua2", "pjsua2"):
        (tmp_path / f"{name}.py").write_text(module)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = machine.probe()
    assert isinstance(found, Finding)
    assert (found.level, found.text) == (Level.FAIL, text)
    assert "make setup" in found.remedy


def test_a_library_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_pjsua2.py").write_text("import time; time.sleep(60)")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(machine, "PROBE_TIMEOUT_S", 0.5)
    found = machine.probe()
    assert isinstance(found, Finding)
    assert found.level is Level.FAIL


@pytest.mark.parametrize(
    ("facts", "topic", "expected"),
    [
        ({}, "pjsua2", "2.17, own build"),
        ({"features": [], "distribution": "pjsua2-python 2.15"}, "pjsua2", "not our own build (pjsua2-python 2.15)"),
        ({}, "TLS", "1.2 and 1.3 (OpenSSL 3.0.17"),
        ({"openssl": "OpenSSL 1.0.2k"}, "TLS", "1.2 only (OpenSSL 1.0.2k)"),
        ({"openssl": ""}, "TLS", "1.2 only (a built-in OpenSSL of unknown version)"),
        ({"tls": False}, "TLS", "no TLS"),
        ({}, "codecs", "opus, PCMU, PCMA, G722, G729, iLBC, iSAC/16000, iSAC/32000"),
        ({"codecs": ["PCMU/8000/1", "PCMA/8000/1"]}, "codecs", "not in this build: opus, G722"),
        ({}, "devices", "input: Headset; output: Headset, Speakers"),
        ({"devices": [["dead", 0, 0]]}, "devices", "no sound device"),
    ],
)
def test_what_the_library_can_is_told(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, object], topic: str, expected: str
) -> None:
    monkeypatch.setattr(portaudio, "names", list)
    monkeypatch.setattr(machine, "probe", lambda: library(**facts))
    found = [finding for finding in machine.engine_library(Config()) if finding.topic == topic]
    assert expected in text(found)
    assert levels(found) == [Level.WARN if facts else Level.OK]


def test_a_chosen_device_that_is_gone_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "probe", library)
    config = Config(audio=AudioSection(input="Old headset", output="Speakers", ring="none"))
    found = [f for f in machine.engine_library(config) if f.level is Level.WARN and f.topic == "devices"]
    assert [finding.text for finding in found] == ["audio.input is “Old headset”, which is not there now"]


def test_a_list_of_devices_is_missed_only_when_none_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "probe", library)
    config = Config(audio=AudioSection(input=("Jabra*", "head*"), output=("A", "B"), headset="/speak/"))
    found = [f for f in machine.engine_library(config) if f.level is Level.WARN and f.topic == "devices"]
    assert [finding.text for finding in found] == ["audio.output is “A”, “B”, which is not there now"]


def test_a_second_opinion_tells_a_poor_build_from_a_poor_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "probe", lambda: library(devices=[]))
    monkeypatch.setattr(portaudio, "names", lambda: ["HDA Intel PCH: ALC257 Analog (hw:0,0)"])
    (found,) = [finding for finding in machine.engine_library(Config()) if finding.topic == "devices"]
    assert "but PortAudio does: HDA Intel PCH" in found.text
    assert "make setup" in found.remedy


def test_without_sound_nothing_is_missing_when_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "probe", lambda: library(devices=[]))
    found = list(machine.engine_library(Config(audio=AudioSection(null_audio=True))))
    assert levels(found, "devices") == [Level.OK]
    assert list(machine.sound_system(Config(audio=AudioSection(null_audio=True)))) == []


def test_a_sound_server_is_found_by_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not any(finding.text.startswith("PipeWire") for finding in machine.sound_system(None))
    monkeypatch.chdir(tmp_path)  # a Unix socket's address is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("pipewire-0")
        (found,) = machine.sound_system(None)
    assert found.level is Level.OK
    assert found.text.startswith("PipeWire")


# configuration and passwords


def test_without_configuration_the_phone_lacks_an_account_only(home: Path) -> None:
    config, found = phone.configuration()
    assert config == Config()
    assert [finding.topic for finding in found if finding.level is not Level.OK] == ["accounts"]


def test_files_are_named_with_their_modes(home: Path, write_config: Callable[[str], None]) -> None:
    write_config(ACCOUNT + 'password = "hunter2"')
    _config, found = phone.configuration()
    assert levels(found) == [Level.OK, Level.OK, Level.OK]
    assert "config.toml (mode 0600)" in text(found)
    (home / "config/config.toml").chmod(0o644)
    (home / "config").chmod(0o777)
    _config, found = phone.configuration()
    assert levels(found, "config") == [Level.OK, Level.OK, Level.WARN]
    assert f"do: chmod 700 {home / 'config'}" in text(found)


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("file/below", "file cannot be written"), ("x" * 110, "is too long for a socket's name (107 bytes at most)")],
)
def test_folders_that_cannot_serve_are_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TUIPHONE_HOME", str(tmp_path / folder))
    _config, found = phone.configuration()
    bad = [finding for finding in found if finding.topic == "folders"]
    assert Level.FAIL in levels(bad)
    assert sentence in text(bad)


def test_passwords_are_looked_for_but_not_shown(
    write_config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND", "hunter2")
    sources = (
        'password_command = "echo hunter2"',
        'password_env = "SECOND"',
        'password_env = "THIRD"',
        "",
        "enabled = false",
    )
    accounts = [ACCOUNT.replace("desk", f"a{n}") + source for n, source in enumerate(sources)]
    write_config("\n".join(accounts))
    config, _found = phone.configuration()
    found = list(phone.passwords(config))
    assert levels(found) == [Level.OK, Level.OK, Level.FAIL, Level.WARN]
    assert "account a0: found (from its command)" in text(found)
    assert "THIRD" in text(found)
    assert "hunter2" not in text(found)


# engine and history


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Starts a controller on the fake stack behind a socket."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(path: Path) -> None:
        started = threading.Event()

        async def serve() -> None:
            async with bench() as desk:
                server = RpcServer(desk.phone)
                await server.start(path)
                started.set()
                await asyncio.to_thread(stop.wait)
                await server.stop()

        threads.append(threading.Thread(target=lambda: asyncio.run(serve())))
        threads[-1].start()
        assert started.wait(5)

    yield start
    stop.set()
    for thread in threads:
        thread.join(5)


def test_a_running_engine_is_described(
    home: Path, serving: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "engine.sock"
    monkeypatch.setenv("TUIPHONE_SOCKET", str(path))
    serving(path)
    found = list(phone.engine())
    assert found[0].level is Level.OK
    assert "protocol 1" in found[0].text
    assert str(path) in found[0].text
    path.chmod(0o666)
    assert "others may use" in text(list(phone.engine()))


def test_no_engine_behind_the_socket_is_a_failure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUIPHONE_SOCKET", str(home / "gone.sock"))
    (found,) = phone.engine()
    assert found.level is Level.FAIL
    assert "gone.sock" in found.text


@pytest.mark.parametrize("answer", [b"", b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "old"}}\n'])
def test_an_engine_that_is_silent_or_of_another_version_is_a_failure(
    home: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr("tuiphone.rpc.client.CONNECT_TIMEOUT_S", 0.3)
    path = home / "s.sock"
    monkeypatch.setenv("TUIPHONE_SOCKET", str(path))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        seen = threading.Event()

        def serve() -> None:
            client, _address = server.accept()
            with client:
                client.recv(4096)
                client.sendall(answer)
                seen.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        (found,) = phone.engine()
        seen.set()
        thread.join(5)
    assert found.level is Level.FAIL
    assert ("old" if answer else "does not answer") in found.text


def test_the_history_is_looked_at_without_touching_it(home: Path) -> None:
    assert "none yet" in text(list(phone.history()))
    path = home / "state/history.sqlite3"
    History(path).close()
    assert "0 calls in" in text(list(phone.history()))
    path.chmod(0o644)
    assert levels(list(phone.history())) == [Level.WARN]
    path.write_bytes(b"no database")
    (found,) = phone.history()
    assert found.level is Level.WARN
    assert "damaged" in found.text
    assert path.read_bytes() == b"no database"


# the terminal


Look = Callable[[Config], list[Finding]]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """What is said of a terminal of 80x24 with nothing in between."""
    for name in ("TMUX", "STY", "SSH_CONNECTION", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)
    master, slave = pty.openpty()
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "UTF-8")
    with os.fdopen(slave, "w") as out:
        yield lambda config: list(terminal.terminal(config, out))
    os.close(master)


def test_a_good_terminal(look: Look) -> None:
    assert [finding.text for finding in look(Config())] == ["xterm-256color, 256 colours, 80x24"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TERM", "dumb", "cannot be drawn"),
        ("TERM", "", "cannot be drawn"),
        ("COLUMNS", "60", "smaller than 80x24"),
        ("STY", "1.x", "inside GNU screen"),
        ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", "over SSH"),
        ("COLORTERM", "truecolor", "true colours"),
    ],
)
def test_what_is_special_about_the_terminal_is_told(
    look: Look, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    assert expected in text(look(Config()))


@pytest.mark.parametrize(("colours", "level"), [(-1, Level.WARN), (8, Level.WARN), (16, Level.OK), (256, Level.OK)])
def test_the_screen_wants_16_colours(look: Look, monkeypatch: pytest.MonkeyPatch, colours: int, level: Level) -> None:
    monkeypatch.setattr("curses.tigetnum", lambda name: colours)
    found = look(Config())
    assert max(levels(found), key=list(Level).index) is level


def test_a_locale_without_utf8_wants_ascii_glyphs(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "ANSI_X3.4-1968")
    assert levels(look(Config())) == [Level.OK, Level.WARN]
    assert levels(look(Config(ui=UiSection(glyphs="ascii")))) == [Level.OK]


@pytest.mark.terminal
def test_tmux_options_that_hurt_are_told(look: Look, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = ["tmux", "-S", str(tmp_path / "t"), "-f", "/dev/null"]
    subprocess.run([*server, "new-session", "-d", "sleep 60"], check=True)
    try:
        monkeypatch.setenv("TMUX", f"{tmp_path / 't'},1,0")
        for delay, expected in (("500", "holds every Esc back for 500 ms"), ("10", "")):
            subprocess.run([*server, "set", "-s", "escape-time", delay], check=True)
            found = text(look(Config()))
            assert expected in found
            assert ("holds every Esc" in found) is bool(expected)
        assert "allow-passthrough on" in found
        subprocess.run([*server, "set", "-g", "allow-passthrough", "on"], check=True)
        assert "allow-passthrough" not in text(look(Config()))
    finally:
        subprocess.run([*server, "kill-server"], check=False)


def test_output_into_a_file_is_no_terminal() -> None:
    with Path(os.devnull).open("w") as out:
        assert levels(list(terminal.terminal(None, out))) == [Level.OK]
