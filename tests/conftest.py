"""What holds for every test: what a machine lacks is a reason to skip, but under CI a skipped test has failed."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support import ports
from tests.support.stackprocess import StackProcess, Start

PROGRAMS = {
    "peer": ("kamailio", "baresip", "sipp", "linphonec", "ffmpeg", "openssl"),
    "turn": ("turnserver", "openssl"),
    "sound": ("pulseaudio", "pactl", "paplay", "parec", "espeak-ng", "sox"),
    "terminal": ("tmux", "screen"),
}
"""What a marked test starts; tests/support/PACKAGES names the packages."""

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def missing_for(marker: str) -> list[str]:
    """The programs or modules that tests with this marker lack on this machine."""
    if marker == "pjsua":
        return [] if importlib.util.find_spec("pjsua2") else ["the pjsua2 module (make setup builds it)"]
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS.get(marker, ()) if shutil.which(name, path=path) is None]


def unskipped(report: Report) -> Report:
    """Under CI nobody reads why a test was skipped, so there it has failed; an expected failure stays one."""
    if os.environ.get("CI") and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}: with CI set no test may be skipped"
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that cannot run here."""
    for marker in (*PROGRAMS, "pjsua"):
        missing = missing_for(marker) if item.get_closest_marker(marker) else []
        if missing:
            pytest.skip(f"not on this machine: {', '.join(missing)} (packages: tests/support/PACKAGES)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests that skip themselves."""
    return unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Whole files that do."""
    return unskipped((yield))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Give the ports of the test back."""
    ports.release()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a stack by name, with any of StackSettings; it has one account without a registrar."""
    started: list[StackProcess] = []

    async def begin(name: str, **settings: object) -> StackProcess:
        process = await StackProcess(name, tmp_path, **settings).start()
        started.append(process)
        await process.add_account()
        return process

    yield begin
    await asyncio.gather(*(process.stop() for process in started))
