"""When a voice quality report goes to the collector (RFC 6035): at the end of a call, on alarm, and when that is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuiphone.controller.ports import PublishedReport, SipStack
from tuiphone.controller.quality import QualityMeter
from tuiphone.controller.vqreport import (
    CONTENT_TYPE,
    EVENT,
    Alert,
    ReportedCall,
    alert_report,
    session_report,
)
from tuiphone.i18n import _
from tuiphone.model.account import Account
from tuiphone.model.call import Call, CallId
from tuiphone.model.quality import Quality

ALARM_AFTER = 3
"""So many bad sets of figures in a row (one comes each second) are an alarm: a moment is none."""
CLEAR_AFTER = 5
CLEAR_MARGIN = 5.0
CRITICAL_R = 50.0
"""Below this G.109 recommends no connection at all."""


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """``collector`` is a SIP address; nothing is sent without. ``threshold`` is the rating R below which a call is an alarm,
    0 for never; ``suppresses`` tells of a codec whether we send nothing in it while nobody speaks.
    """

    collector: str = ""
    threshold: int = 0
    group: str = ""
    suppresses: Callable[[str], bool] = lambda codec: False


@dataclass(slots=True)
class _Alarm:
    raised: bool = False
    row: int = 0
    """How many sets of figures in a row speak for a change."""


class QualityReporter:
    """Composes reports and hands them to the stack; ``account_of`` knows the account of a call.

    ``notify`` is told, once, that the collector does not take reports.
    """

    def __init__(
        self,
        stack: SipStack,
        meter: QualityMeter,
        settings: ReportSettings,
        account_of: Callable[[str], Account],
        notify: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._meter = meter
        self._settings = settings
        self._account_of = account_of
        self._notify = notify
        self._refused = False
        self._alarms: dict[CallId, _Alarm] = {}

    def see(self, call: Call, quality: Quality, now: float) -> None:
        """Look for an alarm, or its end, in new figures."""
        limit = self._settings.threshold
        if not (self._settings.collector and limit) or quality.r is None:
            return
        alarm = self._alarms.setdefault(call.id, _Alarm())
        changes = quality.r >= limit + CLEAR_MARGIN if alarm.raised else quality.r < limit
        alarm.row = alarm.row + 1 if changes else 0
        if alarm.row >= (CLEAR_AFTER if alarm.raised else ALARM_AFTER):
            alarm.row, alarm.raised = 0, not alarm.raised
            metric = "RLQ" if quality.mos_cq is None else "RCQ"
            alert = Alert(metric, critical=quality.r < CRITICAL_R, clear=not alarm.raised)
            self._send(call, alert_report(self._reported(call, now), alert))

    def ended(self, call: Call) -> None:
        """Report on a call that is over, if anybody talked."""
        self._alarms.pop(call.id, None)
        if self._settings.collector and call.answered_at is not None and call.ended_at is not None:
            self._send(call, session_report(self._reported(call, call.ended_at)))

    def answered(self, report: PublishedReport) -> None:
        """The collector answered, or did not."""
        refused = not 200 <= report.code < 300
        if refused and not self._refused and report.event == EVENT:
            words = _("The quality report was not taken by {collector}: {code} {reason}")
            self._notify(words.format(collector=self._settings.collector, code=report.code, reason=report.reason))
        self._refused = refused

    def _reported(self, call: Call, now: float) -> ReportedCall:
        lost, discarded = self._meter.losses(call.id)
        return ReportedCall(
            call=call,
            address=self._account_of(call.account_id).address,
            group=self._settings.group,
            stop=now,
            quality=self._meter.last(call.id),
            summary=self._meter.summary(call.id),
            lost_pct=lost,
            discarded_pct=discarded,
            silence_suppression=self._settings.suppresses(call.media.codec if call.media else ""),
        )

    def _send(self, call: Call, body: str) -> None:
        self._stack.publish(call.account_id, self._settings.collector, EVENT, CONTENT_TYPE, body)
