"""Every text that people read can be translated: it goes through gettext, and as a literal that gettext's tools find."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tuiphone

ROOT = Path(tuiphone.__file__).parent
READ_BY_PEOPLE = sorted([*ROOT.glob("*.py"), *ROOT.glob("tui/**/*.py"), *ROOT.glob("cli/**/*.py")])
NOT_TEXTS = {"tui/docs.py"}
"""Makes a document in English, from texts that are translated elsewhere."""
WORDS = re.compile(r"[A-Za-z]{2,}[ ,:]+[A-Za-z]{2,}")
STYLE = re.compile(r"(?:bold|reverse|italic|underline|\$[a-z-]+)(?: (?:bold|reverse|italic|underline|\$[a-z-]+))* ?")
KEYS = re.compile(r"[a-z_+0-9]+(?:,[a-z_+0-9]+)+")
BUILT = (ast.JoinedStr, ast.BinOp, ast.Call)
NAMES = {
    "SIP INFO",  # a method of RFC 6086
    "demo: ok",  # the last line that scripts look for
    "make setup",
    "make setup ENGINE=wheel",
    " -m pip install ",
    "No module named",  # Python's own words, compared with
    "PRAGMA quick_check(1)",
    "SELECT count(*) FROM calls",
    "[A-Za-z.]*(Error|Exception)\\b|Fatal Python error",
}


def called(node: ast.Call) -> str:
    """The name of what is called: "_", "log.error"."""
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return f"{owner.id}.{node.func.attr}" if isinstance(owner, ast.Name) else node.func.attr
    return ""


def untranslated(path: Path) -> Iterator[str]:
    """Literals of several words that reach people without gettext."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    fine = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (called(node) in {"_", "ngettext"} or called(node).startswith("log.")):
            fine |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in fine:
            continue
        text = node.value
        known = text in NAMES or STYLE.fullmatch(text) or KEYS.fullmatch(text)
        if WORDS.search(text) and not known:
            yield f"{path.name}:{node.lineno}: {text!r}"


def test_texts_go_through_gettext() -> None:
    looked_at = [path for path in READ_BY_PEOPLE if str(path.relative_to(ROOT)) not in NOT_TEXTS]
    assert [found for path in looked_at for found in untranslated(path)] == []


def test_gettext_is_given_whole_sentences() -> None:
    """What is put together before it is translated is in no catalogue."""
    made = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) == "_" and path.name != "i18n.py":
                made += [f"{path}:{node.lineno}" for text in node.args if isinstance(text, BUILT)]
    assert made == []
