"""The engine process: stack, controller and RPC server, started in that order and stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from dataclasses import replace
from pathlib import Path

from tuiphone import i18n, logs, paths
from tuiphone.config.load import Loaded, load
from tuiphone.config.passwords import password_for, turn_password_for
from tuiphone.config.save import SettingsStore
from tuiphone.controller.clock import LoopClock
from tuiphone.controller.controller import Controller, Surroundings
from tuiphone.controller.history import History
from tuiphone.controller.ports import Credentials, SipStack
from tuiphone.engine_process import only_one
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account
from tuiphone.rpc.server import RpcServer

log = logging.getLogger(__name__)


def run(null_audio: bool = False) -> None:
    """Run the engine in this process until it is told to stop.

    Raises PhoneError when the configuration is wrong, the stack cannot start, or an engine runs already.
    """
    paths.check_socket_file()
    paths.private_dir(paths.runtime_dir())
    with only_one():
        loaded = load(paths.config_file(), paths.settings_file())
        logs.start("engine", loaded.config.log.level)
        i18n.install(loaded.config.phone.language)
        if null_audio:
            audio = replace(loaded.config.audio, null_audio=True)
            loaded = replace(loaded, config=replace(loaded.config, audio=audio))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        asyncio.run(_serve(loaded))


async def _serve(loaded: Loaded) -> None:
    from tuiphone.stack.pjsua import PjsuaStack

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stack: SipStack = PjsuaStack()
    store = SettingsStore(paths.settings_file())
    history = History(paths.history_file(), keep_days=loaded.config.history.keep_days)
    warnings = (*loaded.warnings, history.problem) if history.problem else loaded.warnings
    for warning in warnings:
        log.warning("%s", warning)
    folder = loaded.config.recording.folder
    recordings = Path(folder) if folder else paths.recordings_dir()
    surroundings = Surroundings(
        loaded.config, store, history, _credentials, LoopClock(), str(paths.log_file("pjsip")), recordings, warnings
    )
    controller = Controller(stack, surroundings, stop.set)
    server = RpcServer(controller)
    try:
        await controller.start(loaded.stored)
        await server.start(paths.socket_file())
        log.info("engine ready: %s, %d accounts", stack.name, len(loaded.config.accounts))
        # What start-up left behind never dies: keep the collector from walking it again and again.
        gc.collect()
        gc.freeze()
        await stop.wait()
    finally:
        log.info("engine stops")
        with contextlib.suppress(Exception):
            await controller.stop(_("The engine was stopped"))
        await asyncio.sleep(0.05)
        await server.stop()
        history.close()
        log.info("engine stopped")


async def _credentials(account: Account) -> Credentials:
    # Read anew each time: registering again after a rejection must find a password that was mended meanwhile.
    def find() -> Credentials:
        config = load(paths.config_file(), paths.settings_file(), set_aside=False).config
        for configured in config.accounts:
            if configured.id == account.id:
                credentials = Credentials(password=password_for(configured))
                try:
                    return replace(credentials, turn_password=turn_password_for(configured))
                except PhoneError as error:
                    return replace(credentials, turn_problem=str(error))
        return Credentials()

    return await asyncio.to_thread(find)
