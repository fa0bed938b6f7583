from __future__ import annotations

from pathlib import Path

import pytest
from pjbuild import debian
from pjbuild.command import Runner
from pjbuild.debian import Mirror, PrivateApt, keyring_of, own_archive, read_mirrors
from pjbuild.errors import BuildError

DEB822 = """\
# the distribution
Types: deb
# a snapshot would be here
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://other.example/tools
Suites: nodistro
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/keys/x.gpg] http://third.example/packages bookworm main
deb http://mirror.example/debian-security bookworm-security main contrib
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    (folder / "sources.list.d").mkdir(parents=True)
    (folder / "sources.list").write_text(ONE_LINE)
    (folder / "sources.list.d/debian.sources").write_text(DEB822)
    return folder


def test_both_styles_of_apt_sources_are_read(etc: Path) -> None:
    uris = [mirror.uri for mirror in read_mirrors(etc)]
    assert uris == [
        "http://third.example/packages",
        "http://mirror.example/debian-security",
        "http://mirror.example/debian",
        "http://other.example/tools",
    ]


def test_the_distributions_own_mirror_comes_first(etc: Path) -> None:
    chosen = own_archive(read_mirrors(etc), "bookworm")
    assert [mirror.uri for mirror in chosen] == ["http://mirror.example/debian", "http://third.example/packages"]
    assert chosen[0].signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"


UBUNTU = """\
Types: deb
URIs: http://ports.example/ubuntu
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
Architectures: arm64

Types: deb
URIs: http://inline.example/ppa
Suites: noble
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
"""

UBUNTU_ONE_LINE = """\
deb http://archive.example/ubuntu noble main restricted
deb http://archive.example/ubuntu noble-updates main restricted
deb http://archive.example/ubuntu noble universe
deb http://security.example/ubuntu noble-security main
"""


def test_ubuntus_archive_is_found_with_its_universe(etc: Path) -> None:
    (etc / "sources.list.d/debian.sources").write_text(UBUNTU)
    (etc / "sources.list").write_text("# Ubuntu sources have moved to ubuntu.sources\n")
    chosen, other = own_archive(read_mirrors(etc), "noble")
    assert chosen.uri == "http://ports.example/ubuntu"
    assert chosen.components[:2] == ("main", "universe")
    assert chosen.signed_by == "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
    assert (other.uri, other.signed_by) == ("http://inline.example/ppa", "")


def test_components_on_lines_of_their_own_belong_to_one_mirror(etc: Path) -> None:
    (etc / "sources.list.d/debian.sources").unlink()
    (etc / "sources.list").write_text(UBUNTU_ONE_LINE)
    (chosen,) = own_archive(read_mirrors(etc), "noble")
    assert chosen.uri == "http://archive.example/ubuntu"
    assert chosen.components == ("main", "restricted", "universe")


def test_a_mirror_without_a_keyring_gets_its_distributions_own(tmp_path: Path) -> None:
    for name in ("debian-archive-keyring.pgp", "ubuntu-archive-keyring.gpg"):
        (tmp_path / name).touch()
    assert keyring_of("debian", tmp_path).endswith("/debian-archive-keyring.pgp")
    assert keyring_of("ubuntu", tmp_path).endswith("/ubuntu-archive-keyring.gpg")
    assert keyring_of("other", tmp_path) == ""


def test_what_a_distribution_carries_besides_is_asked_for_too(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PrivateApt, "_apt", lambda *_: "")
    monkeypatch.setattr(debian, "os_release", lambda: {"ID": "ubuntu"})
    monkeypatch.setattr("shutil.which", lambda name: name)
    for mirror, components in (
        (Mirror("http://m.example", ("noble",), ("main", "restricted", "universe")), "main universe"),
        (Mirror("http://m.example", ("bookworm",), ("main", "non-free-firmware")), "main"),
    ):
        PrivateApt(tmp_path, runner, "apt").files("asterisk", mirror, "x")
        assert f"Components: {components}\n" in (tmp_path / "private.sources").read_text()


@pytest.mark.parametrize(("kind", "digest"), [("SHA256", "ab" * 32), ("SHA512", "cd" * 64)])
def test_apt_is_asked_with_a_configuration_of_its_own(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch, kind: str, digest: str
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text(
        "#!/bin/sh\n"
        'test "$1" = update && exit 0\n'
        "echo \"'http://m.example/a.orig-Xpjproject.tar.xz' a.orig-Xpjproject.tar.xz 10 "
        f'{kind}:{digest}"\n'
        "echo 'Need to get 10 B'\n"
    )
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    folder = tmp_path / "apt"
    (folder / "x").mkdir(parents=True)
    found = PrivateApt(folder, runner, "apt").files("asterisk", Mirror("http://m.example/debian", (), ()), "unstable")
    assert [(file.name, file.kind, file.digest) for file in found] == [
        ("a.orig-Xpjproject.tar.xz", kind.lower(), digest)
    ]
    conf = (folder / "apt.conf").read_text()
    assert str(folder / "lists") in conf
    assert "Types: deb-src" in (folder / "private.sources").read_text()


def test_a_suite_that_is_not_there_is_an_error(tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text("#!/bin/sh\necho 'E: no Release file'\nexit 100\n")
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    (tmp_path / "apt").mkdir()
    with pytest.raises(BuildError) as caught:
        PrivateApt(tmp_path / "apt", runner, "apt").files("x", Mirror("http://m.example", (), ()), "unstable")
    assert "E: no Release file" in caught.value.tail
