"""What the figures of a running call tell: its quality, sound that goes one way only, a far end that fell silent."""

from __future__ import annotations

from collections.abc import Callable

from tuiphone.config.schema import Config
from tuiphone.controller.accounts import Accounts
from tuiphone.controller.audiowatch import AudioWatch
from tuiphone.controller.calls import Calls
from tuiphone.controller.clock import Clock
from tuiphone.controller.hub import Hub
from tuiphone.controller.ports import PublishedReport, SipStack
from tuiphone.controller.quality import QualityMeter
from tuiphone.controller.reporting import QualityReporter, ReportSettings
from tuiphone.controller.silence import RtpWatch
from tuiphone.i18n import _
from tuiphone.model.call import Call, CallId, EndCause, EndedBy, EndKind
from tuiphone.model.event import Notice, NoticeLevel
from tuiphone.model.media import StreamStats
from tuiphone.model.quality import QualitySummary
from tuiphone.texts_quality import diagnosis_sentence


class CallWatch:
    """Sees every second's figures of every call, and says what is wrong in words."""

    def __init__(
        self,
        stack: SipStack,
        clock: Clock,
        hub: Hub,
        *,
        calls: Calls,
        accounts: Accounts,
        config: Config,
        suppresses_silence: Callable[[str], bool],
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._hub = hub
        self._calls = calls
        self._hangs_up = config.phone.rtp_timeout_hangup
        self._rtp = RtpWatch(config.phone.rtp_timeout_s)
        self._quality = QualityMeter()
        self._audio = AudioWatch(suppresses_silence)
        reports = ReportSettings(
            config.quality.vq_report_collector,
            config.quality.vq_alarm_threshold,
            config.network.user_agent,
            suppresses_silence,
        )
        self._reporter = QualityReporter(stack, self._quality, reports, accounts.get, self._warn)

    def see(self, stats: StreamStats) -> None:
        """Take in the figures of a call's last second."""
        call = self._calls.find(stats.call_id)
        if call is None:
            return
        now = self._clock.now()
        quality = self._quality.see(call, stats, now)
        self._stack.tell_quality(quality)
        self._hub.publish_reading(quality)
        self._reporter.see(call, quality, now)
        found = self._audio.see(call, stats, now)
        sentence = diagnosis_sentence(found) if found else ""
        if self._calls.audio_problem(call.id, sentence) and found and self._audio.is_news(call.id, found):
            self._warn(_("Line {line}: {problem}").format(line=call.line, problem=sentence))
        if self._rtp.silent_too_long(call, stats):
            self._far_end_stays_silent(call, stats)

    def summary(self, call_id: CallId) -> QualitySummary | None:
        """The quality of a call so far; None before there was any sound."""
        return self._quality.summary(call_id)

    def published(self, report: PublishedReport) -> None:
        """A collector answered a quality report."""
        self._reporter.answered(report)

    def ended(self, call: Call) -> None:
        """Report a call's quality where that is wanted, and forget it."""
        self._reporter.ended(call)
        for watch in (self._rtp, self._quality, self._audio):
            watch.forget(call.id)

    def _far_end_stays_silent(self, call: Call, stats: StreamStats) -> None:
        seconds = round(stats.rx_silent_s)
        if self._hangs_up:
            self._calls.end(call.id, EndCause(EndedBy.PHONE, EndKind.RTP_SILENCE, text=str(seconds)))
        self._warn(
            _("Line {line}: nothing has been heard from the far end for {n} s").format(line=call.line, n=seconds)
        )

    def _warn(self, words: str) -> None:
        self._hub.publish(Notice(NoticeLevel.WARNING, words))
