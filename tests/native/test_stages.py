from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pjbuild.command import Log, Runner
from pjbuild.errors import BuildError
from pjbuild.progress import Progress, clock
from pjbuild.tree import Tree, forget_unfinished


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def tree(tmp_path: Path, runner: Runner, out: io.StringIO) -> Tree:
    folder = tmp_path / "tree"
    folder.mkdir()
    return Tree(folder, runner, Progress(out), jobs=1)


def test_a_stage_that_is_done_is_not_done_again(tree: Tree, out: io.StringIO) -> None:
    done: list[int] = []
    tree.stage("configure", lambda: done.append(1))
    tree.stage("configure", lambda: done.append(2))
    assert done == [1]
    assert out.getvalue().count("configure") == 1


def test_a_stage_that_failed_is_done_again(tree: Tree, out: io.StringIO) -> None:
    def fail() -> None:
        raise BuildError("no")

    with pytest.raises(BuildError):
        tree.stage("libraries", fail)
    assert "failed" in out.getvalue()
    done: list[int] = []
    tree.stage("libraries", lambda: done.append(1))
    assert done == [1]


def test_what_a_killed_make_may_have_left_half_written_goes(tmp_path: Path) -> None:
    for name, age in (("old.o", 100), ("recent.o", 3), ("newest.o", 0), ("lib.a", 100), ("source.c", 0)):
        path = tmp_path / name
        path.write_bytes(b"x")
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    forget_unfinished(tmp_path, window=10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.o", "source.c"]


def test_works_side_by_side_end_at_the_first_failure(tree: Tree, tmp_path: Path) -> None:
    def fail() -> None:
        raise BuildError("libraries: make ended with code 2")

    def long() -> None:
        tree.runner.run("binding", ["sleep", "60"], tmp_path)

    with pytest.raises(BuildError, match="libraries"):
        tree._both(fail, long)


def test_a_failing_step_is_reported_with_its_last_lines_and_the_remedy(tmp_path: Path) -> None:
    runner = Runner(Log(tmp_path / "build.log"))
    script = "for i in $(seq 100); do echo line $i; done; echo 'fatal error: opus.h' >&2; exit 2"
    with pytest.raises(BuildError) as caught:
        runner.run("libraries", ["sh", "-c", script], tmp_path, remedy="install libopus-dev")
    report = caught.value.report()
    assert "libraries: sh ended with code 2" in report
    assert "fatal error: opus.h" in report
    assert "line 100" in report
    assert "line 50\n" not in report
    assert "remedy: install libopus-dev" in report
    assert str(tmp_path / "build.log") in report
    assert "libraries: line 1\n" in (tmp_path / "build.log").read_text()


def test_a_full_disk_is_named_and_does_not_hide_what_failed(tmp_path: Path) -> None:
    runner = Runner(Log(Path("/dev/full")))
    with pytest.raises(BuildError) as caught:
        runner.run(
            "unpack", ["sh", "-c", "head -c 9 /dev/zero | dd of=/dev/full 2>&1"], tmp_path, remedy="another download"
        )
    assert any("No space left on device" in line for line in caught.value.tail)
    assert caught.value.remedy == f"make room on the disk of {tmp_path}, then the same command again"


def test_a_tool_that_is_missing_is_named(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no-such-tool"):
        runner.run("swig", ["no-such-tool"], tmp_path)


def test_progress_is_one_line_a_step(out: io.StringIO) -> None:
    times = iter([0.0, 62.4])
    progress = Progress(out, now=lambda: next(times))
    with progress.step("libraries"):
        pass
    assert out.getvalue().split() == ["libraries", "1:02", "ok"]
    assert clock(600) == "10:00"


def test_an_interrupted_step_did_not_fail(out: io.StringIO) -> None:
    progress = Progress(out)
    with pytest.raises(KeyboardInterrupt), progress.step("libraries"):
        raise KeyboardInterrupt
    assert out.getvalue().split() == ["libraries", "0:00", "interrupted"]


def test_a_terminal_sees_the_running_steps(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    progress = Progress(screen)
    with progress.step("libraries"), progress.step("Python binding"):
        import time

        time.sleep(0.7)
    assert "... libraries 0:00 | Python binding 0:00" in screen.getvalue()
    assert screen.getvalue().endswith("ok\n")


def test_a_log_gets_a_sign_of_life_now_and_then(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pjbuild.progress.PAUSE_S", 0.02)
    progress = Progress(out)
    with progress.step("libraries"), progress.step("Python binding"):
        while not out.getvalue():
            pass
    first, *_rest, last = out.getvalue().splitlines()
    assert first == "  ... libraries 0:00 | Python binding 0:00"
    assert last.split() == ["libraries", "0:00", "ok"]


def test_patches_name_the_files_they_change(make_archive: Callable[..., Path]) -> None:
    from .conftest import ROOT

    for patch in sorted((ROOT / "native/patches").glob("*.patch")):
        text = patch.read_text()
        assert text.splitlines()[0], f"{patch.name} says nothing about itself"
        assert "\n--- a/" in text
