"""The trial of the microphone: recorded for some seconds, then played in the ear."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pjsua2 as pj

from tuiphone.controller.ports import MicTestReport, Report, StackNotice
from tuiphone.i18n import _
from tuiphone.model.device import MicTest
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.pump import Pump, Timer

_USER = "microphone test"
_LOOK_S = 0.05


class _Player(pj.AudioMediaPlayer):
    def __init__(self, path: str, over: Callable[[], None]) -> None:
        super().__init__()
        self._over: Callable[[], None] | None = over
        self.createPlayer(path, pj.PJMEDIA_FILE_NO_LOOP)

    def onEof2(self) -> None:
        over, self._over = self._over, None
        if over:
            over()


class MicTrial:
    """One at a time; beginning anew ends the one before."""

    def __init__(self, pump: Pump, sound: Sound, report: Callable[[Report], None]) -> None:
        self._pump = pump
        self._sound = sound
        self._report = report
        self._path = ""
        self._timer: Timer | None = None
        self._recorder: pj.AudioMediaRecorder | None = None
        self._player: _Player | None = None

    def run(self, seconds: float) -> None:
        """Begin with recording so long; 0 ends what is under way."""
        self.close()
        if seconds > 0:
            self._record(seconds)

    def close(self) -> None:
        """Nothing is recorded or played any more, and nothing is kept."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._path:
            self._recorder = self._player = None
            Path(self._path).unlink(missing_ok=True)
            self._path = ""
            self._sound.need(_USER, False)
            self._report(MicTestReport(MicTest.OFF))

    def _record(self, seconds: float) -> None:
        handle, self._path = tempfile.mkstemp(suffix=".wav", prefix="tuiphone-")
        os.close(handle)
        self._sound.need(_USER, True)
        recorder = pj.AudioMediaRecorder()
        try:
            recorder.createRecorder(self._path)
            self._sound.port.startTransmit(recorder)
        except pj.Error as error:
            self._failed(error)
            return
        self._recorder = recorder
        self._timer = self._pump.later(seconds, self._recorded)
        self._report(MicTestReport(MicTest.RECORDING))

    def _recorded(self) -> None:
        self._recorder = None  # which completes the file, a moment later and on another thread
        self._timer = self._pump.later(_LOOK_S, self._play)

    def _play(self) -> None:
        with Path(self._path).open("rb") as file:
            complete = file.read(4) == b"RIFF"
        self._timer = None if complete else self._pump.later(_LOOK_S, self._play)
        if not complete:
            return
        try:
            self._player = _Player(self._path, lambda: self._pump.submit(self.close))
            self._player.startTransmit(self._sound.port)
        except pj.Error as error:
            self._failed(error)
            return
        self._report(MicTestReport(MicTest.PLAYING))

    def _failed(self, error: pj.Error) -> None:
        words = _("The microphone cannot be tried: {why}").format(why=words_of(error))
        self._report(StackNotice(NoticeLevel.WARNING, words))
        self.close()
