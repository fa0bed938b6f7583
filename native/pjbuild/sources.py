"""Where the sources come from, in which order, and what makes them trusted."""

import dataclasses
import http.client
import json
import shutil
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import archive, debian
from .cache import Cache, file_digest
from .command import Runner
from .errors import BuildError

CONNECT_TIMEOUT = 8.0
NEEDED_MB = 300
"""For the archives, apt's lists and one build."""


@dataclass(frozen=True)
class Pins:
    """What sources.toml says about one source; `suites` are by distribution, the likeliest first."""

    name: str
    release: str
    upstream_url: str
    upstream_sha256: str
    package: str
    component: str
    suites: Mapping[str, tuple[str, ...]]
    debian_sha256: str


def read_pins(path: Path, name: str) -> Pins:
    """The pins of one source; either way to it may be missing."""
    with path.open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)[name]
    upstream, package = table.get("upstream", {}), table.get("debian", {})
    return Pins(
        name=name,
        release=table["release"],
        upstream_url=upstream.get("url", ""),
        upstream_sha256=upstream.get("sha256", ""),
        package=package.get("package", ""),
        component=package.get("component", ""),
        suites={distribution: tuple(names) for distribution, names in package.get("suites", {}).items()},
        debian_sha256=package.get("sha256", ""),
    )


@dataclass(frozen=True)
class Source:
    """An archive that is here and checked. `trust` says in words by whom."""

    path: Path
    sha256: str
    release: str
    origin: str
    trust: str


class Shelf:
    """The archives in the cache, each with a record of what it is."""

    def __init__(self, cache: Cache, pins: Pins) -> None:
        self._folder = cache.sources
        self._pins = pins

    def place(self, origin: str, suffix: str) -> Path:
        """Where the archive of an origin goes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{self._pins.name}-{origin}{suffix}"

    def keep(self, path: Path, release: str, origin: str, trust: str) -> Source:
        """Writes the record that makes an archive findable."""
        source = Source(path, file_digest(path), release, origin, trust)
        record = dataclasses.asdict(source) | {"path": path.name}
        part = path.with_name(path.name + ".json.part")
        part.write_text(json.dumps(record, indent=1), encoding="utf-8")
        part.replace(path.with_name(path.name + ".json"))
        return source

    def find(self) -> Source | None:
        """A kept archive that is whole and not too old; the pinned release first."""
        fitting = []
        for record in sorted(self._folder.glob(f"{self._pins.name}-*.json")):
            source = self._read(record)
            if source and not _is_older(source.release, self._pins.release):
                fitting.append(source)
        fitting.sort(key=lambda source: source.release != self._pins.release)
        return fitting[0] if fitting else None

    def _read(self, record: Path) -> Source | None:
        try:
            fields = json.loads(record.read_text(encoding="utf-8"))
            source = Source(**(fields | {"path": self._folder / fields["path"]}))
            return source if file_digest(source.path) == source.sha256 else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _is_older(release: str, than: str) -> bool:
    return archive.parse_release(release) < archive.parse_release(than)


class WrongDigest(BuildError):
    """A file is not the one that was pinned."""


def check_digest(path: Path, wanted: str, kind: str = "sha256") -> None:
    """Deletes a file that is not the one that was pinned, and raises WrongDigest."""
    found = file_digest(path, kind)
    if found != wanted:
        path.unlink()
        name = kind.upper().replace("SHA", "SHA-")
        raise WrongDigest(f"what came as {path.name} has {name} {found}, pinned is {wanted}: it is refused")


class Finder:
    """Gets one source: the user's own, a kept one, upstream's, Debian's."""

    def __init__(
        self,
        cache: Cache,
        pins: Pins,
        runner: Runner,
        say: Callable[[str], None],
        release_of: Callable[[Path], str] = archive.release_of,
    ) -> None:
        self._cache = cache
        self._pins = pins
        self._runner = runner
        self._say = say
        self._release_of = release_of
        self._shelf = Shelf(cache, pins)

    def get(self, given: Path | None = None) -> Source:
        """The source to build. Raises BuildError when there is none, with each reason."""
        if given is not None:
            return self._from_user(given)
        if kept := self._shelf.find():
            return kept
        reasons = []
        for way in (self._from_upstream, self._from_debian):
            try:
                source = way()
            except BuildError as error:
                reasons += [error.message, *(f"  {line}" for line in error.tail)]
                if isinstance(error, WrongDigest):
                    self._say(f"  warning: {error.message}; looking elsewhere")
                continue
            self._say(f"  {self._pins.name} {source.release}: {source.trust}")
            return source
        self._cache.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._cache.root).free
        variable = f"TUIPHONE_{self._pins.name.replace('-', '_').upper()}"
        raise BuildError(
            f"no source of {self._pins.name} {self._pins.release} is to be had",
            f"make room: {self._cache.root} has {free // 1_000_000} MB left, {NEEDED_MB} are needed"
            if free < NEEDED_MB * 1_000_000
            else f"if this machine has no way to any of them, bring the archive and name it: {variable}=/path/to/archive; "
            "or take the ready-made engine, with fewer codecs: ENGINE=wheel",
            reasons,
        )

    def _from_user(self, given: Path) -> Source:
        if not given.is_file():
            raise BuildError(f"{given} is no file", "name a tar archive")
        suffix = "".join(given.suffixes[-2:])
        release = self._checked_release(given)
        sha256 = file_digest(given)
        known = sha256 in (self._pins.upstream_sha256, self._pins.debian_sha256)
        place = self._shelf.place(f"given-{sha256[:12]}", suffix)
        part = place.with_name(place.name + ".part")
        shutil.copyfile(given, part)
        part.replace(place)
        trust = "given by you, " + ("its SHA-256 is pinned" if known else "not checked")
        self._say(f"  {self._pins.name} {release}: {trust}")
        return self._shelf.keep(place, release, "given", trust)

    def _from_upstream(self) -> Source:
        if not self._pins.upstream_url:
            raise BuildError("no upstream archive is pinned")
        place = self._shelf.place("upstream", ".tar.gz")
        part = place.with_name(place.name + ".part")
        try:
            with (
                urllib.request.urlopen(self._pins.upstream_url, timeout=CONNECT_TIMEOUT) as answer,
                part.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise BuildError(f"upstream is not reachable ({reason})") from None
        check_digest(part, self._pins.upstream_sha256)
        part.replace(place)
        return self._shelf.keep(place, self._checked_release(place), "upstream", "upstream's, SHA-256 as pinned")

    def _from_debian(self) -> Source:
        facts = debian.os_release()
        own = facts.get("VERSION_CODENAME", "")
        suites = dict.fromkeys((*self._pins.suites.get(facts.get("ID", ""), ()), own))
        reasons = []
        for mirror in debian.own_archive(debian.read_mirrors(), own):
            for suite in suites:
                try:
                    return self._from_suite(mirror, suite)
                except BuildError as error:
                    reasons.append(f"{suite}: {error.message}")
        raise BuildError("the distribution has no source package", tail=reasons or ["no mirror in its apt sources"])

    def _from_suite(self, mirror: debian.Mirror, suite: str) -> Source:
        apt = debian.PrivateApt(self._cache.root / "apt", self._runner, "apt")
        files = apt.files(self._pins.package, mirror, suite)
        wanted = [file for file in files if self._pins.component in file.name]
        if not wanted:
            raise BuildError(f"{self._pins.package} has no {self._pins.component} there")
        file = wanted[0]
        place = self._shelf.place("debian", "".join(Path(file.name).suffixes[-2:]))
        if not place.exists() or file_digest(place, file.kind) != file.digest:
            apt.download(file, place)
        check_digest(place, file.digest, file.kind)
        trust = f"from the package {self._pins.package} ({suite}), signature checked by apt"
        if file_digest(place) == self._pins.debian_sha256:
            trust += ", SHA-256 as pinned"
        else:
            trust += "; another version than the pinned one"
        return self._shelf.keep(place, self._checked_release(place), "debian", trust)

    def _checked_release(self, path: Path) -> str:
        release = self._release_of(path)
        if _is_older(release, self._pins.release):
            raise BuildError(f"{path.name} is {self._pins.name} {release}, older than {self._pins.release}")
        if release != self._pins.release:
            self._say(
                f"  warning: {self._pins.name} {release} is newer than {self._pins.release}, "
                "which this recipe was written for"
            )
        return release
