"""The build scripts are no part of the package: they are found in their own folders."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "native"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from pjbuild.cache import Cache
from pjbuild.command import Log, Runner

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(Log(tmp_path / "build.log"))
    yield made
    made.stop(patience=1)


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    """Makes a source archive that says it is of some pjproject release."""

    def make(release: str = "2.17", name: str = "archive.tar.gz", note: str = "") -> Path:
        major, minor, *rest = release.split(".")
        lines = [
            "# parsed by setup.py",
            f"export PJ_VERSION_MAJOR  := {major}",
            f"export PJ_VERSION_MINOR  := {minor}",
            f"export PJ_VERSION_REV    := {rest[0] if rest else ''}",
            note,
        ]
        content = "\n".join(lines).encode()
        path = tmp_path / name
        with tarfile.open(path, "w:gz") as tar:
            member = tarfile.TarInfo(f"pjproject-{release}/version.mak")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        return path

    return make
