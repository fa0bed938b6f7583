"""Passwords: where they come from, and the keyring they can be kept in.

``password_for`` may wait for a command or for a keyring that asks its owner: call it in a thread.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tuiphone.errors import PhoneError
from tuiphone.i18n import _

if TYPE_CHECKING:
    from tuiphone.config.schema import AccountConfig

T = TypeVar("T")

KEYRING_SERVICE = "tuiphone"
"""The service under which the phone itself stores passwords, by account id."""
COMMAND_TIMEOUT_S = 10.0
KEYRING_TIMEOUT_S = 10.0


def password_for(account: AccountConfig) -> str:
    """The account's password from the source it names; empty when it names none.

    Waits up to COMMAND_TIMEOUT_S or KEYRING_TIMEOUT_S. Raises PhoneError with the reason; it never has the password.
    """
    if account.password_command:
        return _from_command(account.id, account.password_command)
    if account.password_env:
        return _from_environment(account.id, account.password_env)
    if account.keyring:
        return _from_keyring(account.id, account.keyring)
    return account.password.reveal()


def turn_password_for(account: AccountConfig) -> str:
    """The password at the account's TURN server, from the source it names; as ``password_for``."""
    entry = turn_entry(account.id)
    if account.turn_password_command:
        return _from_command(entry, account.turn_password_command)
    if account.turn_password_env:
        return _from_environment(entry, account.turn_password_env)
    if account.turn_keyring:
        return _from_keyring(entry, account.turn_keyring)
    return account.turn_password.reveal()


def turn_entry(account_id: str) -> str:
    """The name under which a keyring holds an account's TURN password."""
    return f"{account_id}/turn"


def store_in_keyring(account_id: str, password: str) -> bool:
    """Keep a password in the keyring, read it back to be sure; False where there is no keyring that works."""
    try:
        keyring = _keyring()
        _in_time(lambda: keyring.set_password(KEYRING_SERVICE, account_id, password))
        return bool(_in_time(lambda: keyring.get_password(KEYRING_SERVICE, account_id)) == password)
    except Exception:  # whatever a keyring's backend raises: the password then goes to the file
        return False


def forget_in_keyring(account_id: str) -> None:
    """Delete what ``store_in_keyring`` kept; not an error if it is gone."""
    try:
        keyring = _keyring()
        _in_time(lambda: keyring.delete_password(KEYRING_SERVICE, account_id))
    except Exception:  # nothing that a person could do about it
        return


def _from_environment(account_id: str, variable: str) -> str:
    password = os.environ.get(variable, "")
    if not password:
        text = _("Account {id}: the environment variable {name}, which should hold the password, is not set")
        raise PhoneError(text.format(id=account_id, name=variable), "unavailable")
    return password


def _from_keyring(account_id: str, service: str) -> str:
    hint = _("store it with: {python} -m keyring set {service} {id}").format(
        python=sys.executable, service=service, id=account_id
    )
    try:
        keyring = _keyring()
        password = _in_time(lambda: keyring.get_password(service, account_id))
    except ImportError:
        text = _("Account {id}: its password is in the keyring, which needs a package: {python} -m pip install keyring")
        raise PhoneError(text.format(id=account_id, python=sys.executable), "unavailable") from None
    except TimeoutError:
        text = _("Account {id}: the keyring did not answer within {n} s; is it locked?")
        raise PhoneError(text.format(id=account_id, n=f"{KEYRING_TIMEOUT_S:g}"), "unavailable") from None
    except Exception as error:  # backends raise what they like
        text = _("Account {id}: the keyring cannot be read ({reason})")
        if type(error).__name__ == "NoKeyringError":
            text = _(
                "Account {id}: no keyring runs in this session; password_command, password_env or password do without"
            )
        raise PhoneError(text.format(id=account_id, reason=type(error).__name__), "unavailable") from None
    if not password:
        text = _("Account {id}: the keyring has no password for it; {hint}")
        raise PhoneError(text.format(id=account_id, hint=hint), "unavailable")
    return str(password)


def _from_command(account_id: str, command: str | tuple[str, ...]) -> str:
    import subprocess

    shell = isinstance(command, str)
    argv = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
    name = _("password_command") if shell else argv[0]
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that what it started ends with it
        )
    except OSError as error:
        text = _("Account {id}: {command} cannot be run: {reason}")
        raise PhoneError(text.format(id=account_id, command=name, reason=error.strerror), "unavailable") from None
    with process:
        try:
            output, errors = process.communicate(timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text = _("Account {id}: {command} gave no password within {n} s")
            raise PhoneError(
                text.format(id=account_id, command=name, n=f"{COMMAND_TIMEOUT_S:g}"), "unavailable"
            ) from None
    if process.returncode:
        text = _("Account {id}: {command} failed with exit code {code}{said}")
        said = _last_line(errors)
        raise PhoneError(
            text.format(id=account_id, command=name, code=process.returncode, said=f": {said}" if said else ""),
            "unavailable",
        )
    password = output.decode(errors="replace").partition("\n")[0].removesuffix("\r")
    if not password:
        text = _("Account {id}: {command} gave no password")
        raise PhoneError(text.format(id=account_id, command=name), "unavailable")
    return password


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return "".join(c for c in lines[-1] if c.isprintable())[:160] if lines else ""


def _keyring() -> Any:
    import keyring

    return keyring


def _in_time(work: Callable[[], T]) -> T:
    """The result of ``work``, done in a thread that is left behind when it takes longer than KEYRING_TIMEOUT_S."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # handed to the caller
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="keyring")
    thread.start()
    thread.join(KEYRING_TIMEOUT_S)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]
