"""Accounts: a configured identity and the state of its binding at a registrar (RFC 3261 section 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Transport(StrEnum):
    """How an account's SIP messages travel."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class DtmfMethod(StrEnum):
    """How digits reach the far end: RFC 4733 events, SIP INFO (application/dtmf-relay) or tones in the audio."""

    RFC4733 = "rfc4733"
    INFO = "info"
    INBAND = "inband"


class MediaEncryption(StrEnum):
    """Whether audio is encrypted (SRTP, RFC 3711): never, where the far end can, or not without."""

    OFF = "off"
    OPTIONAL = "optional"
    MANDATORY = "mandatory"


class SrtpKeying(StrEnum):
    """How the two ends agree on SRTP's keys: in the SDP (RFC 4568) or by a handshake in the media path (RFC 5764)."""

    SDES = "sdes"
    DTLS = "dtls"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Who is trusted on a TLS connection (1.2 and 1.3 only).

    ``verify`` checks the server's chain and name. ``ca_file`` replaces the system's certificates. ``pin_sha256`` is the
    hexadecimal SHA-256 of the server certificate's DER form; empty means no pinning.
    """

    verify: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    pin_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A configured identity, without its password.

    ``address`` is the AOR (``sip:2001@pbx.example``). ``registrar`` is a host, ``host:port`` or empty: then the account
    makes and takes calls without registering. ``expires_s`` is what REGISTER asks for. ``retry_s`` is the first pause
    after a failed registration; it doubles up to ``retry_max_s``. ``srtp_keying`` is in order of preference.
    ``stun_server`` and ``turn_server`` are host or host:port (RFC 8489, RFC 8656); ``ice`` is RFC 8445, which a TURN
    server switches on.
    """

    id: str
    address: str
    label: str = ""
    display_name: str = ""
    username: str = ""
    registrar: str = ""
    proxy: str = ""
    transport: Transport = Transport.UDP
    register: bool = True
    expires_s: int = 1800
    retry_s: int = 4
    retry_max_s: int = 300
    dtmf: DtmfMethod = DtmfMethod.RFC4733
    media_encryption: MediaEncryption = MediaEncryption.OFF
    codecs: tuple[str, ...] = ()
    tls: TlsSettings = field(default_factory=TlsSettings)
    enabled: bool = True
    ring_tone: str = ""
    srtp_keying: tuple[SrtpKeying, ...] = (SrtpKeying.SDES, SrtpKeying.DTLS)
    ice: bool = False
    stun_server: str = ""
    turn_server: str = ""
    turn_transport: Transport = Transport.UDP
    turn_username: str = ""

    @property
    def title(self) -> str:
        """What the screen calls the account: its label, else its user part."""
        return self.label or self.address.partition(":")[2].partition("@")[0] or self.id

    @property
    def domain(self) -> str:
        """Host, with its port if it has one, that a bare number is dialled at."""
        return self.address.partition("@")[2].partition(";")[0]


@dataclass(frozen=True, slots=True)
class NatServers:
    """What an account's STUN and TURN servers said when last asked; empty where there are none, or not yet.

    ``mapped`` is the address at which STUN sees us, ``relayed`` that at which TURN relays. A ``_problem`` is a sentence:
    calls then go on without that server.
    """

    mapped: str = ""
    relayed: str = ""
    stun_problem: str = ""
    turn_problem: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, each a sentence."""
        return tuple(problem for problem in (self.stun_problem, self.turn_problem) if problem)


class RegistrationState(StrEnum):
    """Where an account stands with its registrar."""

    NONE = "none"
    """No registrar, or registration switched off: calls are possible all the same."""
    REGISTERING = "registering"
    REGISTERED = "registered"
    WAITING = "waiting"
    """The last attempt failed; the next one is at ``retry_at``."""
    REJECTED = "rejected"
    """The registrar said no (wrong password, unknown user): waiting does not help, the configuration must change."""
    UNREGISTERED = "unregistered"
    """By the user's wish."""


@dataclass(frozen=True, slots=True)
class Registration:
    """State of one account's registration.

    ``code`` and ``reason`` are the last final SIP answer's, or 0 and words of ours. ``expires_at`` and ``retry_at`` are
    seconds since the epoch, ``None`` where they do not apply.
    """

    state: RegistrationState = RegistrationState.NONE
    code: int = 0
    reason: str = ""
    expires_at: float | None = None
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account and its registration: what an account event carries.

    ``stored`` tells where it lives: "config" (the user's file, never written) or "settings" (added on the screen).
    """

    account: Account
    registration: Registration = field(default_factory=Registration)
    stored: str = "config"
    nat: NatServers = field(default_factory=NatServers)
