"""WebRTC's iLBC and iSAC: what is taken from their source archive, and its compilation."""

import re
import shutil
import subprocess
from pathlib import Path

from .archive import unpack
from .command import Runner
from .errors import BuildError

RELEASE = "2023"

_ILBC = "modules/audio_coding/codecs/ilbc"
_ISAC = "modules/audio_coding/codecs/isac/main"
_SIGNAL = "common_audio/signal_processing"
_PARTS = (
    f"*/{_ILBC}/*.[ch]",
    f"*/{_ISAC}/*.[ch]",
    "*/modules/audio_coding/codecs/isac/*.h",
    "*/modules/third_party/fft/*.[ch]",
    f"*/{_SIGNAL}/*.[ch]",
    f"*/{_SIGNAL}/*.cc",
    "*/common_audio/third_party/spl_sqrt_floor/*.[ch]",
    "*/rtc_base/*.h",
    "*/LICENSE",
)
_FLAGS = "-O2 -g0 -fPIC -DNDEBUG -DWEBRTC_POSIX -DWEBRTC_LINUX -w"
# Variants for other processors than the plain C ones, and trials.
_LEFT_OUT = re.compile(r"_(mips|neon|armv7|unittest)\.")


def voice_release(archive: Path) -> str:
    """Says that an archive holds both codecs; raises BuildError when it does not."""
    listing = subprocess.run(
        ["tar", "-tf", str(archive)], capture_output=True, text=True, errors="replace", check=False
    ).stdout
    for needed in (f"{_ILBC}/ilbc.c", f"{_ISAC}/source/isac.c"):
        if needed not in listing:
            raise BuildError(f"{archive.name} does not hold {needed}")
    return RELEASE


def compile_voice(runner: Runner, archive: Path, folder: Path, absl: Path) -> None:
    """Unpacks the codecs below `folder` and compiles them to ilbc.a, isac.a and signal.a there.

    `absl` is an include folder with Abseil's headers.
    """
    shutil.rmtree(folder, ignore_errors=True)
    unpack(runner, "voice codecs", archive, folder / "source", _PARTS)
    source = include_folder(folder)
    groups = {
        "ilbc": _sources(source, f"{_ILBC}/*.c"),
        "isac": _sources(source, f"{_ISAC}/source/*.c"),
        "signal": _sources(
            source,
            f"{_SIGNAL}/*.c",
            f"{_SIGNAL}/dot_product_with_scale.cc",
            "common_audio/third_party/*/*.c",
            "modules/third_party/fft/*.c",
        ),
    }
    for name, files in groups.items():
        objects = folder / name
        objects.mkdir()
        includes = [f"-I{source}", f"-I{absl}"]
        for compiler, suffix in (("gcc -std=gnu11", ".c"), ("g++ -std=gnu++17", ".cc")):
            chosen = [str(path) for path in files if path.suffix == suffix]
            if chosen:
                command = [*compiler.split(), *_FLAGS.split(), *includes, "-c", *chosen]
                runner.run("voice codecs", command, objects)
        built = [path.name for path in sorted(objects.glob("*.o"))]
        runner.run("voice codecs", ["ar", "rcs", f"../{name}.a", *built], objects)


def include_folder(folder: Path) -> Path:
    """Where the headers are after compile_voice."""
    return folder / "source/src"


def _sources(source: Path, *patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in sorted(source.glob(pattern))]
    return [path for path in found if not _LEFT_OUT.search(path.name)]
