"""What each codec costs on the E-model's scale: Ie and Bpl by codec and bit rate.

Narrowband: ITU-T G.113 appendix I. Wideband: G.113 appendix IV. For opus nobody standardised figures; those measured by
M. Al-Ahmadi, P. Počta and H. Melvin (super-wideband opus, ISSC 2019), rounded, are taken for it. Where not even a study
exists the figures of the nearest relative stand in and ``Impairment.assumed`` says so.
"""

from __future__ import annotations

from tuiphone.controller.emodel import Impairment, Scale

_NARROW = {
    # Every stream here has loss concealment (pjmedia's own), so the figure with it counts: 25.1, and not 4.3.
    "PCMU": Impairment(Scale.NARROW, 0, 25.1, 0.25),
    "PCMA": Impairment(Scale.NARROW, 0, 25.1, 0.25),
    "G729": Impairment(Scale.NARROW, 11, 19, 5),
    "ILBC": Impairment(Scale.NARROW, 11, 32, 10),
    "GSM": Impairment(Scale.NARROW, 20, 10, assumed=True),  # Ie is published, Bpl is that of GSM EFR
    "SPEEX": Impairment(Scale.NARROW, 15, 16.1, 10, assumed=True),  # as G.723.1
}
_WIDE = {
    "G722": Impairment(Scale.WIDE, 13, 4.3, 1.5, assumed=True),  # Ie is published, Bpl is that of G.722.2
    "ISAC": Impairment(Scale.WIDE, 13, 4.3, 5, assumed=True),  # both of G.722.2 at 12.65 kbit/s
    "SPEEX": Impairment(Scale.WIDE, 19, 4.3, 14, assumed=True),  # as G.722.1 at 24 kbit/s
    "L16": Impairment(Scale.WIDE, 0, 4.3, assumed=True),
}
_OPUS = (
    (14.0, 38.0, 16.5),
    (16.0, 30.0, 11.8),
    (19.0, 24.0, 10.7),
    (25.0, 20.0, 11.3),
    (31.0, 17.0, 10.4),
    (40.0, 11.0, 9.8),
)
"""Bit rate in kbit/s, Ie and Bpl (random loss), variable bit rate, on the fullband scale."""
_OPUS_LOOKAHEAD_MS = 6.5
_LEAST_WIDE_HZ = 16000


def impairment_of(codec: str, clock_hz: int, kbps: float | None = None) -> Impairment | None:
    """The figures of a codec by its SDP name and clock rate; ``kbps`` is its bit rate where that makes a difference.

    None for a codec that nothing is known of.
    """
    name = codec.upper()
    if name == "OPUS":
        return _opus(kbps)
    if name == "ISAC" and clock_hz > _LEAST_WIDE_HZ:
        return Impairment(Scale.FULL, 17, 10.4, 5, assumed=True)  # as opus at 31 kbit/s
    # G.722 is called 8000 Hz in SDP and has twice that (RFC 3551 section 4.5.2).
    if name in _WIDE and (clock_hz >= _LEAST_WIDE_HZ or name not in _NARROW):
        return _WIDE[name]
    return _NARROW.get(name)


def _opus(kbps: float | None) -> Impairment:
    rates = [rate for rate, _ie, _bpl in _OPUS]
    wanted = min(rates[-1], max(rates[0], rates[-1] if kbps is None else kbps))
    above = next(i for i, rate in enumerate(rates) if rate >= wanted)
    below = max(0, above - 1)
    (low, ie_low, bpl_low), (high, ie_high, bpl_high) = _OPUS[below], _OPUS[above]
    part = (wanted - low) / (high - low) if high > low else 1.0
    return Impairment(
        Scale.FULL, ie_low + part * (ie_high - ie_low), bpl_low + part * (bpl_high - bpl_low), _OPUS_LOOKAHEAD_MS
    )
