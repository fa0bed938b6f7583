"""``tuiphone demo``: the phone on an exchange of its own, on this machine; nothing else is needed."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiphone import engine_process, paths
from tuiphone.errors import EngineLost, PhoneError
from tuiphone.i18n import _

if TYPE_CHECKING:
    from tuiphone.demo.exchange import DemoExchange

_ENGINE_STOP_TIMEOUT_S = 10.0


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help=_("try the phone on an exchange that runs on this machine"),
        description=_(
            "Starts a small SIP exchange on 127.0.0.1 and opens a phone with two accounts on it. Your own configuration is"
            " not touched."
        ),
        epilog=_("Exit codes of --headless: 0 everything worked, 1 something did not."),
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--headless", action="store_true", help=_("make a scripted call without a screen, and check it"))
    what.add_argument("--list", action="store_true", help=_("show the numbers that can be dialled"))
    what.add_argument("--stop", action="store_true", help=_("stop a demo that was left running, calls included"))
    what.add_argument("--exchange", action="store_true", help=_("run the exchange alone, for other phones"))
    parser.add_argument(
        "--port",
        type=_port,
        action="append",
        metavar="N",
        help=_("port for --exchange, UDP and TCP (0: any free one); given again: the next choice if it is in use"),
    )
    parser.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(func=_run)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(_("{text} is no port from 0 to 65535").format(text=text))
    return int(text)


def _run(options: argparse.Namespace) -> int:
    if options.list:
        print(number_table())
        return 0
    if options.exchange:
        return _exchange(tuple(options.port or ()), options.background)
    if options.headless:
        return _headless()
    return _stop() if options.stop else _open()


def number_table() -> str:
    """The numbers of the exchange, a line each."""
    from tuiphone.demo.exchange import ACCOUNTS
    from tuiphone.demo.numbers import plan

    rows = [(number.number, number.title, number.text) for number in plan()]
    rows += [(user, _("Account"), _("rings the phone registered as {user}").format(user=user)) for user in ACCOUNTS]
    width = max(len(title) for _number, title, _text in rows)
    return "\n".join(f"  {number:<6}{title:<{width}}  {text}" for number, title, text in rows)


# --- the exchange alone ---------------------------------------------------------------------------------------------


def _exchange(ports: tuple[int, ...], background: bool) -> int:
    from tuiphone.demo import serve
    from tuiphone.demo.exchange import DEFAULT_PORT

    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(message)s",
    )
    ready = _say_nothing if background else _welcome
    serve.run(ports or (DEFAULT_PORT,), ready, serve.LINGER_S if background else None)
    return 0


def _say_nothing(_exchange: DemoExchange) -> None:
    """In the background nobody reads."""


def _welcome(exchange: DemoExchange) -> None:
    from tuiphone.demo.exchange import ACCOUNTS

    print(_("The demo exchange listens at {where} (UDP and TCP). Ctrl-C ends it.").format(
        where=f"{exchange.address}:{exchange.port}"
    ))  # fmt: skip
    for user, password in ACCOUNTS.items():
        print("  " + _("account {user}, password {password}").format(user=user, password=password))
    print(number_table(), flush=True)


# --- the phone on it ------------------------------------------------------------------------------------------------


def _open() -> int:
    from tuiphone.cli.engine import start_and_wait
    from tuiphone.cli.ui import open_phone
    from tuiphone.demo import home, serve

    home.enter(home.default_home())
    running = serve.find() or serve.spawn()
    if engine_process.running_pid() and home.configured_port() != running.port:
        # The engine was told another port and would never find this exchange.
        _stop_engine()
    if not engine_process.running_pid():
        home.write_config(running.port)
        if paths.is_remote():
            # The screen starts no engine whose socket it was given.
            start_and_wait()
    print(_("Numbers of the demo exchange:"))
    print(number_table(), flush=True)
    detached: list[bool] = []
    try:
        return open_phone(lambda: detached.append(True), _greeting())
    finally:
        _farewell(bool(detached))


def _greeting() -> str:
    """The first message on the screen: what a newcomer may dial."""
    from tuiphone.demo.numbers import plan

    some = [f"{number.number} {number.title.lower()}" for number in plan() if number.is_first_choice]
    return _("Type a number and Enter: {some}").format(some=", ".join(some))


def _farewell(detached: bool) -> None:
    """Say how it goes on. An engine that was told to stop takes a moment: it still says goodbye to the exchange."""
    from tuiphone.demo import serve

    if detached or not _engine_ends():
        print(_("The demo phone goes on in the background.\nCome back: tuiphone demo    End it: tuiphone demo --stop"))
        return
    serve.stop()
    print(_("The demo is over. An account of your own goes here: tuiphone config path"))


def _engine_ends() -> bool:
    deadline = time.monotonic() + _ENGINE_STOP_TIMEOUT_S
    while engine_process.running_pid():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _stop() -> int:
    from tuiphone.demo import home, serve

    home.enter(home.default_home())
    engine = engine_process.running_pid() is not None
    if engine:
        _stop_engine()
    exchange = serve.stop()
    print(_("The demo is stopped.") if engine or exchange else _("No demo runs."))
    return 0


def _stop_engine() -> None:
    """Stop the demo's engine, calls included, and wait for its end."""
    import asyncio

    from tuiphone.rpc.client import connect

    async def ask() -> None:
        connection = await connect(paths.socket_file(), any_protocol=True)
        try:
            await connection.phone.shutdown(force=True)
        finally:
            await connection.close()

    pid = engine_process.running_pid()
    if pid is None:
        return
    try:
        asyncio.run(ask())
    except EngineLost:
        os.kill(pid, signal.SIGTERM)
    if not _engine_ends():
        text = _("The demo's engine (process {pid}) does not stop; end it with: kill -9 {pid}")
        raise PhoneError(text.format(pid=pid))


# --- without a screen -----------------------------------------------------------------------------------------------


def _headless() -> int:
    from tuiphone.demo import home, serve
    from tuiphone.demo.headless import StepFailed

    # Not TMPDIR, which may be too long a path for a socket.
    folder = Path(tempfile.mkdtemp(prefix="tuiphone-demo-", dir="/tmp"))
    home.enter(folder)
    problem = ""
    # However it is ended, nothing of it stays behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        _scripted(folder)
    except (PhoneError, StepFailed) as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = _("interrupted")
    finally:
        _stop_engine()
        serve.stop()
    if problem:
        print(_("demo: failed: {problem} (logs: {folder})").format(problem=problem, folder=folder))
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print("demo: ok")
    return 0


def _scripted(folder: Path) -> None:
    import asyncio

    from tuiphone.cli.engine import start_and_wait
    from tuiphone.demo import home, serve
    from tuiphone.demo.headless import run_script

    def say(line: str) -> None:
        print(line, flush=True)

    begun = time.monotonic()
    running = serve.spawn(any_port=True, tied=True)
    say(_("{s:6.2f} s  exchange: listens on port {port}").format(s=time.monotonic() - begun, port=running.port))
    home.write_config(running.port)
    begun = time.monotonic()
    # The script plays and records files: it needs no sound card and must not be heard.
    start_and_wait(null_audio=True, tied=True)
    say(_("{s:6.2f} s  engine: runs").format(s=time.monotonic() - begun))
    asyncio.run(run_script(folder, say))
