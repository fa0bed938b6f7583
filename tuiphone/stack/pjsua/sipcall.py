"""pjsua2's object for a call: it passes callbacks on, and nothing else."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from tuiphone.stack.pjsua.convert import only_audio

if TYPE_CHECKING:
    from tuiphone.stack.pjsua.call import CallSession

log = logging.getLogger(__name__)


class SipCall(pj.Call):
    """Passes callbacks on. It must be deleted, on the SIP thread, before its slot number is used again: deleting it
    later would end somebody else's call. Nothing but its ``CallSession`` may hold on to it.
    """

    def __init__(self, account: pj.Account, session: CallSession, slot: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, slot)
        self._session = session

    def onCallState(self, prm: pj.OnCallStateParam) -> None:
        _guard(lambda: self._session.state_changed(prm))

    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:
        _guard(lambda: self._session.transaction_changed(prm.e))

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:
        _guard(self._session.media_changed)

    def onCallSdpCreated(self, prm: pj.OnCallSdpCreatedParam) -> None:
        _guard(lambda: self._session.describe(prm))

    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:
        _guard(lambda: self._session.digit_arrived(prm))

    def onCallRxReinvite(self, prm: pj.OnCallRxReinviteParam) -> None:
        only_audio(prm.opt)

    def onCallRxOffer(self, prm: pj.OnCallRxOfferParam) -> None:
        only_audio(prm.opt)

    def onCallTxOffer(self, prm: pj.OnCallTxOfferParam) -> None:
        only_audio(prm.opt)

    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def onCallReplaceRequest(self, prm: pj.OnCallReplaceRequestParam) -> None:
        prm.statusCode = pj.PJSIP_SC_NOT_ACCEPTABLE_HERE


def _guard(action: Callable[[], None]) -> None:
    """Nothing may be raised into the library, and no traceback may keep a call's object alive."""
    try:
        action()
    except Exception:
        log.error("a callback failed: %s", traceback.format_exc())
