"""The demo exchange: registrar, proxy and a handful of numbers that answer, on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from tuiphone.demo.call import Call
from tuiphone.demo.dialog import ALLOW, SERVER, Dialog
from tuiphone.demo.digest import Digest, Verdict
from tuiphone.demo.fields import Address
from tuiphone.demo.host import Pauses, Script
from tuiphone.demo.numbers import Number, plan
from tuiphone.demo.pacer import Pacer
from tuiphone.demo.proxy import ProxiedInvite
from tuiphone.demo.registrar import Registrar, user_of
from tuiphone.demo.sip import Request
from tuiphone.demo.transaction import ServerTransaction, Timers, TransactionLayer
from tuiphone.demo.transport import Flow, SipTransport

log = logging.getLogger(__name__)

REALM = "demo"
ACCOUNTS: Mapping[str, str] = MappingProxyType({"2001": "demo-2001", "2002": "demo-2002"})
"""The demo accounts and their passwords; they are no secret, they make the phone prove that it can authenticate."""
DEFAULT_PORT = 5070
_NOT_OURS = frozenset({"SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "REFER", "PRACK"})
"""Methods that we know but do not do: 405 instead of 501."""


class DemoExchange:
    """``async with DemoExchange() as exchange``: listening at ``exchange.port`` until the end of the block."""

    def __init__(
        self,
        port: int = 0,
        address: str = "127.0.0.1",
        pauses: Pauses | None = None,
        timers: Timers | None = None,
        min_expires_s: int = 10,
    ) -> None:
        self._wanted_port = port
        self.address = address
        self.pauses = pauses or Pauses()
        self.pacer = Pacer()
        self.numbers: dict[str, Number] = {number.number: number for number in plan()}
        self.calls: list[Call] = []
        """Calls under way that the exchange itself takes part in."""
        self._waiters: list[asyncio.Future[None]] = []
        self._digest = Digest(REALM, dict(ACCOUNTS))
        self.registrar = Registrar(self._digest, tuple(ACCOUNTS), min_expires_s, self._notify)
        self._transport = SipTransport(self._receive)
        self.layer = TransactionLayer(self._transport, self, timers or Timers())
        self._dialogs: dict[tuple[str, str], Call] = {}
        self._ringing: dict[ServerTransaction, Call | ProxiedInvite] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._transport.open(self.address, self._wanted_port)
        log.info("listening at %s:%d", self.address, self.port)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    @property
    def port(self) -> int:
        """The SIP port, UDP and TCP."""
        return self._transport.port

    async def close(self) -> None:
        """End all calls (BYE, CANCEL), give the ports back."""
        for call in tuple(self.calls):
            call.hang_up("the exchange stops")
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)
        self.layer.close()
        await self._transport.close()

    @property
    def is_used(self) -> bool:
        """Somebody is registered or talking."""
        return bool(self.calls) or any(self.registrar.bindings(user) for user in ACCOUNTS)

    # --- for scripts and tests --------------------------------------------------------------------------------------

    async def registered(self, user: str) -> None:
        """Wait until an account has a contact."""
        while not self.registrar.bindings(user):
            await self._change()

    async def call_began(self) -> Call:
        """Wait until there is a call; returns the newest."""
        while not self.calls:
            await self._change()
        return self.calls[-1]

    async def _change(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        await future

    def _notify(self) -> None:
        waiters, self._waiters = self._waiters, []
        for future in waiters:
            if not future.done():
                future.set_result(None)

    def call(self, user: str, number: str, script: Script) -> Call | None:
        """Call an account's newest contact as this number; ``None`` when it is not registered."""
        bindings = self.registrar.bindings(user)
        if not bindings:
            return None
        binding = bindings[0]
        entry = self.numbers.get(number)
        caller = Address(f"sip:{number}@{self.address}:{self.port}", entry.title if entry else "")
        callee = f"sip:{user}@{self.address}:{self.port}"
        dialog = Dialog.calling(caller, callee, binding.contact, self._contact(number, binding.flow), binding.flow)
        call = Call(self, dialog, user)
        call.start(script)
        return call

    def call_back(self, user: str, number: str, script: Script) -> None:
        """Call an account after the pause it was promised."""

        async def later() -> None:
            await asyncio.sleep(self.pauses.callback_s)
            if self.call(user, number, script) is None:
                log.info("%s is not registered any more: no call back", user)

        task = asyncio.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def opened(self, call: Call) -> None:
        """A call begins."""
        log.info("call between %s and %s", call.user, call.dialog.contact)
        self.calls.append(call)
        self._dialogs[call.dialog.key] = call
        self._notify()

    def closed(self, call: Call) -> None:
        """A call is over."""
        self.calls.remove(call)
        self._dialogs.pop(call.dialog.key, None)
        self._ringing = {invite: one for invite, one in self._ringing.items() if one is not call}
        self._notify()

    def _contact(self, user: str, flow: Flow) -> str:
        suffix = ";transport=tcp" if flow.transport == "TCP" else ""
        return f"sip:{user}@{self.address}:{self.port}{suffix}"

    # --- what arrives -----------------------------------------------------------------------------------------------

    def _receive(self, data: bytes, flow: Flow) -> None:
        try:
            self.layer.receive(data, flow)
        except Exception:
            # One message must never cost the others their exchange.
            log.exception("a message of %d octets from %s could not be worked with", len(data), flow.peer)

    def on_request(self, transaction: ServerTransaction) -> None:
        """A new request."""
        request = transaction.request
        if request.method == "INVITE":
            transaction.answer(100)
        if not request.uri.lower().startswith(("sip:", "sips:")):
            transaction.answer(416)
        elif required := request.headers.all("require"):
            transaction.answer(420, Unsupported=", ".join(required))
        elif request.to.tag:
            self._in_dialog(transaction)
        else:
            self._out_of_dialog(transaction)

    def _in_dialog(self, transaction: ServerTransaction) -> None:
        call = self._find(transaction.request)
        if call:
            call.on_request(transaction)
        else:
            transaction.answer(481)

    def _find(self, request: Request) -> Call | None:
        call = self._dialogs.get((request.call_id, request.to.tag))
        return call if call and request.from_.tag == call.dialog.remote.tag else None

    def on_ack(self, request: Request) -> None:
        """An ACK for a 2xx."""
        if call := self._find(request):
            call.on_ack(request)

    def on_cancel(self, invite: ServerTransaction) -> None:
        """The caller gave up before the answer."""
        if ringing := self._ringing.pop(invite, None):
            ringing.cancelled()

    def _out_of_dialog(self, transaction: ServerTransaction) -> None:
        method = transaction.request.method
        if method == "REGISTER":
            self.registrar.register(transaction)
        elif method == "INVITE":
            self._invited(transaction)
        elif method == "OPTIONS":
            transaction.answer(200, Allow=ALLOW, Accept="application/sdp", Server=SERVER)
        elif method in {"BYE", "INFO", "UPDATE"}:
            transaction.answer(481)
        else:
            transaction.answer(405 if method in _NOT_OURS else 501, Allow=ALLOW)

    def _invited(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        caller = user_of(request.from_.uri)
        if not self._may_call(transaction, caller):
            return
        number = user_of(request.uri).replace("%23", "#")
        if request.body and request.content_type != "application/sdp":
            transaction.answer(415, Accept="application/sdp")
        elif number in self.numbers:
            self._take(transaction, caller, self.numbers[number])
        elif self.registrar.knows(number):
            self._connect(transaction, number)
        else:
            transaction.answer(404)

    def _may_call(self, transaction: ServerTransaction, caller: str) -> bool:
        if not self.registrar.knows(caller):
            transaction.answer(403, "Forbidden: not an account of this exchange")
            return False
        verdict = self._digest.check(transaction.request, caller, proxy=True)
        if verdict is Verdict.WRONG:
            transaction.answer(403, "Forbidden: wrong user name or password")
        elif verdict is not Verdict.GOOD:
            transaction.answer(407, Proxy_Authenticate=self._digest.challenge(verdict is Verdict.STALE))
        return verdict is Verdict.GOOD

    def _take(self, transaction: ServerTransaction, caller: str, number: Number) -> None:
        contact = self._contact(number.number, transaction.flow)
        try:
            dialog = Dialog.called(transaction.request, transaction.tag, contact, transaction.flow)
        except ValueError as error:
            transaction.answer(400, str(error))
            return
        call = Call(self, dialog, caller, transaction)
        self._ringing[transaction] = call
        call.start(number.script)

    def _connect(self, transaction: ServerTransaction, user: str) -> None:
        bindings = self.registrar.bindings(user)
        if transaction.request.headers.get("max-forwards") == "0":
            transaction.answer(483)
        elif not bindings:
            transaction.answer(480)
        else:
            self._ringing[transaction] = ProxiedInvite(self.layer, transaction, bindings, self._rung)

    def _rung(self, invite: ServerTransaction) -> None:
        self._ringing.pop(invite, None)
