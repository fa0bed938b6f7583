"""config.example.toml and docs/config.md are what the schema says, and the example is the defaults."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tuiphone.config.describe import example_toml, reference_markdown
from tuiphone.config.layer import ACCOUNT_OPTIONS, SECTION_OPTIONS
from tuiphone.config.load import load
from tuiphone.config.schema import AccountConfig, Config

ROOT = Path(__file__).parents[2]


def _load(path: Path, text: str) -> Config:
    path.write_text(text, encoding="utf-8")
    loaded = load(path, path.with_name("none.toml"), {})
    assert loaded.warnings == ()
    return loaded.config


def test_the_made_documents_are_fresh() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts/generate_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path / "config.toml", (ROOT / "config.example.toml").read_text(encoding="utf-8")) == Config()


def test_the_example_with_every_line_uncommented_is_the_defaults_too(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^#(?! )", "", example_toml())
    config = _load(tmp_path / "config.toml", text)
    account = AccountConfig("desk", "sip:2001@pbx.example")
    assert config == Config(accounts=(account,))


def test_the_example_and_the_reference_have_every_key_once() -> None:
    sections = {f"[{name}]": keys for name, keys in SECTION_OPTIONS.items()} | {"[[account]]": ACCOUNT_OPTIONS}
    for header, keys in sections.items():
        example = example_toml().split(f"{header}\n")[1].split("\n\n")[0]
        assert re.findall(r"(?m)^#(\w+) =", example) == list(keys)
        reference = reference_markdown().split(f"## {header}\n")[1].split("\n## ")[0]
        assert re.findall(r"(?m)^\| `(\w+)` \|", reference) == list(keys)


def test_every_key_has_a_meaning_of_one_line() -> None:
    for keys in (*SECTION_OPTIONS.values(), ACCOUNT_OPTIONS):
        for option in keys.values():
            assert option.meaning.endswith(".") or option.meaning.endswith(").")
            assert "\n" not in option.meaning
            assert len(option.meaning) <= 120, option.meaning


def test_reading_the_configuration_loads_nothing_heavy() -> None:
    code = "import sys, tuiphone.config.load; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    heavy = {
        "textual",
        "rich",
        "msgspec",
        "pjsua2",
        "keyring",
        "subprocess",
        "asyncio",
        "sqlite3",
        "tomli_w",
        "tempfile",
    }
    assert not heavy & set(loaded.split())
