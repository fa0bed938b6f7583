"""The extension module: helper and codecs compiled and linked to pjproject's libraries."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .smoke import smoke_test
from .tree import FLAGS, Tree

EXTENSION = "_pjsua2.so"


@dataclass(frozen=True)
class Module:
    """A linked module and what belongs to it, in a folder of its own."""

    folder: Path

    @property
    def files(self) -> list[Path]:
        """The files of the wheel."""
        return [self.folder / "pjsua2.py", self.folder / EXTENSION]


def link_module(tree: Tree, helper: Path) -> Module:
    """Compiles what is ours and links it with the libraries of a built tree."""
    folder = tree.folder / "module"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    objects = [_compile(tree, source, folder) for source in sorted(helper.glob("*.c"))]
    shutil.copyfile(tree.swig / "pjsua2.py", folder / "pjsua2.py")
    libraries = [f"-l{name}" for name in tree.flags("libs")]
    tree.runner.run(
        "link",
        # Bsymbolic: another copy of libspeex or libgsm in the process must not be taken for ours.
        ["g++", "-shared", "-s", "-Wl,-Bsymbolic", "-o", str(folder / EXTENSION)]
        + [str(tree.glue), *map(str, objects), *tree.flags("ldflags"), *libraries],
        tree.swig,
    )
    return Module(folder)


def _compile(tree: Tree, source: Path, folder: Path) -> Path:
    target = folder / f"{source.stem}.o"
    flags = [flag for flag in tree.flags("cflags") if not flag.startswith("-std=")]
    tree.runner.run(
        "helper",
        ["gcc", "-std=gnu11", *FLAGS.split(), "-Wall", "-Wextra", "-Wno-unused-parameter"]
        + [*flags, f"-I{source.parent}", "-c", str(source), "-o", str(target)],
        source.parent,
    )
    return target


def check_module(tree: Tree, module: Module) -> None:
    """The smoke test of a linked module; raises BuildError when it fails."""
    smoke_test(tree.runner, module.folder)
