from __future__ import annotations

from pathlib import Path

import pytest
from pjbuild.command import Runner
from pjbuild.debian import Mirror, PrivateApt, own_archive, read_mirrors
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


def test_apt_is_asked_with_a_configuration_of_its_own(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text(
        "#!/bin/sh\n"
        'test "$1" = update && exit 0\n'
        "echo \"'http://m.example/a.orig-Xpjproject.tar.xz' a.orig-Xpjproject.tar.xz 10 SHA256:" + "ab" * 32 + '"\n'
        "echo 'Need to get 10 B'\n"
    )
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    folder = tmp_path / "apt"
    (folder / "x").mkdir(parents=True)
    found = PrivateApt(folder, runner, "apt").files("asterisk", Mirror("http://m.example/debian", (), ()), "unstable")
    assert [(file.name, file.sha256) for file in found] == [("a.orig-Xpjproject.tar.xz", "ab" * 32)]
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
