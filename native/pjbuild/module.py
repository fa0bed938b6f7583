"""The extension module and the pjsua program: what is ours compiled and linked to pjproject's libraries."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .smoke import smoke_test
from .tree import FLAGS, Tree
from .voice import include_folder

EXTENSION = "_pjsua2.so"
_WEBRTC = "-DWEBRTC_LINUX=1 -DWEBRTC_POSIX=1 -DWEBRTC_APM_DEBUG_DUMP=0"
"""What pjproject compiles WebRTC with: its headers mean something else without."""


@dataclass(frozen=True)
class Module:
    """A linked module and what belongs to it, in a folder of its own."""

    folder: Path
    program: Path
    has_voice: bool

    @property
    def files(self) -> list[Path]:
        """The files of the wheel."""
        return [self.folder / "pjsua2.py", self.folder / EXTENSION]


def link_module(tree: Tree, native: Path, has_voice: bool) -> Module:
    """Compiles what is ours and links it with the libraries of a built tree.

    `native` is the folder with helper/ and codecs/; codecs only come in with the voice
    codecs' own code (`has_voice`).
    """
    folder = tree.folder / "module"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    helper = native / "helper"
    defines = ["-DTUIPHONE_CODECS"] if has_voice else []
    objects = [_compile(tree, source, folder, defines) for source in sorted(helper.glob("*.c*"))]
    libraries = [*tree.flags("ldflags"), *(f"-l{name}" for name in tree.flags("libs"))]
    program = tree.program
    if has_voice:
        voice = _join_voice(tree, native, folder)
        objects.append(voice)
        program = _link_program(tree, native, voice, libraries)
    shutil.copyfile(tree.swig / "pjsua2.py", folder / "pjsua2.py")
    inputs = [str(tree.glue), *map(str, objects), *libraries]
    tree.runner.run(
        "link",
        # Bsymbolic: another copy of libspeex or libgsm in the process must not be taken for ours.
        ["g++", "-shared", "-s", "-Wl,-Bsymbolic", "-o", str(folder / EXTENSION), *inputs],
        tree.swig,
    )
    return Module(folder, program, has_voice)


def _link_program(tree: Tree, native: Path, voice: Path, libraries: list[str]) -> Path:
    """The pjsua program once more, with the voice codecs."""
    folder = voice.parent
    entry = _compile(tree, native / "program/codecs.c", folder, [f"-I{native / 'helper'}"])
    objects = sorted((tree.source / "pjsip-apps/build/output").glob("pjsua-*/*.o"))
    inputs = [*map(str, objects), str(entry), str(voice), *libraries]
    tree.runner.run("pjsua", ["g++", "-s", "-Wl,--wrap=pjsua_init", "-o", str(folder / "pjsua"), *inputs], tree.swig)
    return folder / "pjsua"


def _compile(tree: Tree, source: Path, folder: Path, extra: list[str]) -> Path:
    target = folder / f"{source.stem}.o"
    flags = [flag for flag in tree.flags("cflags") if not flag.startswith("-std=")]
    warnings = ["-Wall", "-Wextra", "-Wno-unused-parameter"]
    output = ["-c", str(source), "-o", str(target)]
    compiler = ["gcc", "-std=gnu11"]
    if source.suffix == ".cpp":
        compiler = ["g++", "-std=c++17", *_WEBRTC.split(), "-isystem", str(tree.source / "third_party/webrtc_aec3/src")]
    tree.runner.run("helper", [*compiler, *FLAGS.split(), *warnings, *flags, *extra, *output], source.parent)
    return target


def _join_voice(tree: Tree, native: Path, folder: Path) -> Path:
    """The codecs as one object that shows nothing but its entry.

    The echo canceller has parts of the same signal processing library, of another version.
    """
    includes = [f"-I{include_folder(tree.voice_folder)}", f"-I{native / 'helper'}"]
    sources = sorted((native / "codecs").glob("*.c"))
    objects = [str(_compile(tree, source, folder, includes)) for source in sources]
    archives = [str(tree.voice_folder / f"{name}.a") for name in ("ilbc", "isac", "signal")]
    joined = folder / "joined-codecs.o"
    tree.runner.run("codecs", ["ld", "-r", "-o", str(joined), *objects, *archives], folder)
    entry = "--keep-global-symbol=tuiphone_codecs_register"
    tree.runner.run("codecs", ["objcopy", entry, str(joined)], folder)
    return joined


def check_module(tree: Tree, module: Module) -> None:
    """The smoke test of a linked module; raises BuildError when it fails."""
    smoke_test(tree.runner, module.folder, module.has_voice)
