"""A test whose programs are absent is skipped on a developer's machine, and fails where nobody would notice a skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import conftest


@pytest.fixture
def item(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pytest.Item:
    """A test that needs a program that nobody has."""
    monkeypatch.setitem(conftest.PROGRAMS, "sound", ("no-such-program",))
    node: pytest.Item = request.node
    node.add_marker(pytest.mark.sound)
    return node


def test_it_is_skipped_with_the_name_of_what_is_missing(item: pytest.Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program"):
        conftest.pytest_runtest_setup(item)


def test_it_fails_under_ci(item: pytest.Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        conftest.pytest_runtest_setup(item)


def test_every_program_has_its_package_on_the_list() -> None:
    listed = set((Path(__file__).parent / "PACKAGES").read_text().split())
    providers = {
        "baresip": "baresip-core",
        "sipp": "sip-tester",
        "pactl": "pulseaudio-utils",
        "paplay": "pulseaudio-utils",
        "parec": "pulseaudio-utils",
    }
    needed = {providers.get(name, name) for programs in conftest.PROGRAMS.values() for name in programs}
    assert needed <= listed
