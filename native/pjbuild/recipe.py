"""The whole build: source, tree, module, wheel, each found again when it is there."""

import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache, Lock, host_facts, key_of
from .command import Log, Runner
from .errors import BuildError
from .module import Module, check_module, link_module
from .progress import Progress
from .sources import Finder, Shelf, Source, read_pins
from .tree import Tree
from .voice import voice_release
from .wheel import wheel_tag, wheel_version, write_wheel

NATIVE = Path(__file__).resolve().parent.parent
_PINS = NATIVE / "sources.toml"
_NAMES = ("pjproject", "voice-codecs")
_TREE_FILES = ("config_site.h", "patches/*.patch", "pjbuild/tree.py", "pjbuild/voice.py")
_MODULE_FILES = (
    "helper/*.[ch]",
    "helper/*.cpp",
    "codecs/*.[ch]",
    "program/*.c",
    "pjbuild/module.py",
    "pjbuild/smoke.py",
    "pjbuild/wheel.py",
)


@dataclass(frozen=True)
class Product:
    """What a build leaves in the cache."""

    folder: Path

    @property
    def wheel(self) -> Path:
        """The wheel of pjsua2."""
        return next(self.folder.glob("*.whl"))

    @property
    def program(self) -> Path:
        """The pjsua command line program of the same tree."""
        return self.folder / "pjsua"

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there; a disk that was full, or a crash, may have cut the wheel short."""
        wheels = list(self.folder.glob("*.whl"))
        return len(wheels) == 1 and zipfile.is_zipfile(wheels[0]) and self.program.is_file()


@dataclass(frozen=True)
class Sources:
    """What is built: pjproject, and the voice codecs where their source is to be had."""

    pjproject: Source
    voice: Source | None


@dataclass(frozen=True)
class Given:
    """Archives the user names instead of those the build would look for."""

    pjproject: Path | None = None
    voice: Path | None = None

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Given":
        """$TUIPHONE_PJPROJECT and $TUIPHONE_VOICE_CODECS."""
        paths = [env.get(name) for name in ("TUIPHONE_PJPROJECT", "TUIPHONE_VOICE_CODECS")]
        return cls(*(Path(path) if path else None for path in paths))


@dataclass(frozen=True)
class Keys:
    """Keys of the compiled libraries and of the wheel made from them."""

    tree: str
    wheel: str


def make_keys(sources: Sources, native: Path = NATIVE) -> Keys:
    """The keys for these sources with the recipe's files and this Python and system."""
    digests = [source.sha256 if source else "none" for source in (sources.pjproject, sources.voice)]
    facts = digests + host_facts()
    tree = key_of(_files(native, _TREE_FILES), native, facts)
    return Keys(tree, key_of(_files(native, _MODULE_FILES), native, [tree, *facts]))


def _files(native: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in native.glob(pattern)]


def find_product(cache: Cache) -> Product | None:
    """The finished product for the recipe as it is, or None. Quick, changes nothing."""
    pjproject, voice = (Shelf(cache, read_pins(_PINS, name)).find() for name in _NAMES)
    if pjproject is None:
        return None
    product = Product(cache.product(make_keys(Sources(pjproject, voice)).wheel))
    return product if product.is_whole else None


@dataclass
class Build:
    """One run of the build. `retry` looks again for voice codecs that were not to be had."""

    cache: Cache
    progress: Progress
    jobs: int = 0
    keep_tree: bool = False
    retry: bool = False

    def product(self, given: Given | None = None) -> Product:
        """The product, built if it is not there. Raises BuildError."""
        given = given or Given()
        if given == Given() and not self.retry and (found := find_product(self.cache)):
            return found

        def waiting() -> None:
            self.progress.say("  another build is running; waiting for its end")

        with Lock(self.cache.root / "lock", waiting) as lock:
            self.cache.log.unlink(missing_ok=True)
            runner = Runner(Log(self.cache.log), [lock.fd])
            try:
                return self._make(runner, self._find_sources(runner, given))
            except KeyboardInterrupt:
                self.progress.interrupted()
                raise
            finally:
                runner.stop()

    def _find_sources(self, runner: Runner, given: Given) -> Sources:
        say = self.progress.say
        with self.progress.step("source"):
            pjproject = Finder(self.cache, read_pins(_PINS, "pjproject"), runner, say).get(given.pjproject)
        voice_finder = Finder(self.cache, read_pins(_PINS, "voice-codecs"), runner, say, voice_release)
        try:
            with self.progress.step("source of the voice codecs"):
                voice = voice_finder.get(given.voice)
        except BuildError as error:
            if given.voice:
                raise
            say(f"  going on without iLBC and iSAC: {error.message}")
            voice = None
        return Sources(pjproject, voice)

    def _make(self, runner: Runner, sources: Sources) -> Product:
        keys = make_keys(sources)
        target = self.cache.product(keys.wheel)
        if not Product(target).is_whole:
            self.progress.say(f"  building pjsua2 {sources.pjproject.release}, full log in {runner.log_path}")
            tree = Tree(self.cache.tree(keys.tree), runner, self.progress, self.jobs or os.cpu_count() or 1)
            voice = sources.voice.path if sources.voice else None
            tree.build(sources.pjproject.path, NATIVE / "patches", NATIVE / "config_site.h", voice)
            module = self._link(tree, sources)
            now = make_keys(sources)
            if now != keys:
                # Edited while it was compiled: what was made is of neither state.
                self.progress.say("  the recipe changed meanwhile: once more")
                if now.tree != keys.tree:
                    shutil.rmtree(tree.folder, ignore_errors=True)
                return self._make(runner, sources)
            self._place(runner, module, wheel_version(sources.pjproject.release, keys.wheel), target)
            if not self.keep_tree:
                shutil.rmtree(tree.folder, ignore_errors=True)
        return Product(target)

    def _link(self, tree: Tree, sources: Sources) -> Module:
        with self.progress.step("link"):
            module = link_module(tree, NATIVE, sources.voice is not None)
        with self.progress.step("smoke test"):
            check_module(tree, module)
        return module

    def _place(self, runner: Runner, module: Module, version: str, target: Path) -> None:
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        write_wheel(module.files, version, wheel_tag(), part)
        shutil.copy2(module.program, part / "pjsua")
        runner.run("strip", ["strip", str(part / "pjsua")], part)
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
