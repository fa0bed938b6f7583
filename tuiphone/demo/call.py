"""A call that the exchange itself takes or makes: one INVITE dialog, its audio, and the script that runs on it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from enum import Enum

from tuiphone.demo.audio import Clip
from tuiphone.demo.dialog import ALLOW, Dialog
from tuiphone.demo.dtmf import Digit, info_body, parse_info
from tuiphone.demo.host import Host, Script
from tuiphone.demo.media import HoldDialect, Media
from tuiphone.demo.sdp import NotAcceptable
from tuiphone.demo.sip import Request, Response
from tuiphone.demo.transaction import ClientTransaction, Resender, ServerTransaction
from tuiphone.model.account import DtmfMethod

log = logging.getLogger(__name__)


class Phase(Enum):
    """How far a call has come."""

    EARLY = "early"
    TALKING = "talking"
    ENDED = "ended"


class CallOver(Exception):
    """The call ended under a script's own hands."""


class Call:
    """One call. Scripts use its public methods; a script is cancelled when the far end ends the call."""

    def __init__(self, host: Host, dialog: Dialog, user: str, invite: ServerTransaction | None = None) -> None:
        self.host, self.dialog, self.user = host, dialog, user
        self.media = Media(host.pacer, host.address)
        self.phase = Phase.EARLY
        self.digits: asyncio.Queue[Digit] = asyncio.Queue()
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.end_reason = ""
        self.final_status = 0
        """The last final answer to an INVITE of ours."""
        self._invite = invite
        self._client: ClientTransaction | None = None
        self._acknowledged = asyncio.Event()
        self._offered = bool(invite and invite.request.body)
        self._awaits_answer = False
        self._resender: Resender | None = None
        self._no_ack: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.media.stream.on_digit = lambda digit: self._heard(digit, DtmfMethod.RFC4733)

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self, script: Script) -> None:
        """Open the audio and run the script."""
        self.host.opened(self)
        self._task = asyncio.create_task(self._run(script))

    async def _run(self, script: Script) -> None:
        try:
            await self.media.open()
            if self._invite and self._offered:
                self.media.answer(self._invite.request.body)
            await script(self)
            self.hang_up()
        except CallOver:
            return
        except NotAcceptable as error:
            log.info("%s: %s", self.user, error)
            self.reject(488, Warning=f'304 demo "{error}"')
            self.hang_up()
        except OSError as error:
            log.error("no ports for audio: %s", error)
            self.reject(500)
            self.hang_up()
        except Exception:
            log.exception("the script of a call failed")
            self.reject(500)
            self.hang_up()

    def _end(self, reason: str) -> None:
        if self.phase is Phase.ENDED:
            return
        self.phase, self.end_reason = Phase.ENDED, reason
        log.info("call with %s ended: %s", self.user, reason)
        self._stop_resending()
        if self._watch:
            self._watch.cancel()
        self.media.close()
        self.host.closed(self)
        self._acknowledged.set()
        self.answered.set()
        self.ended.set()
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()

    def _stop_resending(self) -> None:
        if self._resender:
            self._resender.stop()
            self._resender = None
        if self._no_ack:
            self._no_ack.cancel()
            self._no_ack = None

    def _watch_rtp(self) -> None:
        """End a call whose far end has silently gone; sleeps until the earliest time at which that can be so."""
        pauses = self.host.pauses
        limit = pauses.held_timeout_s if self.media.is_held else pauses.rtp_timeout_s
        quiet = time.monotonic() - self.media.stream.last_heard
        if quiet >= limit:
            self.hang_up(f"no RTP for {limit:.0f} s", 'Q.850;cause=102;text="No RTP from the far end"')
        else:
            again = min(limit - quiet, pauses.rtp_timeout_s)
            self._watch = asyncio.get_running_loop().call_later(again, self._watch_rtp)

    def _begin_talking(self) -> None:
        self.phase = Phase.TALKING
        self.media.stream.begin()
        self.answered.set()
        self.media.stream.last_heard = time.monotonic()
        self._watch_rtp()

    # --- what scripts do --------------------------------------------------------------------------------------------

    def _respond(self, status: int, body: bytes = b"", reason: str = "") -> bytes:
        assert self._invite
        response = self._invite.request.response(status, reason, self._invite.tag)
        response.headers.add("contact", f"<{self.dialog.contact}>")
        response.headers.add("allow", ALLOW)
        if body:
            response.headers.add("content-type", "application/sdp")
            response.body = body
        self._invite.respond(response)
        return response.encode()

    def ring(self) -> None:
        """Answer 180."""
        self._respond(180)

    def progress(self) -> None:
        """Answer 183 with our description: what is played now is heard before the call is answered."""
        self._respond(183, self.media.body)
        self.media.stream.begin()

    def reject(self, status: int, reason: str = "", **fields: str) -> None:
        """Answer with a failure, unless there is a final answer already."""
        if self._invite and not self._invite.is_final:
            self._invite.answer(status, reason, **fields)
            self._end(f"answered {status}")

    async def answer(self) -> None:
        """Answer 200 and wait for the ACK; a call that gets none is ended (RFC 3261 section 13.3.1.4)."""
        assert self._invite
        self._awaits_answer = not self._offered
        data = self._respond(200, self.media.body or self.media.offer())
        self._resend(self._invite, data)
        self._begin_talking()
        await self._acknowledged.wait()

    def _resend(self, transaction: ServerTransaction, data: bytes) -> None:
        """Repeat a 200 to INVITE until its ACK comes."""
        timers = self.host.layer.timers
        self._acknowledged.clear()
        self._resender = Resender(timers, transaction.flow, data, timers.t2)
        self._no_ack = asyncio.get_running_loop().call_later(
            timers.give_up, lambda: self.hang_up("no ACK", 'SIP;cause=408;text="No ACK"')
        )

    async def play(self, clip: Clip) -> None:
        """Play a clip and wait for its end."""
        self.media.stream.play(clip.frames(self.media.stream))
        await asyncio.sleep(clip.duration_s + 0.04)

    def play_on(self, clip: Clip) -> None:
        """Play a clip again and again."""
        self.media.stream.play(clip.frames(self.media.stream, loop=True))

    def hang_up(self, reason: str = "hung up by the exchange", header: str = "Q.850;cause=16") -> None:
        """End the call in whatever state it is; ``header`` is the BYE's Reason (RFC 3326)."""
        if self.phase is Phase.ENDED:
            return
        if self.phase is Phase.TALKING:
            self._send_bye(header)
        elif self._client:
            self._client.cancel()
        else:
            self.reject(480)
        self._end(reason)

    def _send_bye(self, header: str) -> None:
        request = self.dialog.request("BYE")
        request.headers.add("reason", header)
        self.host.layer.send(request, self.dialog.flow, lambda _response: None)

    def send_info(self, digit: str) -> None:
        """Send one digit as INFO."""
        request = self.dialog.request("INFO", info_body(digit), "application/dtmf-relay")
        self.host.layer.send(request, self.dialog.flow, self._after_request)

    async def hold(self, dialect: HoldDialect = HoldDialect.SENDONLY) -> int:
        """Put the far end on hold; returns the status of its answer."""
        return await self._reinvite(lambda: self.media.hold_offer(dialect))

    async def resume(self) -> int:
        """Take the far end off hold; returns the status of its answer."""
        return await self._reinvite(self.media.resume_offer)

    async def _reinvite(self, offer: Callable[[], bytes]) -> int:
        while self.phase is Phase.TALKING:
            status = await self._offer(offer())
            if status != 491:
                return status
            # Both sides asked at once; who did not choose the Call-ID waits the shorter time (section 14.1).
            await asyncio.sleep(random.uniform(0, 2.0) if self._invite else random.uniform(2.1, 4.0))
        raise CallOver

    async def _offer(self, body: bytes) -> int:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def received(response: Response) -> None:
            if response.status >= 200:
                self._on_invite_response(response)
                if not done.done():
                    done.set_result(response.status)

        self._client = self.host.layer.send(self.dialog.request("INVITE", body), self.dialog.flow, received)
        return await done

    # --- calls that we make -----------------------------------------------------------------------------------------

    async def dial(self) -> bool:
        """Send INVITE and wait for the end of ringing; returns whether the far end answered."""
        body = self.media.offer()
        request = self.dialog.request("INVITE", body)
        self._client = self.host.layer.send(request, self.dialog.flow, self._on_invite_response)
        try:
            await asyncio.wait_for(self.answered.wait(), self.host.pauses.callback_rings_s)
        except TimeoutError:
            self.hang_up("not answered")
        return self.phase is Phase.TALKING

    def _on_invite_response(self, response: Response) -> None:
        if response.status < 200:
            return
        self.final_status, self._client = response.status, None
        if response.status < 300:
            self._acknowledge(response)
        elif self.phase is Phase.EARLY or response.status in {408, 481}:
            self._end(f"{response.status} {response.reason}")

    def _acknowledge(self, response: Response) -> None:
        """ACK every 2xx, the repeated ones too; one that comes after we gave up is answered and ended."""
        try:
            if self.phase is Phase.TALKING:
                self.dialog.refreshed(response)
            else:
                self.dialog.established(response)
        except ValueError as error:
            log.info("a 200 without a usable Contact: %s", error)
        ack = self.dialog.ack(response.cseq[0])
        self.host.layer.stamp(ack, self.dialog.flow)
        self.dialog.flow.send(ack.encode())
        if self.phase is Phase.ENDED:
            self._send_bye("Q.850;cause=16")
            return
        try:
            self.media.accept(response.body)
        except NotAcceptable as error:
            self._begin_talking()
            self.hang_up(str(error), 'SIP;cause=488;text="Not acceptable"')
            return
        if self.phase is Phase.EARLY:
            self._begin_talking()

    # --- what the far end does --------------------------------------------------------------------------------------

    def cancelled(self) -> None:
        """The far end gave up before we answered."""
        if self._invite and not self._invite.is_final:
            self._invite.answer(487)
            self._end("cancelled")

    def on_ack(self, request: Request) -> None:
        """The ACK for our 200, with the answer if we made the offer."""
        self._stop_resending()
        if self._awaits_answer and not self._acknowledged.is_set():
            try:
                self.media.accept(request.body)
            except NotAcceptable as error:
                self.hang_up(str(error), 'SIP;cause=488;text="Not acceptable"')
        self._awaits_answer = False
        self._acknowledged.set()

    def on_request(self, transaction: ServerTransaction) -> None:
        """A request in our dialog."""
        request = transaction.request
        if not self.dialog.is_in_order(request):
            transaction.answer(500, "CSeq Out Of Order")
            return
        method = request.method
        if method == "BYE":
            transaction.answer(200)
            if self._invite and not self._invite.is_final:
                self._invite.answer(487)
            self._end("hung up by the far end")
        elif method in {"INVITE", "UPDATE"}:
            self._on_offer(transaction)
        elif method == "INFO":
            self._on_info(transaction)
        elif method == "OPTIONS":
            transaction.answer(200, Allow=ALLOW)
        else:
            transaction.answer(405, Allow=ALLOW)

    def _on_offer(self, transaction: ServerTransaction) -> None:
        """A re-INVITE or UPDATE: hold, resume, a moved port, or a mere refresh."""
        request = transaction.request
        if self._client and request.body:
            transaction.answer(491)
            return
        if self._resender:
            transaction.answer(500, "The Last INVITE Has No ACK Yet", Retry_After="1")
            return
        try:
            body = b""
            if request.body:
                body = self.media.answer(request.body)
            elif request.method == "INVITE":
                body = self.media.offer()
            self.dialog.refreshed(request)
        except NotAcceptable as error:
            transaction.answer(488, Warning=f'304 demo "{error}"')
            return
        except ValueError as error:
            transaction.answer(400, str(error))
            return
        response = request.response(200, to_tag=transaction.tag)
        response.headers.add("contact", f"<{self.dialog.contact}>")
        if body:
            response.headers.add("content-type", "application/sdp")
            response.body = body
        transaction.respond(response)
        if request.method == "INVITE":
            self._awaits_answer = not request.body
            self._resend(transaction, response.encode())

    def _on_info(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if not request.body:
            transaction.answer(200)
            return
        digit = parse_info(request.content_type, request.body)
        if digit is None:
            transaction.answer(415, Accept="application/dtmf-relay, application/dtmf")
            return
        transaction.answer(200)
        self._heard(digit, DtmfMethod.INFO)

    def _heard(self, digit: str, method: DtmfMethod) -> None:
        self.digits.put_nowait(Digit(digit, method))

    def _after_request(self, response: Response) -> None:
        # A far end that does not know the dialog any more has ended it (section 12.2.1.2).
        if response.status == 481:
            self._end("the far end does not know the call any more")
