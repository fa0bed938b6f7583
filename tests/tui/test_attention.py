"""Bell, title and notification: what goes to the terminal beside the picture."""

from __future__ import annotations

import pytest

from tests.tui.support import desk
from tuiphone.config.schema import UiSection
from tuiphone.tui.attention import notification, passed_on

XTERM = {"TERM": "xterm-256color"}


async def test_a_ringing_call_rings_the_bell_once_and_notifies() -> None:
    async with desk(environment=XTERM) as d:
        await d.incoming("2044", "Ana; Souza\x07")
        await d.rest()
        assert d.written.count("\a") == 1
        assert "\x1b]9;tuiphone: Ana, Souza calls 2001 sales\a" in d.written


async def test_the_title_flashes_while_a_call_rings_and_names_the_call_after() -> None:
    async with desk(environment=XTERM) as d:
        call = await d.incoming("2044", "Ana Souza")
        await d.until(lambda: "\x1b]2;RINGING: Ana Souza\a" in d.written, "the title")
        await d.until(lambda: "\x1b]2;*** Ana Souza ***\a" in d.written, "its other face")
        await d.bench.phone.answer(call)
        await d.until(lambda: d.written[-1] == "\x1b]2;tuiphone: TALK Ana Souza\a", "the talking call")
        await d.bench.phone.hang_up(call)
        await d.until(lambda: d.written[-1] == "\x1b]2;tuiphone\a", "the quiet title")


async def test_everything_can_be_switched_off() -> None:
    async with desk(ui=UiSection(bell=False, title=False, notify="off"), environment=XTERM) as d:
        await d.incoming()
        await d.rest()
        assert not "".join(d.written)


@pytest.mark.parametrize(
    ("kind", "environment", "expected"),
    [
        ("auto", {"TERM": "xterm-256color"}, "\x1b]9;t: x\a"),
        ("auto", {"TERM": "foot"}, "\x1b]777;notify;t;x\a"),
        ("auto", {"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;t;x\a"),
        ("osc777", {"TERM": "xterm"}, "\x1b]777;notify;t;x\a"),
        ("osc9", {"TERM": "tmux-256color", "TMUX": "/tmp/t,1,0"}, "\x1bPtmux;\x1b\x1b]9;t: x\a\x1b\\"),
        ("osc9", {"TERM": "screen", "STY": "1.pts"}, "\x1bP\x1b]9;t: x\a\x1b\\"),
        ("off", {"TERM": "xterm"}, ""),
    ],
)
def test_the_sequence_fits_the_terminal(kind: str, environment: dict[str, str], expected: str) -> None:
    assert notification(kind, "t", "x", environment) == expected


def test_a_sequence_too_long_for_screen_is_not_wrapped() -> None:
    long = "\x1b]52;c;" + "A" * 1000 + "\a"
    assert passed_on(long, {"STY": "1.pts"}) == long
