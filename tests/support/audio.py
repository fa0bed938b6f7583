"""Sound for tests: make it, write it, read it, and tell whether what arrived is what was sent.

Samples are float arrays from -1 to 1, mono; rates are in Hz, levels in dBFS.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

DTMF_ROWS = (697.0, 770.0, 852.0, 941.0)
DTMF_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
DTMF_KEYS = ("123A", "456B", "789C", "*0#D")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a reference was found in a recording (``offset_s``, from its start) and how alike they are (1 is equal)."""

    offset_s: float
    correlation: float


def write_wav(path: Path, samples: Samples, rate: int = 8000) -> Path:
    """Write 16-bit PCM: mono, or as many channels as ``samples`` has columns."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def read_wav(path: Path) -> tuple[Samples, int]:
    """Read 16-bit PCM (the first channel) and its rate; a file that was cut off short gives what is there."""
    with wave.open(str(path), "rb") as file:
        raw = file.readframes(file.getnframes())
        width = 2 * file.getnchannels()
        data = np.frombuffer(raw[: len(raw) // width * width], dtype="<i2")
        return data[:: file.getnchannels()].astype(np.float64) / 32768, file.getframerate()


def speech(seconds: float, rate: int = 8000, seed: int = 1) -> Samples:
    """A voice-like sound, different for every seed: syllables of gliding pitch with moving formants, and short pauses.

    It has energy in the telephone band only (300 to 3400 Hz), so that a narrow-band codec keeps all of it.
    """
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    out = np.zeros(count)
    start = 0
    while start < count:
        length = int(rate * random.uniform(0.09, 0.28))
        time = np.arange(length) / rate
        pitch = random.uniform(95, 230) * (1 + random.uniform(-0.25, 0.25) * time / time[-1])
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        formants = random.uniform((350, 900, 2200), (800, 2000, 3000))
        syllable = np.zeros(length)
        for harmonic in range(2, 30):
            frequency = harmonic * float(pitch.mean())
            gain = sum(float(np.exp(-(((frequency - f) / 220) ** 2))) for f in formants)
            if frequency < 3300 and gain > 0.01:
                syllable += gain * np.sin(harmonic * phase + random.uniform(0, 6.28))
        syllable += random.normal(0, 0.15, length)
        syllable *= np.hanning(length)
        part = out[start : start + length]
        part += syllable[: len(part)]
        start += length + int(rate * random.choice((0.02, 0.05, 0.15)))
    out = _band(out, rate, 300, 3400)
    return out * (0.5 / float(np.abs(out).max()))


def tone(frequencies: tuple[float, ...], seconds: float, rate: int = 8000, peak: float = 0.5) -> Samples:
    """Sine waves added together."""
    time = np.arange(int(seconds * rate)) / rate
    waves = np.array([np.sin(2 * np.pi * f * time) for f in frequencies], dtype=np.float64)
    return np.asarray(waves.sum(axis=0) * (peak / len(frequencies)), dtype=np.float64)


def level_db(samples: Samples) -> float:
    """Root mean square in dB below full scale; -120 for silence."""
    if not len(samples):
        return -120.0
    return max(-120.0, float(20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-12)))


def strength(samples: Samples, rate: int, frequency: float) -> float:
    """The share of the energy that lies within 15 Hz of a frequency, 0 to 1."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    bins = np.fft.rfftfreq(len(samples), 1 / rate)
    total = float(spectrum.sum())
    return float(spectrum[np.abs(bins - frequency) <= 15].sum()) / total if total > 0 else 0.0


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Bring samples to another rate (band-limited, whole signal at once)."""
    if rate == wanted:
        return samples
    count = int(len(samples) * wanted / rate)
    spectrum = np.fft.rfft(samples)
    result = np.zeros(count // 2 + 1, dtype=complex)
    keep = min(len(spectrum), len(result))
    result[:keep] = spectrum[:keep]
    return np.asarray(np.fft.irfft(result, count) * (wanted / rate), dtype=np.float64)


def find(reference: Samples, recording: Samples, rate: int) -> Match:
    """Find a reference in a recording of the same rate.

    The correlation is that of the two over the length in which they overlap: 1 for equal up to volume, about 0 for
    strangers. A recording that holds less than half of the reference counts as not found (correlation 0).
    """
    if len(recording) < len(reference) // 2 or not np.any(recording) or not np.any(reference):
        return Match(0.0, 0.0)
    size = 1 << (len(reference) + len(recording)).bit_length()
    product = np.fft.irfft(np.fft.rfft(recording, size) * np.conj(np.fft.rfft(reference, size)), size)
    lag = int(np.argmax(product))
    lag = lag - size if lag > size // 2 else lag
    theirs = recording[max(lag, 0) : max(lag, 0) + len(reference) + min(lag, 0)]
    ours = reference[max(-lag, 0) : max(-lag, 0) + len(theirs)]
    if len(ours) < len(reference) // 2:
        return Match(lag / rate, 0.0)
    return Match(lag / rate, correlate(ours, theirs))


def likeness(reference: Samples, recording: Samples, rate: int) -> float:
    """How alike a reference and what was heard of it are, 0 to 1, forgiving a jitter buffer that steps now and then.

    Quarter seconds are found one by one near their places and their correlations averaged by energy; the worst tenth,
    where a step of the buffer falls, is left out.
    """
    whole = find(reference, recording, rate)
    if whole.correlation == 0:
        return 0.0
    size, reach = rate // 4, rate // 8
    results: list[tuple[float, float]] = []
    for start in range(0, len(reference) - size + 1, size):
        part = reference[start : start + size]
        place = start + round(whole.offset_s * rate)
        match = find(part, recording[max(0, place - reach) : max(0, place + size + reach)], rate)
        results.append((match.correlation, float(np.sum(part**2))))
    results.sort()
    kept = results[-(-len(results) // 10) :]
    energy = sum(weight for _value, weight in kept)
    return sum(value * weight for value, weight in kept) / energy if energy else 0.0


def likeness_of_files(reference: Path, recording: Path) -> float:
    """``likeness`` of two WAV files, whatever their rates."""
    wanted, rate = read_wav(reference)
    heard, heard_rate = read_wav(recording)
    return likeness(resample(wanted, rate, heard_rate), heard, heard_rate)


def correlate(one: Samples, other: Samples) -> float:
    """Correlation of two stretches of equal length that are aligned already; 0 when either is silent."""
    norm = float(np.sqrt(np.sum(one**2) * np.sum(other**2)))
    return float(np.sum(one * other)) / norm if norm > 0 else 0.0


def find_file(reference: Path, recording: Path) -> Match:
    """Find one WAV file in another, whatever their rates."""
    wanted, rate = read_wav(reference)
    heard, heard_rate = read_wav(recording)
    return find(resample(wanted, rate, heard_rate), heard, heard_rate)


def dtmf_digits(samples: Samples, rate: int) -> str:
    """The digits whose tones are in the sound, in order, for tones and gaps of 40 ms and more (ITU-T Q.23, Q.24)."""
    step = rate // 50
    heard = [_digit(samples[start : start + step], rate) for start in range(0, len(samples) - step, step)]
    digits, current, silent = "", "", 0
    for now, after in zip(heard, [*heard[1:], ""], strict=True):
        silent = 0 if now else silent + 1
        if silent >= 2:
            current = ""
        if now and now == after and now != current:
            digits += now
            current = now
    return digits


def _digit(frame: Samples, rate: int) -> str:
    if level_db(frame) < -45:
        return ""
    rows = [_power(frame, rate, f) for f in DTMF_ROWS]
    columns = [_power(frame, rate, f) for f in DTMF_COLUMNS]
    row, column = int(np.argmax(rows)), int(np.argmax(columns))
    if rows[row] + columns[column] < 0.75 or min(rows[row], columns[column]) < 0.12:
        return ""
    return DTMF_KEYS[row][column]


def _power(frame: Samples, rate: int, frequency: float) -> float:
    """The share of a frame's energy that one sine wave of this frequency explains."""
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(frame)) / rate)
    energy = float(np.sum(frame**2))
    return 2 * float(np.abs(np.sum(frame * turn)) ** 2) / len(frame) / energy if energy > 0 else 0.0


def _band(samples: Samples, rate: int, low: float, high: float) -> Samples:
    spectrum = np.fft.rfft(samples)
    bins = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[(bins < low) | (bins > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples)), dtype=np.float64)
