"""One call: pjsua2's object for it, and what we know of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pjsua2 as pj

from tuiphone.controller.ports import (
    ConfirmedReport,
    DtmfReport,
    EndedReport,
    HoldFailedReport,
    MediaReport,
    ProgressReport,
    StackNotice,
)
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod, MediaEncryption
from tuiphone.model.address import Party, printable
from tuiphone.model.call import CallId, EndCause, EndedBy, EndKind
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua import codecs
from tuiphone.stack.pjsua.callaudio import CallAudio
from tuiphone.stack.pjsua.cause import Ending, classify
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import call_param, srtp_suite, ssrc_of, stream_of, words_of
from tuiphone.stack.pjsua.dtmf import DIGITS, TONE_MS, DigitSender, digits_of
from tuiphone.stack.pjsua.hold import Hold
from tuiphone.stack.pjsua.mediasecurity import by_handshake, conflict
from tuiphone.stack.pjsua.message import SipMessage, asserted_party, read
from tuiphone.stack.pjsua.native import address_of
from tuiphone.stack.pjsua.pump import Timer
from tuiphone.stack.pjsua.sipcall import SipCall

log = logging.getLogger(__name__)

KEYS_LOOKS, KEYS_LOOK_S, KEYS_LATE_S = 20, 0.25, 2.0
"""How often, and how many seconds apart, to look whether SRTP has its keys; then, while a handshake is awaited, seldom."""
UNANSWERED_END_S = 1.5
"""How long an ending that we asked for may wait for the far end's answer before it is reported all the same."""
_TRYING, _PROCEEDING = pj.PJSIP_TSX_STATE_TRYING, pj.PJSIP_TSX_STATE_PROCEEDING
_TERMINATED = pj.PJSIP_TSX_STATE_TERMINATED
_OVER = frozenset({pj.PJSIP_TSX_STATE_COMPLETED, _TERMINATED})


class CallSession:
    """A call from first message to end, on the SIP thread. ``forget`` is called when it is over."""

    def __init__(
        self,
        context: Context,
        call_id: CallId,
        account: Account,
        outgoing: bool,
        forget: Callable[[CallId], None],
    ) -> None:
        self.id = call_id
        self.account = account
        self.outgoing = outgoing
        self.sip: SipCall | None = None
        self.sip_call_id = ""
        self.codecs = context.codecs.claim(account)
        self.their_codecs: tuple[str, ...] = ()
        self._conflict: EndKind | None = None
        self.confirmed = False
        self.ptime_ms = 20
        self.frame_ms = 20
        self._local_ssrc = 0
        self._remote_ssrc = 0
        self._handshake = False
        self._keys_look: Timer | None = None
        self.audio = CallAudio(context, call_id)
        self._context = context
        self._forget = forget
        self._hold = Hold(context.pump, outgoing, self._hold_failed)
        self._digits = DigitSender(context.pump, self._send_digit)
        self._remote_hold = False
        self._answered = False
        self._hung_up = False
        self._toned = False
        self._our_code = 0
        self._reported_end = False
        self._farewell: SipMessage | None = None
        self._answered_as: Party | None = None
        self._peers: frozenset[str] = frozenset()
        self._dialled_at = 0.0

    # commands

    def dial(self, account: pj.Account, uri: str, peers: frozenset[str]) -> None:
        """Send INVITE to one of these "address:port". Callbacks may come before this returns."""
        self._peers = peers
        self._dialled_at = time.monotonic()
        self.sip = call = SipCall(account, self)
        try:
            call.makeCall(uri, call_param())
        except pj.Error as error:
            invalid = "uri" in words_of(error).lower()
            self.fail(EndKind.BAD_ADDRESS if invalid else EndKind.UNREACHABLE, words_of(error))

    def note_offer(self, sdp: str) -> bool:
        """Keep what the caller's session description says; False when the two ends cannot agree on encryption."""
        self.their_codecs = codecs.offered(sdp)
        self._conflict = conflict(self.account, sdp)
        return self._conflict is None

    def refuse(self) -> None:
        """Answer 488 to what cannot be agreed on. The library has done so mostly, and does not always tell."""
        self._operate(lambda call: call.hangup(call_param(488)))
        self._end(classify(Ending(False, False, 488, "Not Acceptable Here", conflict=self._conflict)))

    def ring(self) -> None:
        """Answer 180."""
        self._operate(lambda call: call.answer(call_param(180)))

    def answer(self) -> None:
        """Answer 200."""
        self._answered = True
        self._operate(lambda call: call.answer(call_param(200)))

    def hang_up(self, code: int, reason: str) -> None:
        """CANCEL, BYE or a final answer."""
        if self._hung_up:
            return
        self._hung_up = True
        if not self.sip:  # its name is still being looked up
            self._end(classify(Ending(self.outgoing, False, hung_up=True, stopping=self._context.stopping)))
            return
        self._our_code = code
        refused = not self.outgoing and not self._answered
        param = call_param((code or 603) if refused else 0, reason if refused else "")
        self._context.pump.later(UNANSWERED_END_S, self._end_unanswered)
        self._operate(lambda call: call.hangup(param))

    def hold(self, on: bool) -> None:
        """Go on hold or come back."""
        if self.sip and self.confirmed:
            self.audio.hold(on)
            self._hold.want(self.sip, on)

    def fail(self, kind: EndKind, reason: str) -> None:
        """The call cannot even begin."""
        self._end(EndCause(EndedBy.NETWORK, kind, 0, reason))

    def abandon(self) -> None:
        """The stack goes down and cannot wait any longer."""
        self._end(EndCause(EndedBy.PHONE, EndKind.ENGINE_STOPPED))

    def send_digits(self, digits: str, method: DtmfMethod) -> None:
        """Queue digits."""
        self._digits.send(digits, method)

    # what pjsua2 tells

    def state_changed(self, prm: pj.OnCallStateParam) -> None:
        """A new state of the INVITE session."""
        if not self.sip:
            return
        info = self.sip.getInfo()
        self.sip_call_id = printable(info.callIdString)
        if info.state == pj.PJSIP_INV_STATE_CONNECTING:
            self._note_answer(prm.e)
            self._context.report(
                ProgressReport(self.id, 200, "OK", self.audio.port is not None, sip_call_id=self.sip_call_id)
            )
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED and not self.confirmed:
            self.confirmed = True
            self._context.report(ConfirmedReport(self.id, self._answered_as))
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            message = self._farewell or _received(prm.e)
            if message and 200 <= message.code < 300:
                message = None  # the far end's answer to our own BYE ended nothing
            ending = self._ending(info, message)
            if message or self.confirmed or self._hung_up:
                self._end(classify(ending))
            else:
                # A refused certificate shows in the transport's state, which may come after this.
                self.sip = None
                self._context.pump.submit(lambda: self._end_unreached(ending))

    def transaction_changed(self, event: pj.SipEvent) -> None:
        """A request of this dialog moved on: provisional answers, re-INVITEs, CANCEL and BYE, unknown requests."""
        if event.type != pj.PJSIP_EVENT_TSX_STATE or not self.sip:
            return
        change = event.body.tsxState
        tsx = change.tsx
        if tsx.role == pj.PJSIP_ROLE_UAS:
            if change.type == pj.PJSIP_EVENT_RX_MSG and tsx.state in {_TRYING, _PROCEEDING}:
                self._request_arrived(tsx.method, change.src.rdata)
            elif tsx.method in {"CANCEL", "BYE"} and change.type == pj.PJSIP_EVENT_RX_MSG:
                self._farewell = read(change.src.rdata.wholeMsg)
        elif tsx.method == "INVITE":
            self._invite_progressed(change)
        elif tsx.method == "BYE" and not self._hung_up:
            # The library itself gives up: no ACK came, or no session refresh. The far end may never answer this.
            self._context.pump.later(UNANSWERED_END_S, self._end_given_up)

    def media_changed(self) -> None:
        """Audio was negotiated, or failed."""
        if not self.sip:
            return
        info = self.sip.getInfo()
        media = info.media
        audio = next((m for m in media if m.type == pj.PJMEDIA_TYPE_AUDIO), None)
        if audio is None or audio.status in {pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR}:
            self.audio.attach(None, sends=False, hears=False)
            self._context.report(MediaReport(self.id, None))
            return
        local_hold = audio.status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD
        may_send, may_hear = bool(audio.dir & pj.PJMEDIA_DIR_ENCODING), bool(audio.dir & pj.PJMEDIA_DIR_DECODING)
        if not (local_hold and self._hold.pending):
            # Our own hold is answered with whatever the far end likes; what it wants, its own offers tell.
            self._remote_hold = not may_send
        port = self.sip.getAudioMedia(int(audio.index)) if audio.audioConfSlot >= 0 else None
        self.audio.attach(port, may_send and not local_hold, may_hear and not local_hold)
        index = int(audio.index)
        details = self.sip.getStreamInfo(index)
        local, encryption = self.sip.getMedTransportInfo(index).localRtpName, self._encryption()
        stream = replace(
            stream_of(details, int(audio.dir), local, encryption),
            local_ssrc=self._local_ssrc,
            remote_ssrc=self._remote_ssrc,
            keys_awaited=self._handshake and not encryption,
        )
        self.ptime_ms, self.frame_ms = stream.ptime_ms, int(details.audCodecParam.info.frameLen) or stream.ptime_ms
        self._context.report(MediaReport(self.id, stream, self._remote_hold))
        if not stream.encryption and self.account.media_encryption is not MediaEncryption.OFF:
            self._await_keys(KEYS_LOOKS)

    def _await_keys(self, looks: int) -> None:
        # DTLS agrees on keys after the media began, and the library tells nobody when it has.
        if self._keys_look:
            self._keys_look.cancel()
        if not self.sip or not (looks > 0 or self._handshake):
            return
        if self._encryption():
            self.media_changed()
        else:
            wait = KEYS_LOOK_S if looks > 0 else KEYS_LATE_S
            self._keys_look = self._context.pump.later(wait, lambda: self._await_keys(looks - 1))

    def describe(self, prm: pj.OnCallSdpCreatedParam) -> None:
        """A session description of ours is about to be sent: leave in it what the account allows."""
        allowed = codecs.restrict(prm.sdp.wholeSdp, self.codecs)
        theirs = prm.remSdp.wholeSdp
        if theirs:
            prm.sdp.wholeSdp = codecs.agree_on_silence(allowed, theirs)
        else:
            prm.sdp.wholeSdp = codecs.fit_noise(allowed, self._context.settings.vad)
        self._context.described(self.account.id, prm.sdp.wholeSdp)
        self._local_ssrc = ssrc_of(prm.sdp.wholeSdp)
        self._remote_ssrc = ssrc_of(theirs) or self._remote_ssrc
        if theirs:
            self._handshake = by_handshake(self.account, theirs)

    def digit_arrived(self, prm: pj.OnDtmfDigitParam) -> None:
        """A digit of RFC 4733, or of INFO with application/dtmf-relay."""
        info = prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO
        self._digit(prm.digit, DtmfMethod.INFO if info else DtmfMethod.RFC4733)

    # inside

    def _operate(self, action: Callable[[SipCall], None]) -> None:
        if not self.sip:
            return
        try:
            action(self.sip)
        except pj.Error as error:
            # The far end was faster: the call's end is reported, or has been.
            log.info("call %s: %s", self.id, words_of(error))

    def _send_digit(self, digit: str, method: DtmfMethod) -> None:
        if method is DtmfMethod.INBAND:
            self.audio.dial_tone(digit)
            return
        param = pj.CallSendDtmfParam()
        info = method is DtmfMethod.INFO
        param.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        param.duration = TONE_MS
        param.digits = digit
        try:
            if self.sip:
                self.sip.sendDtmf(param)
        except pj.Error as error:
            log.info("call %s: a digit was not sent: %s", self.id, words_of(error))
            if not info:
                self._send_as_tone(digit)

    def _send_as_tone(self, digit: str) -> None:
        """The far end has not agreed to RFC 4733 events: tones reach everybody."""
        if not self._toned:
            self._toned = True
            words = _("The far end takes no RFC 4733 digits: they are sent as tones in the audio")
            self._context.report(StackNotice(NoticeLevel.WARNING, words))
        self.audio.dial_tone(digit)

    def _request_arrived(self, method: str, rdata: pj.SipRxData) -> None:
        if method in {"CANCEL", "BYE"}:
            self._farewell = read(rdata.wholeMsg)
        elif method == "OPTIONS":
            self._context.native.respond(rdata.pjRxData, 200)
        elif method == "INFO":
            self._info_arrived(rdata)
        elif method == "NOTIFY":
            event = read(rdata.wholeMsg).first("event").partition(";")[0].strip().lower()
            if event != "refer":  # pjsua's own, of a transfer
                self._context.native.respond(rdata.pjRxData, 489)

    def _info_arrived(self, rdata: pj.SipRxData) -> None:
        """Take digits of application/dtmf; those of application/dtmf-relay are pjsua's (RFC 6086 has no package for either)."""
        message = read(rdata.wholeMsg)
        kind = message.first("content-type").partition(";")[0].strip().lower()
        if kind == "application/dtmf-relay":
            return
        digits = digits_of(kind, message.body)
        if digits or not message.body.strip():
            self._context.native.respond(rdata.pjRxData, 200)
        else:
            self._context.native.respond(rdata.pjRxData, 415)
        for digit in digits:
            self._digit(digit, DtmfMethod.INFO)

    def _digit(self, digit: str, method: DtmfMethod) -> None:
        digit = digit.upper()
        if not self._reported_end and digit in DIGITS:  # pjsua takes any character out of an INFO
            self._context.report(DtmfReport(self.id, digit, method))

    def _invite_progressed(self, change: pj.TsxStateEvent) -> None:
        assert self.sip is not None
        tsx = change.tsx
        code = int(tsx.statusCode)
        if self.confirmed:
            if tsx.state in _OVER:
                transaction, reason = address_of(tsx.pjTransaction), printable(tsx.statusText)
                self._hold.transaction_over(self.sip, transaction, code, reason, tsx.state == _TERMINATED)
        elif tsx.state == _PROCEEDING and change.type == pj.PJSIP_EVENT_RX_MSG and not self._hung_up:
            early = self.audio.port is not None
            self._context.report(ProgressReport(self.id, code, printable(tsx.statusText), early, self._dialog_id()))

    def _dialog_id(self) -> str:
        if not self.sip_call_id and self.sip:
            self.sip_call_id = printable(self.sip.getInfo().callIdString)
        return self.sip_call_id

    def _note_answer(self, event: pj.SipEvent) -> None:
        message = _received(event) if self.outgoing else None
        if message:
            self._answered_as = asserted_party(message)
            self.their_codecs = codecs.offered(message.body) or self.their_codecs
            self._conflict = conflict(self.account, message.body) or self._conflict
            self._remote_ssrc = ssrc_of(message.body)
            self._handshake = by_handshake(self.account, message.body)

    def _encryption(self) -> str:
        """The suite in use. The stream's profile does not tell: optional encryption is offered within RTP/AVP."""
        assert self.sip is not None
        if self.account.media_encryption is MediaEncryption.OFF:
            return ""
        return srtp_suite(self.sip.dump(True, ""))

    def _hold_failed(self, code: int, reason: str, resuming: bool) -> None:
        self.audio.hold(True)
        self._context.report(HoldFailedReport(self.id, code, reason, resuming))

    def _ending(self, info: pj.CallInfo, message: SipMessage | None) -> Ending:
        code = int(info.lastStatusCode)
        if message and message.code >= 300:
            code = message.code  # of a redirection that was not followed, the library says 487
        no_ack = not self.outgoing and self._answered and not self.confirmed and not self._hung_up and not message
        theirs = codecs.offered(message.body) if message and message.code else ()
        return Ending(
            outgoing=self.outgoing,
            answered=self.confirmed,
            code=code,
            reason=printable(info.lastReason),
            message=message,
            hung_up=self._hung_up,
            our_code=self._our_code,
            no_ack=no_ack,
            stopping=self._context.stopping,
            session_timer=self.confirmed and "refresh" in info.lastReason.lower(),
            our_codecs=self.codecs,
            their_codecs=theirs or self.their_codecs,
            conflict=self._conflict,
            insisted=self.outgoing and self.account.media_encryption is MediaEncryption.MANDATORY,
        )

    def _end_unreached(self, ending: Ending) -> None:
        refusal = self._context.transports.refusal(self._peers, self._dialled_at)
        self._end(classify(replace(ending, refusal=refusal)))

    def _end_unanswered(self) -> None:
        """The far end does not answer our CANCEL or BYE: for the person at the phone the call is over."""
        if self.sip and not self._reported_end:
            cause = Ending(self.outgoing, self.confirmed, hung_up=True, our_code=self._our_code)
            self._report_end(classify(cause))

    def _end_given_up(self) -> None:
        if self.sip and not self._reported_end:
            self._report_end(classify(self._ending(self.sip.getInfo(), None)))

    def _report_end(self, cause: EndCause) -> None:
        if not self._reported_end:
            self._reported_end = True
            self._digits.close()
            self._hold.close()
            self.audio.close()
            self._context.report(EndedReport(self.id, cause))

    def _end(self, cause: EndCause) -> None:
        self._report_end(cause)
        self.sip = None
        self._forget(self.id)


def _received(event: pj.SipEvent) -> SipMessage | None:
    """The message that an event is about, if one came from the far end."""
    if event.type == pj.PJSIP_EVENT_TSX_STATE and event.body.tsxState.type == pj.PJSIP_EVENT_RX_MSG:
        return read(event.body.tsxState.src.rdata.wholeMsg)
    if event.type == pj.PJSIP_EVENT_RX_MSG:
        return read(event.body.rxMsg.rdata.wholeMsg)
    return None
