"""The pjsua2 wheel of the package index, which `make setup` puts beside our own build for these tests."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

WHEEL = Path(__file__).parents[2] / ".setup/wheel"

if platform.machine() != "x86_64" or sys.version_info >= (3, 13):
    collect_ignore_glob = ["test_*.py"]  # there is no such wheel


@pytest.fixture
def wheel() -> Path:
    """The folder it is in."""
    if not (WHEEL / "pjsua2").is_dir():
        pytest.skip(f"not on this machine: {WHEEL} (make setup fetches it)")
    return WHEEL
