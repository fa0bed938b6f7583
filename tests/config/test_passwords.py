"""Passwords: each source, and what is said when it fails; never the password."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from tuiphone.config import passwords
from tuiphone.config.passwords import password_for, turn_password_for
from tuiphone.config.schema import AccountConfig
from tuiphone.config.secret import Secret
from tuiphone.errors import PhoneError


def account(password: str = "", command: str | tuple[str, ...] = "", env: str = "", service: str = "") -> AccountConfig:
    return AccountConfig(
        "desk",
        "sip:2001@pbx.example",
        password=Secret(password),
        password_command=command,
        password_env=env,
        keyring=service,
    )


class Keyring(KeyringBackend):
    priority = 1.0

    def __init__(self, answer: Callable[[str, str], str | None]) -> None:
        self._answer = answer

    def get_password(self, service: str, username: str) -> str | None:
        return self._answer(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def use_keyring() -> Iterator[Callable[[Callable[[str, str], str | None]], None]]:
    before = keyring.get_keyring()
    yield lambda answer: keyring.set_keyring(Keyring(answer))
    keyring.set_keyring(before)


def test_no_source_is_no_password() -> None:
    assert password_for(account()) == ""


def test_the_file() -> None:
    assert password_for(account(password="hunter2")) == "hunter2"


def test_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "hunter2")
    assert password_for(account(env="DESK_PASSWORD")) == "hunter2"
    with pytest.raises(PhoneError, match="Account desk: the environment variable NOT_SET_ANYWHERE"):
        password_for(account(env="NOT_SET_ANYWHERE"))


@pytest.mark.parametrize(
    "command",
    [
        "printf 'hunter2\\nsecond line\\n'",
        "printf 'hunter2\\r\\n'",
        "X=hunter; echo ${X}2 | cat",
        (sys.executable, "-c", "print('hunter2')"),
        ("printf", "%s", "hunter2"),
    ],
)
def test_the_first_line_of_a_commands_output(command: str | tuple[str, ...]) -> None:
    assert password_for(account(command=command)) == "hunter2"


def test_a_list_of_words_is_not_run_by_a_shell() -> None:
    assert password_for(account(command=("printf", "%s", "$HOME;echo x"))) == "$HOME;echo x"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("echo secret; echo Error: not in the store >&2; exit 3", "failed with exit code 3: Error: not in the store"),
        ("exit 1", "password_command failed with exit code 1$"),
        ("true", "gave no password"),
        (("/no/such/program",), "/no/such/program cannot be run: No such file"),
    ],
)
def test_a_command_that_fails_is_told_in_words(command: str | tuple[str, ...], sentence: str) -> None:
    with pytest.raises(PhoneError, match=sentence) as caught:
        password_for(account(command=command))
    assert "secret" not in str(caught.value)
    assert caught.value.kind == "unavailable"


def test_a_command_that_hangs_is_ended_with_everything_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "COMMAND_TIMEOUT_S", 0.3)
    pid_file = tmp_path / "pid"
    with pytest.raises(PhoneError, match=r"gave no password within 0\.3 s"):
        password_for(account(command=f"sleep 60 & echo $! > {pid_file}; wait"))
    state = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    deadline = time.monotonic() + 2
    while state.exists() and state.read_text().split()[2] not in "ZX" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_a_command_has_no_terminal_to_wait_at() -> None:
    assert password_for(account(command="read line; echo got nothing")) == "got nothing"


def test_the_keyring(use_keyring: Callable[[Callable[[str, str], str | None]], None]) -> None:
    use_keyring(lambda service, name: f"{service}/{name}")
    assert password_for(account(service="tuiphone")) == "tuiphone/desk"


def test_a_keyring_without_the_password_says_how_to_store_it(
    use_keyring: Callable[[Callable[[str, str], str | None]], None],
) -> None:
    use_keyring(lambda service, name: None)
    with pytest.raises(PhoneError, match="keyring set work desk"):
        password_for(account(service="work"))


def test_a_keyring_that_fails_is_told_without_its_words(
    use_keyring: Callable[[Callable[[str, str], str | None]], None],
) -> None:
    def fail(service: str, name: str) -> str:
        raise RuntimeError("hunter2")

    use_keyring(fail)
    with pytest.raises(PhoneError, match="the keyring cannot be read") as caught:
        password_for(account(service="tuiphone"))
    assert "hunter2" not in str(caught.value)


def test_a_session_without_a_keyring_is_told_what_else_there_is(
    use_keyring: Callable[[Callable[[str, str], str | None]], None],
) -> None:
    from keyring.errors import NoKeyringError

    def fail(service: str, name: str) -> str:
        raise NoKeyringError("a page of words")

    use_keyring(fail)
    with pytest.raises(PhoneError, match="no keyring runs in this session; password_command"):
        password_for(account(service="tuiphone"))


def test_a_locked_keyring_does_not_hold_the_phone(
    use_keyring: Callable[[Callable[[str, str], str | None]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "KEYRING_TIMEOUT_S", 0.1)
    unlocked = threading.Event()
    use_keyring(lambda service, name: str(unlocked.wait(5)))
    with pytest.raises(PhoneError, match="is it locked"):
        password_for(account(service="tuiphone"))
    unlocked.set()


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(PhoneError, match="pip install keyring"):
        password_for(account(service="tuiphone"))


def test_a_secret_shows_stars_everywhere() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret:>9} {account(password='hunter2')} {[secret]}"
    assert "hunter2" not in shown
    assert "***" in shown
    assert (bool(secret), bool(Secret())) == (True, False)
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def at_turn(password: str = "", command: str | tuple[str, ...] = "", env: str = "", service: str = "") -> AccountConfig:
    return AccountConfig(
        "desk",
        "sip:2001@pbx.example",
        password=Secret("that of the registrar"),
        turn_password=Secret(password),
        turn_password_command=command,
        turn_password_env=env,
        turn_keyring=service,
    )


def test_the_turn_password_has_sources_of_its_own(
    monkeypatch: pytest.MonkeyPatch, use_keyring: Callable[[Callable[[str, str], str | None]], None]
) -> None:
    monkeypatch.setenv("TURN_PASSWORD", "from outside")
    use_keyring(lambda service, name: f"{service} {name}")
    assert turn_password_for(at_turn()) == ""
    assert turn_password_for(at_turn(password="hunter3")) == "hunter3"
    assert turn_password_for(at_turn(command="echo hunter4")) == "hunter4"
    assert turn_password_for(at_turn(env="TURN_PASSWORD")) == "from outside"
    assert turn_password_for(at_turn(service="tuiphone")) == "tuiphone desk/turn"
    with pytest.raises(PhoneError, match="Account desk/turn: the environment variable NOT_SET_ANYWHERE"):
        turn_password_for(at_turn(env="NOT_SET_ANYWHERE"))
