"""Addresses: what a person types, what goes on the wire (RFC 3261 section 19, RFC 3966), what the screen shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

_SCHEME = re.compile(r"^(sips?|tel|callto):(?://)?", re.IGNORECASE)
_NUMBER = re.compile(r"^\+?[0-9*#,;A-Da-d]+$")
_NUMBER_NOISE = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u202a-\u202e\u2066-\u2069]")
_NAME_ADDR = re.compile(r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<token>[^<"]*?))\s*<(?P<uri>[^<>]+)>\s*(?:;.*)?$')
_USER_SAFE = re.compile(r"^[A-Za-z0-9\-_.!~*'()&=+$,;?/%#]+$")
_HOST = re.compile(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9\-_.]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])$")
_MAX_TARGET = 512
_UNSEEN = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that count as printable and show nothing: a name of them alone would be an empty place."""


class AddressError(ValueError):
    """A target that cannot be dialled; ``str()`` is a sentence in English.

    The sentence is kept as a template and its values, so that a front end can translate it (``in_words``).
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values))
        self.template = template
        self.values = values

    def in_words(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of ``translate`` (gettext)."""
        return translate(self.template).format(**self.values)


def _mark(template: str) -> str:
    """Mark a template for the catalogue; it is translated where it is shown."""
    return template


@dataclass(frozen=True, slots=True)
class SipUri:
    """A SIP or SIPS URI without headers.

    ``params`` keeps the text after the host, with its leading semicolon (";transport=tcp"), or is empty.
    """

    user: str
    host: str
    port: int | None = None
    scheme: str = "sip"
    params: str = ""

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}:{user}{self.host}{port}{self.params}"

    @property
    def aor(self) -> str:
        """User and host only: what identifies a person (``2044@pbx.example``)."""
        return f"{self.user}@{self.host}" if self.user else self.host


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a call as its From, To or P-Asserted-Identity header names it."""

    uri: str
    name: str = ""

    @property
    def number(self) -> str:
        """The user part of the URI, or the URI itself when it has none."""
        try:
            return parse_uri(self.uri).user or self.uri
        except AddressError:
            return self.uri

    @property
    def label(self) -> str:
        """What a list shows: the display name, else the number."""
        return self.name or self.number


@dataclass(frozen=True, slots=True)
class DialPlan:
    """What a dial string becomes: shown before the call is made.

    ``uri`` goes on the wire, ``shown`` is the same without scheme and with the account's own domain left out.
    """

    uri: str
    shown: str
    account_id: str


def parse_uri(text: str) -> SipUri:
    """Read ``sip:user@host:port;params``; headers ("?...") are dropped.

    Raises AddressError with a sentence when the text is not a SIP URI.
    """
    match = re.match(r"^(sips?):", text, re.IGNORECASE)
    if not match:
        raise AddressError(
            _mark("“{text}” is not a SIP address: it does not begin with sip: or sips:"), text=_short(text)
        )
    rest = text[match.end() :].split("?", 1)[0]
    user, at, hostpart = rest.rpartition("@")
    hostpart, semicolon, params = hostpart.partition(";")
    host, port = _split_port(hostpart, text)
    if at and not (user and _USER_SAFE.match(user.partition(":")[0])):
        raise AddressError(_mark("“{text}” has characters before the @ that an address cannot have"), text=_short(text))
    return SipUri(user.partition(":")[0], host, port, match.group(1).lower(), semicolon + params)


def parse_party(header: str) -> Party:
    """Read a name-addr or addr-spec (a From or To header's value without its tag)."""
    match = _NAME_ADDR.match(header)
    if not match:
        return Party(header.strip().split(";", 1)[0])
    name = match.group("quoted")
    name = re.sub(r"\\(.)", r"\1", name) if name is not None else (match.group("token") or "")
    return Party(match.group("uri").strip(), printable(name).strip())


def printable(text: str, limit: int = 120) -> str:
    """Text of a far end made safe for a terminal, at most ``limit`` long.

    Without control and direction-override characters, and without letters that look like nothing.
    """
    return "".join(c for c in text if c.isprintable() and c not in _UNSEEN)[:limit]


def clean_dial_string(text: str) -> str:
    """Take off what surrounds a number that was typed or pasted: spaces, brackets, dashes, newlines, ``tel:``, ``<sip:…>``.

    An address keeps its user and host; a number keeps digits, ``+ * # A-D`` and nothing else. Empty when nothing is left.
    """
    text = "".join(c for c in text if c.isprintable() or c in "\r\n\t")
    match = _NAME_ADDR.match(text)
    if match:
        text = match.group("uri")
    text = text.strip().strip("<>\"'").strip()
    scheme = _SCHEME.match(text)
    is_tel = bool(scheme and scheme.group(1).lower() in {"tel", "callto"})
    is_sips = bool(scheme and scheme.group(1).lower() == "sips")
    body = text[scheme.end() :] if scheme else text
    if is_tel:
        body = body.split(";", 1)[0]
    if "@" in body or _looks_like_address_literal(body) or (scheme and not is_tel and _looks_like_host(body)):
        body = re.sub(r"\s", "", body)
        return f"sips:{body}" if is_sips else body
    bare = _NUMBER_NOISE.sub("", body.replace("(0)", "") if body.lstrip().startswith("+") else body)
    return bare if _NUMBER.match(bare) else re.sub(r"\s", "", body)


def plan_dial(text: str, account_id: str, domain: str, transport: str = "udp") -> DialPlan:
    """Turn typed text into what will be dialled from an account with this domain ("host" or "host:port").

    ``transport`` ("udp", "tcp", "tls") is added to the URI when it is not UDP. Raises AddressError with a sentence.
    """
    if len(text) > _MAX_TARGET:
        raise AddressError(_mark("The number is longer than {n} characters"), n=_MAX_TARGET)
    target = clean_dial_string(text)
    if not target:
        raise AddressError(
            _mark("There is nothing to dial: type a number or an address such as 2044 or ana@example.org")
        )
    scheme = "sips" if target.lower().startswith("sips:") else "sip"
    target = target.removeprefix("sips:")
    if "@" not in target and not _looks_like_address_literal(target):
        if not domain:
            raise AddressError(
                _mark("“{target}” has no domain, and account “{id}” has none to add: dial user@host instead"),
                target=_short(target),
                id=account_id,
            )
        target = f"{target.replace('#', '%23')}@{domain}"
    uri = parse_uri(f"{scheme}:{target}")
    if transport != "udp" and "transport=" not in uri.params.lower() and scheme == "sip":
        uri = SipUri(uri.user, uri.host, uri.port, uri.scheme, f"{uri.params};transport={transport}")
    own = f"{uri.host}:{uri.port}" if uri.port else uri.host
    shown_host = "" if domain and own.lower() == domain.lower() else f"@{own}"
    shown = f"{uri.user.replace('%23', '#')}{shown_host}" if uri.user else own
    return DialPlan(str(uri), shown, account_id)


def _split_port(hostpart: str, whole: str) -> tuple[str, int | None]:
    host, port_text = hostpart, ""
    if hostpart.startswith("["):
        host, _, tail = hostpart.partition("]")
        host += "]"
        port_text = tail.removeprefix(":")
    elif ":" in hostpart:
        host, _, port_text = hostpart.partition(":")
    if not _HOST.match(host):
        raise AddressError(_mark("“{text}” has no valid host name after the @"), text=_short(whole))
    if not port_text:
        return host, None
    if not port_text.isdigit() or not 0 < int(port_text) < 65536:
        raise AddressError(
            _mark("“{text}” has port “{port}”: a port is a number from 1 to 65535"),
            text=_short(whole),
            port=_short(port_text),
        )
    return host, int(port_text)


def _looks_like_host(text: str) -> bool:
    return "." in text or text.startswith("[") or text.partition(":")[0] == "localhost"


def _looks_like_address_literal(text: str) -> bool:
    host = text.partition(";")[0]
    host = host.rpartition(":")[0] if re.search(r"[^:]:\d+$", host) else host
    if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host):
        return True
    try:
        return host.startswith("[") and bool(IPv6Address(host.strip("[]")))
    except AddressValueError:
        return False


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= 60 else text[:57] + "…"
