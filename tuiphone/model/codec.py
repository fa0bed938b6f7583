"""Codecs of this engine: which there are, which are on, in what order, and with what parameters."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Codec:
    """One codec by its SDP name and clock rate.

    ``place`` is its rank in the offer (1 is first), 0 when it is off. ``remedy`` says what to do when this engine lacks it;
    it is empty for a codec that is there.
    """

    name: str
    clock_hz: int
    channels: int = 1
    place: int = 0
    remedy: str = ""

    @property
    def label(self) -> str:
        """Name and rate as configuration writes them: "iSAC/16000"."""
        return f"{self.name}/{self.clock_hz}"


@dataclass(frozen=True, slots=True)
class CodecSettings:
    """Parameters of single codecs.

    ``answer_order`` "local" answers an offer by our order, "offer" by the caller's. ``opus_bit_rate`` in bit/s (0: the
    codec's choice), ``opus_complexity`` 0 to 10; ``ilbc_mode_ms`` 20 or 30 (RFC 3952), ``isac_frame_ms`` 30 or 60;
    ``g729_annexb`` is silence suppression by Annex B (RFC 4856).
    """

    answer_order: str = "local"
    opus_fec: bool = True
    opus_dtx: bool = False
    opus_bit_rate: int = 0
    opus_complexity: int = 5
    ilbc_mode_ms: int = 30
    isac_frame_ms: int = 30
    g729_annexb: bool = True


KNOWN_CODECS: tuple[tuple[str, int, int], ...] = (
    ("opus", 48000, 2),
    ("G722", 16000, 1),
    ("PCMA", 8000, 1),
    ("PCMU", 8000, 1),
    ("iSAC", 16000, 1),
    ("iSAC", 32000, 1),
    ("iLBC", 8000, 1),
    ("G729", 8000, 1),
    ("speex", 8000, 1),
    ("speex", 16000, 1),
    ("speex", 32000, 1),
    ("GSM", 8000, 1),
    ("L16", 44100, 1),
)
"""Name, clock rate in Hz and channels of every codec that one of our builds can have (RFC 3551, 3952, 5574, 7587).

G722 is listed with the rate it samples at; SDP writes 8000 for historical reasons (RFC 3551 section 4.5.2).
"""


def names_codec(pattern: str, name: str, clock_hz: int) -> bool:
    """Whether "opus", "iSAC/16000", "speex/*" or "*" names this codec; upper and lower case are the same."""
    wanted, slash, rate = pattern.lower().partition("/")
    if not fnmatchcase(name.lower(), wanted):
        return False
    if not slash:
        return True
    rates = {str(clock_hz)} | ({"8000"} if name.lower() == "g722" else set())
    return any(fnmatchcase(known, rate.partition("/")[0]) for known in rates)
