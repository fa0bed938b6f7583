"""The phone's own: configuration, passwords, engine, history."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tuiphone import engine_process, paths
from tuiphone.cli.config import doubts_of_the_screen, wrong_keys
from tuiphone.cli.doctor.finding import Finding, fail, ok, warn
from tuiphone.config.document import ConfigError
from tuiphone.config.load import Loaded, load
from tuiphone.config.passwords import password_for, turn_password_for
from tuiphone.config.schema import AccountConfig, Config
from tuiphone.errors import PhoneError
from tuiphone.i18n import _, ngettext
from tuiphone.model.account import RegistrationState
from tuiphone.model.event import Snapshot

if TYPE_CHECKING:
    from tuiphone.stack.natprobe import Answer

_ENGINE_TIMEOUT_S = 5.0


def configuration() -> tuple[Config | None, list[Finding]]:
    """Both files; the merged configuration, or None when it has mistakes."""
    try:
        loaded = load(paths.config_file(), paths.settings_file(), set_aside=False)
    except ConfigError as error:
        remedy = _("correct it; `tuiphone config example` shows every key")
        return None, [*(fail("config", problem, remedy) for problem in error.problems), *_folders()]
    return loaded.config, [*_files(loaded), *_folders()]


def _files(loaded: Loaded) -> Iterator[Finding]:
    for path in (paths.config_file(), paths.settings_file()):
        if path.exists():
            yield ok("config", _("{file} (mode {mode:04o})").format(file=path, mode=_mode(path)))
        else:
            yield ok("config", _("{file}: none, defaults are used").format(file=path))
    if wrong := wrong_keys(loaded):
        yield fail("config", wrong, _("correct it; docs/keys.md has the commands and keys"))
    for warning in (*loaded.warnings, *doubts_of_the_screen(loaded)):
        yield warn("config", warning, _("correct it; `tuiphone config check` looks again"))
    accounts = loaded.config.accounts
    if accounts:
        text = ngettext("{n} account: {ids}", "{n} accounts: {ids}", len(accounts))
        yield ok("accounts", text.format(n=len(accounts), ids=", ".join(account.id for account in accounts)))
    else:
        remedy = _("add one on the screen, or to config.toml (`tuiphone config example`); `tuiphone demo` needs none")
        yield warn("accounts", _("none: the phone cannot call anybody yet"), remedy)


def _folders() -> Iterator[Finding]:
    for path in (paths.config_dir(), paths.state_dir(), paths.runtime_dir()):
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
            remedy = _("make it writable, or set TUIPHONE_HOME to a folder that is")
            yield fail("folders", _("{folder} cannot be written").format(folder=existing), remedy)
        elif path.exists() and _mode(path) & 0o022:
            text = _("others may change what is in {folder} (mode {mode:04o})")
            yield warn("folders", text.format(folder=path, mode=_mode(path)), f"chmod 700 {path}")
    socket = paths.socket_file()
    if len(os.fsencode(socket)) > paths.LONGEST_SOCKET_PATH:
        text = _("{socket} is too long for a socket's name ({n} bytes at most)")
        remedy = _("set TUIPHONE_HOME or XDG_RUNTIME_DIR to a shorter path")
        yield fail("folders", text.format(socket=socket, n=paths.LONGEST_SOCKET_PATH), remedy)


def passwords(config: Config | None) -> Iterator[Finding]:
    """Whether each account's password can be had; the passwords themselves are not shown."""
    for account in config.accounts if config else ():
        if not account.enabled:
            continue
        source = _source(account)
        try:
            found = bool(password_for(account))
        except PhoneError as error:
            yield fail("password", str(error), _("put it where the account looks for it, or name another source"))
            continue
        if found:
            text = _("account {id}: found ({source})")
            yield ok("password", text.format(id=account.id, source=source))
        elif account.register:
            text = _("account {id} has no password").format(id=account.id)
            remedy = _("name a source (password_command, keyring, password_env) if its registrar asks for one")
            yield warn("password", text, remedy)


def _source(account: AccountConfig) -> str:
    if account.password_command:
        return _("from its command")
    if account.password_env:
        return _("from the environment variable {name}").format(name=account.password_env)
    return _("from the keyring") if account.keyring else _("from the file")


def nat_servers(config: Config | None) -> Iterator[Finding]:
    """Whether each account's STUN and TURN servers answer, and take its password."""
    from tuiphone.stack.natprobe import ask_stun

    if config is None:
        return
    for account in config.accounts:
        if not account.enabled:
            continue
        if account.stun_server:
            yield _nat_finding(account.id, _("STUN sees this machine at {address}"), ask_stun(account.stun_server))
        if account.turn_server:
            yield _nat_finding(account.id, _("TURN relays at {address}"), _turn_answer(account, config))


def _turn_answer(account: AccountConfig, config: Config) -> Answer:
    from tuiphone.stack.natprobe import Answer, ask_turn, trust_of

    tls_ca_file = account.tls_ca_file or config.network.tls_ca_file
    try:
        password = turn_password_for(account)
        trust = trust_of(tls_ca_file, account.tls_verify)
    except PhoneError as error:
        return Answer(problem=str(error))
    except OSError as error:
        return Answer(problem=_("{file} cannot be read: {why}").format(file=tls_ca_file, why=error.strerror or error))
    return ask_turn(account.turn_server, account.turn_transport, account.turn_username, password, trust)


def _nat_finding(account_id: str, words: str, answer: Answer) -> Finding:
    if answer.problem:
        remedy = _("correct it in config.toml, or ask who runs the server; calls go on without it")
        return warn("nat", _("account {id}: {text}").format(id=account_id, text=answer.problem), remedy)
    text = _("account {id}: {text}")
    return ok("nat", text.format(id=account_id, text=words.format(address=answer.seen)))


def engine() -> Iterator[Finding]:
    """Whether an engine runs, answers, and speaks this program's protocol."""
    pid, socket = engine_process.running_pid(), paths.socket_file()
    if pid is None and not paths.is_remote():
        yield ok("engine", _("not running; `tuiphone` starts it"))
        return
    stop = _("tuiphone engine stop, then tuiphone again") if pid else _("connect to the other machine anew")
    try:
        snapshot = asyncio.run(asyncio.wait_for(_snapshot(socket), _ENGINE_TIMEOUT_S))
    except PhoneError as error:
        yield fail("engine", str(error), stop)
    except TimeoutError:
        text = _("it does not answer on {socket} within {n} s")
        yield fail("engine", text.format(socket=socket, n=f"{_ENGINE_TIMEOUT_S:g}"), stop)
    else:
        yield from _running(pid, socket, snapshot)


async def _snapshot(socket: Path) -> Snapshot:
    from tuiphone.rpc.client import connect

    connection = await connect(socket)
    try:
        return await connection.phone.snapshot()
    finally:
        await connection.close()


def _running(pid: int | None, socket: Path, snapshot: Snapshot) -> Iterator[Finding]:
    where = _("process {pid}").format(pid=pid) if pid else _("on another machine")
    text = _("runs ({where}, {name}, protocol {protocol}), {n} calls, socket {socket}")
    values = {"where": where, "name": snapshot.engine, "protocol": snapshot.protocol, "n": len(snapshot.calls)}
    yield ok("engine", text.format(**values, socket=socket))
    if _mode(socket) & 0o077:
        yield warn("engine", _("others may use {socket}").format(socket=socket), f"chmod 600 {socket}")
    for status in snapshot.accounts:
        name, registration = status.account.id, status.registration
        if registration.state in (RegistrationState.REJECTED, RegistrationState.WAITING):
            text = _("account {id} is not registered: {code} {reason}")
            values = {"id": name, "code": registration.code or "", "reason": registration.reason}
            remedy = _("check its address, registrar and password; then register again on the screen")
            yield warn("accounts", text.format(**values), remedy)


def history() -> Iterator[Finding]:
    """Whether the database of past calls is sound."""
    path = paths.history_file()
    if not path.exists():
        yield ok("history", _("{file}: none yet").format(file=path))
        return
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            (rows,) = database.execute("SELECT count(*) FROM calls").fetchone()
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        verdict, rows = str(error), 0
    if verdict != "ok":
        remedy = _("nothing: the engine sets it aside and begins a new one at its next start")
        yield warn("history", _("{file} is damaged: {reason}").format(file=path, reason=verdict), remedy)
    elif _mode(path) & 0o077:
        yield warn("history", _("others may read {file}").format(file=path), f"chmod 600 {path}")
    else:
        text = ngettext("{n} call in {file}", "{n} calls in {file}", rows)
        yield ok("history", text.format(n=rows, file=path))


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
