"""A call: one INVITE dialog seen from us, from the first message to the end."""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass
from enum import StrEnum

from tuiphone.model.account import DtmfMethod
from tuiphone.model.address import Party
from tuiphone.model.media import MediaStream

CallId = str
"""Our own identity of a call: sorts by time of creation, never reused (a SIP stack's slot numbers are)."""

_serial = itertools.count()
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_call_id() -> CallId:
    """A fresh identity, 13 characters: 9 of milliseconds since the epoch, 2 of a counter, 2 random."""
    value = (int(time.time() * 1000) << 20) | ((next(_serial) & 0x3FF) << 10) | (int.from_bytes(os.urandom(2)) & 0x3FF)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


class Direction(StrEnum):
    """Who sent the INVITE."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class CallState(StrEnum):
    """Progress of a call. Hold and mute are flags, not states."""

    DIALING = "dialing"
    RINGING = "ringing"
    EARLY_MEDIA = "early_media"
    INCOMING = "incoming"
    CONNECTING = "connecting"
    TALKING = "talking"
    ENDED = "ended"


LEGAL_MOVES: dict[CallState, frozenset[CallState]] = {
    CallState.DIALING: frozenset(
        {CallState.RINGING, CallState.EARLY_MEDIA, CallState.CONNECTING, CallState.TALKING, CallState.ENDED}
    ),
    CallState.RINGING: frozenset({CallState.EARLY_MEDIA, CallState.CONNECTING, CallState.TALKING, CallState.ENDED}),
    CallState.EARLY_MEDIA: frozenset({CallState.RINGING, CallState.CONNECTING, CallState.TALKING, CallState.ENDED}),
    CallState.INCOMING: frozenset({CallState.CONNECTING, CallState.TALKING, CallState.ENDED}),
    CallState.CONNECTING: frozenset({CallState.TALKING, CallState.ENDED}),
    CallState.TALKING: frozenset({CallState.ENDED}),
    CallState.ENDED: frozenset(),
}
"""Which state may follow which; a report that breaks this is refused and logged, not believed."""


class EndedBy(StrEnum):
    """Who ended a call."""

    US = "us"
    THEM = "them"
    NETWORK = "network"
    PHONE = "phone"
    """The phone itself, by a rule: do-not-disturb, all lines in use, RTP timeout, engine stopped."""


class EndKind(StrEnum):
    """Why a call ended; ``tuiphone.texts`` has a sentence for each."""

    HANGUP = "hangup"
    CANCELLED = "cancelled"
    ELSEWHERE = "elsewhere"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    """The server on the way showed a certificate that we do not accept; ``EndCause.reason`` says what is wrong with it."""
    FORBIDDEN = "forbidden"
    NO_COMMON_CODEC = "no_common_codec"
    NOT_ENCRYPTED = "not_encrypted"
    """Our account insists on SRTP, the far end does not offer it."""
    ENCRYPTION_OFF = "encryption_off"
    """The far end insists on SRTP, our account has it switched off."""
    ENCRYPTION_DIFFERS = "encryption_differs"
    """Both ends want SRTP, but not the same keying or suites."""
    ENCRYPTION_REFUSED = "encryption_refused"
    """The far end refused our offer, in which our account insists on SRTP."""
    NO_ACK = "no_ack"
    RTP_SILENCE = "rtp_silence"
    SESSION_TIMER = "session_timer"
    DND = "dnd"
    LINES_FULL = "lines_full"
    NO_HEADSET = "no_headset"
    BAD_ADDRESS = "bad_address"
    REDIRECTED = "redirected"
    ENGINE_STOPPED = "engine_stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EndCause:
    """Why a call ended.

    ``code`` and ``reason`` are SIP's (RFC 3261), 0 and empty if no answer came; ``q850`` is the cause of a Reason header
    (RFC 3326, ITU-T Q.850), ``text`` that header's own words. ``our_codecs`` and ``their_codecs`` are filled for
    a 488 and 606 so that both lists can be shown side by side. ``audio_problem`` is what was wrong with the sound when
    the call ended, as a sentence.
    """

    by: EndedBy
    kind: EndKind
    code: int = 0
    reason: str = ""
    q850: int | None = None
    text: str = ""
    our_codecs: tuple[str, ...] = ()
    their_codecs: tuple[str, ...] = ()
    audio_problem: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Times are seconds since the epoch, ``None`` until they happen.

    ``line`` is the place on every screen (1 and up), kept from first message to end. ``dtmf_sent`` counts digits (they
    may be a PIN, so they are not kept); ``dtmf_received`` shows the far end's last ones. ``audio_problem`` is a sentence
    while nobody can be heard in one direction (``tuiphone.texts_quality``), else empty.
    """

    id: CallId
    account_id: str
    direction: Direction
    state: CallState
    remote: Party
    line: int
    created_at: float
    local_hold: bool = False
    remote_hold: bool = False
    muted: bool = False
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    dtmf: DtmfMethod = DtmfMethod.RFC4733
    dtmf_sent: int = 0
    dtmf_received: str = ""
    media: MediaStream | None = None
    recording: str = ""
    """The file that is being written."""
    recording_paused: bool = False
    sip_call_id: str = ""
    end: EndCause | None = None
    audio_problem: str = ""
    mic_level: int = 100
    """Gains of this call in percent, on top of those of the devices: what is sent, and what is heard."""
    ear_level: int = 100

    @property
    def is_ringing(self) -> bool:
        """An incoming call that nobody answered yet."""
        return self.state is CallState.INCOMING

    @property
    def is_over(self) -> bool:
        """Nothing will happen to this call any more."""
        return self.state is CallState.ENDED

    @property
    def is_talking(self) -> bool:
        """Answered and not held by us: our microphone belongs to it (unless muted)."""
        return self.state is CallState.TALKING and not self.local_hold

    @property
    def is_held(self) -> bool:
        """Answered and held by us."""
        return self.state is CallState.TALKING and self.local_hold

    @property
    def duration_s(self) -> float:
        """Seconds from answer to end; 0 before the end or without an answer."""
        if self.answered_at is None or self.ended_at is None:
            return 0.0
        return max(0.0, self.ended_at - self.answered_at)
