"""The sound that is sent: the far end's, and WAV files for phones to speak from."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

from tuiphone.demo.g711 import FRAME, RATE_HZ, encode

TONE_HZ = 400
"""Whole periods fit into 20 ms."""


def samples(seconds: float) -> array[int]:
    """Sixteen-bit samples at 8 kHz: two tones whose loudness goes up and down as speech does."""
    values = array("h")
    for number in range(int(seconds * RATE_HZ)):
        at = number / RATE_HZ
        loudness = 9000 * (0.55 + 0.45 * math.sin(2 * math.pi * 3 * at))
        values.append(int(loudness * (0.6 * math.sin(2 * math.pi * 310 * at) + 0.4 * math.sin(2 * math.pi * 870 * at))))
    return values


def pcmu_frames() -> list[bytes]:
    """One second as PCMU, in packets of 20 ms."""
    octets = encode("PCMU", samples(1.0))
    return [octets[start : start + FRAME] for start in range(0, len(octets), FRAME)]


def tone_frame() -> bytes:
    """20 ms of a steady tone as PCMU, which begins in each packet where the last one ended."""
    return encode("PCMU", (int(8000 * math.sin(2 * math.pi * TONE_HZ * n / RATE_HZ)) for n in range(FRAME)))


def write_wav(path: Path, seconds: float) -> None:
    """The same sound as a mono WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        second = samples(1.0).tobytes()
        for _ in range(math.ceil(seconds)):
            file.writeframesraw(second)
