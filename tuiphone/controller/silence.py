"""Watches answered calls for RTP that stays away."""

from __future__ import annotations

from tuiphone.model.call import Call, CallId, CallState
from tuiphone.model.media import StreamStats


class RtpWatch:
    """Tells once for each silence; ``timeout_s`` of 0 never tells."""

    def __init__(self, timeout_s: int) -> None:
        self.timeout_s = timeout_s
        self._told: set[CallId] = set()

    def silent_too_long(self, call: Call, stats: StreamStats) -> bool:
        """Whether nothing arrived for so long on a call where something should, and nobody was told yet."""
        held = call.local_hold or call.remote_hold
        expected = call.media is not None and call.media.direction in {"sendrecv", "recvonly"}
        if call.state is not CallState.TALKING or held or not expected or stats.rx_silent_s < self.timeout_s:
            self._told.discard(call.id)
            return False
        if not self.timeout_s or call.id in self._told:
            return False
        self._told.add(call.id)
        return True

    def forget(self, call_id: CallId) -> None:
        """The call is over."""
        self._told.discard(call_id)
