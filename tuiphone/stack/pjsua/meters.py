"""Levels and RTP figures, measured only while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pjsua2 as pj

from tuiphone.controller.ports import Report
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.call import CallSession
from tuiphone.stack.pjsua.convert import level_db
from tuiphone.stack.pjsua.extended import ExtendedReports
from tuiphone.stack.pjsua.pump import Pump, Timer

_MIC = "meter"
_PEAKS_HZ = 5.0
"""How often levels are looked at when only the loudest between two rounds of figures is wanted."""


class Meters:
    """Two rounds, of levels and of figures, over every call that has audio."""

    def __init__(
        self,
        pump: Pump,
        sound: Sound,
        calls: Callable[[], Iterable[CallSession]],
        report: Callable[[Report], None],
        extended: ExtendedReports | None,
    ) -> None:
        self._pump = pump
        self._sound = sound
        self._calls = calls
        self._report = report
        self._extended = extended
        self._levels_hz = 0.0
        self._stats_hz = 0.0
        self._mic = False
        self._timers: dict[str, Timer] = {}
        self._heard: dict[str, tuple[int, float]] = {}
        self._peaks: dict[str, Levels] = {}
        self._refusals: dict[str, int] = {}

    def watch(self, levels_hz: float, stats_hz: float, mic: bool) -> None:
        """Measure so often; ``mic`` also the devices while there is no call."""
        self._levels_hz, self._stats_hz = levels_hz, stats_hz
        if mic != self._mic:
            self._mic = mic
            self._sound.need(_MIC, mic)
            self._listen(mic)
        self.arm()

    def arm(self) -> None:
        """Start the rounds that are wanted and have something to measure; called when a call gets audio."""
        busy = any(call.audio.port for call in self._calls())
        levels_hz = self._levels_hz or (_PEAKS_HZ if self._mic or self._stats_hz else 0.0)
        self._set("levels", levels_hz, busy or self._mic, self._levels)
        self._set("stats", self._stats_hz, busy, self._stats)

    def tell(self, call: CallSession, quality: Quality) -> None:
        """Let the far end know how it sounds here, with the next extended report."""
        if self._extended and call.sip and call.audio.port:
            self._extended.tell(call.sip.getId(), quality)

    def forget(self, call_id: str) -> None:
        """A call is over."""
        self._heard.pop(call_id, None)
        self._peaks.pop(call_id, None)
        self._refusals.pop(call_id, None)

    def close(self) -> None:
        """Measure no more."""
        self.watch(0, 0, False)

    def _listen(self, on: bool) -> None:
        """The bridge measures a port only while somebody hears it: let the ear hear the microphone, at no volume."""
        port = self._sound.port
        if on:
            silent = pj.AudioMediaTransmitParam()
            silent.level = 0.0
            port.startTransmit2(port, silent)
        else:
            port.stopTransmit(port)

    def _set(self, name: str, hz: float, wanted: bool, measure: Callable[[], None]) -> None:
        if hz and wanted:
            if name not in self._timers:
                self._timers[name] = self._pump.later(1 / hz, lambda: self._round(name, measure))
        elif name in self._timers:
            self._timers.pop(name).cancel()

    def _round(self, name: str, measure: Callable[[], None]) -> None:
        del self._timers[name]
        measure()
        self.arm()

    def _levels(self) -> None:
        if self._mic:
            port = self._sound.port
            self._report(Levels("", level_db(port.getTxLevel()), level_db(port.getRxLevel())))
        for call in self._calls():
            if call.audio.port:
                mic, ear = call.audio.port.getRxLevel(), call.audio.port.getTxLevel()
                levels = Levels(call.id, level_db(mic), level_db(ear))
                peak = self._peaks.get(call.id, levels)
                self._peaks[call.id] = Levels(call.id, max(peak.mic_db, levels.mic_db), max(peak.ear_db, levels.ear_db))
                if self._levels_hz:
                    self._report(levels)

    def _stats(self) -> None:
        for call in self._calls():
            if call.audio.port and call.sip and call.confirmed:
                try:
                    stats, transport = call.sip.getStreamStat(0), call.sip.getMedTransportInfo(0)
                except pj.Error:
                    continue  # its stream is being replaced
                peak = self._peaks.pop(call.id, None)
                silent_s = self._silence(call.id, int(stats.rtcp.rxStat.pkt))
                far, own = self._extended.read(call.sip.getId()) if self._extended else (None, None)
                self._report(
                    replace(
                        figures(call.id, stats, call.ptime_ms, call.frame_ms),
                        rx_silent_s=round(silent_s, 1),
                        rx_from=transport.srcRtpName,
                        rx_level_db=peak.ear_db if peak else None,
                        tx_level_db=peak.mic_db if peak else None,
                        rx_ssrc=self._extended.source(call.sip.getId()) if self._extended else 0,
                        tx_refused=self._refused(call),
                        far_metrics=far,
                        own_metrics=own,
                    )
                )

    def _refused(self, call: CallSession) -> bool:
        if not self._extended or not call.sip:
            return False
        count = self._extended.refusals(call.sip.getId())
        before, self._refusals[call.id] = self._refusals.get(call.id, 0), count
        return count != before

    def _silence(self, call_id: str, packets: int) -> float:
        """Seconds since the count of packets last changed, as far as the rounds can tell."""
        now = time.monotonic()
        before = self._heard.get(call_id)
        if before is None or before[0] != packets:
            before = self._heard[call_id] = (packets, now)
        return now - before[1]


def figures(call_id: str, stats: pj.StreamStat, ptime_ms: int, frame_ms: int) -> StreamStats:
    """The figures of pjmedia as the model's.

    The jitter buffer is filled by the codec's frames, of which a packet may hold several; asked in vain, it counts once for
    a whole packet time.
    """
    rx, tx = stats.rtcp.rxStat, stats.rtcp.txStat
    return StreamStats(
        call_id=call_id,
        rx_packets=int(rx.pkt),
        rx_bytes=int(rx.bytes),
        rx_lost=int(rx.loss),
        rx_discarded=int(rx.discard) + round(stats.jbuf.discard * frame_ms / ptime_ms),
        rx_jitter_ms=_ms(rx.jitterUsec),
        rx_buffer_ms=float(stats.jbuf.avgDelayMsec),
        rx_empty_ms=float(stats.jbuf.empty * ptime_ms),
        rx_loss_run=round(rx.lossPeriodUsec.mean / 1000 / ptime_ms, 2) if rx.lossPeriodUsec.n else -1.0,
        tx_packets=int(tx.pkt),
        tx_bytes=int(tx.bytes),
        tx_lost=int(tx.loss),
        tx_jitter_ms=_ms(tx.jitterUsec),
        rtt_ms=_ms(stats.rtcp.rttUsec),
        far_reports=int(tx.updateCount),
        # Whoever sends RTCP names itself in it (RFC 3550 section 6.1), whether or not it has anything to say of us.
        far_rtcp=bool(tx.updateCount or stats.rtcp.peerSdes.cname),
    )


def _ms(stat: pj.MathStat) -> float:
    return round(stat.last / 1000, 1) if stat.n else -1.0
