"""The cache outside the tree: where it is, its keys, its lock."""

import fcntl
import hashlib
import os
import platform
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


def default_root(env: Mapping[str, str] = os.environ) -> Path:
    """$TUIPHONE_CACHE, else tuiphone in $XDG_CACHE_HOME, else in ~/.cache."""
    if own := env.get("TUIPHONE_CACHE"):
        return Path(own).expanduser().absolute()
    base = env.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tuiphone"


@dataclass(frozen=True)
class Cache:
    """Folders of the cache."""

    root: Path

    @property
    def sources(self) -> Path:
        """Downloaded archives, each with a record beside it."""
        return self.root / "sources"

    def tree(self, key: str) -> Path:
        """Work folder of one build of the libraries."""
        return self.root / "builds" / key

    def product(self, key: str) -> Path:
        """Folder of a finished wheel; it exists only when all in it is complete."""
        return self.root / "wheels" / key

    @property
    def log(self) -> Path:
        """Full log of the latest build."""
        return self.root / "native-build.log"


def file_digest(path: Path, kind: str = "sha256") -> str:
    """SHA-256 of a file's content, or another digest by hashlib's name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def host_facts() -> list[str]:
    """What a compiled extension depends on besides its sources."""
    release = Path("/etc/os-release")
    facts = [line for line in _lines(release) if line.startswith(("ID=", "VERSION_ID="))]
    return [
        sys.implementation.cache_tag or "",
        str(sysconfig.get_config_var("SOABI")),
        platform.machine(),
        platform.libc_ver()[0],
        *facts,
    ]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def key_of(files: Iterable[Path], root: Path, facts: Iterable[str]) -> str:
    """A key of 16 hex digits from files (names relative to `root`, and content) and facts."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root).as_posix()}\0{file_digest(path)}\n".encode())
    for fact in facts:
        digest.update(f"{fact}\n".encode())
    return digest.hexdigest()[:16]


class Lock:
    """One build at a time: a file lock that dies with its last holder."""

    def __init__(self, path: Path, waiting: Callable[[], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._waiting = waiting
        self.fd = -1

    def __enter__(self) -> Self:
        self.fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._waiting()
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)
        self.fd = -1
