"""Every key of the configuration, declared once: default, what is allowed, what it means.

The sections are read by the engine and the screen as plain frozen values; ``tuiphone.config.load`` checks files against
them, ``scripts/generate_docs.py`` makes config.example.toml and docs/config.md from them.
"""

# ruff: noqa: RUF009 (the calls in the defaults are dataclass fields, or frozen values)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from types import MappingProxyType

from tuiphone.config.option import boolean, choice, command, integer, names, path, ranked, required, secret, text
from tuiphone.config.secret import Secret
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod, MediaEncryption, SrtpKeying, TlsSettings, Transport
from tuiphone.model.address import AddressError, parse_uri
from tuiphone.model.pattern import is_pattern
from tuiphone.model.ringtone import COUNTRIES, RINGS, WrongRing, parse_ring, parse_rule

_ACCOUNT_ID = r"[A-Za-z0-9_-]{1,32}"
_CODEC = r"[A-Za-z0-9.*?-]+(/[0-9*?]+){0,2}"
_HOST_PORT = r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
_SHA256 = r"[0-9A-Fa-f]{64}"


def _ip(value: str) -> str:
    try:
        ip_address(value or "::")
    except ValueError:
        return _("an IP address such as 192.0.2.10, or nothing")
    return ""


def _dns_server(value: str) -> str:
    match = re.fullmatch(r"\[(.+)\](?::\d{1,5})?|([\d.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+)", value)
    host = next(filter(None, match.groups()), "") if match else ""
    return (
        "" if host and not _ip(host) else _("IP addresses such as 192.0.2.53, with a port if wanted (192.0.2.53:5353)")
    )


def _codec(value: str) -> str:
    return "" if re.fullmatch(_CODEC, value) else _('codec names or patterns such as "opus", "speex/16000" or "PCM*"')


def _account_id(value: str) -> str:
    return "" if re.fullmatch(_ACCOUNT_ID, value) else _("1 to 32 letters, digits, “-” and “_”")


def _address(value: str) -> str:
    try:
        uri = parse_uri(value)
    except AddressError:
        return _("an address such as sip:2001@pbx.example")
    return "" if uri.user else _("an address with a user before the @, such as sip:2001@pbx.example")


def _sip_or_nothing(value: str) -> str:
    try:
        fits = not value or parse_uri(value).scheme in {"sip", "sips"}
    except AddressError:
        fits = False
    return "" if fits else _("a SIP address such as sip:quality@pbx.example, or nothing")


def _keying(value: str) -> str:
    return "" if value in tuple(SrtpKeying) else "“sdes” and “dtls”"


def _host_port(value: str) -> str:
    if not value:
        return ""
    port = value.rpartition(":")[2] if re.search(r"[^:]:\d+$", value) else "1"
    if re.fullmatch(_HOST_PORT, value) and 0 < int(port) < 65536:
        return ""
    return _("a host, or host:port, without “sip:”, or nothing")


def _proxy(value: str) -> str:
    if not value:
        return ""
    try:
        parse_uri(value if value.lower().startswith(("sip:", "sips:")) else f"sip:{value}")
    except AddressError:
        return _("a host, host:port or sip: address of a proxy, or nothing")
    return ""


def _pin(value: str) -> str:
    if not value or re.fullmatch(_SHA256, value.replace(":", "")):
        return ""
    return _("64 hexadecimal digits (SHA-256), or nothing")


def _device(value: str) -> str:
    return "" if is_pattern(value) else _("a device's name, a pattern such as “Jabra*”, or a regular expression “/…/”")


def _ring(value: str) -> str:
    try:
        parse_ring(value)
    except WrongRing:
        rings = ", ".join(RINGS)
        return _("one of {rings}, or a WAV file (“~/door.wav”), with a volume if wanted (“bell 60%”)").format(
            rings=rings
        )
    return ""


def _ring_or_nothing(value: str) -> str:
    return _ring(value) if value else ""


def _ring_rule(value: str) -> str:
    try:
        parse_rule(value)
    except WrongRing:
        return _("texts such as “+44* = bell 60%” or “/^sip:door@/ = ~/door.wav”: who calls, “=”, how it rings")
    return ""


def _header_text(value: str) -> str:
    return "" if value and value.isprintable() and len(value) <= 120 else _("1 to 120 printable characters")


@dataclass(frozen=True)
class PhoneSection:
    """How the phone behaves."""

    max_lines: int = integer(6, "Calls at the same time; the next caller gets 486 Busy Here.", 1, 32)
    default_account: str = text("", "Id of the account that dials when none is chosen; empty: the first one.")
    dnd: bool = boolean(False, "Do not disturb: reject every new call.")
    decline_code: int = choice(
        486,
        "SIP answer to a declined call: 486 busy, 480 unavailable, 603 everywhere, 404 not found, 403 forbidden.",
        (486, 480, 603, 404, 403),
    )
    ringback: str = choice(
        "auto",
        "Ringback tone made by the phone: auto when the far end sends no audio of its own, always, or never.",
        ("auto", "always", "never"),
    )
    call_waiting_tone: bool = boolean(True, "Beep in the ear when a call arrives during a call.")
    rtp_timeout_s: int = integer(30, "Seconds without audio packets until the phone warns; 0: never.", 0, 3600)
    rtp_timeout_hangup: bool = boolean(False, "End the call when rtp_timeout_s has passed, instead of a warning only.")
    ui_exit: str = choice(
        "ask",
        "What leaving the screen does: ask, detach (the phone stays reachable) or stop the phone.",
        ("ask", "detach", "stop"),
    )
    language: str = text("", "Language of the texts, such as en or pt_BR; empty: as the environment says.")


@dataclass(frozen=True)
class NetworkSection:
    """Addresses and ports of SIP and RTP."""

    bind_address: str = text("", "Local IP address to use for SIP and RTP; empty: all.", _ip)
    public_address: str = text("", "IP address to announce instead of the local one (a NAT's, known beforehand).", _ip)
    udp_port: int = integer(0, "Local port for SIP over UDP; 0: any free one.", 0, 65535)
    tcp_port: int = integer(0, "Local port for SIP over TCP; 0: any free one.", 0, 65535)
    tls_port: int = integer(0, "Local port for SIP over TLS; 0: any free one.", 0, 65535)
    tls_ca_file: str = path("PEM file of the certificate authorities to trust; empty: the system's.")
    tls_cert_file: str = path("PEM file of the phone's own certificate, where a server asks for one.")
    tls_key_file: str = path("PEM file of the private key that belongs to tls_cert_file.")
    rtp_port_min: int = integer(8000, "First local UDP port for audio; a call takes two.", 1024, 65535)
    rtp_port_max: int = integer(9000, "Last local UDP port for audio.", 1024, 65535)
    dscp_sip: int = integer(24, "DSCP of SIP packets (RFC 2474): 24 is CS3; 0: none.", 0, 63)
    dscp_rtp: int = integer(46, "DSCP of audio packets: 46 is EF (RFC 3246); 0: none.", 0, 63)
    dns_servers: tuple[str, ...] = names(
        (), "Name servers to ask, each an address or address:port; empty: the machine's.", _dns_server
    )
    user_agent: str = text("tuiphone", "The User-Agent header of SIP messages.", _header_text)


@dataclass(frozen=True)
class AudioSection:
    """Sound devices, levels, codecs, and what is done to the sound."""

    input: str | tuple[str, ...] = ranked(
        "Microphone: its name, a pattern or a list, the best first; empty: the system's; none: silence.", _device
    )
    output: str | tuple[str, ...] = ranked(
        "Speaker or headset, named in the same way; empty: the system's default; none: no sound.", _device
    )
    ring: str | tuple[str, ...] = ranked(
        "Where calls ring: all of a list that are there, at once; empty: the system's default; none: silently.", _device
    )
    headset: str | tuple[str, ...] = ranked("The headset: its name, a pattern or a list, the best first.", _device)
    use_headset: bool = boolean(
        False, "Talk through the headset only: it is microphone and ear, whatever input and output say."
    )
    refuse_without_headset: bool = boolean(False, "With use_headset: refuse calls while the headset is missing.")
    refuse_code: int = choice(
        480, "SIP answer to such calls: 480 unavailable, 486 busy, 603 declined everywhere.", (480, 486, 603)
    )
    input_level: int = integer(100, "Gain of the microphone in percent.", 0, 200)
    output_level: int = integer(100, "Volume of the ear in percent.", 0, 200)
    ring_level: int = integer(100, "Volume of the bell in percent.", 0, 200)
    tones: str = choice(
        "eu", "Country of the ringback, busy, congestion and call waiting tones; eu: as in most of Europe.", COUNTRIES
    )
    tone_level: int = integer(100, "Volume of these tones in percent; 0: off.", 0, 200)
    ring_tone: str = text(
        "warble",
        "How calls ring: warble, bell, chime, marimba, a country, a WAV file, none; a volume may follow: “bell 60%”.",
        _ring,
    )
    ring_tones: tuple[str, ...] = names(
        (), "Ring tones by caller, the first that fits: “+44* = bell”, “300 = ~/door.wav 60%”.", _ring_rule
    )
    release_ms: int = integer(200, "Milliseconds after the last call until sound devices are let go.", 0, 60000)
    sound_system: str = choice(
        "auto", "Whose devices: PulseAudio's or PipeWire's where one runs (auto), or always ALSA's.", ("auto", "alsa")
    )
    null_audio: bool = boolean(False, "Never open a sound device (a server, a test); calls carry silence.")
    echo_canceller: str = choice(
        "webrtc",
        "Echo canceller: webrtc (the best), speex (for old CPUs), off (a headset).",
        ("webrtc", "speex", "off"),
    )
    echo_tail_ms: int = integer(200, "Longest echo to cancel, in milliseconds.", 20, 800)
    noise_suppression: bool = boolean(True, "Take steady noise off the microphone's signal.")
    gain_control: bool = boolean(False, "Bring what you say to one level, whether whispered or shouted.")
    ear_limit_db: int = integer(
        -6,
        "The loudest that reaches the ear, in dB below full scale: protects from acoustic shock; 0: no limit.",
        -40,
        0,
    )
    jitter_initial_ms: int = integer(
        0, "Jitter buffer: milliseconds it collects first; it adapts then. 0: the engine's choice.", 0, 400
    )
    jitter_min_ms: int = integer(0, "Jitter buffer: the least it collects whenever it begins to play.", 0, 400)
    jitter_max_ms: int = integer(0, "Jitter buffer: the most it holds; 0: the engine's choice, 500.", 0, 2000)
    vad: bool = boolean(False, "Send no packets while nobody speaks (voice activity detection).")
    comfort_noise: bool = boolean(
        True, "Play the far end's background noise in its pauses, and with vad tell it ours (RFC 3389)."
    )
    codecs: tuple[str, ...] = names(
        ("opus", "G722", "PCMA", "PCMU", "iSAC/16000", "iSAC/32000", "iLBC", "G729"),
        'Codecs to offer, the best first; one that is not named is off. Patterns work: "speex/*".',
        _codec,
    )


@dataclass(frozen=True)
class CodecsSection:
    """Parameters of single codecs; `tuiphone codecs` lists them, [audio] codecs has their order."""

    answer_order: str = choice(
        "local", "Whose order decides when we are called: local ours, offer the caller's.", ("local", "offer")
    )
    opus_fec: bool = boolean(True, "Opus: forward error correction in the stream (RFC 7587).")
    opus_dtx: bool = boolean(False, "Opus: send almost nothing while nobody speaks.")
    opus_bit_rate: int = integer(0, "Opus: bits a second, 6000 to 510000; 0: the codec's choice.", 0, 510000)
    opus_complexity: int = integer(5, "Opus: 0 saves CPU, 10 sounds best.", 0, 10)
    ilbc_mode_ms: int = choice(30, "iLBC: frame of 20 (15.2 kbit/s) or 30 ms (13.3 kbit/s).", (20, 30))
    isac_frame_ms: int = choice(
        30, "iSAC: packets of 30 or 60 ms; at 32 kHz the long ones carry sound up to 8 kHz only.", (30, 60)
    )
    g729_annexb: bool = boolean(True, "G.729: silence suppression by Annex B.")


@dataclass(frozen=True)
class RecordingSection:
    """Recording of calls: stereo WAV, the agent on the left, the far end on the right."""

    always: bool = boolean(False, "Record every answered call from its first second.")
    folder: str = path("Where recordings go; empty: ~/.local/share/tuiphone/recordings.")
    beep_s: int = integer(0, "Let the far end hear a beep every so many seconds while recorded; 0: never.", 0, 600)


@dataclass(frozen=True)
class UiSection:
    """The screen."""

    theme: str = text("", "Colour theme, as the palette lists them; empty: the phone's own.")
    glyphs: str = choice(
        "unicode", "Signs and frames: unicode, or ascii for terminals that cannot.", ("unicode", "ascii")
    )
    mouse: bool = boolean(True, "Take mouse clicks; false leaves selecting text to the terminal.")
    bell: bool = boolean(True, "Ring the terminal's bell for an incoming call.")
    title: bool = boolean(True, "Show calls in the terminal's title.")
    notify: str = choice(
        "auto",
        "Desktop notification through the terminal: osc9, osc777, auto (by the terminal's name) or off.",
        ("auto", "osc9", "osc777", "off"),
    )
    meter_hz: int = integer(5, "How often a second the level meters move.", 1, 10)


@dataclass(frozen=True)
class HistorySection:
    """The list of past calls."""

    keep_days: int = integer(365, "Days that a call stays in the history; 0: for ever.", 0, 36500)


@dataclass(frozen=True)
class QualitySection:
    """Reports on the quality of calls."""

    vq_report_collector: str = text(
        "",
        "SIP address that gets a voice quality report (RFC 6035) after each call; empty: no reports.",
        _sip_or_nothing,
    )
    vq_alarm_threshold: int = integer(
        60, "Report at once when a call's rating R falls below this (93 is perfect, 50 unusable); 0: never.", 0, 93
    )


@dataclass(frozen=True)
class LogSection:
    """The log files."""

    level: str = choice(
        "info", "How much is logged; SIP messages with their secrets never are.", ("error", "warning", "info", "debug")
    )


@dataclass(frozen=True)
class AccountConfig:
    """One account; at most one of the four sources of each of its passwords is given."""

    id: str = required("Short name of the account; unique.", "desk", _account_id)
    address: str = required("The address others call (AOR).", "sip:2001@pbx.example", _address)
    label: str = text("", "What the screen calls the account; empty: the user part of the address.")
    display_name: str = text("", "Your name as the called person sees it.")
    username: str = text("", "Name for authentication, where it differs from the user part of the address.")
    password: Secret = secret("The password itself; the file must then be of mode 0600.")
    password_command: str | tuple[str, ...] = command(
        "Command whose first line of output is the password: a text for the shell, or a list of words."
    )
    password_env: str = text("", "Environment variable that holds the password.")
    keyring: str = text("", 'Keyring service ("tuiphone") that holds the password under the account\'s id.')
    registrar: str = text("", "Registrar's host, or host:port; empty: the host of the address.", _host_port)
    proxy: str = text("", "Outbound proxy: host, host:port or a sip: address.", _proxy)
    transport: Transport = choice(Transport.UDP, "Transport of SIP messages.", tuple(Transport))
    register: bool = boolean(True, "Register; without it the account can call, and be called at its address only.")
    expires_s: int = integer(1800, "Lifetime of a registration to ask for, in seconds; refreshed at half.", 30, 86400)
    retry_s: int = integer(4, "Pause after the first failed registration, in seconds; doubles each time.", 1, 3600)
    retry_max_s: int = integer(300, "The longest pause between attempts to register, in seconds.", 1, 86400)
    dtmf: DtmfMethod = choice(
        DtmfMethod.RFC4733, "How digits are sent: rfc4733 events, SIP INFO, or inband tones.", tuple(DtmfMethod)
    )
    media_encryption: MediaEncryption = choice(
        MediaEncryption.OFF, "SRTP: off, optional or mandatory.", tuple(MediaEncryption)
    )
    codecs: tuple[str, ...] = names((), "Codecs of this account, the best first; empty: those of [audio].", _codec)
    tls_verify: bool = boolean(True, "Check the server's certificate and its name.")
    tls_ca_file: str = path("PEM file of the authorities to trust for this account; empty: that of [network].")
    tls_cert_file: str = path("PEM file of this account's own certificate.")
    tls_key_file: str = path("PEM file of the private key that belongs to tls_cert_file.")
    tls_pin_sha256: str = text(
        "",
        "SHA-256 of the certificate (DER) of its registrar, or without one of any server called; empty: no pinning.",
        _pin,
    )
    enabled: bool = boolean(True, "Use the account.")
    ring_tone: str = text("", "How this account's calls ring; empty: as [audio] says.", _ring_or_nothing)
    srtp_keying: tuple[str, ...] = names(
        ("sdes", "dtls"), "How SRTP's keys are agreed, the preferred way first: sdes, dtls.", _keying
    )
    ice: bool = boolean(False, "Find a way through NATs by ICE.")
    stun_server: str = text("", "STUN server: host, or host:port; empty: none.", _host_port)
    turn_server: str = text("", "TURN server to relay audio by, with ICE: host, or host:port; empty: none.", _host_port)
    turn_transport: Transport = choice(
        Transport.UDP, "Transport to the TURN server; with tls, tls_verify and tls_ca_file count.", tuple(Transport)
    )
    turn_username: str = text("", "Name for authentication at the TURN server.")
    turn_password: Secret = secret("Password at the TURN server; the file must then be of mode 0600.")
    turn_password_command: str | tuple[str, ...] = command("Command whose first line of output is that password.")
    turn_password_env: str = text("", "Environment variable that holds that password.")
    turn_keyring: str = text("", 'Keyring service ("tuiphone") that holds it under the account\'s id and "/turn".')

    def account(self) -> Account:
        """The account without its password, as the rest of the phone knows it.

        Its registrar is the address's host where none is named, and empty where ``register`` is off.
        """
        tls = TlsSettings(
            self.tls_verify,
            self.tls_ca_file,
            self.tls_cert_file,
            self.tls_key_file,
            self.tls_pin_sha256.replace(":", ""),
        )
        apart = {"tls", "registrar", "srtp_keying"}
        same = {f.name: getattr(self, f.name) for f in fields(Account) if f.name not in apart}
        own = Account(**same, tls=tls, srtp_keying=tuple(SrtpKeying(keying) for keying in self.srtp_keying))
        return replace(own, registrar=(self.registrar or own.domain) if self.register else "")

    @property
    def auth_username(self) -> str:
        """The name to authenticate with: ``username``, else the user part of the address."""
        return self.username or parse_uri(self.address).user


PASSWORD_SOURCES = ("password", "password_command", "password_env", "keyring")
TURN_PASSWORD_SOURCES = ("turn_password", "turn_password_command", "turn_password_env", "turn_keyring")

KeyMap = Mapping[str, tuple[str, ...]]
"""Command id to the keys that start it. The screen knows which ids and keys there are."""


@dataclass(frozen=True)
class Config:
    """The whole configuration."""

    phone: PhoneSection = PhoneSection()
    network: NetworkSection = NetworkSection()
    audio: AudioSection = AudioSection()
    codecs: CodecsSection = CodecsSection()
    recording: RecordingSection = RecordingSection()
    ui: UiSection = UiSection()
    history: HistorySection = HistorySection()
    quality: QualitySection = QualitySection()
    log: LogSection = LogSection()
    keys: KeyMap = field(default_factory=lambda: MappingProxyType({}))
    accounts: tuple[AccountConfig, ...] = ()


SECTIONS: dict[str, type] = {
    "phone": PhoneSection,
    "network": NetworkSection,
    "audio": AudioSection,
    "codecs": CodecsSection,
    "recording": RecordingSection,
    "ui": UiSection,
    "history": HistorySection,
    "quality": QualitySection,
    "log": LogSection,
}
"""The plain sections by their TOML name; ``[keys]`` and ``[[account]]`` are read apart."""
