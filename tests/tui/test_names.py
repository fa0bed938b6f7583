"""Names and addresses as a network may send them: shown whole or cut, in their place, and nothing but text."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from tests.tui.support import desk

NAMES = {
    "markup": "[red]x[/red] [@click=app.quit]y[/]",
    "variables": "$text-error {who} %s",
    "escapes": "\x1b]0;pwn\x07\x1b[2J\x9b31mx",
    "lines": "one\r\ntwo\ttab\u2028three",
    "chinese": "山田太郎 株式会社コールセンター営業部第一課",
    "hebrew": "שלום עולם",
    "override": "a\u202eevil\u202c",
    "combining": "e\u0301" * 40,
    "emoji": "👨\u200d👩\u200d👧 Family 🎉",
    "long": "Ana " * 60,
}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SEQUENCE = re.compile(r"\x1b\](?:2|9);[^\x00-\x1f\x7f-\x9f]*\x07|\x1b\[2[23];2t|\x07")
"""Title, notification, the title kept and given back, the bell: all that goes to the terminal beside the picture."""


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("name", NAMES)
async def test_a_name_stays_in_its_place_and_is_only_text(name: str, size: tuple[int, int]) -> None:
    async with desk(size) as d:
        call = await d.incoming("2044" * 20, NAMES[name])
        pictures = [d.picture()]
        await d.bench.phone.answer(call)
        await d.until(lambda: d.store.calls[call].is_talking, "the call")
        pictures.append(d.picture())
        d.stack.far_hangs_up(call)
        await d.until(lambda: not d.store.calls, "its end")
        pictures.append(d.picture())
        for picture in pictures:
            assert not CONTROL.search(picture)
            assert max(map(cell_len, picture.splitlines())) <= size[0]
        frames = [row for row in pictures[0].splitlines() if row.startswith("│")]
        assert all(row.rstrip()[-1] in "│╮╯" for row in frames)
        assert not SEQUENCE.sub("", "".join(d.written))


async def test_a_long_caller_leaves_room_for_the_account_that_is_called() -> None:
    async with desk() as d:
        await d.incoming("2044" * 20, "Ana Souza of the Very Long Company of Many Words")
        (row,) = (row for row in d.picture().splitlines() if "RINGING line 1" in row)
        assert "Ana Souza of" in row
        assert "<sip:2" in row
        assert "to 2001 sales" in row
        assert row.endswith("00:00")
