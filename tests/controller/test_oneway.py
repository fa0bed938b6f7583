"""One-way audio: each case is made, named within five seconds, and what is meant to be silent is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone import texts
from tuiphone.config.schema import AudioSection, Config
from tuiphone.controller.audiowatch import AudioWatch
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallState, Direction, EndKind
from tuiphone.model.event import Notice
from tuiphone.model.media import SILENCE_DB, MediaStream, StreamStats
from tuiphone.model.quality import AudioFault, Diagnosis, FaultCause
from tuiphone.texts_quality import diagnosis_sentence

HERE, THERE = "198.51.100.7:8000", "203.0.113.9:4000"
MEDIA = MediaStream("PCMU", 8000, ptime_ms=20, remote=THERE, local=HERE, encryption="")
CALL = Call(
    "c1",
    "desk",
    Direction.OUTGOING,
    CallState.TALKING,
    Party("sip:2@x.example"),
    1,
    0.0,
    answered_at=100.0,
    media=MEDIA,
)
HEARD, HUSH = -25.0, SILENCE_DB

Course = Callable[[int], StreamStats]
"""Figures by the second since the answer."""


def stats(
    second: int,
    came: int | None = None,
    sent: int | None = None,
    ear: float | None = HEARD,
    mic: float | None = HEARD,
    source: str = THERE,
    empty_ms: float = 40.0,
    reports: int | None = None,
    lost: int = 0,
    rtcp: bool | None = None,
) -> StreamStats:
    """Figures of a call in which all is well, but for what is given."""
    came = 50 * second if came is None else came
    reports = second // 5 if reports is None else reports
    return StreamStats(
        "c1",
        rx_packets=came,
        rx_from=source if came else "",
        rx_empty_ms=empty_ms,
        rx_level_db=ear if came else HUSH,
        tx_packets=50 * second if sent is None else sent,
        tx_level_db=mic,
        tx_lost=lost,
        far_reports=reports,
        far_rtcp=bool(reports) if rtcp is None else rtcp,
    )


@dataclass
class Watching:
    """Feeds an AudioWatch second by second."""

    watch: AudioWatch
    second: int = 0

    def go(self, course: Course, seconds: int, call: Call = CALL) -> Diagnosis | None:
        found = None
        for _ in range(seconds):
            self.second += 1
            found = self.watch.see(call, course(self.second), 100.0 + self.second)
        return found


def found_in_time(course: Course, call: Call = CALL, suppressing: bool = False, within: int = 5) -> Diagnosis | None:
    return Watching(AudioWatch(lambda codec: suppressing)).go(course, within, call)


def never(course: Course, call: Call = CALL, suppressing: bool = False, seconds: int = 60) -> bool:
    watching = Watching(AudioWatch(lambda codec: suppressing))
    return all(watching.go(course, 1, call) is None for _ in range(seconds))


# --- each case --------------------------------------------------------------------------------------------------------


def test_nothing_received_says_where_it_should_come_from() -> None:
    found = found_in_time(lambda s: stats(s, came=0))
    assert found == Diagnosis(AudioFault.NOTHING_RECEIVED, FaultCause.FIREWALL, THERE, "", "PCMU", HERE)
    assert diagnosis_sentence(found) == (
        "no sound packets come from the far end: they should come from 203.0.113.9:4000"
        " (often a firewall that lets no UDP through on the way)"
    )


ADDRESSES = [
    ("192.168.1.4:4000", "198.51.100.7:8000", FaultCause.THEIR_PRIVATE_ADDRESS),
    ("203.0.113.9:4000", "192.168.1.7:8000", FaultCause.OUR_PRIVATE_ADDRESS),
    ("127.0.0.1:4000", "198.51.100.7:8000", FaultCause.THEIR_PRIVATE_ADDRESS),
    ("[2001:db8::2]:4000", "[fe80::1]:8000", FaultCause.OUR_PRIVATE_ADDRESS),
    ("192.168.1.4:4000", "192.168.1.7:8000", FaultCause.FIREWALL),
    ("[2001:db8::2]:4000", "[2001:db8::1]:8000", FaultCause.FIREWALL),
    ("", "", FaultCause.FIREWALL),
]


@pytest.mark.parametrize(("theirs", "ours", "cause"), ADDRESSES)
def test_a_private_address_in_the_sdp_is_recognised(theirs: str, ours: str, cause: FaultCause) -> None:
    call = replace(CALL, media=replace(MEDIA, remote=theirs, local=ours))
    nothing_comes = found_in_time(lambda s: stats(s, came=0), call)
    nothing_arrives = found_in_time(lambda s: stats(s, reports=0, rtcp=s >= 5, source=theirs), call)
    for found, fault in (
        (nothing_comes, AudioFault.NOTHING_RECEIVED),
        (nothing_arrives, AudioFault.FAR_RECEIVES_NOTHING),
    ):
        assert found is not None
        assert (found.fault, found.cause) == (fault, cause)
        assert ("private address" in diagnosis_sentence(found)) == (cause is not FaultCause.FIREWALL)


def test_of_two_private_addresses_the_one_that_is_sent_to_is_named() -> None:
    call = replace(CALL, media=replace(MEDIA, remote="10.1.1.1:4000", local="192.168.1.7:8000"))
    nothing_comes = found_in_time(lambda s: stats(s, came=0), call)
    nothing_arrives = found_in_time(lambda s: stats(s, reports=0, rtcp=s >= 5, source="10.1.1.1:4000"), call)
    assert nothing_comes is not None
    assert nothing_arrives is not None
    assert diagnosis_sentence(nothing_comes).endswith(
        "(our SDP names 192.168.1.7:8000, a private address: set [network] public_address, or use a relay)"
    )
    assert diagnosis_sentence(nothing_arrives).endswith(
        "(its SDP names 10.1.1.1:4000, a private address: NAT without a relay)"
    )


def test_a_far_end_that_is_gone_is_told_once_its_reports_stay_away_too() -> None:
    watching = Watching(AudioWatch())
    assert watching.go(stats, 20) is None
    gone: Course = lambda s: stats(s, came=1000, reports=4)  # noqa: E731
    assert watching.go(gone, 8) is None, "it may pause while nobody speaks"
    found = watching.go(gone, 1)
    assert found is not None
    assert (found.fault, found.cause) == (AudioFault.NOTHING_RECEIVED, FaultCause.STOPPED)
    assert diagnosis_sentence(found) == (
        "no more sound packets come from 203.0.113.9:4000"
        " (the network broke off, or the far end is gone: its reports stay away too)"
    )
    assert watching.go(gone, 90) == found, "for as long as nothing comes"
    assert watching.go(stats, 2) is None, "and no longer"


def test_nothing_sent() -> None:
    found = found_in_time(lambda s: stats(s, sent=0))
    assert found == Diagnosis(AudioFault.NOTHING_SENT, FaultCause.DEVICE, THERE, THERE, "PCMU", HERE)
    assert diagnosis_sentence(found) == (
        "nothing is sent to the far end (the sound device stands still: look at the devices panel)"
    )


def test_nothing_sent_for_want_of_a_way() -> None:
    found = found_in_time(lambda s: replace(stats(s, sent=0), tx_refused=True))
    assert found is not None
    assert diagnosis_sentence(found) == (
        "nothing is sent to the far end (this machine's network takes no packets for 203.0.113.9:4000)"
    )


def test_nothing_sent_for_want_of_keys_comes_before_everything_else() -> None:
    waiting = replace(CALL, media=replace(MEDIA, keys_awaited=True))
    found = found_in_time(lambda s: replace(stats(s, came=0, sent=0), tx_refused=True, rx_from=THERE), waiting)
    assert found is not None
    assert diagnosis_sentence(found) == (
        "nothing is sent to the far end (encryption was agreed on, but its handshake, DTLS-SRTP, got no answer)"
    )


def test_packets_that_hold_only_silence() -> None:
    found = found_in_time(lambda s: stats(s, ear=HUSH))
    assert found is not None
    assert (found.fault, found.cause) == (AudioFault.SILENCE, FaultCause.FAR_MUTED)
    assert diagnosis_sentence(found) == (
        "sound packets come from 203.0.113.9:4000, but they hold nothing but silence"
        " (the far end's microphone is muted or off, or it holds you without saying so)"
    )


def test_packets_of_another_codec_cannot_be_played() -> None:
    found = found_in_time(lambda s: stats(s, ear=HUSH, empty_ms=1000.0 * s))
    assert found is not None
    assert (found.fault, found.cause) == (AudioFault.UNDECODABLE, FaultCause.CODEC)
    assert diagnosis_sentence(found) == (
        "packets come from 203.0.113.9:4000, but no sound can be made of them (it is not PCMU, which was agreed on)"
    )


def test_packets_under_other_keys_cannot_be_played() -> None:
    call = replace(CALL, media=replace(MEDIA, encryption="AES_CM_128_HMAC_SHA1_80"))
    found = found_in_time(lambda s: replace(stats(s, came=0), rx_from=THERE), call)
    assert found is not None
    assert (found.fault, found.cause) == (AudioFault.UNDECODABLE, FaultCause.KEYS)
    assert diagnosis_sentence(found) == (
        "packets come from 203.0.113.9:4000, but no sound can be made of them (encrypted with other keys, or not at all)"
    )


def test_packets_from_another_address_that_cannot_be_used() -> None:
    found = found_in_time(lambda s: replace(stats(s, came=0), rx_from="192.0.2.66:9999"))
    assert found == Diagnosis(AudioFault.OTHER_ADDRESS, FaultCause.KEYS, THERE, "192.0.2.66:9999", "PCMU", HERE)
    assert diagnosis_sentence(found) == (
        "sound comes from 192.0.2.66:9999, while the far end named 203.0.113.9:4000"
        " (it cannot be used: encrypted with other keys, or no RTP at all)"
    )


def test_the_far_end_loses_all_that_is_sent() -> None:
    watching = Watching(AudioWatch())

    def course(second: int) -> StreamStats:
        reports = second // 5
        return stats(second, reports=reports, lost=250 * reports)

    assert watching.go(course, 4) is None
    found = watching.go(course, 1)
    assert found is not None
    assert (found.fault, found.cause) == (AudioFault.FAR_RECEIVES_NOTHING, FaultCause.FIREWALL)
    assert diagnosis_sentence(found) == (
        "the far end reports that none of your sound reaches it (often a firewall that lets no UDP through on the way)"
    )


def test_the_far_end_reports_without_having_heard_of_us() -> None:
    found = found_in_time(lambda s: stats(s, reports=0, rtcp=s >= 5))
    assert found is not None
    assert found.fault is AudioFault.FAR_RECEIVES_NOTHING


def test_the_far_end_hears_nothing_since_it_is_not_where_it_said() -> None:
    found = found_in_time(lambda s: stats(s, reports=0, rtcp=s >= 5, source="203.0.113.9:61000"))
    assert found is not None
    assert found.fault is AudioFault.OTHER_ADDRESS
    assert "sound comes from 203.0.113.9:61000, while the far end named 203.0.113.9:4000" in diagnosis_sentence(found)


# --- no false alarms --------------------------------------------------------------------------------------------------


def test_a_call_in_which_all_is_well() -> None:
    assert never(stats)
    assert never(lambda s: stats(s, source="203.0.113.9:61000")), "heard from elsewhere is heard"


@pytest.mark.parametrize("held", [replace(CALL, local_hold=True), replace(CALL, remote_hold=True)])
def test_hold_is_silence_that_is_meant(held: Call) -> None:
    assert never(lambda s: stats(s, came=0, sent=0), held)


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_what_was_not_agreed_on_is_not_missed(direction: str) -> None:
    call = replace(CALL, media=replace(MEDIA, direction=direction))
    assert never(lambda s: stats(s, came=0), call)


def test_early_media_is_left_alone() -> None:
    early = replace(CALL, state=CallState.EARLY_MEDIA, answered_at=None)
    assert never(lambda s: stats(s, came=0, sent=0), early)


def test_mute_is_no_fault() -> None:
    muted = replace(CALL, muted=True)
    assert never(lambda s: stats(s, mic=HUSH), muted)
    assert never(lambda s: stats(s, sent=50), muted)


def test_our_own_silence_suppression_is_no_fault_but_speech_unsent_is() -> None:
    assert never(lambda s: stats(s, sent=20, mic=HUSH), suppressing=True)
    assert found_in_time(lambda s: stats(s, sent=20, mic=HEARD), suppressing=True) is not None


def test_a_far_end_that_sends_nothing_while_nobody_speaks() -> None:
    """Its RTCP goes on, or it never sent any; how loud it was at the end says nothing."""
    watching = Watching(AudioWatch())
    assert watching.go(stats, 10) is None
    for _ in range(60):
        assert watching.go(lambda s: stats(s, came=500), 1) is None

    watching = Watching(AudioWatch())
    assert watching.go(lambda s: stats(s, reports=0), 10) is None
    for _ in range(60):
        assert watching.go(lambda s: stats(s, came=500, reports=0), 1) is None


def test_a_far_end_that_seldom_reports_is_given_time() -> None:
    watching = Watching(AudioWatch())
    watching.go(lambda s: stats(s, reports=s // 12), 36)
    assert watching.go(lambda s: stats(s, came=1800, reports=3), 20) is None
    assert watching.go(lambda s: stats(s, came=1800, reports=3), 1) is not None


def test_comfort_noise_packets_are_no_broken_codec() -> None:
    """Discontinuous transmission: two packets a second, and the buffer is empty in between."""
    assert never(lambda s: stats(s, came=100 + 2 * s, ear=HUSH, empty_ms=960.0 * s))


def test_a_far_end_that_was_heard_may_be_silent() -> None:
    watching = Watching(AudioWatch())
    watching.go(lambda s: stats(s, ear=HEARD if s == 3 else HUSH), 5)
    assert watching.go(lambda s: stats(s, ear=HUSH), 60) is None


def test_an_echo_of_silence_is_no_fault_until_somebody_speaks() -> None:
    """A machine without a microphone, and the demo's echo."""
    watching = Watching(AudioWatch())
    assert watching.go(lambda s: stats(s, ear=HUSH, mic=HUSH), 60) is None
    found = watching.go(lambda s: stats(s, ear=HUSH, mic=HEARD), 1)
    assert found is not None
    assert found.fault is AudioFault.SILENCE


def test_levels_nobody_measured_say_nothing() -> None:
    assert never(lambda s: stats(s, ear=None, mic=None))


def test_sound_that_begins_late_is_told_only_until_it_comes() -> None:
    watching = Watching(AudioWatch())
    assert watching.go(lambda s: stats(s, came=0), 6) is not None
    assert watching.go(lambda s: stats(s, came=50 * (s - 6)), 1) is None
    assert watching.go(lambda s: stats(s, came=50 * (s - 6)), 30) is None


def test_back_from_hold_the_patience_begins_anew() -> None:
    watching = Watching(AudioWatch())
    watching.go(stats, 10)
    held = replace(CALL, local_hold=True)
    watching.go(lambda s: stats(s, came=500, sent=500), 30, held)
    assert watching.go(lambda s: stats(s, came=500), 3) is None, "the far end may need a moment"
    assert watching.go(lambda s: stats(s, came=500 + 50 * (s - 43)), 20) is None


def test_loss_that_is_not_total_is_left_to_the_figures() -> None:
    assert never(lambda s: stats(s, reports=s // 5, lost=100 * (s // 5)))
    assert never(lambda s: stats(s, came=20 * s))


def test_one_report_about_old_times_is_no_fault() -> None:
    """After a pause the far end's counters hold what was lost long ago."""
    assert never(lambda s: stats(s, reports=3, lost=5000))


def test_a_clock_that_jumps_does_not_invent_a_fault() -> None:
    watch = AudioWatch()
    for second in range(1, 4):
        watch.see(CALL, stats(second), 100.0 + second)
    assert watch.see(CALL, stats(4), 4000.0) is None
    assert watch.see(CALL, stats(5), 50.0) is None


# --- in the phone -----------------------------------------------------------------------------------------------------


async def test_the_phone_says_it_once_shows_it_and_ends_the_call_with_it() -> None:
    async with bench() as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        for second in range(1, 9):
            b.clock.advance(1)
            b.stack.report(replace(stats(second, came=0), call_id=call_id))
            await b.settle()
            assert bool(b.call(call_id).audio_problem) == (second >= 4)
        problem = b.call(call_id).audio_problem
        assert problem.startswith("no sound packets come from the far end")
        notices = [e.text for e in b.events if isinstance(e, Notice)]
        assert notices == [f"Line 1: {problem}"]
        await b.phone.hang_up()
        await b.settle()
        call = b.call(call_id)
        assert call.end is not None
        assert call.end.kind is EndKind.HANGUP
        assert call.end.audio_problem == problem
        assert problem in texts.end_sentence(call)
        assert problem in texts.end_sentence(b.history.rows[0])


async def test_sound_that_comes_and_goes_is_told_once_and_shown_each_time() -> None:
    async with bench() as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        sent, shown = 0, []
        for second in range(1, 31):
            sent += 50 if second % 10 in {8, 9} else 0
            b.clock.advance(1)
            b.stack.report(replace(stats(second, sent=sent), call_id=call_id))
            await b.settle()
            shown.append(bool(b.call(call_id).audio_problem))
        assert sum(not before and after for before, after in pairwise(shown)) > 1
        assert len([e for e in b.events if isinstance(e, Notice)]) == 1


async def test_a_problem_that_went_away_is_not_in_the_end_cause() -> None:
    async with bench() as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        for second in range(1, 15):
            b.clock.advance(1)
            b.stack.report(replace(stats(second, came=0 if second < 7 else 50 * (second - 6)), call_id=call_id))
            await b.settle()
        assert b.call(call_id).audio_problem == ""
        await b.phone.hang_up()
        await b.settle()
        assert "sound packets" not in texts.end_sentence(b.call(call_id))


async def test_voice_activity_detection_is_known_to_the_watch() -> None:
    config = Config(accounts=(SALES, DESK), audio=AudioSection(vad=True))
    async with bench(config) as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        for second in range(1, 9):
            b.clock.advance(1)
            b.stack.report(replace(stats(second, sent=10, mic=HUSH), call_id=call_id))
            await b.settle()
        assert b.call(call_id).audio_problem == ""
