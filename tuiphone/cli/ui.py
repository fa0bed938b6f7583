"""``tuiphone`` without a command: attach to the engine, start it first if none runs, and open the screen."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuiphone import engine_process, i18n, paths
from tuiphone.errors import EngineLost
from tuiphone.i18n import _

if TYPE_CHECKING:
    from tuiphone.controller.api import Phone
    from tuiphone.tui.store import Store

GREETING_AFTER_S = 1.5
CANNOT_DRAW = frozenset({"", "dumb", "unknown"})
"""Values of TERM that promise nothing: no cursor to move, no screen to draw on."""


def open_phone(on_detach: Callable[[], None] | None = None, greeting: str = "") -> int:
    """Open the phone; returns its exit code when the screen is left.

    ``on_detach`` tells the user how to come back, in place of the usual sentence; ``greeting`` is a sentence for the
    message line.
    """
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print(_("tuiphone: the screen needs a terminal; see `tuiphone --help` for what works without"), file=sys.stderr)
        return 2
    if (term := os.environ.get("TERM", "")) in CANNOT_DRAW:
        text = _(
            "tuiphone: TERM is “{name}”: the screen cannot be drawn; set it to what the terminal is, such as {example}"
        )
        print(text.format(name=term, example="TERM=xterm-256color"), file=sys.stderr)
        return 2
    start = None if paths.is_remote() else _start_engine
    if start and engine_process.running_pid() is None:
        # It comes up while this process loads the screen, so nothing heavy is imported before.
        engine_process.spawn()
    from tuiphone import logs

    # Loading modules makes no garbage: looking for it costs a tenth of a second. The screen switches it on again.
    gc.disable()
    from tuiphone.config.load import load
    from tuiphone.tui.app import TuiPhone

    config = load(paths.config_file(), paths.settings_file(), set_aside=False).config
    i18n.install(config.phone.language)
    log_file = logs.start("ui", config.log.level)
    app = TuiPhone(
        _connect,
        config.ui,
        phone=config.phone,
        keys=config.keys,
        start_engine=start,
        log_file=log_file,
    )
    if greeting:
        _greet(app.store, greeting)
    outcome = app.run(mouse=config.ui.mouse)
    if outcome == "detached":
        (on_detach or _say_how_to_return)()
    return app.return_code or 0


def _greet(store: Store, greeting: str) -> None:
    """Say it when the engine has said what it has to say at its start: the last message is the one that stays."""
    import asyncio

    from tuiphone.tui.store import Link, Topic

    def greet(_topics: Topic) -> None:
        if store.link is Link.UP:
            end()
            asyncio.get_running_loop().call_later(GREETING_AFTER_S, store.say, greeting)

    end = store.watch(Topic.LINK, greet)


def _say_how_to_return() -> None:
    print(_("The phone stays reachable. `tuiphone` opens it again, `tuiphone engine stop` stops it."))


async def _connect() -> Phone:
    from tuiphone.rpc.client import connect

    try:
        return (await connect(paths.socket_file())).phone
    except EngineLost:
        words = "" if paths.is_remote() else engine_process.last_words()
        if words and engine_process.running_pid() is None:
            # An engine that could not start has said why; that is worth more than the missing socket.
            raise EngineLost(words) from None
        raise


async def _start_engine() -> None:
    if engine_process.running_pid() is None:
        engine_process.spawn()
