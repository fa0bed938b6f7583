"""Reading a SIP message as text: pjsua2 hands messages up whole (RFC 3261 section 7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuiphone.model.address import Party, parse_party, printable

_COMPACT = {"f": "from", "t": "to", "i": "call-id", "c": "content-type", "o": "event", "m": "contact", "s": "subject"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PARAM = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;,\s]+))')


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A message's start line, its headers by lower-case long name (each with all its values), and its body."""

    start: str
    headers: dict[str, tuple[str, ...]]
    body: str

    def first(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next(iter(self.headers.get(name, ())), "")

    @property
    def method(self) -> str:
        """A request's method; empty for a response."""
        return "" if self.start.startswith("SIP/2.0") else self.start.partition(" ")[0]

    @property
    def code(self) -> int:
        """A response's status code; 0 for a request."""
        parts = self.start.split(" ", 2)
        return int(parts[1]) if parts[0] == "SIP/2.0" and len(parts) > 1 and parts[1].isdigit() else 0


@dataclass(frozen=True, slots=True)
class Reason:
    """What Reason headers (RFC 3326) say: the Q.850 cause, a SIP code, and the words."""

    q850: int | None = None
    sip: int | None = None
    text: str = ""


def read(text: str) -> SipMessage:
    """Take a message apart; what is malformed is left out, nothing raises. Bytes that are no UTF-8 become question marks."""
    text = _CONTROLS.sub("", text.encode(errors="replace").decode())
    head, _, body = text.partition("\r\n\r\n")
    lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
    headers: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            name = _COMPACT.get(name, name)
            headers[name] = (*headers.get(name, ()), value.strip())
    return SipMessage(lines[0] if lines else "", headers, body)


def read_reason(message: SipMessage) -> Reason:
    """Read every Reason header of a message."""
    q850: int | None = None
    sip: int | None = None
    words = ""
    for header in message.headers.get("reason", ()):
        for value in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", header):
            protocol = value.partition(";")[0].strip().upper()
            params = {key.lower(): quoted or bare for key, quoted, bare in _PARAM.findall(value)}
            cause = params.get("cause", "")
            if cause.isdigit() and protocol == "Q.850":
                q850 = int(cause)
            elif cause.isdigit() and protocol == "SIP":
                sip = int(cause)
            words = words or printable(re.sub(r"\\(.)", r"\1", params.get("text", "")))
    return Reason(q850, sip, words)


def asserted_party(message: SipMessage) -> Party | None:
    """Who the network says the sender is (P-Asserted-Identity, RFC 3325; the older Remote-Party-ID), if it says so."""
    for name in ("p-asserted-identity", "remote-party-id"):
        for value in message.headers.get(name, ()):
            party = parse_party(value)
            if party.uri.lower().startswith(("sip:", "sips:")):
                return party
    return None
