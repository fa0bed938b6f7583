"""Parts of SIP header fields: lists, parameters, addresses and Via (RFC 3261 sections 20 and 25)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_VIA = re.compile(
    r"^SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z]+)[ \t]+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)"
    r"(?:[ \t]*:[ \t]*(\d{1,5}))?[ \t]*((?:;.*)?)$",
    re.DOTALL,
)
_NAME_ADDR = re.compile(r'^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>]*)>\s*((?:;.*)?)$', re.DOTALL)
_PARAM = re.compile(r';\s*([^\s;=]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;]*))?\s*')


def split_list(text: str) -> list[str]:
    """The elements of a comma-separated header value; commas within quotes or angle brackets do not separate."""
    parts, start, quoted, angle, skip = [], 0, False, False, False
    for index, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char == "," and not angle:
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def parse_params(text: str) -> dict[str, str]:
    """Read ``;name=value;flag``: names in lower case, values without their quotes, a flag's value is empty."""
    return {m[1].lower(): (m[2] or "").strip('"') for m in _PARAM.finditer(text)}


@dataclass(slots=True)
class Address:
    """A name-addr or addr-spec as From, To and Contact carry it; ``params`` are the header's own (tag, expires)."""

    uri: str
    name: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read a header value. Raises ValueError when it holds no URI."""
        match = _NAME_ADDR.match(text)
        if match:
            name = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
            uri, params = match[3].strip(), match[4]
        else:
            uri, semicolon, rest = text.strip().partition(";")
            name, params = "", semicolon + rest
        if not re.match(r"^[A-Za-z][A-Za-z0-9+.\-]*:\S+$", uri):
            raise ValueError(f"no URI in {text[:80]!r}")
        return cls(uri, name, parse_params(params))

    @property
    def tag(self) -> str:
        """The tag that marks one end of a dialog, or empty."""
        return self.params.get("tag", "")

    def __str__(self) -> str:
        escaped = self.name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}" ' if self.name else ""
        params = "".join(f";{key}={value}" if value else f";{key}" for key, value in self.params.items())
        return f"{name}<{self.uri}>{params}"


@dataclass(slots=True)
class Via:
    """One hop of a request's way (section 20.42); ``params`` holds branch, received and rport."""

    transport: str
    host: str
    port: int | None
    params: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read one Via value. Raises ValueError when it is not one."""
        match = _VIA.match(text.strip())
        if not match or (match[3] and not 0 < int(match[3]) < 65536):
            raise ValueError(f"not a Via: {text[:80]!r}")
        return cls(match[1].upper(), match[2], int(match[3]) if match[3] else None, parse_params(match[4]))

    @property
    def branch(self) -> str:
        """What tells transactions apart."""
        return self.params.get("branch", "")

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        params = "".join(f";{key}={value}" if value else f";{key}" for key, value in self.params.items())
        return f"SIP/2.0/{self.transport} {self.host}{port}{params}"
