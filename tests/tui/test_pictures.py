"""How the screen looks: kept as text in pictures/. UPDATE_PICTURES=1 keeps what is drawn now."""

from __future__ import annotations

import unicodedata

import pytest
from rich.cells import cell_len

from tests.tui.support import Desk, assert_picture, desk
from tuiphone.config.schema import UiSection
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality, QualityWord
from tuiphone.stack.fake import FakeStack
from tuiphone.tui.glyphs import ASCII, UNICODE, UNICODE_EXCEPTIONS, Glyphs
from tuiphone.tui.store import Topic

SMALL, BIG, NARROW, WIDE = (80, 24), (120, 40), (60, 20), (120, 30)


async def busy_screen(d: Desk) -> None:
    """One call talks, one is held, one rings; the second account waits for its registrar."""
    await d.missed("2090", "Rui Alves")
    d.bench.clock.advance(65)
    await d.talking("+442079460018", "")
    d.bench.clock.advance(40)
    talking = await d.talking("2044", "Ana Souza")
    d.bench.clock.advance(188)
    await d.incoming("300", "Door intercom")
    d.bench.clock.advance(4)
    d.stack.far_sends_digit(talking, "5")
    await d.press("1", "2")
    await d.until(lambda: d.store.calls[talking].dtmf_sent == 2, "the digits")
    d.store.read(Levels(talking, -18.0, -31.0))
    d.store.read(StreamStats(talking, 5000, 0, 15, 0, 6.0, 40.0, 5000, 0, 0, 4.0, 41.0))
    d.store.read(Quality(talking, "PCMU", 8000, mos_lq=4.3, mos_cq=4.2, word=QualityWord.GOOD))
    d.store.changed(Topic.SECOND | Topic.READINGS | Topic.MINUTE)
    await d.rest()


def troubled() -> FakeStack:
    stack = FakeStack()
    stack.registrar["desk"] = (403, "Forbidden")
    return stack


@pytest.mark.parametrize(("name", "size"), [("small", SMALL), ("big", BIG), ("narrow", NARROW)])
async def test_empty(name: str, size: tuple[int, int]) -> None:
    async with desk(size) as d:
        assert_picture(f"empty-{name}", d.picture())


@pytest.mark.parametrize(
    ("name", "size", "glyphs"),
    [
        ("small", SMALL, "unicode"),
        ("big", BIG, "unicode"),
        ("narrow", NARROW, "unicode"),
        ("wide", WIDE, "unicode"),
        ("small-ascii", SMALL, "ascii"),
        ("big-ascii", BIG, "ascii"),
    ],
)
async def test_talking_held_and_ringing(name: str, size: tuple[int, int], glyphs: str) -> None:
    async with desk(size, stack=troubled(), ui=UiSection(glyphs=glyphs)) as d:
        await busy_screen(d)
        picture = d.picture()
        assert_picture(f"busy-{name}", picture)
        if glyphs == "ascii":
            assert picture.isascii()


@pytest.mark.parametrize("size", [(80, 13), (50, 10), (80, 9), (40, 8)])
async def test_a_small_pane_shows_the_call_the_ringing_one_and_what_is_dialled(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.talking()
        await d.incoming("300", "Door intercom")
        await d.press("d", "2", "0", "7")
        await d.rest()
        rows = d.picture().splitlines()
        assert len(rows) == size[1]
        assert any("TALK" in line for line in rows)
        assert any("207" in line for line in rows)
        assert "RINGING" in rows[-4]
        if size == (50, 10):
            assert_picture("pane", d.picture())


async def test_engine_lost() -> None:
    async with desk() as d:
        await busy_screen(d)
        d.wire.cut()
        await d.until(lambda: not d.store.is_up, "the loss")
        await d.rest()
        assert_picture("lost-small", d.picture())


async def test_muted_and_held_by_the_far_end() -> None:
    async with desk() as d:
        call = await d.talking()
        d.stack.far_holds(call)
        await d.press("m")
        await d.until(lambda: d.store.calls[call].muted, "mute")
        assert_picture("muted-small", d.picture())


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("menu", ["ctrl+p"]),
        ("help", ["question_mark"]),
        ("accounts", ["g"]),
        ("form", ["g", "plus"]),
        ("device", ["v", "enter"]),
        ("leave", ["ctrl+q"]),
        ("jump", ["ctrl+o"]),
        ("history", ["r"]),
    ],
)
async def test_dialogs_leave_the_ringing_strip_in_view_and_show_all_their_keys(name: str, keys: list[str]) -> None:
    async with desk(stack=troubled()) as d:
        await d.incoming("300", "Door intercom")
        await d.press(*keys)
        await d.until(lambda: d.app.screen is not d.app.main, "the dialog")
        await d.rest()
        assert "RINGING line 1  Door intercom" in d.picture().splitlines()[-4]
        assert "Answer" in d.picture().splitlines()[-3]
        assert "…" not in d.picture(), "a frame's text is cut"
        assert_picture(f"dialog-{name}", d.picture())


@pytest.mark.parametrize(
    "size", [(80, 24), (81, 24), (100, 30), (120, 24), (120, 30), (120, 40), (160, 50), (79, 23), (60, 20), (40, 12)]
)
async def test_nothing_overlaps_and_nothing_sticks_out_at_any_size(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await busy_screen(d)
        for row in d.picture().splitlines():
            assert cell_len(row) <= size[0]
        leaves = [w for w in d.app.main.query("*") if w.region and not w.children and w.display]
        for index, widget in enumerate(leaves):
            assert d.app.main.region.contains_region(widget.region), widget
            for other in leaves[index + 1 :]:
                assert not widget.region.overlaps(other.region), (widget, other)


async def test_resizing_keeps_calls_and_focus_sensible() -> None:
    async with desk(BIG) as d:
        await busy_screen(d)
        await d.press("r")
        await d.pilot.resize_terminal(*NARROW)
        await d.until(lambda: d.focused() == "lines", "a panel that is there")
        await d.pilot.resize_terminal(*BIG)
        await d.rest()
        assert "5 History" in d.picture()


async def test_wide_characters_of_a_far_end_do_not_move_the_frame() -> None:
    async with desk() as d:
        await d.incoming("300", "佐藤花子佐藤花子佐藤花子佐藤花子")
        for row in d.picture().splitlines()[1:20]:
            assert cell_len(row) == 80, row


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
def test_every_sign_is_one_cell_wide(signs: Glyphs) -> None:
    for name in signs.__slots__:
        for sign in getattr(signs, name):
            assert cell_len(sign) == 1
            if sign not in UNICODE_EXCEPTIONS:
                assert unicodedata.east_asian_width(sign) in {"N", "Na", "H"}, (name, sign)
            if signs is ASCII:
                assert sign.isascii()
