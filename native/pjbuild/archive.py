"""Source archives: what release they hold, unpacking."""

import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

from .command import Runner
from .errors import BuildError

Release = tuple[int, ...]


def parse_release(text: str) -> Release:
    """Takes "2.17" or "2.17.1" to a tuple that compares."""
    return tuple(int(part) for part in re.findall(r"\d+", text)) or (0,)


def release_of(archive: Path) -> str:
    """The pjproject release in an archive (or an unpacked folder), as in "2.17".

    Raises BuildError when it is no pjproject.
    """
    try:
        text = _version_mak(archive)
    except (OSError, tarfile.TarError, EOFError) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise BuildError(
            f"{archive} cannot be read as a source archive: {reason}", "it is broken or something else: get it again"
        ) from None
    found = dict(re.findall(r"PJ_VERSION_(MAJOR|MINOR|REV)[ \t]*:=[ \t]*(\d*)", text))
    if not found.get("MAJOR"):
        raise BuildError(f"{archive} holds no pjproject (no version.mak at its top)")
    parts = [found["MAJOR"], found.get("MINOR", "0"), found.get("REV", "")]
    return ".".join(part for part in parts if part)


def _version_mak(archive: Path) -> str:
    if archive.is_dir():
        return (archive / "version.mak").read_text(encoding="utf-8")
    with tarfile.open(archive) as tar:
        for member in tar:
            if re.fullmatch(r"(\./)?[^/]+/version\.mak", member.name):
                file = tar.extractfile(member)
                return file.read().decode() if file else ""
    return ""


def unpack(runner: Runner, label: str, archive: Path, into: Path, only: Sequence[str] = ()) -> None:
    """Unpacks below `into` without the archive's top folder.

    With `only`, shell patterns, just the members whose full path matches one.
    """
    into.mkdir(parents=True)
    wanted = ["--wildcards", *only] if only else []
    runner.run(
        label,
        ["tar", "-xf", str(archive), "-C", str(into), "--strip-components=1", *wanted],
        into,
        remedy="the packages xz-utils and tar are needed; a broken download: delete it",
    )
