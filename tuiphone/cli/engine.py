"""``tuiphone engine run|start|stop|status``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

from tuiphone import engine_process, paths
from tuiphone.errors import EngineLost, PhoneError
from tuiphone.i18n import _

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("engine", help=_("run, start, stop the engine, or say how it is"))
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    run = actions.add_parser("run", help=_("run the engine in the foreground"))
    run.add_argument("--null-audio", action="store_true", help=_("never open a sound device"))
    run.set_defaults(func=_run)
    start = actions.add_parser("start", help=_("start the engine in the background"))
    start.add_argument("--null-audio", action="store_true", help=_("never open a sound device"))
    start.set_defaults(func=_start)
    stop = actions.add_parser("stop", help=_("stop the engine; refused while calls exist"))
    stop.add_argument("--force", action="store_true", help=_("stop it even so; the calls end"))
    stop.set_defaults(func=_stop)
    status = actions.add_parser("status", help=_("say whether the engine runs, with its accounts and calls"))
    status.add_argument("--json", action="store_true", help=_("as JSON"))
    status.set_defaults(func=_status)


def _run(options: argparse.Namespace) -> int:
    from tuiphone import engine

    engine.run(options.null_audio)
    # pjsip's threads are gone after a clean stop; whatever a library left running must not keep the process.
    sys.stdout.flush()
    os._exit(0)


def _start(options: argparse.Namespace) -> int:
    if engine_process.running_pid():
        print(_("The engine runs already."))
        return 0
    start_and_wait(options.null_audio)
    print(_("The engine runs (process {pid}).").format(pid=engine_process.running_pid()))
    return 0


def start_and_wait(null_audio: bool = False, tied: bool = False) -> None:
    """Start an engine and wait until it answers; ``tied``: it ends with this process.

    Raises PhoneError with its last words when it does not answer.
    """
    pid = engine_process.spawn(null_audio, tied)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if _answers():
            return
        if _exited(pid):
            break
        time.sleep(0.01)
    words = engine_process.last_words() or _("it said nothing")
    sentence = _("The engine did not start: {words} (log: {log})").format(words=words, log=paths.log_file("engine"))
    raise PhoneError(sentence, "unavailable")


def _exited(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _answers() -> bool:
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(paths.socket_file()))
        except OSError:
            return False
    return True


def _stop(options: argparse.Namespace) -> int:
    pid = engine_process.running_pid()
    if pid is None:
        if paths.is_remote():
            raise PhoneError(_("TUIPHONE_SOCKET names an engine elsewhere: it is stopped there, or from its screen"))
        print(_("No engine runs."))
        return 0
    try:
        asyncio.run(_ask_to_stop(options.force))
    except EngineLost:
        # It does not answer on its socket: the signal asks the same.
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < deadline:
        if engine_process.running_pid() != pid:
            print(_("The engine is stopped."))
            return 0
        time.sleep(0.02)
    raise PhoneError(_("The engine (process {pid}) does not stop; end it with: kill -9 {pid}").format(pid=pid))


async def _ask_to_stop(force: bool) -> None:
    from tuiphone.rpc.client import connect

    # One of another version too: this command is the remedy for that.
    connection = await connect(paths.socket_file(), any_protocol=True)
    try:
        await connection.phone.shutdown(force)
    finally:
        await connection.close()


def _status(options: argparse.Namespace) -> int:
    pid = engine_process.running_pid()
    if pid is None and not paths.is_remote():
        print(json.dumps({"running": False}) if options.json else _("No engine runs."))
        return 3
    return asyncio.run(_describe(pid, options.json))


async def _describe(pid: int | None, as_json: bool) -> int:
    """The engine behind the socket; ``pid`` is None for one of another machine."""
    from tuiphone import texts
    from tuiphone.rpc.client import connect

    connection = await connect(paths.socket_file())
    try:
        snapshot = await connection.phone.snapshot()
    finally:
        await connection.close()
    if as_json:
        import msgspec

        print(json.dumps({"running": True, "pid": pid, **msgspec.to_builtins(snapshot)}))
        return 0
    if pid:
        print(_("The engine runs (process {pid}, {stack}).").format(pid=pid, stack=snapshot.engine))
    else:
        print(_("The engine behind {socket} runs ({stack}).").format(socket=paths.socket_file(), stack=snapshot.engine))
    for status in snapshot.accounts:
        print("  " + _("account {id}: {words}").format(id=status.account.id, words=texts.registration_sentence(status)))
    for call in snapshot.calls:
        print("  " + _("line {n}: {words}").format(n=call.line, words=f"{texts.state_word(call)} {call.remote.label}"))
    for sentence in snapshot.missing:
        print("  " + _("missing: {words}").format(words=sentence))
    return 0
