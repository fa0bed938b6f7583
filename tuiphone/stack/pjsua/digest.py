"""Answers to digest challenges, for requests that pjsua sends without minding them (RFC 3261 section 22, RFC 8760)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable

from tuiphone.controller.ports import Credentials

_FIELD = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_STRONGEST_FIRST = ("SHA-512-256", "SHA-256", "MD5")


def authorization(challenges: Iterable[str], method: str, uri: str, credentials: Credentials) -> str:
    """The value of an Authorization header that answers one of the challenges, the strongest that this machine can.

    Empty when none of them can be answered.
    """
    known = [fields for fields in map(_fields, challenges) if _algorithm(fields) in _STRONGEST_FIRST and _can(fields)]
    if not known or not credentials.username:
        return ""
    return _answer(min(known, key=lambda f: _STRONGEST_FIRST.index(_algorithm(f))), method, uri, credentials)


def _fields(challenge: str) -> dict[str, str]:
    scheme, _space, rest = challenge.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _FIELD.finditer(rest)}


def _algorithm(fields: dict[str, str]) -> str:
    return fields.get("algorithm", "MD5").upper() if "nonce" in fields else ""


def _can(fields: dict[str, str]) -> bool:
    offered = {word.strip().lower() for word in fields.get("qop", "").split(",")} - {""}
    return _HASHES[_algorithm(fields)] in hashlib.algorithms_available and (not offered or "auth" in offered)


def _answer(fields: dict[str, str], method: str, uri: str, credentials: Credentials) -> str:
    algorithm, realm, nonce = _algorithm(fields), fields.get("realm", ""), fields["nonce"]

    def digest(*parts: str) -> str:
        return hashlib.new(_HASHES[algorithm], ":".join(parts).encode()).hexdigest()

    who, what = digest(credentials.username, realm, credentials.password), digest(method, uri)
    given = {"username": credentials.username, "realm": realm, "nonce": nonce, "uri": uri}
    if fields.get("qop"):
        count, ours = "00000001", secrets.token_hex(8)
        response = digest(who, nonce, count, ours, "auth", what)
        tail = f'response="{response}", algorithm={algorithm}, cnonce="{ours}", qop=auth, nc={count}'
    else:
        tail = f'response="{digest(who, nonce, what)}", algorithm={algorithm}'
    if "opaque" in fields:
        given["opaque"] = fields["opaque"]
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items()) + f", {tail}"
