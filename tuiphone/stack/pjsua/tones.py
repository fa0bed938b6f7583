"""The phone's own sounds, made by pjmedia's tone generator or read from WAV files."""

from __future__ import annotations

import pjsua2 as pj

from tuiphone.controller.ports import Beat, Tone, ToneSound
from tuiphone.model.device import DeviceRole
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.convert import BRIDGE_HZ
from tuiphone.stack.pjsua.ringfiles import RingFiles

_AMPLITUDE = 8000
"""Of 32767: -12 dBFS, clear but no shock in a headset."""

Key = tuple[Tone, DeviceRole]


def sequence(beats: tuple[Beat, ...], amplitude: int = _AMPLITUDE) -> pj.ToneDescVector:
    """A cadence as pjmedia takes it."""
    result = pj.ToneDescVector()
    for first, second, on_ms, off_ms in beats:
        tone = pj.ToneDesc()
        tone.freq1, tone.freq2 = first, second
        tone.on_msec, tone.off_msec = on_ms, off_ms
        tone.volume = amplitude
        result.append(tone)
    return result


class Tones:
    """Which of them sound now, and where."""

    def __init__(self, sound: Sound, files: RingFiles) -> None:
        self._sound = sound
        self._files = files
        self._playing: dict[Key, tuple[ToneSound, pj.AudioMedia]] = {}

    def set(self, tone: Tone, on: bool, role: DeviceRole, sound: ToneSound | None) -> None:
        """Start or stop one; saying so twice changes nothing."""
        key = (tone, role)
        if on and sound and key not in self._playing:
            self._start(key, sound)
        elif not on and key in self._playing:
            self._stop(key)

    def restart(self) -> None:
        """Devices or levels changed: let what sounds sound where it belongs now."""
        for key, (sound, _source) in list(self._playing.items()):
            self._stop(key)
            self._start(key, sound)

    def close(self) -> None:
        """Silence."""
        for key in list(self._playing):
            self._stop(key)
        self._files.close()

    def _start(self, key: Key, sound: ToneSound) -> None:
        self._sound.need(_user(key), True)
        source = (self._files.player(sound.file) if sound.file else None) or _generator(sound)
        factor = sound.level / 100
        if sound.device:
            self._sound.sound_on(sound.device, source, factor)
        elif key[1] is DeviceRole.RING:
            self._sound.ring(source, factor)
        else:
            source.adjustTxLevel(factor)
            source.startTransmit(self._sound.port)
        self._playing[key] = sound, source

    def _stop(self, key: Key) -> None:
        _sound, source = self._playing.pop(key)
        if isinstance(source, pj.ToneGenerator):
            source.stop()
        del source
        if not any(sound.device or role is DeviceRole.RING for (_tone, role), (sound, _s) in self._playing.items()):
            self._sound.close_bells()
        self._sound.need(_user(key), False)


def _generator(sound: ToneSound) -> pj.ToneGenerator:
    generator = pj.ToneGenerator()
    generator.createToneGenerator(BRIDGE_HZ)
    generator.play(sequence(sound.beats), True)
    return generator


def _user(key: Key) -> str:
    return f"tone {key[0]} {key[1]}"
