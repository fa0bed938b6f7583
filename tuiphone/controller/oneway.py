"""One-way audio: from what was measured to what is wrong, and what it most likely comes from.

Silence that is meant is no fault: hold by either side, mute, early media, a far end that sends nothing while nobody speaks
(RFC 3551 section 4.1), or one that has been heard and is quiet now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import pairwise

from tuiphone.model.call import Call, CallState
from tuiphone.model.media import MediaStream, StreamStats
from tuiphone.model.quality import AudioFault, Diagnosis, FaultCause

PATIENCE_S = 4.0
"""How long sound may be missing before it is a fault; figures come once a second, so it is told within 5 s."""
_SHORTEST_WINDOW_S = 2.5
DIGITAL_SILENCE_DB = -72.5
"""Below the smallest step that the level meter tells from nothing; a live microphone is above it."""
_SPEECH_DB = -50.0
_USUAL_PTIME_MS = 20
_TALKATIVE = 0.5
"""The share of a stream's usual packets from which it is one that sends all the time."""
_NEARLY_ALL = 0.9
_MOST = 0.75
"""A report tells of a moment up to a second before the figures it is compared with."""
_ENOUGH_PACKETS = 50
_SECOND_REPORT_S = 8.0
"""By then a far end has sent RTCP twice (RFC 3550 section 6.2: every 5 s, give or take a half)."""
_LATE = 1.7
"""By this share of the longest pause between reports so far, the next one is late."""
_BLOCKS = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
"""Addresses that mean something on their own network only (RFC 1918, 6598, 3927, 4193, 4291)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Figures of a stream at a moment, in seconds; after a jump of the clock nothing is diagnosed for a while."""

    at: float
    stats: StreamStats


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a call's sound.

    ``samples``, oldest first, are all from one stream under the same circumstances (hold, mute); ``since`` is when these
    began. ``heard`` tells that the far end has been audible in them or before, ``spoken`` that this end has been;
    ``suppressing`` that this phone sends nothing while its user is silent.
    """

    call: Call
    samples: Sequence[Sample]
    since: float
    heard: bool = False
    spoken: bool = False
    suppressing: bool = False


def diagnose(seen: Observation) -> Diagnosis | None:
    """What is wrong with a call's sound, the direction to us first; None when all is well or it is too early to say."""
    call, media = seen.call, seen.call.media
    if media is None or call.state is not CallState.TALKING or call.local_hold or call.remote_hold:
        return None
    window = _window(seen)
    if window is None:
        return None
    then, now = window
    if media.keys_awaited:
        return _fault(AudioFault.NOTHING_SENT, FaultCause.KEYS, media, now.stats)
    found = None
    if media.direction in {"sendrecv", "recvonly"}:
        found = _receiving(seen, media, then, now)
    if found is None and media.direction in {"sendrecv", "sendonly"}:
        found = _sending(seen, media, then, now)
    return found


def _window(seen: Observation) -> tuple[Sample, Sample] | None:
    if not seen.samples:
        return None
    now = seen.samples[-1]
    if now.at - seen.since < PATIENCE_S:
        return None
    then = next(sample for sample in seen.samples if 0 <= now.at - sample.at <= PATIENCE_S)
    return (then, now) if now.at - then.at >= _SHORTEST_WINDOW_S else None


# --- what comes -------------------------------------------------------------------------------------------------------


def _receiving(seen: Observation, media: MediaStream, then: Sample, now: Sample) -> Diagnosis | None:
    arrived = now.stats.rx_packets - then.stats.rx_packets
    if arrived == 0:
        return _nothing_arrives(seen, media, now.stats)
    span = now.at - then.at
    if arrived < _TALKATIVE * span * 1000 / (media.ptime_ms or _USUAL_PTIME_MS):
        return None  # it pauses while nobody speaks, or much is lost, which the figures tell
    missing = now.stats.rx_empty_ms - then.stats.rx_empty_ms
    if then.stats.rx_empty_ms >= 0 and missing >= _NEARLY_ALL * span * 1000:
        cause = FaultCause.KEYS if media.encryption else FaultCause.CODEC
        return _fault(AudioFault.UNDECODABLE, cause, media, now.stats)
    levels = [s.stats.rx_level_db for s in seen.samples if s.at > then.at]
    # Where nothing was said, nothing can be answered: an echo of silence, or two phones without a microphone.
    if seen.spoken and not seen.heard and all(level is not None and level <= DIGITAL_SILENCE_DB for level in levels):
        return _fault(AudioFault.SILENCE, FaultCause.FAR_MUTED, media, now.stats)
    return None


def _nothing_arrives(seen: Observation, media: MediaStream, stats: StreamStats) -> Diagnosis | None:
    if stats.rx_packets:
        if _may_pause(seen):
            return None
        return _fault(AudioFault.NOTHING_RECEIVED, FaultCause.STOPPED, media, stats)
    if stats.rx_from:
        # Something arrives that the stream does not take: it is encrypted with other keys, or no RTP at all.
        other = stats.rx_from != media.remote
        return _fault(AudioFault.OTHER_ADDRESS if other else AudioFault.UNDECODABLE, FaultCause.KEYS, media, stats)
    cause = _why_unreachable(media.local, media.remote, media)
    return _fault(AudioFault.NOTHING_RECEIVED, cause, media, stats)


def _may_pause(seen: Observation) -> bool:
    """Whether the far end may have stopped sending since nobody speaks: its reports by RTCP go on, or never came.

    Sound levels do not tell: a phone that detects silence stops within half a second after a loud word.
    """
    reported = [b.at for a, b in pairwise(seen.samples) if b.stats.far_reports > a.stats.far_reports]
    if not reported:
        return True
    longest = max((later - earlier for earlier, later in pairwise(reported)), default=0.0)
    return seen.samples[-1].at - reported[-1] <= max(_SECOND_REPORT_S, _LATE * longest)


# --- what goes --------------------------------------------------------------------------------------------------------


def _sending(seen: Observation, media: MediaStream, then: Sample, now: Sample) -> Diagnosis | None:
    sent = now.stats.tx_packets - then.stats.tx_packets
    if sent == 0:
        levels = [s.stats.tx_level_db for s in seen.samples if s.at > then.at]
        quiet = all(level is None or level < _SPEECH_DB for level in levels)
        if seen.call.muted or (seen.suppressing and quiet):
            return None
        cause = FaultCause.UNREACHABLE if now.stats.tx_refused else FaultCause.DEVICE
        return _fault(AudioFault.NOTHING_SENT, cause, media, now.stats)
    if sent > 0 and _far_end_misses_all(seen):
        fault = AudioFault.FAR_RECEIVES_NOTHING
        if now.stats.rx_from and now.stats.rx_from != media.remote:
            fault = AudioFault.OTHER_ADDRESS
        return _fault(fault, _why_unreachable(media.remote, media.local, media), media, now.stats)
    return None


def _far_end_misses_all(seen: Observation) -> bool:
    now = seen.samples[-1]
    if now.stats.far_reports == 0:
        return now.stats.far_rtcp and _reported_without_us(seen)
    begun = seen.samples[0]
    reported = [begun]
    for sample in seen.samples:
        if sample.stats.far_reports != reported[-1].stats.far_reports:
            reported.append(sample)
    if len(reported) < 2:
        return False
    before, after = (sample.stats for sample in reported[-2:])
    sent, lost = after.tx_packets - before.tx_packets, after.tx_lost - before.tx_lost
    return sent >= _ENOUGH_PACKETS and lost >= _MOST * sent


def _reported_without_us(seen: Observation) -> bool:
    """Whether the far end sent RTCP that says nothing of our stream, late enough for it to have heard of us."""
    first = next(sample for sample in seen.samples if sample.stats.far_rtcp)
    now = seen.samples[-1]
    begun_before = first is not seen.samples[0] and first.stats.tx_packets >= _ENOUGH_PACKETS
    return begun_before or now.at - first.at >= _SECOND_REPORT_S


# --- why --------------------------------------------------------------------------------------------------------------


def _why_unreachable(to: str, origin: str, media: MediaStream) -> FaultCause:
    """Why packets do not get to an address: it means nothing where they come from, or they are held up on the way."""
    there, here = _block(to), _block(origin)
    if there is not None and there != here:
        return FaultCause.OUR_PRIVATE_ADDRESS if to == media.local else FaultCause.THEIR_PRIVATE_ADDRESS
    if here is not None and there != here:
        # It reaches us, but who sends it calls itself by an address that only its own network knows.
        return FaultCause.THEIR_PRIVATE_ADDRESS if origin == media.remote else FaultCause.OUR_PRIVATE_ADDRESS
    return FaultCause.FIREWALL


def _block(address: str) -> int | None:
    """Which kind of private address "address:port" is; None for a public or unreadable one."""
    try:
        ip = ip_address(address.rpartition(":")[0].strip("[]"))
    except ValueError:
        return None
    return next((n for n, block in enumerate(_BLOCKS) if ip.version == block.version and ip in block), None)


def _fault(fault: AudioFault, cause: FaultCause, media: MediaStream, stats: StreamStats) -> Diagnosis:
    return Diagnosis(fault, cause, media.remote, stats.rx_from, media.codec, media.local)
