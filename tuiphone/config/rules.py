"""What has to be true between several keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tuiphone.config.schema import PASSWORD_SOURCES, TURN_PASSWORD_SOURCES, AccountConfig, Config
from tuiphone.config.values import shown
from tuiphone.i18n import _
from tuiphone.model.account import Transport

_PREFETCH = 0.8
"""The jitter buffer delays by at most this part of what it holds: the rest is for bursts."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold: the keys it is about, the most telling one first, and a sentence."""

    keys: tuple[str, ...]
    text: str


def broken_rules(config: Config) -> Iterator[Broken]:
    """Rules between the keys of the plain sections that do not hold."""
    network = config.network
    low, high = network.rtp_port_min, network.rtp_port_max
    keys = ("network.rtp_port_max", "network.rtp_port_min", "phone.max_lines")
    if high <= low:
        text = _("network.rtp_port_max is {high}; it must be above rtp_port_min, which is {low}")
        yield Broken(keys[:2], text.format(high=high, low=low))
    elif (high - low + 1) // 2 < config.phone.max_lines:
        text = _(
            "network.rtp_port_min to rtp_port_max has room for {room}; phone.max_lines is {lines}, a call needs 2 ports"
        )
        yield Broken(keys, text.format(room=(high - low + 1) // 2, lines=config.phone.max_lines))
    audio = config.audio
    for key in ("jitter_min_ms", "jitter_initial_ms"):
        if audio.jitter_max_ms and getattr(audio, key) > audio.jitter_max_ms * _PREFETCH:
            text = _("audio.{key} is {value}; it must be at most four fifths of jitter_max_ms, which is {most}")
            yield Broken(
                (f"audio.{key}", "audio.jitter_max_ms"),
                text.format(key=key, value=getattr(audio, key), most=audio.jitter_max_ms),
            )
    if network.tls_port and network.tls_port == network.tcp_port:
        text = _("network.tls_port and network.tcp_port are both {port}; TLS needs a port of its own")
        yield Broken(("network.tls_port", "network.tcp_port"), text.format(port=network.tls_port))
    if bool(network.tls_cert_file) != bool(network.tls_key_file):
        yield Broken(
            ("network.tls_cert_file", "network.tls_key_file"),
            _("network.tls_cert_file and network.tls_key_file belong together; one of them is missing"),
        )


def broken_account_rules(account: AccountConfig) -> Iterator[Broken]:
    """Rules between the keys of one account that do not hold."""
    for keys in (PASSWORD_SOURCES, TURN_PASSWORD_SOURCES):
        sources = [key for key in keys if getattr(account, key)]
        if len(sources) > 1:
            text = _("account {id} has {sources}; give only one of them")
            yield Broken(tuple(sources[1:]), text.format(id=shown(account.id), sources=_(" and ").join(sources)))
    if account.retry_max_s < account.retry_s:
        text = _("account {id}: retry_max_s is {most}; it must not be below retry_s, which is {first}")
        values = {"id": shown(account.id), "most": account.retry_max_s, "first": account.retry_s}
        yield Broken(("retry_max_s", "retry_s"), text.format(**values))
    if account.address.lower().startswith("sips:") and account.transport is not Transport.TLS:
        text = _('account {id}: an address that begins with sips: needs transport = "tls"')
        yield Broken(("transport", "address"), text.format(id=shown(account.id)))
    if bool(account.tls_cert_file) != bool(account.tls_key_file):
        text = _("account {id}: tls_cert_file and tls_key_file belong together; one of them is missing")
        yield Broken(("tls_cert_file", "tls_key_file"), text.format(id=shown(account.id)))
