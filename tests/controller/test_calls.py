from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.config.schema import Config, PhoneSection
from tuiphone.controller.ports import HoldFailedReport, MediaReport, ProgressReport
from tuiphone.errors import PhoneError
from tuiphone.model.account import DtmfMethod
from tuiphone.model.call import CallState, EndedBy, EndKind
from tuiphone.model.event import CallChanged, DtmfReceived, Notice
from tuiphone.model.media import StreamStats


@pytest.fixture
async def desk() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


async def talking(desk: Bench, number: str = "answer") -> str:
    call = await desk.phone.dial(number)
    await desk.settle()
    assert desk.call(call).state is CallState.TALKING
    return call


async def test_an_outgoing_call_goes_through_its_states_to_talking(desk: Bench) -> None:
    call = await desk.phone.dial("2044")
    await desk.settle()
    assert desk.call(call).state is CallState.RINGING
    desk.clock.advance(3)
    desk.stack.far_answers(call)
    await desk.settle()
    states = [e.call.state for e in desk.events if isinstance(e, CallChanged)]
    assert list(dict.fromkeys(states)) == [
        CallState.DIALING,
        CallState.RINGING,
        CallState.CONNECTING,
        CallState.TALKING,
    ]
    assert desk.call(call).answered_at == desk.call(call).created_at + 3
    assert desk.call(call).media is not None


async def test_what_was_typed_is_cleaned_before_it_is_dialled(desk: Bench) -> None:
    await desk.phone.dial("+49 (241) 12-34\n", account="desk")
    assert desk.last("make_call")[2:] == ("desk", "sip:+492411234@pbx.example")


async def test_a_call_from_an_unknown_account_names_the_known_ones(desk: Bench) -> None:
    with pytest.raises(PhoneError, match=r"no account “nosuch” \(known: sales, desk\)"):
        await desk.phone.dial("2044", account="nosuch")


async def test_an_incoming_call_rings_and_is_answered(desk: Bench) -> None:
    call = desk.stack.far_calls("sales", "300", "Door intercom")
    await desk.settle()
    assert desk.call(call).is_ringing
    assert ("ring", call) in desk.stack.commands
    await desk.phone.answer()
    await desk.settle()
    assert desk.call(call).state is CallState.TALKING
    assert desk.call(call).remote.label == "Door intercom"


async def test_answering_holds_the_call_that_talks(desk: Bench) -> None:
    first = await talking(desk)
    second = desk.stack.far_calls("sales")
    await desk.settle()
    await desk.phone.answer()
    await desk.settle()
    assert desk.call(first).is_held
    assert desk.call(second).is_talking


async def test_answer_takes_the_oldest_ringing_call(desk: Bench) -> None:
    oldest = desk.stack.far_calls("sales")
    desk.stack.far_calls("desk")
    await desk.settle()
    await desk.phone.answer()
    assert desk.last("answer") == ("answer", oldest)


async def test_decline_uses_the_configured_code_unless_one_is_given(desk: Bench) -> None:
    first = desk.stack.far_calls("sales")
    await desk.settle()
    await desk.phone.decline()
    assert desk.stack.commands[-1] == ("hang_up", first, 486)
    second = desk.stack.far_calls("sales")
    await desk.settle()
    await desk.phone.decline(second, 603)
    assert desk.stack.commands[-1] == ("hang_up", second, 603)


async def test_decline_refuses_a_code_that_would_not_decline(desk: Bench) -> None:
    desk.stack.far_calls("sales")
    await desk.settle()
    with pytest.raises(PhoneError, match="200 does not decline a call"):
        await desk.phone.decline(code=200)


async def test_hold_resume_and_swap(desk: Bench) -> None:
    first = await talking(desk)
    second = await talking(desk)
    assert desk.call(first).is_held
    await desk.phone.swap()
    await desk.settle()
    assert desk.call(first).is_talking
    assert desk.call(second).is_held
    await desk.phone.hold()
    await desk.settle()
    assert desk.call(first).is_held
    await desk.phone.resume(second)
    await desk.settle()
    assert desk.call(second).is_talking


async def test_only_one_call_talks_at_a_time(desk: Bench) -> None:
    for _ in range(4):
        await talking(desk)
        assert sum(call.is_talking for call in (await desk.phone.snapshot()).calls) == 1


async def test_a_second_dial_while_one_is_dialling_is_refused_with_the_remedy(desk: Bench) -> None:
    await desk.phone.dial("2044")
    with pytest.raises(PhoneError, match="Line 1 is still dialling"):
        await desk.phone.dial("2045")


async def test_two_calls_answered_at_once_leave_one_microphone(desk: Bench) -> None:
    first = await talking(desk)
    await desk.phone.hold()
    await desk.settle()
    second = await desk.phone.dial("2044")
    await desk.settle()
    await desk.phone.resume(first)
    desk.stack.far_answers(second)
    await desk.settle()
    assert desk.call(first).is_talking
    assert desk.call(second).is_held


@pytest.mark.parametrize(
    ("resuming", "words"),
    [
        (False, "refused the hold (488 Not Acceptable Here)"),
        (True, "stays on hold: the far end refused to resume it (488"),
    ],
)
async def test_a_call_whose_hold_is_refused_is_on_hold_all_the_same(desk: Bench, resuming: bool, words: str) -> None:
    call = await talking(desk)
    await desk.phone.hold()
    if resuming:
        await desk.phone.resume()
    await desk.settle()
    desk.stack.report(HoldFailedReport(call, 488, "Not Acceptable Here", resuming))
    await desk.settle()
    assert desk.call(call).is_held
    assert any(isinstance(e, Notice) and words in e.text for e in desk.events)
    await desk.phone.resume()
    await desk.settle()
    assert desk.call(call).is_talking


async def test_news_of_the_audio_never_takes_a_call_off_hold(desk: Bench) -> None:
    first = await talking(desk)
    second = await desk.phone.dial("2044")
    await desk.settle()
    assert desk.call(first).is_held
    desk.stack.report(MediaReport(first, desk.call(first).media))  # was under way when the hold was asked for
    desk.stack.far_answers(second)
    await desk.settle()
    snapshot = await desk.phone.snapshot()
    assert [call.id for call in snapshot.calls if call.is_talking] == [second]


async def test_hold_by_the_far_end_is_a_flag_of_its_own(desk: Bench) -> None:
    call = await talking(desk)
    desk.stack.far_holds(call)
    await desk.settle()
    assert desk.call(call).remote_hold
    assert not desk.call(call).local_hold
    desk.stack.far_holds(call, False)
    await desk.settle()
    assert not desk.call(call).remote_hold


async def test_mute_changes_over_and_survives_hold(desk: Bench) -> None:
    call = await talking(desk)
    assert await desk.phone.mute() is True
    await desk.phone.hold()
    await desk.settle()
    await desk.phone.resume()
    await desk.settle()
    assert desk.call(call).muted
    assert await desk.phone.mute() is False


async def test_digits_go_by_the_calls_method_and_are_only_counted(desk: Bench) -> None:
    call = await talking(desk)
    await desk.phone.send_dtmf("12,#")
    await desk.phone.set_dtmf_method(DtmfMethod.INFO)
    await desk.phone.send_dtmf("9")
    sent = desk.stack.calls[call].sent_digits
    assert sent == [("12,#", DtmfMethod.RFC4733), ("9", DtmfMethod.INFO)]
    await desk.settle()
    assert desk.call(call).dtmf_sent == 4
    assert "12" not in str(desk.call(call).dtmf_received)


async def test_a_wrong_digit_is_named(desk: Bench) -> None:
    await talking(desk)
    with pytest.raises(PhoneError, match="not “X”"):
        await desk.phone.send_dtmf("1x")


async def test_digits_are_refused_on_hold(desk: Bench) -> None:
    call = await talking(desk)
    await desk.phone.hold()
    await desk.settle()
    with pytest.raises(PhoneError, match="digits would not be heard"):
        await desk.phone.send_dtmf("1", call)


async def test_received_digits_are_an_event_and_shown(desk: Bench) -> None:
    call = await talking(desk)
    desk.stack.far_sends_digit(call, "5")
    await desk.settle()
    assert DtmfReceived(call, "5", DtmfMethod.RFC4733) in desk.events
    assert desk.call(call).dtmf_received == "5"


async def test_a_call_can_be_named_by_its_line(desk: Bench) -> None:
    call = await talking(desk)
    await desk.phone.hold("1")
    assert desk.stack.commands[-1] == ("hold", call)


async def test_lines_are_kept_and_reused(desk: Bench) -> None:
    first = await talking(desk)
    second = await talking(desk)
    assert (desk.call(first).line, desk.call(second).line) == (1, 2)
    await desk.phone.hang_up(first)
    await desk.settle()
    assert desk.call(await talking(desk)).line == 1


async def test_a_full_phone_refuses_to_dial_and_is_busy_to_callers() -> None:
    config = Config(phone=PhoneSection(max_lines=1), accounts=(SALES,))
    async with bench(config) as desk:
        await talking(desk)
        with pytest.raises(PhoneError, match="All 1 lines are in use"):
            await desk.phone.dial("2044")
        call = desk.stack.far_calls("sales")
        await desk.settle()
        assert desk.stack.commands[-1] == ("hang_up", call, 486)
        assert desk.history.rows[0].end is not None
        assert desk.history.rows[0].end.kind is EndKind.LINES_FULL


async def test_do_not_disturb_rejects_and_keeps_the_missed_call(desk: Bench) -> None:
    await desk.phone.set_dnd(True)
    call = desk.stack.far_calls("sales", "300")
    await desk.settle()
    assert desk.stack.commands[-1] == ("hang_up", call, 486)
    assert ("ring", call) not in desk.stack.commands
    assert not (await desk.phone.snapshot()).calls
    row = desk.history.rows[0]
    assert row.missed and row.end is not None and row.end.kind is EndKind.DND
    assert desk.settings.values["phone.dnd"] is True


async def test_hang_up_ends_what_a_person_would_mean(desk: Bench) -> None:
    call = await talking(desk)
    ringing = desk.stack.far_calls("sales")
    await desk.settle()
    await desk.phone.hang_up()
    await desk.settle()
    assert desk.call(call).is_over
    assert desk.call(ringing).is_ringing


async def test_the_end_cause_tells_who_and_why(desk: Bench) -> None:
    call = await desk.phone.dial("busy")
    await desk.settle()
    end = desk.call(call).end
    assert end is not None
    assert (end.by, end.kind, end.code) == (EndedBy.THEM, EndKind.BUSY, 486)


async def test_an_ended_call_is_kept_in_the_history(desk: Bench) -> None:
    call = await talking(desk)
    desk.clock.advance(12)
    desk.stack.far_hangs_up(call)
    await desk.settle()
    row = desk.history.rows[0]
    assert (row.call_id, row.duration_s, row.codec, row.account_id) == (call, 12, "PCMU", "sales")


async def test_redial_calls_the_last_dialled_number_from_its_account(desk: Bench) -> None:
    await desk.phone.dial("busy", account="desk")
    await desk.settle()
    await desk.phone.redial()
    assert desk.last("make_call")[2:] == ("desk", "sip:busy@pbx.example")


async def test_redial_without_a_past_says_so(desk: Bench) -> None:
    with pytest.raises(PhoneError, match="Nothing has been dialled yet"):
        await desk.phone.redial()


async def test_an_unknown_call_is_named(desk: Bench) -> None:
    with pytest.raises(PhoneError, match="no call “gone”"):
        await desk.phone.hold("gone")


async def test_an_impossible_report_is_not_believed(desk: Bench) -> None:
    call = await talking(desk)
    desk.stack.report(ProgressReport(call, 180, "Ringing"))
    await desk.settle()
    assert desk.call(call).state is CallState.TALKING


async def test_files_are_played_and_recorded_once_audio_flows(desk: Bench) -> None:
    call = await desk.phone.dial("2044", play="/tmp/in.wav", record="/tmp/out.wav")
    await desk.settle()
    assert not [c for c in desk.stack.commands if c[0] in {"play", "record"}]
    desk.stack.far_answers(call)
    await desk.settle()
    assert ("play", call, "/tmp/in.wav", False) in desk.stack.commands
    assert ("record", call, "/tmp/out.wav") in desk.stack.commands


async def test_rtp_that_stays_away_is_said_once_and_ends_the_call_only_if_configured() -> None:
    config = Config(phone=PhoneSection(rtp_timeout_s=30, rtp_timeout_hangup=True), accounts=(SALES, DESK))
    async with bench(config) as desk:
        call = await talking(desk)
        assert desk.stack.watched[1] == 1.0
        for silent in (29.0, 30.0, 31.0):
            desk.stack.report(StreamStats(call, rx_silent_s=silent))
        await desk.settle()
        notices = [e for e in desk.events if isinstance(e, Notice) and "nothing has been heard" in e.text]
        assert len(notices) == 1
        end = desk.call(call).end
        assert end is not None and end.kind is EndKind.RTP_SILENCE and end.by is EndedBy.PHONE


async def test_shutdown_is_refused_while_calls_exist_unless_forced(desk: Bench) -> None:
    await talking(desk)
    with pytest.raises(PhoneError, match="has calls"):
        await desk.phone.shutdown()
    await desk.phone.shutdown(force=True)
    assert desk.shutdowns == 1


async def test_stopping_ends_every_call_and_says_why(desk: Bench) -> None:
    call = await talking(desk)
    await desk.phone.stop("test")
    await desk.settle()
    end = desk.call(call).end
    assert end is not None and end.kind is EndKind.ENGINE_STOPPED
