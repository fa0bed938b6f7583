"""Hold and resume as a negotiation: one re-INVITE at a time, glare resolved, the last wish wins (RFC 3261 section 14.1)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.stack.pjsua.convert import call_param, words_of
from tuiphone.stack.pjsua.pump import Pump, Timer

_MAX_TRIES = 4
_BUSY_WAIT_S = 0.25
_AUTHENTICATING = frozenset({401, 407})


class Hold:
    """Brings a call to the wanted side of hold; ``failed(code, reason, resuming)`` tells that the far end will not.

    Whether we hold is ours to say: a far end that refuses the hold is kept in silence all the same. One that refuses to be
    resumed stays on hold, since that is what both sides agreed on last.
    """

    def __init__(self, pump: Pump, outgoing: bool, failed: Callable[[int, str, bool], None]) -> None:
        self._pump = pump
        self._outgoing = outgoing
        self._failed = failed
        self.on = False
        """Whether the call is to be on hold."""
        self._asked = False
        self._tries = 0
        self._retry: Timer | None = None
        self._told: set[int] = set()
        self.actual = False
        """What was agreed on with the far end."""
        self.pending = False
        """A re-INVITE of ours is under way."""

    def want(self, call: pj.Call, on: bool) -> None:
        """Go on hold or come back."""
        self.on = on
        self._tries = 0
        self._proceed(call)

    def transaction_over(self, call: pj.Call, transaction: int, code: int, reason: str, gone: bool) -> None:
        """A re-INVITE of ours got its final answer. ``transaction`` is its address; one that is refused says so again when it
        is ``gone``, and only then may the next one have the same address.
        """
        told = transaction in self._told
        (self._told.discard if gone else self._told.add)(transaction)
        if told or not self.pending or code in _AUTHENTICATING:
            return
        self.pending = False
        if 200 <= code < 300:
            self.actual = self._asked
            self._tries = 0
            self._proceed(call)
        elif code == 491 and self._tries < _MAX_TRIES:
            # Both sides asked at once: the one that made the call waits longer.
            self._later(call, random.uniform(2.1, 4.0) if self._outgoing else random.uniform(0.0, 2.0))
        else:
            self._give_up(code, reason)

    def close(self) -> None:
        """The call is over."""
        if self._retry:
            self._retry.cancel()

    def _proceed(self, call: pj.Call) -> None:
        if self.pending or self.on == self.actual:
            return
        self._tries += 1
        self._asked = self.on
        self.pending = True
        param = call_param()
        try:
            if self.on:
                call.setHold(param)
            else:
                param.opt.flag |= pj.PJSUA_CALL_UNHOLD
                call.reinvite(param)
        except pj.Error as error:
            self.pending = False
            if self._tries < _MAX_TRIES:
                self._later(call, _BUSY_WAIT_S)
            else:
                self._give_up(0, words_of(error))

    def _later(self, call: pj.Call, seconds: float) -> None:
        self.close()
        self._retry = self._pump.later(seconds, lambda: self._proceed(call))

    def _give_up(self, code: int, reason: str) -> None:
        if self.on == self.actual:
            return  # the wish was taken back meanwhile
        resuming, self.on = not self.on, True
        self._failed(code, reason, resuming)
