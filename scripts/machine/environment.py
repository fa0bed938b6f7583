"""The virtual environment: made, filled, and left alone when nothing changed."""

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from pjbuild.cache import file_digest
from pjbuild.command import Runner
from pjbuild.errors import BuildError
from pjbuild.progress import Progress

OWN_ENGINE = "tuiphone-pjsua2"
INDEX_ENGINE = "pjsua2-python"
INDEX_ENGINE_VERSION = "2.15.1.post1"
BESIDE = ".setup/wheel"
"""Where the tests find the index's engine while our own is installed."""


class Environment:
    """The folder .venv of a work tree."""

    def __init__(self, root: Path, runner: Runner, progress: Progress) -> None:
        self._root = root
        self._folder = root / ".venv"
        self._python = self._folder / "bin/python"
        self._stamp = self._folder / "tuiphone-setup.json"
        self._beside = root / BESIDE
        self._runner = runner
        self._progress = progress

    def ensure(self, with_dev: bool, wheel: Path | None) -> None:
        """Has the project, with the development tools if wanted, and an engine installed.

        `wheel` is the native engine; None takes the one of the package index. Raises
        BuildError when pip fails.
        """
        wanted = self._facts(with_dev, wheel)
        present = self._read_stamp()
        beside = with_dev and wheel is not None and index_has_engine()
        if fits(present, wanted) and self._works() and (not beside or self._beside.is_dir()):
            return
        # Tools that are there stay, so that demo and test do not undo each other.
        with_dev = with_dev or bool(present.get("dev"))
        self._stamp.unlink(missing_ok=True)
        self._make()
        with self._progress.step("engine"):
            self._install_engine(wheel)
        with self._progress.step("Python packages"):
            if beside:
                self._install_beside()
            self._install_project(with_dev)
        self._stamp.write_text(json.dumps(self._facts(with_dev, wheel), indent=1), encoding="utf-8")

    def _facts(self, with_dev: bool, wheel: Path | None) -> dict[str, object]:
        files = [self._root / name for name in ("pyproject.toml", "constraints.txt")]
        return {
            "python": sys.version,
            "root": str(self._root),
            "engine": wheel.name if wheel else f"{INDEX_ENGINE} {INDEX_ENGINE_VERSION}",
            "dev": with_dev,
            "beside": INDEX_ENGINE_VERSION,
            "files": [file_digest(path) for path in files if path.exists()],
        }

    def _read_stamp(self) -> dict[str, object]:
        try:
            facts = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def _works(self) -> bool:
        trial = "import sys; print(sys.version_info[:2])"
        try:
            ran = subprocess.run([self._python, "-c", trial], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return ran.stdout.strip() == str(sys.version_info[:2])

    def _make(self) -> None:
        if self._works() and self._pip_works():
            return
        with self._progress.step("virtual environment"):
            self._runner.run(
                "venv",
                [sys.executable, "-m", "venv", "--clear", str(self._folder)],
                self._root,
                remedy="Debian and Ubuntu keep it in the package python3-venv",
            )

    def _pip_works(self) -> bool:
        ran = subprocess.run([self._python, "-m", "pip", "--version"], capture_output=True, check=False)
        return ran.returncode == 0

    def _pip(
        self, *argv: str, remedy: str = "the package index has to be reachable; then the same command again"
    ) -> None:
        self._runner.run(
            "pip",
            [str(self._python), "-m", "pip", "--disable-pip-version-check", *argv],
            self._root,
            remedy=remedy,
        )

    def _install_engine(self, wheel: Path | None) -> None:
        # Both bring a module pjsua2: one must be gone before the other comes.
        self._pip("uninstall", "-y", INDEX_ENGINE if wheel else OWN_ENGINE)
        if wheel:
            remedy = f"build it anew: delete {wheel.parent}, then the same command again"
            self._pip("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel), remedy=remedy)
            return
        try:
            self._pip("install", "--only-binary=:all:", f"{INDEX_ENGINE}=={INDEX_ENGINE_VERSION}")
        except BuildError as error:
            error.remedy = (
                f"{INDEX_ENGINE} is made for x86-64 Linux and Python up to 3.12; "
                "without ENGINE=wheel the engine is built here"
            )
            raise

    def _install_beside(self) -> None:
        # Both are called pjsua2, so this one is no package of the environment.
        shutil.rmtree(self._beside, ignore_errors=True)
        wanted = f"{INDEX_ENGINE}=={INDEX_ENGINE_VERSION}"
        self._pip("install", "--target", str(self._beside), "--no-deps", "--only-binary=:all:", wanted)

    def _install_project(self, with_dev: bool) -> None:
        constraints = self._root / "constraints.txt"
        pinned = ["-c", str(constraints)] if constraints.exists() else []
        self._pip("install", *pinned, "-e", f"{self._root}[dev]" if with_dev else str(self._root))


def index_has_engine() -> bool:
    """Whether the package index has an engine for this Python and processor."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 13)


def fits(present: dict[str, object], wanted: dict[str, object]) -> bool:
    """Whether what a stamp says covers what is wanted; the tools of `dev` may be extra."""
    covered = {**present, "dev": bool(present.get("dev")) or not wanted["dev"]}
    return bool(present) and covered == {**wanted, "dev": True}
