"""A test whose programs are absent is skipped on a developer's machine, and fails where nobody would notice a skip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import conftest

ROOT = Path(__file__).parents[2]


def test_what_is_missing_is_named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.PROGRAMS, "sound", ("sh", "no-such-program"))
    node: pytest.Item = request.node
    node.add_marker(pytest.mark.sound)
    with pytest.raises(pytest.skip.Exception, match="not on this machine: no-such-program "):
        conftest.pytest_runtest_setup(node)


SKIPPING = {
    "in_the_test": "def test_it(): pytest.skip('no such codec')",
    "marked": "@pytest.mark.skipif(True, reason='no such codec')\ndef test_it(): pass",
    "whole_file": "pytest.importorskip('no_such_module', reason='no such codec')",
    "expected_failure": "@pytest.mark.xfail(reason='known')\ndef test_it(): assert False",
}


@pytest.mark.parametrize(
    ("ci", "code", "outcome"), [("", 0, "3 skipped, 1 xfailed"), ("true", 1, "1 failed, 1 xfailed, 2 errors")]
)
def test_under_ci_a_skipped_test_has_failed(tmp_path: Path, ci: str, code: int, outcome: str) -> None:
    for name, source in SKIPPING.items():
        (tmp_path / f"test_{name}.py").write_text(f"import pytest\n{source}\n")
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        env={"CI": ci, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stdout
    assert outcome in ran.stdout
    assert ("no such codec: with CI set no test may be skipped" in ran.stdout) is bool(ci)


def test_every_program_has_its_package_on_the_list() -> None:
    listed = set((Path(__file__).parent / "PACKAGES").read_text().split())
    providers = {
        "baresip": "baresip-core",
        "linphonec": "linphone-cli",
        "sipp": "sip-tester",
        "turnserver": "coturn",
        "pactl": "pulseaudio-utils",
        "paplay": "pulseaudio-utils",
        "parec": "pulseaudio-utils",
    }
    needed = {providers.get(name, name) for programs in conftest.PROGRAMS.values() for name in programs}
    assert needed <= listed
