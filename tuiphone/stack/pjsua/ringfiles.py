"""Ring tones from files: made ready before anybody rings, told where they cannot be played."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pjsua2 as pj

from tuiphone.controller.ports import Report, StackNotice
from tuiphone.i18n import _
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.pcm import NotPlayable, playable
from tuiphone.stack.pjsua.pump import Pump


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file as it was at ``stamp``: what pjmedia plays in its place, or why nothing does."""

    stamp: tuple[int, int]
    path: Path | None
    problem: str = ""


class RingFiles:
    """``files`` are those of the configuration; another one is made ready when it first rings."""

    def __init__(self, pump: Pump, report: Callable[[Report], None], files: Iterable[str]) -> None:
        self._report = report
        self._folder = tempfile.TemporaryDirectory(prefix="tuiphone-")
        self._ready: dict[str, _Ready] = {}
        wanted = tuple(dict.fromkeys(files))
        if wanted:
            # Bringing a long file to another form takes its time, and the calls must not.
            threading.Thread(target=self._prepare, args=(pump, wanted), daemon=True).start()

    def player(self, file: str) -> pj.AudioMediaPlayer | None:
        """What plays it over and over; None where nothing can, which is told."""
        ready = self._ready.get(file)
        if ready is None or ready.stamp != _stamp(file):
            ready = self._made(file, len(self._ready))
            self._take(file, ready)
        elif ready.problem:
            self._tell(file, ready.problem)
        if ready.path is None:
            return None
        player = pj.AudioMediaPlayer()
        try:
            player.createPlayer(str(ready.path))
        except (pj.Error, RuntimeError) as error:
            self._tell(file, words_of(error) if isinstance(error, pj.Error) else str(error))
            return None
        return player

    def close(self) -> None:
        """Nothing rings any more."""
        self._folder.cleanup()

    def _prepare(self, pump: Pump, files: tuple[str, ...]) -> None:
        for number, file in enumerate(files):
            ready = self._made(file, number)
            pump.submit(partial(self._take, file, ready))

    def _made(self, file: str, number: int) -> _Ready:
        stamp = _stamp(file)
        target = Path(self._folder.name) / f"{number}-{threading.get_ident()}.wav"
        try:
            return _Ready(stamp, playable(Path(file).expanduser(), target))
        except NotPlayable as error:
            return _Ready(stamp, None, str(error))

    def _take(self, file: str, ready: _Ready) -> None:
        self._ready[file] = ready
        if ready.problem:
            self._tell(file, ready.problem)

    def _tell(self, file: str, why: str) -> None:
        words = _("The ring tone “{path}” cannot be played: {why}").format(path=file, why=why)
        self._report(StackNotice(NoticeLevel.WARNING, words, lasting=True))


def _stamp(file: str) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        stat = Path(file).expanduser().stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
