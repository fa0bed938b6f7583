"""What keys do to calls: asserted at the stack and in the projection, not in the picture."""

from __future__ import annotations

from tests.tui.support import desk
from tuiphone.model.account import DtmfMethod
from tuiphone.model.call import CallState
from tuiphone.stack.fake import FakeStack


async def test_answer_takes_the_ringing_call_and_holds_the_talking_one() -> None:
    async with desk() as d:
        first = await d.talking("2044")
        second = await d.incoming("300", "Door")
        await d.press("a")
        await d.until(lambda: d.store.calls[second].is_talking, "the second call")
        assert d.store.calls[first].is_held
        assert d.store.current() is d.store.calls[second]


async def test_f6_answers_from_within_an_input_and_from_a_dialog() -> None:
    async with desk() as d:
        await d.press("d")
        assert d.focused() == "number"
        call = await d.incoming()
        await d.press("f6")
        await d.until(lambda: d.store.calls[call].is_talking, "the answered call")
        await d.press("ctrl+p")
        other = await d.incoming("300", "Door")
        await d.press("f6")
        await d.until(lambda: d.store.calls[other].is_talking, "the call answered from the menu")


async def test_a_letter_typed_into_the_dial_input_never_answers_or_hangs_up() -> None:
    async with desk() as d:
        talking = await d.talking()
        await d.press("d")
        ringing = await d.incoming("300", "Door")
        await d.press("a", "h", "x", "o", "m", "H")
        assert d.app.main.dial.input.value == "ahxomH"
        assert d.store.calls[talking].is_talking
        assert not d.store.calls[talking].muted
        assert d.store.calls[ringing].is_ringing


async def test_a_letter_typed_over_a_dialog_never_answers() -> None:
    async with desk() as d:
        ringing = await d.incoming()
        await d.press("g", "a", "h")
        assert d.store.calls[ringing].is_ringing


async def test_escape_never_hangs_up() -> None:
    async with desk() as d:
        talking = await d.talking()
        await d.press("escape", "escape", "escape")
        assert d.store.calls[talking].is_talking


async def test_ringing_moves_no_focus_and_no_row() -> None:
    async with desk() as d:
        await d.press("d", "2", "0")
        regions = {widget.id: widget.region for widget in d.app.main.query("*") if widget.id}
        await d.incoming()
        assert d.focused() == "number"
        assert {widget.id: widget.region for widget in d.app.main.query("*") if widget.id} == regions


async def test_hang_up_ends_the_call_shown() -> None:
    async with desk() as d:
        first = await d.talking("2044")
        second = await d.talking("300")
        await d.press("[", "h")
        await d.until(lambda: first not in d.store.calls, "the end of the selected call")
        assert second in d.store.calls


async def test_f8_declines_while_a_call_rings_and_hangs_up_otherwise() -> None:
    async with desk() as d:
        call = await d.incoming()
        await d.press("f8")
        await d.until(lambda: call not in d.store.calls, "the declined call")
        assert d.given("hang_up")[-1] == ("hang_up", call, 486)
        talking = await d.talking()
        await d.press("f8")
        await d.until(lambda: talking not in d.store.calls, "the end of the talking call")


async def test_f8_struck_just_as_a_call_begins_to_ring_declines_nothing() -> None:
    async with desk() as d:
        talking = await d.talking()
        ringing = await d.incoming("300", "Door")
        await d.press("f8")
        assert "again" in d.message()
        assert {talking, ringing} <= set(d.store.calls)
        d.app._rang_at -= 1
        await d.press("f8")
        await d.until(lambda: ringing not in d.store.calls, "the declined call")
        assert d.store.calls[talking].is_talking


async def test_the_code_of_a_declined_call_can_be_chosen() -> None:
    async with desk() as d:
        call = await d.incoming()
        await d.press("X", "down", "enter")
        await d.until(lambda: call not in d.store.calls, "the declined call")
        assert d.given("hang_up")[-1] == ("hang_up", call, 480)


async def test_hold_and_resume_are_one_key() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("o")
        await d.until(lambda: d.store.calls[call].is_held, "hold")
        await d.press("f3")
        await d.until(lambda: d.store.calls[call].is_talking, "resume")


async def test_swap_changes_places() -> None:
    async with desk() as d:
        first, second = await d.talking("2044"), await d.talking("300")
        assert d.store.calls[first].is_held
        await d.press("w")
        await d.until(lambda: d.store.calls[first].is_talking and d.store.calls[second].is_held, "the swap")


async def test_mute_and_unmute() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("m")
        await d.until(lambda: d.store.calls[call].muted, "mute")
        assert "MICROPHONE MUTED" in d.picture()
        await d.press("f4")
        await d.until(lambda: not d.store.calls[call].muted, "unmute")


async def test_digits_are_sent_in_order_counted_and_not_shown() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("9", "8", "7", "6", "asterisk", "number_sign", "A")
        await d.until(lambda: d.store.calls[call].dtmf_sent == 7, "seven digits")
        assert "".join(digits for digits, _method in d.stack.calls[call].sent_digits) == "9876*#A"
        assert "sent 7" in d.picture()
        assert "9876" not in d.picture()
        assert "9876" not in " ".join(message.text for message in d.store.messages)


async def test_received_digits_are_shown() -> None:
    async with desk() as d:
        call = await d.talking()
        for digit in "12#":
            d.stack.far_sends_digit(call, digit)
        await d.until(lambda: "received 12#" in d.picture(), "the digits")


async def test_the_dtmf_method_can_be_changed_in_a_call() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("k", "down", "enter")
        await d.until(lambda: d.store.calls[call].dtmf is DtmfMethod.INFO, "the method")
        await d.press("5")
        await d.until(lambda: d.stack.calls[call].sent_digits == [("5", DtmfMethod.INFO)], "the digit by INFO")


async def test_lines_are_selected_by_brackets_arrows_alt_and_click() -> None:
    async with desk() as d:
        first, second = await d.talking("2044"), await d.talking("300")
        assert d.selected() == second
        await d.press("[")
        assert d.selected() == first
        await d.press("alt+2")
        assert d.selected() == second
        await d.press("up")
        assert d.selected() == first
        await d.pilot.click("#lines", offset=(12, 3))
        assert d.selected() == second


async def test_a_held_call_that_is_shown_is_the_one_that_resume_means() -> None:
    async with desk() as d:
        first, second = await d.talking("2044"), await d.talking("300")
        await d.press("[", "o")
        await d.until(lambda: d.store.calls[first].is_talking, "the resumed call")
        assert d.store.calls[second].is_held


async def test_a_hold_of_the_far_end_is_told_in_words() -> None:
    async with desk() as d:
        call = await d.talking()
        d.stack.far_holds(call)
        await d.until(lambda: "held by far end" in d.picture(), "the words")


async def test_a_command_that_is_not_possible_says_why() -> None:
    async with desk() as d:
        await d.press("o")
        assert d.message() == "There is no call"
        await d.press("a")
        assert d.message() == "No call rings here"
        call = await d.incoming()
        await d.press("o")
        assert "not answered" in d.message()
        assert d.store.calls[call].state is CallState.INCOMING


async def test_the_end_of_a_call_is_told_in_one_line() -> None:
    async with desk() as d:
        call = await d.talking()
        d.stack.far_hangs_up(call)
        await d.until(lambda: "Ana Souza hung up after 00:00" in d.message(), "the sentence")


async def test_do_not_disturb_is_a_word_on_the_screen() -> None:
    async with desk() as d:
        await d.press("n")
        await d.until(lambda: d.store.dnd, "do-not-disturb")
        assert " DND " in d.picture().splitlines()[0]
        await d.press("n")
        await d.until(lambda: not d.store.dnd, "readiness")
        assert "READY" in d.picture().splitlines()[0]


async def test_a_missed_call_waits_in_the_strip_until_the_history_is_looked_at() -> None:
    async with desk() as d:
        await d.missed("2044", "Ana Souza")
        await d.until(lambda: "1 missed call" in d.picture(), "the count")
        await d.press("r")
        await d.until(lambda: d.store.missed == 0, "the calls to be seen")


async def test_a_recording_is_a_word_on_the_screen() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.bench.phone.record("/nowhere/far.wav", call)
        await d.until(lambda: d.store.calls[call].recording and " REC " in d.picture(), "the word")


async def test_without_a_microphone_the_call_says_so_and_none_is_live() -> None:
    stack = FakeStack()
    stack.available = ()
    async with desk(stack=stack) as d:
        await d.talking()
        rows = d.picture().splitlines()
        assert any("mic " in row and "no sound" in row and "live" not in row for row in rows)
        assert any("ear " in row and "no sound" in row for row in rows)
