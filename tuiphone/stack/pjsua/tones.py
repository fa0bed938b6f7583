"""The phone's own sounds, made by pjmedia's tone generator: cadences of ITU-T E.180 as most of Europe has them."""

from __future__ import annotations

import pjsua2 as pj

from tuiphone.controller.ports import Tone
from tuiphone.model.device import DeviceRole
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.convert import BRIDGE_HZ

Beat = tuple[int, int, int, int]
"""Two frequencies in Hz (0: only one), milliseconds on, milliseconds off."""

_AMPLITUDE = 8000
"""Of 32767: -12 dBFS, clear but no shock in a headset."""
_SOFT = 3000

_WARBLE: tuple[Beat, ...] = tuple((low, low * 5 // 4, 50, 0) for low in (780, 975)) * 8
CADENCES: dict[Tone, tuple[Beat, ...]] = {
    Tone.RING: (*_WARBLE, (780, 975, 40, 2400)),
    Tone.RINGBACK: ((425, 0, 1000, 4000),),
    Tone.BUSY: ((425, 0, 500, 500),),
    Tone.CONGESTION: ((425, 0, 250, 250),),
    Tone.CALL_WAITING: ((425, 0, 200, 200), (425, 0, 200, 6000)),
    Tone.TEST: ((1000, 0, 1000, 0),),
}


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

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._playing: dict[tuple[Tone, DeviceRole], pj.ToneGenerator] = {}

    def set(self, tone: Tone, on: bool, role: DeviceRole) -> None:
        """Start or stop one; saying so twice changes nothing."""
        key = (tone, role)
        if on and key not in self._playing:
            self._start(key)
        elif not on and key in self._playing:
            self._stop(key)

    def restart(self) -> None:
        """Devices or levels changed: let what sounds sound where it belongs now."""
        for key in list(self._playing):
            self._stop(key)
            self._start(key)

    def close(self) -> None:
        """Silence."""
        for key in list(self._playing):
            self._stop(key)

    def _start(self, key: tuple[Tone, DeviceRole]) -> None:
        tone, role = key
        self._sound.need(_user(key), True)
        generator = pj.ToneGenerator()
        generator.createToneGenerator(BRIDGE_HZ)
        if role is DeviceRole.RING:
            self._sound.ring(generator)
        else:
            generator.startTransmit(self._sound.port)
        generator.play(sequence(CADENCES[tone], _SOFT if tone is Tone.CALL_WAITING else _AMPLITUDE), True)
        self._playing[key] = generator

    def _stop(self, key: tuple[Tone, DeviceRole]) -> None:
        generator = self._playing.pop(key)
        generator.stop()
        del generator
        if not any(role is DeviceRole.RING for _tone, role in self._playing):
            self._sound.close_ring()
        self._sound.need(_user(key), False)


def _user(key: tuple[Tone, DeviceRole]) -> str:
    return f"tone {key[0]} {key[1]}"
