"""The whole build: source, tree, module, wheel, each found again when it is there."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .cache import Cache, Lock, host_facts, key_of
from .command import Log, Runner
from .module import check_module, link_module
from .progress import Progress
from .sources import Finder, Shelf, Source, read_pins
from .tree import Tree
from .wheel import wheel_tag, wheel_version, write_wheel

NATIVE = Path(__file__).resolve().parent.parent
_TREE_FILES = ("config_site.h", "patches/*.patch", "pjbuild/tree.py")
_MODULE_FILES = (
    "helper/*.[ch]",
    "codecs/*.[ch]",
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


@dataclass(frozen=True)
class Keys:
    """Keys of the compiled libraries and of the wheel made from them."""

    tree: str
    wheel: str


def make_keys(sources: Iterable[Source | None], native: Path = NATIVE) -> Keys:
    """The keys for these sources with the recipe's files and this Python and system."""
    facts = [source.sha256 if source else "none" for source in sources] + host_facts()
    tree = key_of(_files(native, _TREE_FILES), native, facts)
    return Keys(tree, key_of(_files(native, _MODULE_FILES), native, [tree, *facts]))


def _files(native: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in native.glob(pattern)]


def find_product(cache: Cache) -> Product | None:
    """The finished product for the recipe as it is, or None. Quick, changes nothing."""
    source = Shelf(cache, read_pins(NATIVE / "sources.toml", "pjproject")).find()
    if source is None:
        return None
    folder = cache.product(make_keys([source]).wheel)
    return Product(folder) if folder.is_dir() else None


@dataclass
class Build:
    """One run of the build."""

    cache: Cache
    progress: Progress
    jobs: int = 0
    keep_tree: bool = False

    def product(self, given: Path | None = None) -> Product:
        """The product, built if it is not there. Raises BuildError."""
        if given is None and (found := find_product(self.cache)):
            return found

        def waiting() -> None:
            self.progress.say("  another build is running; waiting for its end")

        with Lock(self.cache.root / "lock", waiting) as lock:
            self.cache.log.unlink(missing_ok=True)
            runner = Runner(Log(self.cache.log), [lock.fd])
            try:
                return self._make(runner, given)
            finally:
                runner.stop()

    def _make(self, runner: Runner, given: Path | None) -> Product:
        pins = read_pins(NATIVE / "sources.toml", "pjproject")
        with self.progress.step("source"):
            source = Finder(self.cache, pins, runner, self.progress.say).get(given)
        keys = make_keys([source])
        target = self.cache.product(keys.wheel)
        if not target.is_dir():
            self.progress.say(f"  building pjsua2 {source.release}, full log in {runner.log_path}")
            tree = Tree(self.cache.tree(keys.tree), runner, self.progress, self.jobs or os.cpu_count() or 1)
            tree.build(source.path, NATIVE / "patches", NATIVE / "config_site.h")
            self._finish(tree, source, keys, target)
            if not self.keep_tree:
                shutil.rmtree(tree.folder, ignore_errors=True)
        return Product(target)

    def _finish(self, tree: Tree, source: Source, keys: Keys, target: Path) -> None:
        with self.progress.step("link"):
            module = link_module(tree, NATIVE / "helper")
        with self.progress.step("smoke test"):
            check_module(tree, module)
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        write_wheel(module.files, wheel_version(source.release, keys.wheel), wheel_tag(), part)
        shutil.copy2(tree.program, part / "pjsua")
        tree.runner.run("strip", ["strip", str(part / "pjsua")], part)
        part.rename(target)
