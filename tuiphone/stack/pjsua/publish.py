"""PUBLISH outside of a dialog (RFC 3903), one at a time: pjsua2 does not tell which request an answer belongs to."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pjsua2 as pj

from tuiphone.controller.ports import Credentials, PublishedReport
from tuiphone.i18n import _
from tuiphone.model.account import Account
from tuiphone.model.address import printable
from tuiphone.stack.lookup import Server
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.digest import authorization
from tuiphone.stack.pjsua.message import SipMessage, read
from tuiphone.stack.pjsua.names import target_of

log = logging.getLogger(__name__)

_CHALLENGES = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}
_KEPT = 32
"""How many wait at most; a collector that does not answer takes 32 s for each."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What to publish, and where."""

    target: str
    event: str
    content_type: str
    body: str


class Publisher:
    """Sends an account's publications one after another and reports what became of each."""

    def __init__(self, context: Context, send: Callable[[pj.SendRequestParam], bool]) -> None:
        """``send`` hands a request to the account; False when there is none any more."""
        self._context = context
        self._send = send
        self._waiting: deque[tuple[Account, Credentials, Publication]] = deque(maxlen=_KEPT)
        self._current: tuple[Account, Credentials, Publication] | None = None
        self._challenged = False

    def publish(self, account: Account, credentials: Credentials, publication: Publication) -> None:
        """Send it as soon as those before it are answered."""
        self._waiting.append((account, credentials, publication))
        if self._current is None:
            self._next()

    def answered(self, event: pj.SipEvent) -> None:
        """The final answer, or none, to the request that is under way."""
        if self._current is None or event.type != pj.PJSIP_EVENT_TSX_STATE:
            return
        change = event.body.tsxState
        code = int(change.tsx.statusCode)
        message = read(change.src.rdata.wholeMsg) if change.type == pj.PJSIP_EVENT_RX_MSG else None
        if message and code in _CHALLENGES and not self._challenged and self._authorized(message, code):
            return
        self._done(code, printable(change.tsx.statusText))

    # inside

    def _next(self) -> None:
        if not self._waiting or self._context.stopping:
            self._current = None
            return
        self._current = account, _credentials, publication = self._waiting.popleft()
        self._challenged = False
        # pjsip would look the name up itself, and stop everything meanwhile.
        hop = target_of(account.proxy or publication.target, account.transport)
        if hop is None:
            self._done(503, _("{host} is no address").format(host=publication.target))
        else:
            self._context.names.look_up(hop, self._looked_up)

    def _looked_up(self, servers: tuple[Server, ...]) -> None:
        if self._current is None:
            return
        if servers:
            self._request({})
        else:
            self._done(503, _("{host} cannot be found").format(host=self._current[2].target))

    def _authorized(self, message: SipMessage, code: int) -> bool:
        assert self._current is not None
        asks, answers = _CHALLENGES[code]
        _account, credentials, publication = self._current
        value = authorization(message.headers.get(asks, ()), "PUBLISH", publication.target, credentials)
        if not value:
            return False
        self._challenged = True
        self._request({answers: value})
        return True

    def _request(self, headers: dict[str, str]) -> None:
        assert self._current is not None
        publication = self._current[2]
        param = pj.SendRequestParam()
        param.method = "PUBLISH"
        option = param.txOption
        option.targetUri = publication.target
        option.contentType = publication.content_type
        option.msgBody = publication.body
        for name, value in {"Event": publication.event, **headers}.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            option.headers.append(header)
        try:
            sent = self._send(param)
        except pj.Error as error:
            self._done(503, words_of(error))
        else:
            if not sent:
                self._current = None

    def _done(self, code: int, reason: str) -> None:
        assert self._current is not None
        account, _credentials, publication = self._current
        if code >= 300:
            log.info("account %s: PUBLISH %s: %s %s", account.id, publication.event, code, reason)
        self._context.report(PublishedReport(account.id, publication.event, code, reason))
        self._current = None
        self._context.pump.submit(self._next)
