"""The command line: picks a command and wires it; each command is a file of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from tuiphone.errors import PhoneError

COMMANDS = ("call", "codecs", "config", "ctl", "demo", "doctor", "engine")


def run(arguments: list[str]) -> int:
    """Run a command; returns its exit code. Errors for people go to stderr as one sentence, never as a traceback."""
    from tuiphone import i18n
    from tuiphone.errors import PhoneError

    i18n.install()
    try:
        return _run(arguments)
    except PhoneError as error:
        print(f"tuiphone: {error}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output left (a pager, head): nothing is wrong with the phone.
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"tuiphone: {where}{error.strerror or error}", file=sys.stderr)
        return 1


def exit_code(error: PhoneError) -> int:
    """1 refused, 2 wrong usage, 3 no engine."""
    from tuiphone.errors import WrongUsage

    if isinstance(error, WrongUsage):
        return 2
    return 3 if error.kind == "unavailable" else 1


def _run(arguments: list[str]) -> int:
    if not arguments:
        from tuiphone.cli.ui import open_phone

        return open_phone()
    # Only the named command is loaded: starting an engine must not pay for the others.
    parser = _parser(arguments[:1] if arguments[0] in COMMANDS else COMMANDS)
    options = parser.parse_args(arguments)
    return int(options.func(options))


def _parser(commands: Sequence[str]) -> argparse.ArgumentParser:
    import argparse
    from importlib import import_module

    from tuiphone import __version__
    from tuiphone.i18n import _

    parser = argparse.ArgumentParser(
        prog="tuiphone",
        description=_(
            "A SIP softphone for the terminal. Without a command: open the phone (and start its engine if needed)."
        ),
        epilog=_("Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no engine. `tuiphone call --help` has its own."),
    )
    parser.add_argument("--version", action="version", version=f"tuiphone {__version__}")
    subparsers = parser.add_subparsers(title=_("commands"), metavar="COMMAND", required=True)
    for name in commands:
        import_module(f"tuiphone.cli.{name}").add_parser(subparsers)
    return parser
