"""``tuiphone doctor``: what the phone needs, what is there, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tuiphone.i18n import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuiphone.cli.doctor.finding import Finding


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help=_("say what is there, what is missing, and what to do about it"),
        description=_("Looks at everything the phone needs. Exit code 1 if a line says FAIL."),
    )
    parser.add_argument("--json", action="store_true", help=_("as one JSON object"))
    parser.set_defaults(func=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding as soon as it is known; 1 if anything failed."""
    import json

    from tuiphone.cli.doctor.finding import Level, report

    found = []
    for finding in findings():
        found.append(finding)
        if not options.json:
            print(report(finding), flush=True)
    failed = any(finding.level is Level.FAIL for finding in found)
    if options.json:
        lines = [
            {"level": str(f.level), "topic": f.topic, "text": f.text, **({"remedy": f.remedy} if f.remedy else {})}
            for f in found
        ]
        print(json.dumps({"ok": not failed, "findings": lines}, indent=2, ensure_ascii=False))
    return 1 if failed else 0


def findings() -> Iterator[Finding]:
    """Look at everything, in the order in which one thing needs another."""
    from tuiphone.cli.doctor import machine, phone, terminal

    yield from machine.python()
    config, problems = phone.configuration()
    yield from problems
    yield from machine.engine_library(config)
    yield from machine.sound_system(config)
    yield from phone.passwords(config)
    yield from phone.nat_servers(config)
    yield from phone.engine()
    yield from phone.history()
    yield from terminal.terminal(config)
