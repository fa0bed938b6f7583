"""The E-model: how good a connection sounds, from figures that can be measured (ITU-T G.107, G.107.1, G.107.2).

Its rating R starts at what the best connection of a bandwidth gets and loses points for delay and for what codec and loss do
to the sound. The terminal is taken to be the standard's default (G.107 table 3): loudness, side tone, echo path and noise.

Three scales, by the bandwidth of the codec: narrowband up to 93.2, wideband (7 kHz) up to 129, fullband up to 148. Divided
by 1, 1.29 and 1.48 they are comparable, and one curve leads from there to a mean opinion score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

SEND_LOUDNESS = 8.0
RECEIVE_LOUDNESS = 2.0
SIDE_TONE = 15.0
D_RECEIVE = 3.0
D_SEND = 3.0
TALKER_ECHO_LOSS = 65.0
ECHO_PATH_LOSS = 110.0
QUANTIZING_UNITS = 1.0
CIRCUIT_NOISE = -70.0
NOISE_FLOOR = -64.0
ROOM_NOISE_SEND = 35.0
ROOM_NOISE_RECEIVE = 35.0
"""G.107 table 3, in dB, dBm0p and dB(A)."""
_WIDEBAND_NOISE = -68.8055
"""Noise of a default wideband connection referred to 0 dBr, in dBm0p (G.107.1)."""
_INDISTINCT_DELAY_MS = 100.0


class Scale(Enum):
    """A bandwidth's own range of R: what the best connection gets, and what to divide by for the common range."""

    NARROW = (94.769, 1.0)
    WIDE = (129.0, 1.29)
    FULL = (148.0, 1.48)

    @property
    def factor(self) -> float:
        """What R is divided by to compare scales (G.107.1 annex A, G.107.2 annex A)."""
        return float(self.value[1])


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a codec does to the sound: ``ie`` without loss, ``bpl`` its robustness against loss (both on ``scale``).

    ``assumed`` tells that nobody published figures for this codec and those of a similar one stand in.
    """

    scale: Scale
    ie: float
    bpl: float
    lookahead_ms: float = 0.0
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """R on its scale with the impairments that led to it, the same brought to the narrowband range, and the score."""

    scale: Scale
    r: float
    delay_impairment: float
    equipment_impairment: float

    @property
    def common(self) -> float:
        """R on the common range, 0 to 100."""
        return min(100.0, max(0.0, self.r / self.scale.factor))

    @property
    def mos(self) -> float:
        """The mean opinion score to expect, 1.0 to 4.5."""
        return mos_of(self.common)


def rate(impairment: Impairment, loss_pct: float, delay_ms: float | None = None, burst_ratio: float = 1.0) -> Rating:
    """Rate a connection.

    ``loss_pct`` counts packets that never came and those that came too late, in percent; ``delay_ms`` is the one-way delay
    from mouth to ear: leave it out for listening quality, which knows no delay. ``burst_ratio`` is G.107's BurstR, 1 for
    losses at random.
    """
    scale = impairment.scale
    equipment = effective_impairment(impairment, loss_pct, burst_ratio)
    delay = 0.0 if delay_ms is None else delay_impairment(scale, delay_ms)
    if scale is Scale.NARROW:
        # Listening quality, too, is heard on a terminal with the listener echo of the default connection.
        delay = delay or _listener_echo(signal_to_noise(), 0.0)
        best = signal_to_noise() - simultaneous_impairment()
    else:
        best = float(scale.value[0])
    return Rating(scale, best - delay - equipment, delay, equipment)


def mos_of(r: float) -> float:
    """The mean opinion score for a rating on the common range (G.107 annex B; never below 1, where the curve dips)."""
    if r >= 100:
        return 4.5
    if r <= 0:
        return 1.0
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def effective_impairment(impairment: Impairment, loss_pct: float, burst_ratio: float = 1.0) -> float:
    """Ie-eff of G.107 section 7.5, and of its wideband and fullband kin, which know random loss only."""
    loss = min(100.0, max(0.0, loss_pct))
    if not loss:
        return impairment.ie
    burst = min(2.0, max(1.0, burst_ratio)) if impairment.scale is Scale.NARROW else 1.0
    most = 132.0 if impairment.scale is Scale.FULL else 95.0
    return impairment.ie + (most - impairment.ie) * loss / (loss / burst + impairment.bpl)


# --- delay ------------------------------------------------------------------------------------------------------------


def delay_impairment(scale: Scale, delay_ms: float) -> float:
    """Id: talker echo, listener echo and sheer delay, for a one-way delay in milliseconds.

    The fullband standard's own figures are taken as the wideband ones on the larger scale.
    """
    delay = max(0.0, delay_ms)
    if scale is Scale.NARROW:
        ro = signal_to_noise()
        return _talker_echo(delay, ro) + _listener_echo(ro, 2 * delay) + sheer_delay(delay)
    wide = _wideband_echo(delay) + _listener_echo(129.0, 2 * delay) + 1.29 * sheer_delay(delay)
    return wide if scale is Scale.WIDE else wide * 1.48 / 1.29


def sheer_delay(delay_ms: float) -> float:
    """Idd: what a delay costs that nobody hears as echo (G.107 eq. 7-27 and 7-28, default sensitivity)."""
    if delay_ms <= _INDISTINCT_DELAY_MS:
        return 0.0
    x = math.log10(delay_ms / _INDISTINCT_DELAY_MS) / math.log10(2)
    return 25 * (math.pow(1 + x**6, 1 / 6) - 3 * math.pow(1 + (x / 3) ** 6, 1 / 6) + 2)


def _talker_echo(delay: float, ro: float) -> float:
    if delay < 1:
        return 0.0
    heard = TALKER_ECHO_LOSS - _echo_masking(delay) + 6 * math.exp(-0.3 * delay**2)
    re = 80 + 2.5 * (heard - 14)
    return _echo_cost(_echo_base(_noise()), re, delay)


def _wideband_echo(delay: float) -> float:
    if delay < 1:
        return 0.0
    gain = 18.0 if delay >= 100 else 0.08 * delay + 10
    heard = TALKER_ECHO_LOSS + gain - _echo_masking(delay) + 6 * math.exp(-0.3 * delay**2)
    re = 80 + 3 * (heard - 14)
    return _echo_cost(_echo_base(_WIDEBAND_NOISE), re, delay)


def _echo_masking(delay: float) -> float:
    return 40 * math.log10((1 + delay / 10) / (1 + delay / 150))


def _echo_base(noise: float) -> float:
    return -1.5 * (noise - RECEIVE_LOUDNESS)


def _echo_cost(base: float, re: float, delay: float) -> float:
    half = (base - re) / 2
    return (half + math.sqrt(half**2 + 100) - 1) * (1 - math.exp(-delay))


def _listener_echo(ro: float, round_trip: float) -> float:
    rle = 10.5 * (ECHO_PATH_LOSS + 7) * math.pow(round_trip + 1, -0.25)
    half = (ro - rle) / 2
    return half + math.sqrt(half**2 + 169)


# --- the default connection -------------------------------------------------------------------------------------------


def signal_to_noise() -> float:
    """Ro of the default connection: 94.77 (G.107 section 7.2)."""
    return 15 - 1.5 * (SEND_LOUDNESS + _noise())


def simultaneous_impairment() -> float:
    """Is of the default connection: 1.41 (G.107 section 7.3)."""
    return _too_loud() + _side_tone() + _quantizing()


def _noise() -> float:
    """No: circuit noise, room noise at both ends and the noise floor, added up as power."""
    overall = SEND_LOUDNESS + RECEIVE_LOUDNESS
    send = ROOM_NOISE_SEND - SEND_LOUDNESS - D_SEND - 100 + 0.004 * (ROOM_NOISE_SEND - overall - D_SEND - 14) ** 2
    masked = ROOM_NOISE_RECEIVE + 10 * math.log10(1 + _power(10 - (SIDE_TONE + D_RECEIVE)))
    receive = RECEIVE_LOUDNESS - 121 + masked + 0.008 * (masked - 35) ** 2
    floor = NOISE_FLOOR + RECEIVE_LOUDNESS
    return 10 * math.log10(sum(_power(part) for part in (CIRCUIT_NOISE, send, receive, floor)))


def _too_loud() -> float:
    overall = SEND_LOUDNESS + RECEIVE_LOUDNESS
    x = overall + 0.2 * (64 + _noise() - RECEIVE_LOUDNESS)
    return 20 * (math.pow(1 + (x / 8) ** 8, 1 / 8) - x / 8)


def _side_tone() -> float:
    heard = -10 * math.log10(_power(-SIDE_TONE) + _power(-TALKER_ECHO_LOSS))
    return (
        12 * math.pow(1 + ((heard - 13) / 6) ** 8, 1 / 8)
        - 28 * math.pow(1 + ((heard + 1) / 19.4) ** 35, 1 / 35)
        - 13 * math.pow(1 + ((heard - 3) / 33) ** 13, 1 / 13)
        + 29
    )


def _quantizing() -> float:
    q = 37 - 15 * math.log10(QUANTIZING_UNITS)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y = (signal_to_noise() - 100) / 15 + 46 / 8.4 - g / 9
    z = 46 / 30 - g / 40
    return 15 * math.log10(1 + math.pow(10, y) + math.pow(10, z))


def _power(decibels: float) -> float:
    return math.pow(10, decibels / 10)
