"""Digest authentication as a server sees it (RFC 3261 section 22, RFC 8760 with MD5, qop "auth")."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from enum import Enum

from tuiphone.demo.sip import Request

NONCE_LIFETIME_S = 300
_FIELD = re.compile(r'([A-Za-z\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


class Verdict(Enum):
    """What the credentials of a request are worth."""

    MISSING = "missing"
    STALE = "stale"
    """Right, but made with a nonce that is too old: ask again without blaming the password."""
    WRONG = "wrong"
    GOOD = "good"


class Digest:
    """Challenges requests and checks answers. Nonces carry their own time and seal, so none is remembered."""

    def __init__(self, realm: str, passwords: dict[str, str]) -> None:
        self.realm = realm
        self._passwords = passwords
        self._secret = secrets.token_bytes(16)

    def challenge(self, stale: bool = False) -> str:
        """The value of a WWW-Authenticate or Proxy-Authenticate header."""
        text = f'Digest realm="{self.realm}", nonce="{self._nonce()}", algorithm=MD5, qop="auth"'
        return f"{text}, stale=true" if stale else text

    def check(self, request: Request, user: str, proxy: bool = False) -> Verdict:
        """Whether ``request`` proves to come from ``user``; ``proxy`` looks at Proxy-Authorization instead."""
        for value in request.headers.all("proxy-authorization" if proxy else "authorization"):
            scheme, _, rest = value.strip().partition(" ")
            fields = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _FIELD.finditer(rest)}
            if scheme.lower() == "digest" and fields.get("realm") == self.realm:
                return self._judge(request.method, user, fields)
        return Verdict.MISSING

    def _judge(self, method: str, user: str, fields: dict[str, str]) -> Verdict:
        password = self._passwords.get(user)
        if password is None or fields.get("username") != user or fields.get("algorithm", "MD5").upper() != "MD5":
            return Verdict.WRONG
        expected = response_digest(method, self.realm, user, password, fields)
        if not hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode()):
            return Verdict.WRONG
        return Verdict.GOOD if self._is_fresh(fields.get("nonce", "")) else Verdict.STALE

    def _nonce(self) -> str:
        stamp = f"{int(time.monotonic()):08x}"
        return stamp + self._seal(stamp)

    def _seal(self, stamp: str) -> str:
        return hmac.new(self._secret, stamp.encode(), "sha256").hexdigest()[:24]

    def _is_fresh(self, nonce: str) -> bool:
        stamp, seal = nonce[:8], nonce[8:]
        if not hmac.compare_digest(seal.encode(), self._seal(stamp).encode()):
            return False
        return time.monotonic() - int(stamp, 16) < NONCE_LIFETIME_S


def response_digest(method: str, realm: str, user: str, password: str, fields: dict[str, str]) -> str:
    """What ``response`` has to be, with and without qop (RFC 2617 section 3.2.2, RFC 2069)."""

    def h(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    ha1 = h(f"{user}:{realm}:{password}")
    ha2 = h(f"{method}:{fields.get('uri', '')}")
    nonce = fields.get("nonce", "")
    if fields.get("qop"):
        return h(f"{ha1}:{nonce}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}:{ha2}")
    return h(f"{ha1}:{nonce}:{ha2}")
