"""pjproject's tree: unpacked, patched, configured, compiled.

Each stage leaves a stamp when it is complete, so an interrupted build goes on at
the stage it was in.
"""

import os
import shutil
import sysconfig
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .archive import unpack
from .command import Runner
from .errors import BuildError
from .progress import Progress
from .voice import compile_voice

CONFIGURE = (
    "--enable-epoll",
    "--disable-video",
    "--disable-libwebrtc",
    "--disable-libyuv",
    "--disable-sdl",
    "--disable-ffmpeg",
    "--disable-v4l2",
    "--disable-openh264",
    "--disable-vpx",
    "--disable-upnp",
    "--disable-opencore-amr",
    "--disable-silk",
    "--disable-lyra",
    "--disable-ilbc-codec",
    "--disable-g7221-codec",
    "--with-external-speex",
    "--with-external-gsm",
    "--with-external-srtp",
    "--enable-speex-resample",
    "--enable-libwebrtc-aec3",
)
# NDEBUG: a wrong call id raises instead of ending the process by an assertion.
FLAGS = "-O2 -g0 -fPIC -DNDEBUG"
# The SWIG file is glue only, and at -O2 it alone takes longer than anything else.
GLUE_FLAGS = "-O1 -w -fno-strict-aliasing"

_PACKAGES = "a build dependency is missing or too old: run `make setup`, which installs them"


@dataclass
class Tree:
    """One work folder of the build."""

    folder: Path
    runner: Runner
    progress: Progress
    jobs: int

    @property
    def source(self) -> Path:
        """The top folder of pjproject."""
        return self.folder / "pjproject"

    @property
    def swig(self) -> Path:
        """Where pjproject's Python binding is made."""
        return self.source / "pjsip-apps/src/swig/python"

    @property
    def glue(self) -> Path:
        """The compiled SWIG file."""
        return self.swig / "pjsua2_wrap.o"

    def stage(self, name: str, work: Callable[[], None]) -> None:
        """Does a stage that is not stamped yet."""
        stamp = self.folder / f"{name.replace(' ', '-')}.done"
        if stamp.exists():
            return
        with self.progress.step(name):
            work()
        stamp.touch()

    def build(self, archive: Path, patches: Path, config_site: Path, voice: Path | None) -> None:
        """All the stages up to the libraries, the glue and the pjsua program.

        `archive` is pjproject's, `voice` that of the voice codecs if they are to be had.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stage("unpack and patch", lambda: self._unpack(archive, patches, config_site))
        self.stage("configure", self._configure)
        self._both(
            lambda: self.stage("libraries", self._libraries),
            lambda: self.stage("Python binding", self._binding),
            *([lambda: self.stage("voice codecs", lambda: self._voice(voice))] if voice else []),
        )
        self.stage("pjsua program", self._program)

    def _unpack(self, archive: Path, patches: Path, config_site: Path) -> None:
        part = self.folder / "pjproject.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(self.source, ignore_errors=True)
        unpack(self.runner, "unpack", archive, part)
        for patch in sorted(patches.glob("*.patch")):
            self.runner.run(
                "patch",
                ["patch", "-p1", "--forward", "--no-backup-if-mismatch", "-i", str(patch)],
                part,
                remedy=f"{patch.name} does not fit this pjproject release",
            )
        shutil.copyfile(config_site, part / "pjlib/include/pj/config_site.h")
        part.rename(self.source)

    def _configure(self) -> None:
        self.runner.run(
            "configure",
            ["./configure", *CONFIGURE],
            self.source,
            env={"CFLAGS": FLAGS, "CXXFLAGS": FLAGS},
            remedy=_PACKAGES,
        )

    def _libraries(self) -> None:
        forget_unfinished(self.source)
        self.runner.run("libraries", ["make", f"-j{self.jobs}", "lib"], self.source, remedy=_PACKAGES)

    def _binding(self) -> None:
        for name in ("pjsua2_wrap.cpp", "pjsua2_wrap.h", "pjsua2.py", self.glue.name):
            (self.swig / name).unlink(missing_ok=True)
        self.runner.run("swig", ["make", "pjsua2_wrap.cpp"], self.swig, remedy=_PACKAGES)
        include = Path(sysconfig.get_paths()["include"])
        if not (include / "Python.h").exists():
            raise BuildError(f"Python's headers are missing in {include}", "install the package python3-dev")
        flags = [flag for flag in self.flags("cflags") if not flag.startswith("-O")]
        self.runner.run(
            "binding",
            ["g++", *flags, *GLUE_FLAGS.split(), f"-I{include}", "-c", "pjsua2_wrap.cpp", "-o", self.glue.name],
            self.swig,
            remedy=_PACKAGES,
        )

    def _program(self) -> None:
        folder = self.source / "pjsip-apps/build"
        self.runner.run("pjsua", ["make", f"-j{self.jobs}", "pjsua"], folder, remedy=_PACKAGES)

    @property
    def voice_folder(self) -> Path:
        """The compiled voice codecs."""
        return self.folder / "voice"

    def _voice(self, archive: Path) -> None:
        absl = self.source / "third_party/webrtc_aec3/src"
        compile_voice(self.runner, archive, self.voice_folder, absl)

    @property
    def program(self) -> Path:
        """The pjsua command line program."""
        found = sorted((self.source / "pjsip-apps/bin").glob("pjsua-*"))
        if not found:
            raise BuildError("the pjsua program was not made", f"see {self.runner.log_path}")
        return found[0]

    def flags(self, target: str) -> list[str]:
        """What helper.mak says: "cflags", "ldflags" or "libs"."""
        text = self.runner.run(
            "flags",
            ["make", "--no-print-directory", "-s", "-f", "helper.mak", target],
            self.swig,
            env={"MAKEFLAGS": ""},
        )
        return text.split()

    def _both(self, *works: Callable[[], None]) -> None:
        """Runs works side by side; the first failure ends the others and is raised."""
        failures: list[BaseException] = []

        def guarded(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)
                self.runner.stop()

        threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
        if failures:
            raise failures[0]


def forget_unfinished(source: Path, window: float = 10.0) -> None:
    """Deletes what a killed make may have left half written.

    A compiler that was killed leaves an object that looks finished. Such a one is
    among the latest written, so the objects of the last `window` seconds go, and
    the archives, which are cheap to make.
    """
    objects: list[tuple[float, Path]] = []
    for folder, _, names in os.walk(source):
        for name in names:
            path = Path(folder) / name
            if name.endswith(".a"):
                path.unlink()
            elif name.endswith(".o"):
                objects.append((path.stat().st_mtime, path))
    newest = max((time for time, _ in objects), default=0.0)
    for time, path in objects:
        if time > newest - window:
            path.unlink()
