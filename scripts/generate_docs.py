#!/usr/bin/env python3
"""Write the documents that are made from the program, or say with --check which are out of date.

    python scripts/generate_docs.py [--check]

A document that is made gets a line in DOCUMENTS: its path and the function, without arguments, that returns its text.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DOCUMENTS: tuple[tuple[str, str], ...] = (
    ("config.example.toml", "tuiphone.config.describe:example_toml"),
    ("docs/config.md", "tuiphone.config.describe:reference_markdown"),
    ("docs/keys.md", "tuiphone.tui.docs:keys_page"),
    ("docs/protocol.md", "tuiphone.rpc.describe:protocol_markdown"),
)


def text_of(function: str) -> str:
    """The text that "module:function" makes."""
    module, _colon, name = function.partition(":")
    make: Callable[[], str] = getattr(import_module(module), name)
    return make()


def stale() -> list[str]:
    """Paths of the documents that are not what the program would write now."""
    return [path for path, function in DOCUMENTS if not _is_fresh(ROOT / path, text_of(function))]


def _is_fresh(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main() -> int:
    """Write or check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a document is out of date")
    check = parser.parse_args().check
    sys.path.insert(0, str(ROOT))
    old = stale()
    for path, function in DOCUMENTS:
        if path in old and not check:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text_of(function), encoding="utf-8")
        if path in old:
            print(f"{path}: {'out of date, run scripts/generate_docs.py' if check else 'written'}")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
