"""From typed text to a call."""

from __future__ import annotations

from textual.events import Paste

from tests.tui.support import Desk, desk


def uri(d: Desk) -> object:
    return d.given("make_call")[-1][3]


async def test_a_digit_outside_a_call_begins_to_dial() -> None:
    async with desk() as d:
        await d.press("2", "0", "4", "4")
        assert d.focused() == "number"
        assert d.app.main.dial.input.value == "2044"
        assert "dials 2044 from 2001 sales" in d.picture()
        await d.press("enter")
        await d.until(lambda: d.store.calls, "the call")
        assert uri(d) == "sip:2044@pbx.example"


async def test_letters_are_commands_again_after_dialling() -> None:
    async with desk() as d:
        await d.press("d", "2", "0", "4", "4", "enter")
        await d.until(lambda: d.store.calls, "the call")
        assert d.app.main.dial.input.value == ""
        assert d.focused() == "call"
        await d.press("h")
        await d.until(lambda: not d.store.calls, "the cancelled call")


async def test_f5_dials_what_the_input_holds() -> None:
    async with desk() as d:
        await d.press("f5", "7", "f5")
        await d.until(lambda: d.store.calls, "the call")
        assert uri(d) == "sip:7@pbx.example"


async def test_what_was_pasted_is_cleaned_and_shown_before_it_is_dialled() -> None:
    async with desk() as d:
        await d.press("d")
        d.app.main.dial.input.post_message(Paste("\n tel:+44 (0)20\r\n7946-0018 \n"))
        await d.until(lambda: "dials +442079460018 from 2001" in d.picture(), "the cleaned number")
        await d.press("enter")
        await d.until(lambda: d.store.calls, "the call")
        assert uri(d) == "sip:+442079460018@pbx.example"


async def test_what_cannot_be_dialled_says_why_and_is_not_dialled() -> None:
    async with desk() as d:
        await d.press("d", "a", "at", "b", "at", "c")
        assert "has characters" in d.picture()
        await d.press("enter")
        assert not d.given("make_call")
        assert d.app.main.dial.input.value == "a@b@c"


async def test_enter_on_the_empty_field_brings_the_last_number_back() -> None:
    async with desk() as d:
        await d.press("d", "b", "u", "s", "y", "enter")
        await d.until(lambda: d.store.history, "the ended call")
        await d.press("d", "enter")
        assert d.app.main.dial.input.value == "busy"
        await d.press("enter")
        await d.until(lambda: len(d.given("make_call")) == 2, "the second call")


async def test_redial_by_key() -> None:
    async with desk() as d:
        await d.press("d", "b", "u", "s", "y", "enter")
        await d.until(lambda: d.store.history, "the ended call")
        await d.press("R")
        await d.until(lambda: len(d.given("make_call")) == 2, "the second call")


async def test_suggestions_come_from_the_history_by_number_and_name() -> None:
    async with desk() as d:
        await d.missed("2044", "Ana Souza")
        await d.missed("2090", "Rui Alves")
        await d.press("d", "r", "u", "i")
        assert "2090  Rui Alves" in d.picture()
        await d.press("down")
        assert d.app.main.dial.input.value == "2090"
        await d.press("up")
        assert d.app.main.dial.input.value == "rui"
        await d.press("down", "enter")
        await d.until(lambda: d.store.calls, "the call")
        assert uri(d) == "sip:2090@pbx.example"


async def test_escape_empties_the_field_then_leaves_it() -> None:
    async with desk() as d:
        await d.press("d", "1", "2", "escape")
        assert (d.app.main.dial.input.value, d.focused()) == ("", "number")
        await d.press("escape")
        assert d.focused() == "call"


async def test_the_account_to_call_from_is_chosen_by_key() -> None:
    async with desk() as d:
        await d.press("f", "down", "enter")
        assert d.store.account_to_dial_from().id == "desk"  # type: ignore[union-attr]
        await d.press("5")
        assert "dials 5 from 2002 desk" in d.picture()
        await d.press("enter")
        await d.until(lambda: d.store.calls, "the call")
        assert d.given("make_call")[-1][2] == "desk"


async def test_the_small_dialpad_can_be_clicked() -> None:
    async with desk() as d:
        rows = d.picture().splitlines()
        y = next(index for index, row in enumerate(rows) if "1 2 3   4 5 6" in row)
        x = rows[y].index("4 5 6")
        await d.pilot.click(offset=(x, y))
        await d.pilot.click(offset=(x + 2, y))
        await d.rest()
        assert d.app.main.dial.input.value == "45"


async def test_the_big_dialpad_sends_dtmf_in_a_talking_call() -> None:
    async with desk((120, 40)) as d:
        call = await d.talking()
        rows = d.picture().splitlines()
        y = next(index for index, row in enumerate(rows) if "7 pqr" in row)
        await d.pilot.click(offset=(rows[y].index("7 pqr"), y))
        await d.until(lambda: d.store.calls[call].dtmf_sent == 1, "the digit")
        assert d.stack.calls[call].sent_digits[0][0] == "7"


async def test_a_refused_call_leaves_the_number_in_the_field() -> None:
    async with desk() as d:
        for _ in range(d.store.max_lines - 1):
            await d.talking()
        await d.press("d", "9", "9")
        await d.incoming()
        await d.press("enter")
        await d.until(d.message, "the reason")
        assert d.app.main.dial.input.value == "99"
        assert not d.given("make_call")


async def test_a_far_end_cannot_write_markup_or_controls_to_the_screen() -> None:
    async with desk() as d:
        await d.incoming("300", "[bold red]X[/] \x1b]0;pwn\x07\u202e")
        picture = d.picture()
        assert "[bold red]X[/]" in picture
        assert "\x1b" not in picture
        assert "\u202e" not in picture


async def test_a_number_pasted_where_no_field_is_begins_to_dial() -> None:
    async with desk() as d:
        assert d.focused() == "lines"
        d.app.post_message(Paste("tel:+44 20 7946\n0018\n"))
        await d.until(lambda: "dials +442079460018 from 2001" in d.picture(), "the number")
        assert not d.given("make_call")
        assert d.focused() == "number"


async def test_what_is_pasted_over_a_dialog_goes_nowhere() -> None:
    async with desk() as d:
        await d.press("question_mark")
        d.app.post_message(Paste("2044"))
        await d.rest()
        assert d.app.main.dial.input.value == ""
