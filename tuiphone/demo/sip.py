"""SIP messages: reading them and writing them (RFC 3261 sections 7 and 20, grammar in section 25)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from tuiphone.demo.fields import Address, Via, split_list

MAGIC_COOKIE = "z9hG4bK"
"""How every branch made since RFC 3261 begins (section 8.1.1.7)."""

REASONS: dict[int, str] = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    483: "Too Many Hops",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    603: "Decline",
}

_COMPACT = {
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
_SPELLING = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version",
}
_LISTS = frozenset({"via", "contact", "route", "record-route", "allow", "supported", "require", "proxy-require"})
_ONCE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length")
_MAX_HEADERS = 200

_REQUEST_LINE = re.compile(r"^([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP/(\d+\.\d+)$")
_STATUS_LINE = re.compile(r"^SIP/(\d+\.\d+) ([1-6]\d\d)(?: (.*))?$")
_HEADER = re.compile(r"^([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*:[ \t]*(.*)$", re.DOTALL)
_CSEQ = re.compile(r"^(\d{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)$")


class MalformedMessage(ValueError):
    """Bytes that cannot even be read as a SIP message: there is nobody to answer, so they are dropped."""


def token(length: int = 10) -> str:
    """A random word for tags, branches and Call-IDs; ``length`` is in bytes of randomness."""
    return secrets.token_hex(length)


class Headers:
    """Header fields in order, found without regard to case or compact form."""

    def __init__(self, fields: list[tuple[str, str]] | None = None) -> None:
        self._fields = [(self._key(name), value) for name, value in fields or []]

    @staticmethod
    def _key(name: str) -> str:
        lower = name.lower()
        return _COMPACT.get(lower, lower)

    def get(self, name: str, default: str = "") -> str:
        """The first field of this name."""
        key = self._key(name)
        return next((value for k, value in self._fields if k == key), default)

    def all(self, name: str) -> list[str]:
        """Every value of this name; comma-separated lists are taken apart."""
        key = self._key(name)
        values = [value for k, value in self._fields if k == key]
        return [part for value in values for part in split_list(value)] if key in _LISTS else values

    def count(self, name: str) -> int:
        """How many fields of this name there are."""
        key = self._key(name)
        return sum(1 for k, _value in self._fields if k == key)

    def add(self, name: str, value: str) -> None:
        """Append a field."""
        self._fields.append((self._key(name), value))

    def set(self, name: str, *values: str) -> None:
        """Replace all fields of this name, at the place of the first."""
        key = self._key(name)
        at = next((i for i, (k, _value) in enumerate(self._fields) if k == key), len(self._fields))
        self._fields = (
            [f for f in self._fields[:at] if f[0] != key]
            + [(key, value) for value in values]
            + [f for f in self._fields[at:] if f[0] != key]
        )

    def copy(self) -> Headers:
        """The same fields, apart from the original."""
        return Headers(list(self._fields))

    def __contains__(self, name: str) -> bool:
        return self.count(name) > 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for key, value in self._fields:
            yield _SPELLING.get(key, key.title()), value


@dataclass(slots=True)
class Message:
    """What requests and responses have in common. ``defect`` says what is wrong with it, or is empty."""

    headers: Headers
    body: bytes = b""
    defect: str = ""

    def start_line(self) -> str:
        """The first line, without its line end."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """The message as it goes on the wire; Content-Length is made here."""
        self.headers.set("content-length", str(len(self.body)))
        lines = [self.start_line(), *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers.get("call-id")

    @property
    def from_(self) -> Address:
        """Who began."""
        return Address.parse(self.headers.get("from"))

    @property
    def to(self) -> Address:
        """Whom it was meant for."""
        return Address.parse(self.headers.get("to"))

    @property
    def via(self) -> Via:
        """The topmost hop."""
        return Via.parse(next(iter(self.headers.all("via")), ""))

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method of CSeq."""
        match = _CSEQ.match(self.headers.get("cseq").strip())
        if not match or int(match[1]) >= 2**31:
            raise ValueError("no valid CSeq")
        return int(match[1]), match[2]

    @property
    def content_type(self) -> str:
        """Type of the body in lower case without parameters."""
        return self.headers.get("content-type").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Request(Message):
    """A request; ``version`` is that of its request line."""

    method: str = ""
    uri: str = ""
    version: str = "2.0"

    def start_line(self) -> str:
        """Method, URI, version."""
        return f"{self.method} {self.uri} SIP/2.0"

    def response(self, status: int, reason: str = "", to_tag: str = "") -> Response:
        """A response with the headers section 8.2.6.2 copies; ``to_tag`` is added unless the To has a tag."""
        headers = Headers([("via", value) for value in self.headers.all("via")])
        for name in ("record-route",) if 100 < status < 300 else ():
            for value in self.headers.all(name):
                headers.add(name, value)
        for name in ("from", "to", "call-id", "cseq"):
            # A response to a defective request (400) can only repeat what was there.
            for value in self.headers.all(name)[:1]:
                headers.add(name, value)
        to = headers.get("to")
        tagged = bool(re.search(r";\s*tag\s*=", to.rpartition(">")[2], re.IGNORECASE))
        if to and to_tag and not tagged and status > 100:
            headers.set("to", f"{to};tag={to_tag}")
        return Response(headers, status=status, reason=reason or REASONS.get(status, ""))


@dataclass(slots=True)
class Response(Message):
    """An answer to a request."""

    status: int = 0
    reason: str = ""

    def start_line(self) -> str:
        """Version, code, words."""
        return f"SIP/2.0 {self.status} {self.reason}"

    def with_header(self, name: str, value: str) -> Self:
        """The same response with one more field."""
        self.headers.add(name, value)
        return self


def parse(data: bytes) -> Request | Response:
    """Read one message.

    Raises MalformedMessage when there is no start line, no header block or no Via to answer to. Everything else that
    is wrong is told in ``defect``: a request with a defect can be answered 400.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        raise MalformedMessage("no end of headers")
    text = head.decode("utf-8", "surrogateescape")
    start, _, rest = text.partition("\r\n")
    headers, defect = _parse_headers(rest)
    message: Request | Response
    if match := _REQUEST_LINE.match(start):
        message = Request(headers, body, defect, match[1], match[2], match[3])
    elif match := _STATUS_LINE.match(start):
        message = Response(headers, body, defect, int(match[2]), match[3] or "")
    else:
        raise MalformedMessage(f"start line {start[:80]!r}")
    try:
        _ = message.via
    except ValueError as error:
        raise MalformedMessage(str(error)) from error
    message.defect = message.defect or _content_length_defect(message) or _defect(message)
    return message


def _parse_headers(text: str) -> tuple[Headers, str]:
    fields: list[tuple[str, str]] = []
    defect = ""
    unfolded = re.sub(r"\r\n[ \t]+", " ", text)
    for line in unfolded.split("\r\n") if unfolded else []:
        match = _HEADER.match(line)
        if not match:
            defect = defect or "Malformed Header Line"
        elif len(fields) < _MAX_HEADERS:
            fields.append((match[1], match[2].strip()))
        else:
            defect = "Too Many Headers"
    return Headers(fields), defect


def _content_length_defect(message: Message) -> str:
    text = message.headers.get("content-length")
    if not text:
        return ""
    if not text.isdecimal() or len(text) > 9 or int(text) > len(message.body):
        return "Bad Content-Length"
    message.body = message.body[: int(text)]
    return ""


def _defect(message: Request | Response) -> str:
    headers = message.headers
    for name in _ONCE:
        if headers.count(name) > 1:
            return f"More Than One {name.title()}"
        if name in _ONCE[:4] and not headers.get(name).strip():
            return f"Missing {name.title()}"
    try:
        _ = message.from_, message.to
        method = message.cseq[1]
    except ValueError as error:
        return f"Malformed From, To or CSeq: {error}"
    return _request_defect(message, method) if isinstance(message, Request) else ""


def _request_defect(request: Request, cseq_method: str) -> str:
    hops = request.headers.get("max-forwards", "70")
    if not hops.isdecimal() or int(hops) > 255:
        return "Malformed Max-Forwards"
    if not request.from_.tag:
        return "Missing From Tag"
    return "" if cseq_method == request.method else "CSeq Names Another Method"
