"""``tuiphone ctl METHOD key=value…`` and ``tuiphone ctl events``: the whole API from a shell."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from tuiphone import paths
from tuiphone.errors import PhoneError, WrongUsage
from tuiphone.i18n import _


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "ctl",
        help=_("call a method of the engine, or print its events"),
        description=_(
            "Calls a method and prints its result as JSON. `tuiphone ctl events` prints events, one JSON a line; "
            "`tuiphone ctl methods` lists the methods (docs/protocol.md has them with their meaning)."
        ),
    )
    parser.add_argument("method", metavar="METHOD", help=_("a method, or: events, methods"))
    parser.add_argument(
        "parameters", metavar="key=value", nargs="*", help=_("its parameters; objects and lists as JSON")
    )
    parser.add_argument("--since", type=int, help=_("events: replay from the one after this number"))
    parser.add_argument("--readings", action="store_true", help=_("events: levels and statistics too"))
    parser.set_defaults(func=_run)


def _run(options: argparse.Namespace) -> int:
    if options.method in {"events", "methods"}:
        if options.parameters:
            raise WrongUsage(_("{method} takes no parameters, only options: --help").format(method=options.method))
        return _list_methods() if options.method == "methods" else asyncio.run(_events(options.since, options.readings))
    return asyncio.run(_call(options.method, _bound(options.method, options.parameters)))


def _bound(name: str, words: list[str]) -> dict[str, Any]:
    """The parameters, checked on this side, where "1" may stand for a number; the engine checks again, strictly."""
    from tuiphone.rpc.methods import method

    try:
        return method(name).bind(parse_parameters(words), strict=False)
    except PhoneError as error:
        raise WrongUsage(str(error)) from None


def parse_parameters(words: list[str]) -> dict[str, Any]:
    """``key=value`` words as parameters; a value that begins like a JSON object or list is one."""
    given: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise PhoneError(_("“{word}” is not key=value").format(word=word), "invalid")
        if value[:1] in {"{", "["}:
            try:
                given[key] = json.loads(value)
            except ValueError as error:
                raise PhoneError(
                    _("The value of {key} is not JSON: {error}").format(key=key, error=error), "invalid"
                ) from None
        else:
            given[key] = value
    return given


async def _call(name: str, params: dict[str, Any]) -> int:
    import msgspec

    from tuiphone.rpc.client import connect

    connection = await connect(paths.socket_file())
    try:
        print(json.dumps(await connection.call(name, msgspec.to_builtins(params)), ensure_ascii=False))
    finally:
        await connection.close()
    return 0


async def _events(since: int | None, readings: bool) -> int:
    from tuiphone.rpc.client import connect

    connection = await connect(paths.socket_file())
    try:
        async for event in connection.raw_events(since, readings):
            line = {"seq": event["seq"], "type": event["type"], "value": event["value"]}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    finally:
        await connection.close()
    return 0


def _list_methods() -> int:
    from tuiphone.rpc.methods import methods

    for described in methods().values():
        takes = " ".join(parameter.name for parameter in described.parameters)
        print(f"{described.name:20} {takes:32} {described.doc.splitlines()[0]}")
    return 0
