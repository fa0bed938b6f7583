"""Files of Debian source packages through the machine's own apt.

A private configuration names the mirror that the machine itself uses and another
suite; lists live in the cache, signatures are checked, the system's apt is untouched.
"""

import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from .command import Runner
from .errors import BuildError

KEYRINGS = Path("/usr/share/keyrings")
# Where a distribution keeps what it supports, and what it carries besides (Ubuntu).
_COMPONENTS = ("main", "universe")
_HELPER = Path("/usr/lib/apt/apt-helper")


@dataclass(frozen=True)
class Mirror:
    """An archive the machine uses."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class SourceFile:
    """One file of a source package, as the signed index lists it.

    `digest` is of the strongest kind that the index has: sha256 in Debian's, sha512 in Ubuntu's.
    """

    uri: str
    name: str
    kind: str
    digest: str


def read_mirrors(etc: Path = Path("/etc/apt")) -> list[Mirror]:
    """The machine's package sources, both styles, in the order apt reads them."""
    found: list[Mirror] = []
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.is_file():
            found += _one_line_style(path.read_text(encoding="utf-8", errors="replace"))
        elif path.suffix == ".sources" and path.is_file():
            found += _deb822_style(path.read_text(encoding="utf-8", errors="replace"))
    return found


def _one_line_style(text: str) -> list[Mirror]:
    line_form = re.compile(r"^deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)$")
    found = []
    for line in text.splitlines():
        if match := line_form.match(line.split("#")[0].strip()):
            options, uri, suite, components = match.groups()
            signed = re.search(r"signed-by=(\S+)", options or "", re.IGNORECASE)
            found.append(Mirror(uri, (suite,), tuple(components.split()), signed.group(1) if signed else ""))
    return found


def _deb822_style(text: str) -> list[Mirror]:
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found = []
    for stanza in re.split(r"\n\s*\n", plain):
        fields = {
            name.lower(): " ".join(value.split())
            for name, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", stanza, re.M)
        }
        if "uris" not in fields or fields.get("enabled", "yes").lower() == "no":
            continue
        signed = fields.get("signed-by", "")
        suites, components = (tuple(fields.get(name, "").split()) for name in ("suites", "components"))
        found += [
            Mirror(uri, suites, components, signed if signed.startswith("/") else "") for uri in fields["uris"].split()
        ]
    return found


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The distribution's own words about itself."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    return {name: value.strip('"') for name, value in re.findall(r"^(\w+)=(.*)$", text, re.M)}


def keyring_of(distribution: str, folder: Path = KEYRINGS) -> str:
    """The keyring of a distribution's archive, by the ID of its os-release; empty where there is none."""
    candidates = (folder / f"{distribution}-archive-keyring.{suffix}" for suffix in ("gpg", "pgp"))
    return next((str(path) for path in candidates if path.exists()), "")


def own_archive(mirrors: list[Mirror], codename: str) -> list[Mirror]:
    """The mirrors of the distribution itself, likeliest first, each URI once with all its components."""
    fitting: dict[str, Mirror] = {}
    for mirror in mirrors:
        if any(suite in (codename, "stable", "testing", "unstable") for suite in mirror.suites):
            known = fitting.get(mirror.uri)
            # The one-line style often gives each component a line of its own.
            components = (*(known.components if known else ()), *mirror.components)
            fitting[mirror.uri] = replace(known or mirror, components=components)
    found = [mirror for mirror in fitting.values() if "main" in mirror.components]
    return sorted(found, key=lambda mirror: "archive-keyring" not in mirror.signed_by)


class PrivateApt:
    """apt with its own sources list and its own folders below `folder`."""

    def __init__(self, folder: Path, runner: Runner, label: str) -> None:
        self._folder = folder
        self._runner = runner
        self._label = label

    def files(self, package: str, mirror: Mirror, suite: str) -> list[SourceFile]:
        """The files of a source package in a suite.

        Raises BuildError when the suite or the package is not to be had.
        """
        if not shutil.which("apt-get"):
            raise BuildError("this machine has no apt")
        self._configure(mirror, suite)
        # Else a mirror that does not answer is a warning, and the package seems not to exist.
        self._apt("apt-get", "update", "-q", "--error-on=any")
        listing = self._apt("apt-get", "source", "--print-uris", "-q", package)
        form = re.compile(r"^'([^']+)' (\S+) \d+ (SHA256|SHA512):([0-9a-f]+)$", re.M)
        return [SourceFile(uri, name, kind.lower(), digest) for uri, name, kind, digest in form.findall(listing)]

    def download(self, file: SourceFile, to: Path) -> None:
        """Fetches a file; apt checks it against the checksum of the signed index."""
        part = to.with_name(to.name + ".part")
        self._apt(str(_HELPER), "download-file", file.uri, str(part), f"{file.kind.upper()}:{file.digest}")
        part.replace(to)

    def _apt(self, *argv: str) -> str:
        env = {"APT_CONFIG": str(self._folder / "apt.conf")}
        try:
            return self._runner.run(self._label, argv, self._folder, env=env)
        except BuildError as error:
            words = [line[2:].strip() for line in error.tail if line.startswith("E:")]
            raise BuildError(words[0] if words else error.message, error.remedy, error.tail) from None

    def _configure(self, mirror: Mirror, suite: str) -> None:
        folder = self._folder
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        signed_by = mirror.signed_by or keyring_of(os_release().get("ID", ""))
        components = [name for name in _COMPONENTS if name in mirror.components] or ["main"]
        stanza = [
            "Types: deb-src",
            f"URIs: {mirror.uri}",
            f"Suites: {suite}",
            f"Components: {' '.join(components)}",
            *([f"Signed-By: {signed_by}"] if signed_by else []),
        ]
        (folder / "private.sources").write_text("\n".join(stanza) + "\n", encoding="utf-8")
        options = [
            f'Dir::Etc::SourceList "{folder}/private.sources";',
            f'Dir::Etc::SourceParts "{folder}/parts";',
            f'Dir::State::Lists "{folder}/lists";',
            f'Dir::Cache "{folder}/cache";',
            # The system's hooks are about the system's packages.
            "#clear APT::Update::Pre-Invoke;",
            "#clear APT::Update::Post-Invoke;",
            "#clear APT::Update::Post-Invoke-Success;",
            'Acquire::http::Timeout "20";',
            'Acquire::Retries "2";',
            # apt's own user cannot enter a home folder.
            *(['APT::Sandbox::User "root";'] if os.geteuid() == 0 else []),
        ]
        (folder / "apt.conf").write_text("\n".join(options) + "\n", encoding="utf-8")
