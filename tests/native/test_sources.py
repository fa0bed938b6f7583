from __future__ import annotations

import dataclasses
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from pjbuild import debian, sources
from pjbuild.archive import release_of
from pjbuild.cache import Cache, file_digest
from pjbuild.command import Runner
from pjbuild.errors import BuildError
from pjbuild.sources import Finder, Pins, Shelf, check_digest, read_pins

from .conftest import ROOT

MakeArchive = Callable[..., Path]

PINS = Pins(
    "pjproject",
    "2.17",
    "",
    "",
    "asterisk",
    ".orig-Xpjproject.tar.",
    {"debian": ("unstable",), "ubuntu": ("devel",)},
    "0" * 64,
)
MIRROR = debian.Mirror("mirror:/debian", ("bookworm",), ("main",))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def finder(cache: Cache, runner: Runner, said: list[str]) -> Finder:
    return Finder(cache, PINS, runner, said.append)


@pytest.fixture
def debian_archive(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Lets the machine's apt have this archive as a file of the source package."""

    def use(archive: Path) -> None:
        entry = debian.SourceFile("mirror:/x", "asterisk_22.orig-Xpjproject.tar.gz", "sha256", file_digest(archive))
        monkeypatch.setattr(debian, "os_release", lambda: {"ID": "debian", "VERSION_CODENAME": "bookworm"})
        monkeypatch.setattr(debian, "read_mirrors", lambda: [MIRROR])
        monkeypatch.setattr(debian.PrivateApt, "files", lambda *_: [entry])
        monkeypatch.setattr(debian.PrivateApt, "download", lambda _self, _file, to: shutil.copyfile(archive, to))

    return use


def test_the_pins_of_the_repository_are_whole() -> None:
    pjproject = read_pins(ROOT / "native/sources.toml", "pjproject")
    assert pjproject.release == "2.17"
    assert pjproject.upstream_url.endswith("2.17.tar.gz")
    for digest in (pjproject.upstream_sha256, pjproject.debian_sha256):
        assert len(bytes.fromhex(digest)) == 32
    assert read_pins(ROOT / "native/sources.toml", "voice-codecs").upstream_url == ""


@pytest.mark.parametrize(("kind", "name"), [("sha256", "SHA-256"), ("sha512", "SHA-512")])
def test_a_file_with_another_checksum_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"as it was")
    good = file_digest(path, kind)
    check_digest(path, good, kind)
    path.write_bytes(b"tampered")
    with pytest.raises(BuildError, match=f"has {name} .*pinned is {good}"):
        check_digest(path, good, kind)
    assert not path.exists()


def test_the_release_is_read_from_the_archive(make_archive: MakeArchive) -> None:
    assert release_of(make_archive("2.17")) == "2.17"
    assert release_of(make_archive("2.17.1")) == "2.17.1"


def test_something_else_is_no_source_archive(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<html>")
    with pytest.raises(BuildError, match="cannot be read"):
        release_of(path)


def test_the_users_own_archive_comes_first(finder: Finder, make_archive: MakeArchive, said: list[str]) -> None:
    source = finder.get(make_archive())
    assert source.origin == "given"
    assert "not checked" in source.trust
    assert source.path.is_file()
    assert said


def test_an_archive_with_a_known_checksum_is_said_to_be_pinned(
    cache: Cache, runner: Runner, make_archive: MakeArchive
) -> None:
    archive = make_archive()
    pins = dataclasses.replace(PINS, upstream_sha256=file_digest(archive))
    assert "pinned" in Finder(cache, pins, runner, lambda _: None).get(archive).trust


def test_a_kept_archive_is_taken_without_looking_further(
    cache: Cache, finder: Finder, make_archive: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = finder.get(make_archive())
    monkeypatch.setattr(debian, "read_mirrors", lambda: pytest.fail("looked further"))
    assert finder.get() == kept == Shelf(cache, PINS).find()


def test_a_damaged_kept_archive_is_not_taken(cache: Cache, finder: Finder, make_archive: MakeArchive) -> None:
    kept = finder.get(make_archive())
    kept.path.write_bytes(kept.path.read_bytes()[:-1])
    assert Shelf(cache, PINS).find() is None


def test_the_pinned_release_is_preferred_among_kept_ones(
    cache: Cache, finder: Finder, make_archive: MakeArchive
) -> None:
    finder.get(make_archive("2.18", "a.tar.gz"))
    finder.get(make_archive("2.17", "b.tar.gz"))
    kept = Shelf(cache, PINS).find()
    assert kept is not None
    assert kept.release == "2.17"


def test_debians_moving_version_is_taken_with_the_word_of_apt(
    finder: Finder, make_archive: MakeArchive, debian_archive: Callable[[Path], None]
) -> None:
    debian_archive(make_archive(note="# another packaging of the same release"))
    source = finder.get()
    assert source.origin == "debian"
    assert "signature checked by apt" in source.trust
    assert "another version" in source.trust


def test_a_newer_release_builds_with_a_warning(
    finder: Finder, make_archive: MakeArchive, debian_archive: Callable[[Path], None], said: list[str]
) -> None:
    debian_archive(make_archive("2.18"))
    assert finder.get().release == "2.18"
    assert any("warning" in line and "2.18 is newer" in line for line in said)


def test_an_older_release_is_refused_with_every_reason(
    finder: Finder, make_archive: MakeArchive, debian_archive: Callable[[Path], None]
) -> None:
    debian_archive(make_archive("2.16"))
    with pytest.raises(BuildError, match=r"no source of pjproject 2\.17") as caught:
        finder.get()
    assert caught.value.tail[0] == "no upstream archive is pinned"
    assert "older than 2.17" in caught.value.tail[-1]
    assert "TUIPHONE_PJPROJECT=" in caught.value.remedy and "ENGINE=wheel" in caught.value.remedy


def test_a_full_disk_is_named_as_the_reason(finder: Finder, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.root.mkdir()
    monkeypatch.setattr(debian, "read_mirrors", list)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4_000_000))
    with pytest.raises(BuildError) as caught:
        finder.get()
    assert caught.value.remedy == f"make room: {cache.root} has 4 MB left, 300 are needed"


def test_an_unreachable_upstream_is_passed_over(
    cache: Cache,
    runner: Runner,
    make_archive: MakeArchive,
    debian_archive: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, timeout: float) -> None:
        assert timeout == sources.CONNECT_TIMEOUT
        raise OSError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    debian_archive(make_archive())
    pins = dataclasses.replace(PINS, upstream_url="https://upstream.example/2.17.tar.gz", upstream_sha256="0" * 64)
    assert Finder(cache, pins, runner, lambda _: None).get().origin == "debian"


def test_a_wrong_archive_of_upstream_is_told_and_another_looked_for(
    cache: Cache,
    runner: Runner,
    make_archive: MakeArchive,
    debian_archive: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    said: list[str],
) -> None:
    monkeypatch.setattr(
        "urllib.request.urlopen", lambda *_, timeout: io.BytesIO(b"<html>a portal wants a log-in</html>")
    )
    debian_archive(make_archive())
    pins = dataclasses.replace(PINS, upstream_url="https://upstream.example/2.17.tar.gz", upstream_sha256="0" * 64)
    assert Finder(cache, pins, runner, said.append).get().origin == "debian"
    assert any("warning" in line and "refused" in line for line in said)
    assert not list(cache.sources.glob("*.part"))


@pytest.mark.parametrize(
    ("distribution", "codename", "asked"),
    [
        ("debian", "bookworm", ["unstable", "bookworm"]),
        ("debian", "unstable", ["unstable"]),
        ("ubuntu", "noble", ["devel", "noble"]),
    ],
)
def test_each_distribution_has_its_own_suites(
    cache: Cache,
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    distribution: str,
    codename: str,
    asked: list[str],
) -> None:
    suites: list[str] = []

    def nothing(_apt: object, _package: str, _mirror: debian.Mirror, suite: str) -> list[debian.SourceFile]:
        suites.append(suite)
        return []

    monkeypatch.setattr(debian, "os_release", lambda: {"ID": distribution, "VERSION_CODENAME": codename})
    monkeypatch.setattr(debian, "read_mirrors", lambda: [debian.Mirror("mirror:/", (codename,), ("main",))])
    monkeypatch.setattr(debian.PrivateApt, "files", nothing)
    with pytest.raises(BuildError) as caught:
        Finder(cache, PINS, runner, lambda _: None).get()
    assert any("has no" in line for line in caught.value.tail)
    assert suites == asked
