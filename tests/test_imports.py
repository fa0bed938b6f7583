"""What a static linter cannot prove: which modules are loaded when a half of the phone is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("tuiphone.engine", {"textual", "rich", "numpy", "tuiphone.tui"}),
        ("tuiphone.stack.pjsua", {"dns", "aioice", "numpy"}),
        ("tuiphone.tui.app", {"pjsua2", "sounddevice", "numpy", "tuiphone.stack", "tuiphone.controller.controller"}),
        ("tuiphone.cli", {"textual", "pjsua2", "argparse", "msgspec"}),
        ("tuiphone.rpc.client", {"textual", "pjsua2", "tuiphone.stack", "tuiphone.controller.controller"}),
        ("tuiphone.model.event", {"msgspec", "textual", "tuiphone.config"}),
    ],
)
def test_a_half_of_the_phone_does_not_load_the_other(module: str, forbidden: set[str]) -> None:
    assert not loaded_by(module) & forbidden


def test_the_import_contracts_hold() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
