"""Calls between the accounts: a stateful proxy (RFC 3261 section 16) that rings every contact and then steps aside.

There is no Record-Route: after the first INVITE the two phones talk to each other directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tuiphone.demo.registrar import Binding
from tuiphone.demo.sip import Request, Response
from tuiphone.demo.transaction import ClientTransaction, ServerTransaction, TransactionLayer

RING_LIMIT_S = 180.0
"""Timer C: after so long without an answer the ringing ends."""


class ProxiedInvite:
    """One INVITE on its way to all contacts of an account; the first to answer gets the call."""

    def __init__(
        self,
        layer: TransactionLayer,
        invite: ServerTransaction,
        bindings: list[Binding],
        finished: Callable[[ServerTransaction], None],
    ) -> None:
        self._layer, self._invite, self._finished = layer, invite, finished
        self._branches: list[ClientTransaction] = []
        self._finals: list[Response] = []
        self._limit = asyncio.get_running_loop().call_later(RING_LIMIT_S, self._give_up)
        for binding in bindings:
            request = _forward(invite.request, binding.contact)
            self._branches.append(layer.send(request, binding.flow, self._on_response))

    def _on_response(self, response: Response) -> None:
        if response.status == 100:
            return
        relayed = Response(response.headers.copy(), response.body, status=response.status, reason=response.reason)
        relayed.headers.set("via", *self._invite.request.headers.all("via"))
        if response.status < 200:
            self._invite.respond(relayed)
        elif response.status < 300:
            self._relay_success(relayed)
        else:
            self._finals.append(relayed)
            if len(self._finals) == len(self._branches) or response.status >= 600:
                self._finish(min(self._finals, key=_preference))

    def _relay_success(self, relayed: Response) -> None:
        """The first 200 ends the ringing elsewhere; its repetitions are passed on as they come (section 16.7)."""
        if self._invite.is_final:
            self._invite.flow.send(relayed.encode())
        else:
            self._finish(relayed)

    def _finish(self, response: Response) -> None:
        self._invite.respond(response)
        self._stop()

    def _stop(self) -> None:
        self._limit.cancel()
        for branch in self._branches:
            branch.cancel()
        self._finished(self._invite)

    def _give_up(self) -> None:
        self._invite.answer(408)
        self._stop()

    def cancelled(self) -> None:
        """The caller gave up."""
        self._invite.answer(487)
        self._stop()


def _forward(request: Request, contact: str) -> Request:
    """A copy for one contact: its URI, one hop less, no credentials of ours, no route to us."""
    headers = request.headers.copy()
    headers.set("max-forwards", str(int(headers.get("max-forwards", "70")) - 1))
    headers.set("proxy-authorization")
    headers.set("route")
    return Request(headers, request.body, method=request.method, uri=contact)


def _preference(response: Response) -> tuple[bool, int]:
    """Which failure the caller is told: a global one (6xx) first, then the lowest code (section 16.7 step 6)."""
    return response.status < 600, response.status
