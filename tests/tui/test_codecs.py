"""The codecs on the screen: shown in their order, switched, moved, saved or left as they were."""

from __future__ import annotations

from tests.support.controller import DESK, SALES
from tests.tui.support import Desk, desk
from tuiphone.config.schema import AudioSection, Config, UiSection
from tuiphone.model.codec import Codec
from tuiphone.stack.fake import FakeStack
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
        assert d.message() == "Codecs from the next call on: PCMA/8000, PCMU/8000, opus/48000"
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


async def test_a_call_that_rings_meanwhile_can_be_answered() -> None:
    async with desk(config=BOTH, ui=UiSection(glyphs="ascii")) as d:
        await opened(d)
        call = await d.incoming()
        assert "RINGING line 1" in d.picture()
        assert d.picture().isascii()
        await d.press("f6")
        await d.until(lambda: d.store.calls[call].is_talking, "the call")
