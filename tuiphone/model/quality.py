"""How a call sounds, in figures and in words: what the screen shows each second, and what the history keeps.

None always means: not known, since there was nothing to measure yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tuiphone.model.media import VoipMetrics


class QualityWord(StrEnum):
    """A rating of speech transmission in one word, after the categories of ITU-T G.109.

    GOOD: users are satisfied (R from 80, a score of 4.0). FAIR: some are not (R from 70, 3.6). POOR: many are not.
    """

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of a call over the last seconds.

    ``packets`` is the total; ``kbps`` the payload's bit rate in kbit/s; ``lost_pct`` packets that never arrived,
    ``discarded_pct`` those that came too late to be played, in percent of those sent; ``jitter_ms`` as RFC 3550 has it;
    ``level_db`` in dB below full scale; ``mos`` the score for listening in this direction.
    """

    packets: int = 0
    kbps: float | None = None
    lost_pct: float | None = None
    discarded_pct: float | None = None
    jitter_ms: float | None = None
    level_db: float | None = None
    mos: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of one call now.

    ``rx`` is what arrives here; ``tx`` is what the far end reports of ours (RTCP, RFC 3550). ``buffer_ms`` is the delay of
    the jitter buffer, ``rtt_ms`` the round trip, ``delay_ms`` the one-way delay estimated from them. ``r`` is the
    E-model's rating brought to the common range of 0 to 100, for conversation where the delay is known and else for
    listening; ``mos_lq`` and ``mos_cq`` are the scores for listening and for conversation (ITU-T P.800.1, estimated).
    ``assumed`` tells that no published figures exist for the codec and similar ones were taken. ``far`` is how the far end
    itself rates what it gets from us, ``own`` what we last told it, both by extended reports (RFC 3611) and for the whole
    call. ``source`` is the synchronization source (RFC 3550) of what arrives, 0 if unknown.
    """

    call_id: str
    codec: str = ""
    clock_hz: int = 0
    rx: Flow = Flow()
    tx: Flow = Flow()
    buffer_ms: float | None = None
    rtt_ms: float | None = None
    delay_ms: float | None = None
    r: float | None = None
    mos_lq: float | None = None
    mos_cq: float | None = None
    word: QualityWord | None = None
    assumed: bool = False
    far: VoipMetrics | None = None
    own: VoipMetrics | None = None
    source: int = 0

    @property
    def end_system_ms(self) -> float | None:
        """The delay within this phone, without the network."""
        if self.delay_ms is None or self.rtt_ms is None:
            return self.buffer_ms
        return self.delay_ms - self.rtt_ms / 2


@dataclass(frozen=True, slots=True)
class QualitySummary:
    """A whole call: the mean over its measured seconds, the best and the worst of them. Units as in ``Quality``.

    Scores are for conversation where the delay was known, else for listening; ``mos_min`` is the worst of them.
    ``loss_pct`` is the share of the whole call's packets that never were played, ``loss_worst_pct`` that of its worst
    seconds. ``tx_loss_pct`` is what the far end reported.
    """

    mos_mean: float | None = None
    mos_min: float | None = None
    loss_pct: float | None = None
    loss_worst_pct: float | None = None
    jitter_ms: float | None = None
    jitter_worst_ms: float | None = None
    rtt_ms: float | None = None
    rtt_worst_ms: float | None = None
    tx_loss_pct: float | None = None
    mos_max: float | None = None
    loss_best_pct: float | None = None
    jitter_best_ms: float | None = None
    rtt_best_ms: float | None = None


class AudioFault(StrEnum):
    """What is wrong with a call's sound when somebody hears nothing; ``tuiphone.texts_quality`` has the sentences."""

    NOTHING_SENT = "nothing_sent"
    NOTHING_RECEIVED = "nothing_received"
    OTHER_ADDRESS = "other_address"
    SILENCE = "silence"
    UNDECODABLE = "undecodable"
    FAR_RECEIVES_NOTHING = "far_receives_nothing"


class FaultCause(StrEnum):
    """What an audio fault most likely comes from."""

    UNKNOWN = "unknown"
    OUR_PRIVATE_ADDRESS = "our_private_address"
    THEIR_PRIVATE_ADDRESS = "their_private_address"
    FIREWALL = "firewall"
    KEYS = "keys"
    CODEC = "codec"
    DEVICE = "device"
    UNREACHABLE = "unreachable"
    FAR_MUTED = "far_muted"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One-way audio: what is wrong, the likely cause, and the addresses that tell it.

    ``expected`` is "address:port" as the far end's SDP has it, ``seen`` is where packets come from, ``local`` what our own
    SDP has; ``codec`` is the one in use. Any may be empty.
    """

    fault: AudioFault
    cause: FaultCause = FaultCause.UNKNOWN
    expected: str = ""
    seen: str = ""
    codec: str = ""
    local: str = ""
