from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from machine import environment as environment_module
from machine import packages
from machine.environment import Environment, fits
from machine.packages import ensure_packages, install_script, needed_packages, parse_installed, read_list
from pjbuild.command import Runner
from pjbuild.errors import BuildError
from pjbuild.progress import Progress

from .conftest import ROOT


def test_an_engine_that_is_neither_is_refused() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "scripts/setup.py"], env={"ENGINE": "whel"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "ENGINE is whel; it is native (built here) or wheel (ready-made)" in ran.stderr


def test_the_demo_needs_no_test_programs() -> None:
    demo, test = (set(needed_packages(ROOT, purpose, "native")) for purpose in ("demo", "test"))
    assert {"g++", "swig", "libopus-dev", "libportaudio2"} <= demo
    assert "kamailio" not in demo
    assert demo | set(read_list(ROOT / "tests/support/PACKAGES")) == test


def test_the_wheel_needs_no_compiler() -> None:
    assert not set(needed_packages(ROOT, "demo", "wheel")) & set(packages.BUILD)


def test_provided_names_count_as_installed() -> None:
    listing = (
        "installed\tpkgconf\tpkg-config (= 1.8.1-1), pkgconf:any\n"
        "config-files\tkamailio\t\n"
        "installed\tlibportaudio2\t\n"
    )
    names = parse_installed(listing)
    assert {"pkgconf", "pkg-config", "libportaudio2"} <= names
    assert "kamailio" not in names


def test_daemons_are_kept_down_and_nothing_is_removed() -> None:
    script = install_script(["kamailio", "tmux"])
    assert "--no-remove" in script
    assert "exit 101" in script
    assert "systemctl disable kamailio.service" in script
    assert "systemctl" not in install_script(["tmux"])
    subprocess.run(["sh", "-n", "-c", script], check=True)


def test_a_configuration_file_of_the_machines_own_stays_unasked() -> None:
    """dpkg's question meets no one here, and ended the set-up on a machine with a changed pulseaudio.desktop."""
    lines = install_script(["pulseaudio"]).splitlines()
    for line in (next(line for line in lines if "--configure -a" in line), lines[-1]):
        assert "--force-confdef" in line
        assert "--force-confold" in line


def test_another_apt_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh machine updates itself after its start; a refusal for any other reason ends it at once."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dpkg").write_text("#!/bin/sh\nexit 0\n")
    (tools / "apt-get").write_text(
        f"#!/bin/sh\necho $1 >>{tmp_path}/calls\n"
        f"test $1 = install && exit 0\n"
        f"test $(grep -c update {tmp_path}/calls) -gt 2 && exit 0\n"
        "echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)' >&2; exit 100\n"
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("TUIPHONE_LOCK_PAUSE", "0.01")
    script = install_script(["sox"]).replace("/usr/sbin/policy-rc.d", str(tmp_path / "policy"))
    ran = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "calls").read_text().split() == ["update", "update", "update", "install"]
    assert ran.stdout.count("Could not get lock") == 2
    assert not (tmp_path / "policy").exists()

    (tools / "apt-get").write_text("#!/bin/sh\necho 'E: no network'; exit 100\n")
    ran = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (100, "E: no network\n")


def test_without_root_the_exact_command_is_told(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "installed_packages", set)
    monkeypatch.setattr(packages, "as_root", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(BuildError) as caught:
        ensure_packages(["swig", "make"], runner, Progress(io.StringIO()))
    assert "apt-get install --no-install-recommends swig make" in caught.value.remedy


@pytest.mark.parametrize(
    ("prefix", "remedy"),
    [
        ([], "look why this fails: apt-get install --no-install-recommends sox; then"),
        (["sudo"], "look why this fails: sudo apt-get install --no-install-recommends sox; then"),
        (["sudo", "-n"], "run make in a terminal, or first: sudo apt-get install --no-install-recommends sox"),
    ],
)
def test_a_refusal_of_apt_or_sudo_has_its_remedy(
    prefix: list[str], remedy: str, runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "installed_packages", set)
    monkeypatch.setattr(packages, "as_root", lambda: prefix)
    for name in ("sh", "sudo"):
        (tmp_path / name).write_text("#!/bin/dash\necho no >&2; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BuildError) as caught:
        ensure_packages(["sox"], runner, Progress(io.StringIO()))
    assert remedy in caught.value.remedy
    assert caught.value.tail == ["no"]


def test_nothing_is_run_when_nothing_is_missing(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "installed_packages", lambda: {"swig", "make"})
    monkeypatch.setattr(packages, "as_root", lambda: pytest.fail("wanted to be root"))
    ensure_packages(["swig", "make"], runner, Progress(io.StringIO()))


@pytest.mark.parametrize(
    ("present", "installed"), [({"pipewire-audio", "pipewire-alsa"}, ["sox"]), (set(), ["pulseaudio", "sox"])]
)
def test_what_a_desktop_has_is_not_pushed_out(
    present: set[str], installed: list[str], runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts: list[str] = []
    monkeypatch.setattr(packages, "installed_packages", lambda: present)
    monkeypatch.setattr(packages, "as_root", list)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(runner, "run", lambda _label, argv, _cwd, **_: scripts.append(argv[-1]))
    out = io.StringIO()
    ensure_packages(["pulseaudio", "sox"], runner, Progress(out))
    assert scripts == [install_script(installed)]
    assert ("pulseaudio is left out, it cannot be beside pipewire-alsa" in out.getvalue()) is bool(present)
    assert f"installing {len(installed)} system packages (full log in {runner.log_path})" in out.getvalue()


@pytest.mark.parametrize(
    ("present", "wanted", "enough"),
    [
        ({"engine": "a", "dev": True}, {"engine": "a", "dev": True}, True),
        ({"engine": "a", "dev": True}, {"engine": "a", "dev": False}, True),
        ({"engine": "a", "dev": False}, {"engine": "a", "dev": True}, False),
        ({"engine": "a", "dev": True}, {"engine": "b", "dev": True}, False),
        ({}, {"engine": "a", "dev": False}, False),
    ],
)
def test_an_environment_is_left_alone_when_it_fits(
    present: dict[str, object], wanted: dict[str, object], enough: bool
) -> None:
    assert fits(present, wanted) is enough


def test_pip_runs_once_for_the_same_wishes(tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\n")
    (root / ".venv").mkdir()
    wheel = tmp_path / "tuiphone_pjsua2-2.17+k1-cp311-cp311-linux_x86_64.whl"
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(Environment, "_works", lambda _: True)
    monkeypatch.setattr(Environment, "_pip_works", lambda _: True)
    monkeypatch.setattr(Environment, "_pip", lambda _, *argv, **__: calls.append(argv))
    monkeypatch.setattr(environment_module, "index_has_engine", lambda: True)
    environment = Environment(root, runner, Progress(io.StringIO()))

    environment.ensure(with_dev=False, wheel=wheel)
    assert [call[0] for call in calls] == ["uninstall", "install", "install"]
    assert calls[0][-1] == "pjsua2-python"
    calls.clear()
    environment.ensure(with_dev=False, wheel=wheel)
    assert calls == []

    (root / "pyproject.toml").write_text("[project]\nname = 'changed'\n")
    environment.ensure(with_dev=True, wheel=wheel)
    assert f"{root}[dev]" in calls[-1]
    beside = root / ".setup/wheel"
    assert calls[-2][:3] == ("install", "--target", str(beside))
    beside.mkdir(parents=True)
    calls.clear()
    environment.ensure(with_dev=True, wheel=wheel)
    assert calls == []
    beside.rmdir()
    environment.ensure(with_dev=True, wheel=wheel)
    assert str(beside) in calls[-2]
    calls.clear()
    environment.ensure(with_dev=False, wheel=None)
    assert ("uninstall", "-y", "tuiphone-pjsua2") in calls
    assert f"{root}[dev]" in calls[-1]
