"""An account's way through NATs: its STUN and TURN servers are asked now and then, calls use those that answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.controller.ports import Credentials
from tuiphone.i18n import _
from tuiphone.model.account import Account, NatServers, Transport
from tuiphone.stack.lookup import split_port
from tuiphone.stack.natprobe import Answer, ask_stun, ask_turn, trust_of
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.pump import Timer
from tuiphone.stack.pjsua.transports import system_ca

log = logging.getLogger(__name__)

AGAIN_S = 300.0
"""How often servers that answer are asked."""
AGAIN_AFTER_PROBLEM_S = 30.0

_TURN = {
    Transport.UDP: pj.PJ_TURN_TP_UDP,
    Transport.TCP: pj.PJ_TURN_TP_TCP,
    Transport.TLS: pj.PJ_TURN_TP_TLS,
}


class NatWay:
    """The servers of one account, on the SIP thread; ``changed`` is called when another answer came than before."""

    def __init__(
        self,
        context: Context,
        account: Account,
        credentials: Credentials,
        changed: Callable[[NatServers], None],
    ) -> None:
        self._pump = context.pump
        self._native = context.native
        self._account = account
        self._credentials = credentials
        self._ca_file = account.tls.ca_file or context.settings.tls_ca_file or system_ca()
        self._changed = changed
        self._stun: Answer | None = None
        self._turn: Answer | None = None
        self._asking = False
        self._closed = False
        self._again: Timer | None = None
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_wanted(self) -> bool:
        """Whether the account has any such server."""
        return bool(self._account.stun_server or self._account.turn_server)

    @property
    def state(self) -> NatServers:
        """What the servers said when last asked."""
        stun, turn = self._stun or Answer(), self._turn or Answer()
        return NatServers(stun.seen, turn.seen, stun.problem, turn.problem)

    def ask(self) -> None:
        """Ask the servers anew, unless they are being asked."""
        if not self.is_wanted or self._asking or self._closed:
            return
        self._asking = True
        if self._again:
            self._again.cancel()

        def question() -> None:
            try:
                answers = self._ask_both()
            except Exception as error:  # whatever a library raises: the calls go on without the servers
                log.exception("asking STUN and TURN servers failed")
                answers = (Answer(problem=str(error)), None)
            self._pump.submit(lambda: self._answered(*answers))

        threading.Thread(target=question, name="nat", daemon=True).start()

    def when_known(self, ready: Callable[[], None]) -> None:
        """Call ``ready`` once every server has answered or failed to: at once, or within the patience of a question."""
        if self.is_wanted and self._asking and self._stun is None and self._turn is None:
            self._waiting.append(ready)
        else:
            ready()

    def gathered(self, sdp: str) -> None:
        """A session description of ours is ready: where a server left no trace in it, something changed."""
        stun, turn = self._stun, self._turn
        lacks_stun = stun is not None and stun.server and stun.seen not in sdp
        lacks_turn = turn is not None and turn.server and "typ relay" not in sdp
        if lacks_stun or lacks_turn:
            self.ask()

    def configure(self, config: pj.AccountConfig) -> None:
        """ICE, and the servers that answer."""
        nat, account = config.natConfig, self._account
        nat.iceEnabled = account.ice or bool(account.turn_server)
        nat.sipStunUse = pj.PJSUA_STUN_USE_DISABLED  # registrars tell the address that they see, in rport
        uses_stun = self._stun is not None and bool(self._stun.server)
        nat.mediaStunUse = pj.PJSUA_STUN_USE_DEFAULT if uses_stun else pj.PJSUA_STUN_USE_DISABLED
        if self._turn is None or not self._turn.server:
            return
        nat.turnEnabled = True
        nat.turnServer = self._turn.server
        nat.turnConnType = _TURN[account.turn_transport]
        nat.turnUserName = account.turn_username
        nat.turnPasswordType = 0
        nat.turnPassword = self._credentials.turn_password

    def apply(self, sip: pj.Account) -> None:
        """What pjsua2's configuration has no room for; after each creation and modification of the account."""
        account_id = int(sip.getId())
        self._native.set_stun(account_id, self._stun.server if self._stun else "")
        if self._account.turn_server and self._account.turn_transport is Transport.TLS:
            host = split_port(self._account.turn_server)[0]
            self._native.set_turn_tls(account_id, host, self._ca_file, self._account.tls.verify)

    def close(self) -> None:
        """Ask no more."""
        self._closed = True
        self._waiting.clear()
        if self._again:
            self._again.cancel()

    # inside

    def _ask_both(self) -> tuple[Answer | None, Answer | None]:
        account, credentials = self._account, self._credentials
        stun = ask_stun(account.stun_server) if account.stun_server else None
        if not account.turn_server:
            return stun, None
        if credentials.turn_problem:
            return stun, Answer(problem=credentials.turn_problem)
        trust = None
        if account.turn_transport is Transport.TLS:
            if not self._native.checks_turn and account.tls.verify:
                return stun, Answer(problem=_("this engine cannot check a TURN server's certificate"))
            try:
                trust = trust_of(self._ca_file, account.tls.verify)
            except OSError as error:
                words = _("{file} cannot be read: {why}")
                return stun, Answer(problem=words.format(file=self._ca_file, why=error.strerror or error))
        turn = ask_turn(
            account.turn_server, account.turn_transport, account.turn_username, credentials.turn_password, trust
        )
        return stun, turn

    def _answered(self, stun: Answer | None, turn: Answer | None) -> None:
        self._asking = False
        if self._closed:
            return
        new = (stun, turn) != (self._stun, self._turn)
        self._stun, self._turn = stun, turn
        state = self.state
        pause_s = AGAIN_AFTER_PROBLEM_S if state.problems else AGAIN_S
        self._again = self._pump.later(pause_s, self.ask)
        if new:
            self._changed(state)
        waiting, self._waiting = self._waiting, []
        for ready in waiting:
            ready()
