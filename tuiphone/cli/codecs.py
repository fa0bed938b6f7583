"""``tuiphone codecs``: what this engine can speak, in what order, and what it lacks."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tuiphone import engine_process, paths
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.codec import Codec

if TYPE_CHECKING:
    from tuiphone.config.schema import Config


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "codecs",
        help=_("list codecs: which are on, in what order, which are missing"),
        description=_(
            "Lists every codec with its clock rate, its place in the offer, and what to do where it is missing."
        ),
    )
    parser.add_argument("--json", action="store_true", help=_("as JSON"))
    parser.set_defaults(func=_run)


def _run(options: argparse.Namespace) -> int:
    running = paths.is_remote() or engine_process.running_pid() is not None
    codecs = asyncio.run(_of_the_engine() if running else _of_a_short_one())
    if not paths.is_remote():
        _check_configuration(codecs)
    if options.json:
        import msgspec

        print(json.dumps(msgspec.to_builtins(codecs)))
        return 0
    for codec in codecs:
        print(f"{codec.name:8} {codec.clock_hz:>6} Hz  {_state(codec)}")
    return 0


def _state(codec: Codec) -> str:
    if codec.remedy:
        return _("missing: {remedy}").format(remedy=codec.remedy)
    return _("on, place {n}").format(n=codec.place) if codec.place else _("off")


async def _of_the_engine() -> tuple[Codec, ...]:
    from tuiphone.rpc.client import connect

    connection = await connect(paths.socket_file())
    try:
        return await connection.phone.codecs()
    finally:
        await connection.close()


async def _of_a_short_one() -> tuple[Codec, ...]:
    # No engine runs: a stack of our own, without a sound device, answers and goes.
    from dataclasses import replace

    from tuiphone.controller.stacksettings import stack_settings
    from tuiphone.stack.pjsua import PjsuaStack

    settings = replace(stack_settings(_configuration()), null_audio=True, udp_port=0, tcp_port=0, tls_port=0)
    with _silent_libraries():
        stack = PjsuaStack()
        await stack.start(settings, lambda report: None)
        try:
            return stack.codecs
        finally:
            await stack.stop()


@contextlib.contextmanager
def _silent_libraries() -> Iterator[None]:
    """Sound libraries that pjmedia asks for devices write to standard error, past everything one can tell them."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(nowhere)
        os.close(stderr)


def _check_configuration(codecs: tuple[Codec, ...]) -> None:
    from tuiphone.controller.codecs import complaints

    wrong = complaints(_configuration(), codecs)
    if wrong:
        raise PhoneError("\n".join(wrong), "invalid")


def _configuration() -> Config:
    from tuiphone.config.load import load

    return load(paths.config_file(), paths.settings_file(), set_aside=False).config
