"""WAV files as pjmedia plays them: 16-bit PCM of one channel. Others are brought to that."""

from __future__ import annotations

import struct
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tuiphone.i18n import _

LONGEST_S = 60
"""No more than this of a file is brought to another form: what rings repeats anyway."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_COMPANDED = frozenset({(6, 8), (7, 8)})
"""A-law and mu-law, which pjmedia expands itself."""
_TURNED = bytes(byte ^ 0x80 for byte in range(256))
"""8-bit samples have no sign."""


class NotPlayable(Exception):
    """The text says why, in words."""


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate_hz: int
    bits: int

    @property
    def is_plain(self) -> bool:
        return self.channels == 1 and ((self.tag, self.bits) == (_PCM, 16) or (self.tag, self.bits) in _COMPANDED)

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def playable(source: Path, target: Path) -> Path:
    """The file itself where pjmedia plays it, else ``target``, written in a form that it does play. Raises NotPlayable."""
    try:
        with source.open("rb") as file:
            form, size = _seek_sound(file)
            if form.is_plain:
                return source
            samples = _mono(_samples(file.read(min(size, LONGEST_S * form.rate_hz * form.frame_bytes)), form), form)
        with wave.open(str(target), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(form.rate_hz)
            out.writeframes(_little_endian(samples).tobytes())
    except OSError as error:
        raise NotPlayable(error.strerror or str(error)) from error
    return target


def _seek_sound(file: BinaryIO) -> tuple[_Format, int]:
    """The format, and how many bytes of sound follow from where the file stands now."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise NotPlayable(_("it is no WAV file"))
    form: _Format | None = None
    while len(chunk := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", chunk)
        if name == b"fmt ":
            form = _format(file.read(size))
        elif name == b"data":
            if form is None:
                break
            return form, size
        else:
            file.seek(size, 1)
        file.seek(size % 2, 1)
    raise NotPlayable(_("it is a broken WAV file"))


def _format(data: bytes) -> _Format:
    if len(data) < 16:
        raise NotPlayable(_("it is a broken WAV file"))
    tag, channels, rate_hz, _bytes_a_second, _block, bits = struct.unpack_from("<HHIIHH", data)
    if tag == _EXTENSIBLE and len(data) >= 26:
        (tag,) = struct.unpack_from("<H", data, 24)
    form = _Format(tag, channels, rate_hz, bits)
    known = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}
    if not (1 <= channels <= 8 and 8000 <= rate_hz <= 192000) or not ((tag, bits) in known or form.is_plain):
        raise NotPlayable(_("it is a WAV file of an unusual format (no plain PCM)"))
    return form


def _samples(data: bytes, form: _Format) -> array[int]:
    """Samples of 16 bits, channel by channel in turn."""
    data = data[: len(data) // form.frame_bytes * form.frame_bytes]
    if form.tag == _FLOAT:
        floats = array("f" if form.bits == 32 else "d", data)
        if sys.byteorder == "big":
            floats.byteswap()
        return array("h", (_clipped(value) for value in floats))
    width = form.bits // 8
    high = data[width - 1 :: width]
    out = bytearray(2 * len(high))
    out[1::2] = high.translate(_TURNED) if width == 1 else high
    if width > 1:
        out[0::2] = data[width - 2 :: width]
    return _little_endian(array("h", bytes(out)))


def _clipped(value: float) -> int:
    # One that is no number compares as false, and so is silence.
    return int(max(-1.0, min(1.0, value)) * 32767) if value == value else 0  # noqa: PLR0124


def _mono(samples: array[int], form: _Format) -> array[int]:
    if form.channels == 1:
        return samples
    channels = [samples[i :: form.channels] for i in range(form.channels)]
    return array("h", (sum(frame) // form.channels for frame in zip(*channels, strict=True)))


def _little_endian(samples: array[int]) -> array[int]:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
