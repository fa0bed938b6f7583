"""One call's audio on the conference bridge: microphone or file to it, ear and recorder from it, tones into it."""

from __future__ import annotations

from pathlib import Path

import pjsua2 as pj

from tuiphone.controller.ports import PlayedReport, StackNotice
from tuiphone.i18n import _
from tuiphone.model.call import CallId
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import BRIDGE_HZ, words_of
from tuiphone.stack.pjsua.dtmf import GAP_MS, TONE_MS
from tuiphone.stack.pjsua.recording import Recording

_DIGIT_AMPLITUDE = 12288


class _Player(pj.AudioMediaPlayer):
    """Reports the end of its file, from the SIP thread but outside the callback: there it must not be deleted."""

    def __init__(self, audio: CallAudio, path: str, loop: bool) -> None:
        super().__init__()
        self._audio: CallAudio | None = None if loop else audio
        self.path = path
        self.createPlayer(path, 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)

    def onEof2(self) -> None:
        audio, self._audio = self._audio, None
        if audio:
            audio.file_over(self.path)


class CallAudio:
    """Wires a call's port (None while it has no audio) to what it should hear and be heard by."""

    def __init__(self, context: Context, call_id: CallId) -> None:
        self._context = context
        self._call_id = call_id
        self._muted = False
        self._held = False
        self._sends = False
        self._hears = False
        self._player: _Player | None = None
        self._recorder: pj.AudioMediaRecorder | None = None
        self._digits: pj.ToneGenerator | None = None
        self._recording: Recording | None = None
        self._gains = {"source": 1.0, "ear": 1.0}
        self._wired: dict[str, tuple[pj.AudioMedia, pj.AudioMedia]] = {}
        self.port: pj.AudioMedia | None = None

    def attach(self, port: pj.AudioMedia | None, sends: bool, hears: bool) -> None:
        """The negotiated audio changed: our side may send, and may be heard, on this port."""
        if port is None or self.port is None or port.getPortId() != self.port.getPortId():
            self._wired.clear()
        self.port, self._sends, self._hears = port, sends, hears
        self._context.sound.need(self._call_id, port is not None)
        self._context.sound.in_call(self._call_id, True)
        self._wire(afresh=True)

    def hold(self, on: bool) -> None:
        """Keep both sides in silence, whatever was negotiated."""
        self._held = on
        self._wire()

    def mute(self, on: bool) -> None:
        """Take the microphone, or the file in its place, away."""
        self._muted = on
        self._wire()

    def set_gain(self, mic: int, ear: int) -> None:
        """Gains in percent of what is sent and of what is heard; recordings stay as they are."""
        for name, gain in (("source", mic / 100), ("ear", ear / 100)):
            if gain != self._gains[name]:
                self._gains[name] = gain
                self._drop(name)  # a connection keeps the level it was made with
        self._wire()

    def play(self, path: str, loop: bool) -> None:
        """Send a file instead of the microphone; an empty path sends the microphone again."""
        self._drop("source")
        self._player = None
        if path:
            try:
                self._player = _Player(self, path, loop)
            except pj.Error as error:
                self._notice(_("“{path}” cannot be played: {why}").format(path=path, why=words_of(error)))
        self._wire()

    def file_over(self, path: str) -> None:
        """A file was played to its end."""
        self._context.report(PlayedReport(self._call_id, path))

    def record(self, path: str) -> None:
        """Write what is heard to a file; an empty path closes it."""
        self._drop("recorder")
        self._recorder = None
        if path:
            recorder = pj.AudioMediaRecorder()
            try:
                Path(path).touch(mode=0o600)  # what people say is nobody else's business
                recorder.createRecorder(path)
                self._recorder = recorder
            except (pj.Error, OSError) as error:
                why = words_of(error) if isinstance(error, pj.Error) else error.strerror
                self._notice(_("“{path}” cannot be written: {why}").format(path=path, why=why))
        self._wire()

    def start_recording(self, path: str, beep_s: float) -> None:
        """Write both sides to a stereo file."""
        self.stop_recording()
        recording = Recording(self._context, self._call_id, path, beep_s, self.stop_recording)
        if recording.is_open:
            self._recording = recording
            self._wire()

    def pause_recording(self, on: bool) -> None:
        """Leave a part out."""
        if self._recording:
            self._recording.pause(on)

    def stop_recording(self) -> None:
        """Complete the file."""
        recording, self._recording = self._recording, None
        if recording:
            self._drop("beep")
            recording.close()
            self._wire()

    def dial_tone(self, digit: str) -> None:
        """Mix one digit's tones into what is sent (ITU-T Q.23)."""
        if self._digits is None:
            self._digits = pj.ToneGenerator()
            self._digits.createToneGenerator(BRIDGE_HZ)
            self._wire()
        tone = pj.ToneDigit()
        tone.digit = digit
        tone.on_msec, tone.off_msec, tone.volume = TONE_MS, GAP_MS, _DIGIT_AMPLITUDE
        tones = pj.ToneDigitVector()
        tones.append(tone)
        self._digits.playDigits(tones)

    def close(self) -> None:
        """The call is over: take everything apart."""
        self.stop_recording()
        for name in list(self._wired):
            self._drop(name)
        self.port = None
        self._player = None
        self._recorder = None
        self._digits = None
        self._context.sound.need(self._call_id, False)
        self._context.sound.in_call(self._call_id, False)

    def _wire(self, afresh: bool = False) -> None:
        """Connect what is wanted; ``afresh`` also what was: a stream made anew may have its old number, but no listeners."""
        wanted = self._wanted() if self.port and not self._held else {}
        for name in [name for name in self._wired if name not in wanted]:
            self._drop(name)
        for name, (source, sink) in wanted.items():
            if afresh or name not in self._wired:
                param = pj.AudioMediaTransmitParam()
                param.level = self._gains.get(name, 1.0)
                source.startTransmit2(sink, param)
                self._wired[name] = (source, sink)
        if self._recording:
            agent = [source.getPortId() for name, (source, _sink) in wanted.items() if name == "source"]
            far = [source.getPortId() for name, (source, _sink) in wanted.items() if name == "ear"]
            self._recording.follow(agent, far, afresh)

    def _wanted(self) -> dict[str, tuple[pj.AudioMedia, pj.AudioMedia]]:
        assert self.port is not None
        wanted: dict[str, tuple[pj.AudioMedia, pj.AudioMedia]] = {}
        if self._hears:
            wanted["ear"] = (self.port, self._context.sound.port)
            if self._recorder:
                wanted["recorder"] = (self.port, self._recorder)
        if self._sends:
            if not self._muted:
                wanted["source"] = (self._player or self._context.sound.port, self.port)
            if self._digits:
                wanted["digits"] = (self._digits, self.port)
            if self._recording and self._recording.beep:
                wanted["beep"] = (self._recording.beep, self.port)
        return wanted

    def _drop(self, name: str) -> None:
        pair = self._wired.pop(name, None)
        if pair and self.port:
            try:
                pair[0].stopTransmit(pair[1])
            except pj.Error:
                return  # the port is gone already, and its connections with it

    def _notice(self, text: str) -> None:
        self._context.report(StackNotice(NoticeLevel.WARNING, text))
