"""The codecs on the screen: shown in their order, switched, moved, saved or left as they were."""

from __future__ import annotations

from dataclasses import replace

from tests.support.controller import DESK, SALES
from tests.tui.support import Desk, desk
from tuiphone.config.schema import AudioSection, CodecsSection, Config, UiSection
from tuiphone.model.codec import Codec, CodecSettings
from tuiphone.stack.fake import FakeStack
from tuiphone.tui.dialogs.account_form import AccountForm
from tuiphone.tui.dialogs.codecs import CodecsDialog

BOTH = Config(accounts=(SALES, DESK), audio=AudioSection(codecs=("opus", "PCMU")))


async def opened(d: Desk) -> None:
    await d.press("K")
    await d.until(lambda: d.is_open("Codecs"), "the dialog")
    await d.rest()


def order(d: Desk) -> list[str]:
    """Name and word of the rows, as they stand."""
    known = ("opus", "PCMU", "PCMA", "G729")
    found = []
    for line in d.picture().splitlines():
        words = line.split()
        name = next((word for word in words if word in known), "")
        state = next((word for word in words if word in ("on", "off", "missing")), "")
        if name and state:
            found.append(f"{name} {state}")
    return found


async def test_what_is_on_stands_first_and_what_is_missing_last_with_its_remedy() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        assert order(d) == ["opus on", "PCMU on", "PCMA off", "G729 missing"]
        assert "opus 48k" in d.picture()
        assert "run make setup" in d.picture()


async def test_codecs_are_moved_switched_and_saved_by_key() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        await d.press("d")
        assert order(d) == ["PCMU on", "opus on", "PCMA off", "G729 missing"]
        await d.press("down", "space", "u", "u")
        assert order(d) == ["PCMA on", "PCMU on", "opus on", "G729 missing"]
        await d.press("enter")
        await d.until(lambda: d.given("set_codecs"), "the new order")
        assert d.given("set_codecs")[-1][1] == ("PCMA/8000", "PCMU/8000", "opus/48000")
        await d.until(lambda: d.app.screen is d.app.main, "the end of the dialog")
        assert d.message() == "Offered from now on: PCMA 8k, PCMU 8k, opus 48k"
        assert d.bench.settings.values["audio.codecs"] == ("PCMA/8000", "PCMU/8000", "opus/48000")


async def test_escape_leaves_them_as_they_were() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        await d.press("space", "escape")
        assert d.app.screen is d.app.main
        assert not d.given("set_codecs")
        await opened(d)
        assert order(d)[0] == "opus on"


async def test_no_codec_at_all_is_refused_and_the_dialog_stays() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        await d.press("space", "home", "space", "enter")
        await d.until(lambda: "A call needs at least one codec" in d.picture(), "the reason")
        assert d.is_open("Codecs")
        assert not d.given("set_codecs")


async def test_a_missing_codec_says_what_to_do_and_one_that_is_off_has_no_place() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        await d.press("end", "space")
        assert "This engine has no G729/8000: run make setup" in d.picture()
        await d.press("u")
        assert "Only a codec that is on has a place" in d.picture()
        assert order(d) == ["opus on", "PCMU on", "PCMA off", "G729 missing"]


async def test_the_reason_has_room_below_a_list_that_is_too_long() -> None:
    stack = FakeStack()
    many = tuple(Codec(f"speex{number}", 8000, 1, number) for number in range(1, 20))
    async with desk(stack=stack) as d:
        await d.app.push_screen(CodecsDialog(d.app.view, many))
        await d.press("end")
        assert "speex19" in d.picture()
        await d.press("space", "u")
        assert "Only a codec that is on has a place" in d.picture()


async def test_the_words_of_the_frame_are_buttons() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        for words in ("d down", "Enter saves"):
            rows = d.picture().splitlines()
            y = next(y for y, line in enumerate(rows) if words in line)
            await d.pilot.click(offset=(rows[y].index(words) + 1, y))
            await d.rest()
        await d.until(lambda: d.given("set_codecs"), "the new order")
        assert d.given("set_codecs")[-1][1] == ("PCMU/8000", "opus/48000")


def parameters(d: Desk) -> CodecSettings:
    """What the stack was told last."""
    told = d.given("set_codec_settings")[-1][1]
    assert isinstance(told, CodecSettings)
    return told


async def test_parameters_are_changed_over_the_list_whose_order_waits() -> None:
    async with desk(config=BOTH) as d:
        await opened(d)
        await d.press("d", "p")
        await d.until(lambda: d.is_open("Codec parameters"), "the parameters")
        await d.press("space")
        await d.until(lambda: d.given("set_codec_settings"), "the first change")
        assert parameters(d) == CodecSettings(opus_fec=False)
        for key, count in (("down", 2), ("right", 6), ("down", 2), ("left", 1), ("down", 1), ("enter", 1)):
            await d.press(*[key] * count)
        await d.press("end", "right")
        await d.until(lambda: parameters(d).answer_order == "offer", "the last change")
        assert parameters(d) == CodecSettings("offer", False, False, 24000, 5, 20, 60, True)
        assert "24 kbit/s" in d.picture()
        assert "the caller's" in d.picture()
        assert d.bench.settings.values["codecs.ilbc_mode_ms"] == 20
        await d.press("escape")
        assert order(d)[:2] == ["PCMU on", "opus on"]
        assert not d.given("set_codecs")


async def test_parameters_end_at_their_ends_and_a_bit_rate_between_steps_goes_to_the_next() -> None:
    config = replace(BOTH, codecs=CodecsSection(opus_bit_rate=30000, opus_complexity=10))
    async with desk(config=config) as d:
        await d.press("ctrl+p", *"codec par", "enter")
        await d.until(lambda: d.is_open("Codec parameters"), "the parameters")
        assert "30 kbit/s" in d.picture()
        await d.press("down", "down", "left", "down", "right")
        assert "24 kbit/s" in d.picture()
        assert parameters(d) == CodecSettings(opus_bit_rate=24000, opus_complexity=10)


async def test_an_account_of_the_screen_has_codecs_of_its_own() -> None:
    async with desk(config=BOTH) as d:
        await d.app.push_screen(AccountForm(d.app.view))
        await d.press(*"2003@pbx.example", *["down"] * 11, *"G729, opsu", "enter")
        await d.until(lambda: "“opsu” names no codec; there are: " in d.picture(), "the reason")
        await d.press(*["backspace"] * 4, *"PCM*", "enter")
        await d.until(lambda: "2003" in d.store.accounts, "the account")
        assert d.store.accounts["2003"].account.codecs == ("G729", "PCM*")


async def test_a_call_that_rings_meanwhile_can_be_answered() -> None:
    async with desk(config=BOTH, ui=UiSection(glyphs="ascii")) as d:
        await opened(d)
        call = await d.incoming()
        assert "RINGING line 1" in d.picture()
        assert d.picture().isascii()
        await d.press("f6")
        await d.until(lambda: d.store.calls[call].is_talking, "the call")
