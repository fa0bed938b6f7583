"""What the controller needs from a SIP stack, and what a stack may report.

A stack method only hands work over: it returns at once and never waits for the network or a device. What came of it
arrives later as a report, on the controller's thread, in the order in which it happened. A stack never raises for
something that a far end, a network or a device did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tuiphone.model.account import Account, DtmfMethod, NatServers
from tuiphone.model.address import Party
from tuiphone.model.call import CallId, EndCause
from tuiphone.model.codec import Codec, CodecSettings
from tuiphone.model.device import Device, DeviceRole, MicTest
from tuiphone.model.media import Levels, MediaStream, Processing, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.model.record import CallRecord

# --- settings handed down ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StackSettings:
    """How the stack is set up at start; see ``tuiphone.config.schema`` for the meaning of each.

    Port 0 means: any free one. ``codecs`` is the order of preference by SDP name, optionally with clock rate, or a pattern
    ("opus", "iSAC/16000", "speex/*"); a codec that is not named is off.
    """

    user_agent: str = "tuiphone"
    bind_address: str = ""
    public_address: str = ""
    udp_port: int = 0
    tcp_port: int = 0
    tls_port: int = 0
    tls_ca_file: str = ""
    tls_cert_file: str = ""
    tls_key_file: str = ""
    rtp_port_min: int = 8000
    rtp_port_max: int = 9000
    dscp_sip: int = 24
    dscp_rtp: int = 46
    dns_servers: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU", "iSAC/16000", "iSAC/32000", "iLBC", "G729")
    codec_settings: CodecSettings = field(default_factory=CodecSettings)
    """Parameters at first; ``set_codec_settings`` changes them."""
    max_calls: int = 32
    null_audio: bool = False
    """Never open a sound device: tests, servers, ``--headless``."""
    processing: Processing = field(default_factory=Processing)
    """What is done to the sound at first; ``set_processing`` changes it."""
    echo_tail_ms: int = 200
    jitter_initial_ms: int = 0
    """Bounds of the adaptive jitter buffer, and where it begins; 0 leaves each to the stack."""
    jitter_min_ms: int = 0
    jitter_max_ms: int = 0
    vad: bool = False
    comfort_noise: bool = True
    ring_files: tuple[str, ...] = ()
    """WAV files that calls ring with, so that they are ready when one does."""
    release_after_s: float = 0.2
    """How long sound devices stay open after their last use; calls often follow one another."""
    sound_system: str = "auto"
    """"auto": the devices of PulseAudio or PipeWire where one of them runs; "alsa": those of ALSA, whatever runs."""
    log_level: int = 3
    log_file: str = ""
    """Where the stack's own log goes; empty: nowhere. At level 5 it holds whole SIP messages."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Digest credentials (RFC 8760); the password never shows in a repr."""

    username: str = ""
    password: str = field(default="", repr=False)
    turn_password: str = field(default="", repr=False)
    turn_problem: str = ""
    """Why there is no ``turn_password``, in words: the account works, without its relay."""


class Tone(StrEnum):
    """Sounds the phone itself makes."""

    RING = "ring"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    CALL_WAITING = "call_waiting"
    TEST = "test"


Beat = tuple[int, int, int, int]
"""Two frequencies in Hz (0: only one), milliseconds on, milliseconds off."""


@dataclass(frozen=True, slots=True)
class ToneSound:
    """How a tone sounds: beats that repeat, or a WAV file; where the file cannot be played, the beats.

    ``level`` in percent comes on top of the role's. ``device`` names a device to use instead of the role's.
    """

    beats: tuple[Beat, ...]
    level: int = 100
    file: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """What a device role is to use: a device's name (see ``tuiphone.model.device``), its level in percent, its mute.

    ``others`` are devices to try in this order if it does not open; of bells, all of them sound together. Silence takes over
    when none opens.
    """

    role: DeviceRole
    name: str
    level: int = 100
    muted: bool = False
    others: tuple[str, ...] = ()


# --- reports ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegistrationReport:
    """A REGISTER got its final answer, or none.

    ``code`` 200 with ``expires_s`` > 0: registered for so long. 200 with 0: unregistered. Anything else failed; code 0
    or 408/503 with a reason of ours when no answer came or the connection could not be made.
    """

    account_id: str
    code: int
    reason: str = ""
    expires_s: int = 0


@dataclass(frozen=True, slots=True)
class NatReport:
    """An account's STUN or TURN server gave another answer than before, or none."""

    account_id: str
    nat: NatServers


@dataclass(frozen=True, slots=True)
class IncomingReport:
    """An INVITE arrived. The stack has answered 100 and waits for ``ring``, ``answer`` or ``hang_up``.

    ``call_id`` is made by the stack with ``new_call_id``. ``codecs`` are the offer's, empty for a delayed offer.
    ``headers`` has those the controller looks at, by lower-case name (alert-info, call-info, answer-mode).
    """

    call_id: CallId
    account_id: str
    remote: Party
    local: Party
    sip_call_id: str = ""
    codecs: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """A provisional answer to our INVITE (180, 183, …) or 200 before the ACK; ``early_media``: audio flows."""

    call_id: CallId
    code: int
    reason: str = ""
    early_media: bool = False
    sip_call_id: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmedReport:
    """The call is answered and acknowledged, in either direction. ``remote`` as the answer names it, if it does."""

    call_id: CallId
    remote: Party | None = None


@dataclass(frozen=True, slots=True)
class MediaReport:
    """The negotiated audio changed: a new stream, hold by the far end, or none (``stream`` is None)."""

    call_id: CallId
    stream: MediaStream | None
    remote_hold: bool = False


@dataclass(frozen=True, slots=True)
class HoldFailedReport:
    """The far end refused the re-INVITE of a hold, or of a resume (``resuming``). The call is on hold now in either case: both
    sides are kept in silence.
    """

    call_id: CallId
    code: int
    reason: str = ""
    resuming: bool = False


@dataclass(frozen=True, slots=True)
class DtmfReport:
    """The far end sent one digit."""

    call_id: CallId
    digit: str
    method: DtmfMethod


@dataclass(frozen=True, slots=True)
class EndedReport:
    """The call is over; nothing more is reported about it."""

    call_id: CallId
    cause: EndCause


@dataclass(frozen=True, slots=True)
class DevicesReport:
    """Devices came or went, or a role's device opened, failed or fell back; ``in_use`` and ``problems`` are by role.

    ``also_ring`` are the bells beside the first one.
    """

    available: tuple[Device, ...]
    in_use: dict[DeviceRole, str]
    problems: dict[DeviceRole, str] = field(default_factory=dict)
    also_ring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MicTestReport:
    """The trial of the microphone began, went over to playing, or is over."""

    state: MicTest


@dataclass(frozen=True, slots=True)
class PlayedReport:
    """A file given to ``play`` has been played to its end (not reported for a loop)."""

    call_id: CallId
    path: str


@dataclass(frozen=True, slots=True)
class PublishedReport:
    """A ``publish`` got its final answer, or none (``code`` 408 or 503 with a reason of ours)."""

    account_id: str
    event: str
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """A recording begun by ``start_recording`` ended by itself, with the reason in words (a full disk)."""

    call_id: CallId
    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class StackNotice:
    """Something a person should read (a port in use, a recording that could not be written).

    ``lasting``: it stays true, and is told to those who come later.
    """

    level: str
    text: str
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class StackDied:
    """The stack cannot go on; every call is lost."""

    reason: str


Report = (
    RegistrationReport
    | NatReport
    | IncomingReport
    | ProgressReport
    | ConfirmedReport
    | MediaReport
    | HoldFailedReport
    | DtmfReport
    | EndedReport
    | DevicesReport
    | MicTestReport
    | PlayedReport
    | PublishedReport
    | RecordingReport
    | StackNotice
    | StackDied
    | Levels
    | StreamStats
)


class SipStack(Protocol):
    """A SIP stack as the controller sees it."""

    @property
    def name(self) -> str:
        """Product and version, such as "pjsua2 2.17"."""
        ...

    @property
    def missing(self) -> tuple[str, ...]:
        """What this build cannot do, each as a sentence; known after ``start``."""
        ...

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Every codec, those that are on first and in their order; known after ``start``."""
        ...

    def set_codec_settings(self, settings: CodecSettings) -> None:
        """Use these parameters from the next call on."""
        ...

    def set_codecs(self, wanted: tuple[str, ...]) -> None:
        """Use these codecs, in this order, from the next offer or answer on."""
        ...

    async def start(self, settings: StackSettings, report: Callable[[Report], None]) -> None:
        """Come up; ``report`` is called on this event loop from now on. Raises PhoneError when it cannot."""
        ...

    async def stop(self) -> None:
        """End calls (BYE), unregister, release devices; returns when done, within 4 s."""
        ...

    def add_account(self, account: Account, credentials: Credentials) -> None:
        """Know an account, or replace its settings (running calls are not touched). Does not register by itself."""
        ...

    def remove_account(self, account_id: str) -> None:
        """Unregister and forget."""
        ...

    def register(self, account_id: str) -> None:
        """Send REGISTER now. The stack refreshes at half the granted time; it does not retry after a failure."""
        ...

    def unregister(self, account_id: str) -> None:
        """Send REGISTER with Expires 0."""
        ...

    def publish(self, account_id: str, target: str, event: str, content_type: str, body: str) -> None:
        """Send PUBLISH (RFC 3903) to a SIP address, outside of any call; answered by a PublishedReport."""
        ...

    def make_call(self, call_id: CallId, account_id: str, uri: str, dtmf: DtmfMethod) -> None:
        """Send INVITE."""
        ...

    def ring(self, call_id: CallId) -> None:
        """Answer 180."""
        ...

    def answer(self, call_id: CallId) -> None:
        """Answer 200."""
        ...

    def hang_up(self, call_id: CallId, code: int = 0, reason: str = "") -> None:
        """CANCEL, BYE or a final answer, whichever the state asks for; ``code`` is used for the answer (0: 603)."""
        ...

    def hold(self, call_id: CallId) -> None:
        """re-INVITE with a=sendonly."""
        ...

    def resume(self, call_id: CallId) -> None:
        """re-INVITE with a=sendrecv."""
        ...

    def mute(self, call_id: CallId, on: bool) -> None:
        """Send silence instead of the microphone."""
        ...

    def set_gain(self, call_id: CallId, mic: int, ear: int) -> None:
        """Gains of one call in percent, on top of those of the roles: what is sent, and what is heard of it."""
        ...

    def send_dtmf(self, call_id: CallId, digits: str, method: DtmfMethod) -> None:
        """Send digits one after another (0-9 * # A-D; a comma is a pause of 500 ms)."""
        ...

    def play(self, call_id: CallId, path: str, loop: bool = False) -> None:
        """Send a WAV file (16-bit PCM) instead of the microphone; an empty path goes back to the microphone."""
        ...

    def record(self, call_id: CallId, path: str) -> None:
        """Write what the far end says to a mono WAV file; an empty path ends the recording."""
        ...

    def start_recording(self, call_id: CallId, path: str, beep_s: float) -> None:
        """Write both sides to a stereo WAV file: ours left, the far end's right.

        Every ``beep_s`` seconds the far end hears a short beep (0: never). Ends with the call or ``stop_recording``.
        """
        ...

    def pause_recording(self, call_id: CallId, on: bool) -> None:
        """Write silence instead, with a cue point where it begins."""
        ...

    def stop_recording(self, call_id: CallId) -> None:
        """Complete the file."""
        ...

    def tone(self, tone: Tone, on: bool, role: DeviceRole = DeviceRole.OUTPUT, sound: ToneSound | None = None) -> None:
        """Start or stop one of the phone's own sounds on the device of a role; starting needs ``sound``."""
        ...

    def choose_devices(self, choices: tuple[RoleChoice, ...]) -> None:
        """Use these devices and levels; answered by a DevicesReport."""
        ...

    def set_processing(self, processing: Processing) -> None:
        """Treat the sound like this from now on, in a running call too."""
        ...

    def refresh_devices(self) -> None:
        """Look for devices that came or went; answered by a DevicesReport. The stack also looks by itself."""
        ...

    def mute_device(self, name: str, on: bool) -> None:
        """Mute a device itself, for every program; answered by a DevicesReport, or a StackNotice where it cannot be."""
        ...

    def test_mic(self, seconds: float) -> None:
        """Record the microphone for so long, then play it in the ear; 0 ends it. Answered by MicTestReports."""
        ...

    def watch(self, levels_hz: float, stats_hz: float, mic_without_call: bool = False) -> None:
        """How often Levels and StreamStats of every answered call are reported; 0 is never.

        ``mic_without_call`` keeps the input device open and reports Levels with an empty call id.
        """
        ...

    def tell_quality(self, quality: Quality) -> None:
        """Tell the far end of the call that ``quality`` names how it sounds here, by extended reports (RFC 3611)."""
        ...


class Settings(Protocol):
    """Where the phone keeps what is chosen on the screen; raises PhoneError when it cannot be written."""

    def set(self, key: str, value: str | int | bool | tuple[str, ...]) -> None:
        """Keep a value under its dotted key ("audio.input")."""
        ...

    def put_account(self, account: Account, password: str, turn_password: str) -> None:
        """Keep an account that was added on the screen; an empty password keeps the one it has."""
        ...

    def remove_account(self, account_id: str) -> None:
        """Forget an account that was added on the screen."""
        ...


class HistoryStore(Protocol):
    """Where ended calls are kept."""

    def add(self, record: CallRecord) -> None:
        """Keep a row."""
        ...

    def search(self, text: str, missed: bool, limit: int, before: float | None) -> tuple[CallRecord, ...]:
        """Rows, newest first."""
        ...

    def last_dialled(self) -> CallRecord | None:
        """The newest outgoing call."""
        ...

    def count_missed(self) -> int:
        """Missed calls nobody has looked at."""
        ...

    def mark_seen(self) -> None:
        """Every missed call has been looked at."""
        ...

    def clear(self) -> None:
        """Delete every row."""
        ...
