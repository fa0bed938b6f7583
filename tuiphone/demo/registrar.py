"""The registrar: which account is reachable where, and for how long (RFC 3261 section 10.3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from tuiphone.demo.digest import Digest, Verdict
from tuiphone.demo.fields import Address
from tuiphone.demo.sip import Request
from tuiphone.demo.transaction import ServerTransaction
from tuiphone.demo.transport import Flow
from tuiphone.model.address import AddressError, SipUri, parse_uri

DEFAULT_EXPIRES_S = 3600
MAX_BINDINGS = 10
"""Contacts one account may have."""


@dataclass(slots=True)
class Binding:
    """One contact of an account. ``expires_at`` is on the monotonic clock; ``flow`` is where its REGISTER came from."""

    contact: str
    flow: Flow
    expires_at: float
    call_id: str
    cseq: int

    @property
    def left_s(self) -> int:
        """Whole seconds until it expires."""
        return max(0, round(self.expires_at - time.monotonic()))


class Registrar:
    """Takes REGISTER requests. Expired bindings are dropped when somebody asks, so an idle exchange never wakes up."""

    def __init__(self, digest: Digest, users: tuple[str, ...], min_expires_s: int, changed: Callable[[], None]) -> None:
        self._digest, self._min_expires_s, self._changed = digest, min_expires_s, changed
        self._bindings: dict[str, list[Binding]] = {user: [] for user in users}

    def bindings(self, user: str) -> list[Binding]:
        """The contacts of an account, newest first: not expired, and if they came by TCP, still connected."""
        now = time.monotonic()
        known = self._bindings.get(user)
        if known is None:
            return []
        known[:] = [binding for binding in known if binding.expires_at > now and binding.flow.is_open]
        return sorted(known, key=lambda binding: binding.expires_at, reverse=True)

    def knows(self, user: str) -> bool:
        """Whether there is such an account, registered or not."""
        return user in self._bindings

    def register(self, transaction: ServerTransaction) -> None:
        """Answer one REGISTER."""
        request = transaction.request
        user = user_of(request.to.uri)
        if not self.knows(user):
            transaction.answer(404)
            return
        verdict = self._digest.check(request, user)
        if verdict is Verdict.WRONG:
            transaction.answer(403, "Forbidden: wrong user name or password")
        elif verdict is not Verdict.GOOD:
            transaction.answer(401, www_authenticate=self._digest.challenge(verdict is Verdict.STALE))
        else:
            self._update(transaction, user)

    def _update(self, transaction: ServerTransaction, user: str) -> None:
        request = transaction.request
        try:
            wanted = _contacts(request)
        except ValueError as error:
            transaction.answer(400, f"Bad Contact or Expires: {error}")
            return
        if any(0 < expires < self._min_expires_s for _contact, expires in wanted):
            transaction.answer(423, min_expires=str(self._min_expires_s))
            return
        known = self.bindings(user)
        cseq = request.cseq[0]
        if any(b.call_id == request.call_id and b.cseq >= cseq for b in known):
            transaction.answer(500, "CSeq Out Of Order")
            return
        for contact, expires in wanted:
            same = parse_uri(contact) if contact != "*" else None
            known = [b for b in known if same is not None and not _same_contact(b.contact, same)]
            if expires > 0:
                expires_at = time.monotonic() + min(expires, DEFAULT_EXPIRES_S)
                known.insert(0, Binding(contact, transaction.flow, expires_at, request.call_id, cseq))
        self._bindings[user] = known[:MAX_BINDINGS]
        self._confirm(transaction, user)
        self._changed()

    def _confirm(self, transaction: ServerTransaction, user: str) -> None:
        response = transaction.request.response(200, to_tag=transaction.tag)
        for binding in self.bindings(user):
            response.headers.add("contact", f"<{binding.contact}>;expires={binding.left_s}")
        response.headers.add("date", formatdate(usegmt=True))
        transaction.respond(response)


def user_of(uri: str) -> str:
    """The user part of a URI; empty when there is none or it is no SIP URI."""
    try:
        return parse_uri(uri).user
    except AddressError:
        return ""


def _contacts(request: Request) -> list[tuple[str, int]]:
    """Contact URIs with their seconds; ("*", 0) removes all. Raises ValueError."""
    default = _seconds(request.headers.get("expires"), DEFAULT_EXPIRES_S)
    values = request.headers.all("contact")
    if [value.strip() for value in values] == ["*"]:
        if default != 0:
            raise ValueError("Contact * needs Expires: 0")
        return [("*", 0)]
    contacts = []
    for value in values:
        address = Address.parse(value)
        parse_uri(address.uri)
        contacts.append((address.uri, _seconds(address.params.get("expires", ""), default)))
    return contacts


def _seconds(text: str, default: int) -> int:
    if not text:
        return default
    if not text.isdecimal():
        raise ValueError(f"{text[:20]!r} is no number of seconds")
    return min(int(text[:10]), 2**31)


def _same_contact(known: str, other: SipUri) -> bool:
    uri = parse_uri(known)
    return (uri.user, uri.host, uri.port) == (other.user, other.host, other.port)
