"""What holds for every test: a test whose programs are absent is skipped with the reason, but fails under CI."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

from tests.support import ports

PROGRAMS = {
    "peer": ("kamailio", "baresip", "sipp", "openssl"),
    "sound": ("pulseaudio", "pactl", "paplay", "parec", "espeak-ng", "sox"),
    "terminal": ("tmux",),
}
"""What a marked test starts; tests/support/PACKAGES names the packages."""


def missing_for(marker: str) -> list[str]:
    """The programs or modules that tests with this marker lack on this machine."""
    if marker == "pjsua":
        return [] if importlib.util.find_spec("pjsua2") else ["the pjsua2 module (make setup builds it)"]
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS.get(marker, ()) if shutil.which(name, path=path) is None]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop a test that cannot run here."""
    for marker in (*PROGRAMS, "pjsua"):
        missing = missing_for(marker) if item.get_closest_marker(marker) else []
        if not missing:
            continue
        reason = f"not on this machine: {', '.join(missing)} (packages: tests/support/PACKAGES)"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Give the ports of the test back."""
    ports.release()
