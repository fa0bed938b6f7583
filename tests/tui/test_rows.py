"""Only what changed is sent to the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from textual._compositor import ChopsUpdate
from textual.content import Content

from tests.tui.support import desk
from tuiphone.tui.rows import _differences
from tuiphone.tui.store import Topic
from tuiphone.tui.tight import TightUpdate


def spans(before: list[Content], after: list[Content]) -> list[tuple[int, int, int]]:
    return [(region.y, region.x, region.right) for region in _differences(before, after, 20)]


def test_equal_rows_need_nothing() -> None:
    assert spans([Content("same")], [Content("same")]) == []


def test_one_digit_needs_one_cell() -> None:
    assert spans([Content("talk 00:01")], [Content("talk 00:02")]) == [(0, 9, 10)]


def test_a_new_style_is_a_change() -> None:
    assert spans([Content("talk")], [Content.styled("talk", "bold")]) == [(0, 0, 4)]


def test_a_wide_character_counts_both_its_cells() -> None:
    assert spans([Content("佐a")], [Content("佐b")]) == [(0, 2, 3)]


def test_rows_that_come_and_go() -> None:
    assert spans([], [Content("x")]) == [(0, 0, 1)]
    assert spans([Content("x")], []) == [(0, 0, 1)]


async def test_a_second_in_a_call_costs_a_few_cells() -> None:
    async with desk() as d:
        await d.talking()
        await d.rest()
        updates: list[Any] = []
        display = d.app._display
        d.app._display = lambda screen, update: (updates.append(update), display(screen, update))[1]  # type: ignore
        d.bench.clock.advance(1)
        d.store.changed(Topic.SECOND)
        await d.rest()
        sent = "".join(
            TightUpdate(update).render_segments(Console(color_system="truecolor", force_terminal=True))
            for update in updates
            if isinstance(update, ChopsUpdate)
        )
        assert "1" in sent
        assert 0 < len(sent) < 250


async def test_nothing_is_drawn_when_nothing_changed() -> None:
    async with desk() as d:
        await d.talking()
        await d.rest()
        updates: list[Any] = []
        d.app._display = lambda screen, update: updates.append(update)  # type: ignore
        d.store.changed(~Topic.FOCUS)
        await d.rest()
        assert [update for update in updates if update is not None] == []
