"""Keeps, for each call, what the diagnosis of one-way audio needs to have seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tuiphone.controller.oneway import DIGITAL_SILENCE_DB, Observation, Sample, diagnose
from tuiphone.model.call import Call, CallId
from tuiphone.model.media import StreamStats
from tuiphone.model.quality import AudioFault, Diagnosis

_KEPT = 60


class _Watched:
    __slots__ = ("circumstances", "found", "heard", "remote", "samples", "since", "spoken", "told")

    def __init__(self, call: Call, now: float) -> None:
        self.circumstances = _circumstances(call)
        self.remote = _remote(call)
        self.since = now
        self.samples: deque[Sample] = deque(maxlen=_KEPT)
        self.heard = False
        self.spoken = False
        self.found: Diagnosis | None = None
        self.told: set[AudioFault] = set()


class AudioWatch:
    """Sees the figures of every call; ``suppresses`` tells of a codec whether we send nothing in it while nobody speaks."""

    def __init__(self, suppresses: Callable[[str], bool] = lambda codec: False) -> None:
        self._suppresses = suppresses
        self._calls: dict[CallId, _Watched] = {}

    def see(self, call: Call, stats: StreamStats, now: float) -> Diagnosis | None:
        """Take in figures at ``now`` (seconds, of the clock that stamps calls); says what is wrong, if anything."""
        watched = self._watched(call, stats, now)
        watched.samples.append(Sample(now, stats))
        watched.heard = watched.heard or _audible(stats.rx_level_db)
        watched.spoken = watched.spoken or _audible(stats.tx_level_db)
        suppressing = self._suppresses(call.media.codec if call.media else "")
        found = diagnose(Observation(call, watched.samples, watched.since, watched.heard, watched.spoken, suppressing))
        if found is None and _still_stopped(watched):
            return watched.found
        watched.found = found
        return found

    def is_news(self, call_id: CallId, found: Diagnosis) -> bool:
        """Whether this fault is the first of its kind in the call; sound that comes and goes is told once."""
        told = self._calls[call_id].told
        news = found.fault not in told
        told.add(found.fault)
        return news

    def forget(self, call_id: CallId) -> None:
        """The call is over."""
        self._calls.pop(call_id, None)

    def _watched(self, call: Call, stats: StreamStats, now: float) -> _Watched:
        watched = self._calls.get(call.id)
        if watched is None:
            watched = self._calls[call.id] = _Watched(call, min(now, call.answered_at or now))
        elif watched.circumstances != _circumstances(call) or _begun_anew(watched, stats):
            fresh = _Watched(call, now)
            fresh.heard = watched.heard and fresh.remote == watched.remote
            fresh.spoken, fresh.told = watched.spoken, watched.told
            watched = self._calls[call.id] = fresh
        return watched


def _circumstances(call: Call) -> tuple[object, ...]:
    return (call.state, call.local_hold, call.remote_hold, call.muted, call.media)


def _audible(level_db: float | None) -> bool:
    return level_db is not None and level_db > DIGITAL_SILENCE_DB


def _remote(call: Call) -> str:
    return call.media.remote if call.media else ""


def _begun_anew(watched: _Watched, stats: StreamStats) -> bool:
    if not watched.samples:
        return False
    last = watched.samples[-1].stats
    return stats.rx_packets < last.rx_packets or stats.tx_packets < last.tx_packets


def _still_stopped(watched: _Watched) -> bool:
    """Whether what was told to have stopped still does not come: the last report is forgotten after a while."""
    if watched.found is None or watched.found.fault is not AudioFault.NOTHING_RECEIVED or len(watched.samples) < 2:
        return False
    return watched.samples[-1].stats.rx_packets == watched.samples[-2].stats.rx_packets
