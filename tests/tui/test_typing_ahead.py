"""Keys struck faster than the screen follows go where they would have gone one by one."""

from __future__ import annotations

import pytest
from textual.events import Key

from tests.tui.support import Desk, desk
from tuiphone.model.device import DeviceRole

CHARACTERS = {"slash": "/", "plus": "+", "greater_than_sign": ">"}


async def burst(d: Desk, *keys: str) -> None:
    """Strike all keys before the screen has looked at the first."""
    for key in keys:
        d.app.post_message(Key(key, key if len(key) == 1 else CHARACTERS.get(key)))
    await d.pilot.pause()


@pytest.mark.parametrize("first", [(), ("f5",), ("d",)])
async def test_no_digit_of_a_number_is_lost(first: tuple[str, ...]) -> None:
    async with desk() as d:
        await burst(d, *first, "2", "0", "4", "4")
        await d.until(lambda: len(d.app.main.dial.input.value) >= 4, "four digits")
        assert d.app.main.dial.input.value == "2044"


async def test_a_number_after_the_dial_key_is_no_dtmf() -> None:
    async with desk() as d:
        await d.talking()
        await burst(d, "f5", "2", "0", "4", "4")
        await d.until(lambda: len(d.app.main.dial.input.value) >= 4, "four digits")
        assert d.app.main.dial.input.value == "2044"
        assert not d.given("send_dtmf")


async def test_a_search_typed_in_one_go_takes_no_call() -> None:
    async with desk((120, 40)) as d:
        await d.missed("2090", "Hanna Ohm")
        ringing = await d.incoming()
        await d.press("f2")
        await burst(d, "slash", *"hanno")
        await d.until(lambda: d.app.focused and getattr(d.app.focused, "value", "") == "hanno", "the search")
        assert d.store.calls[ringing].is_ringing
        assert not d.given("make_call")


async def test_a_command_typed_into_the_menu_in_one_go_is_found_and_nothing_else_happens() -> None:
    async with desk() as d:
        call = await d.talking()
        ringing = await d.incoming("2090", "Rui Alves")
        await burst(d, "ctrl+p", *"mute the microphone, or", "enter")
        await d.until(lambda: d.store.calls[call].muted, "the command")
        assert d.app.screen is d.app.main
        assert d.store.calls[ringing].is_ringing


async def test_an_address_typed_into_a_new_form_in_one_go_is_whole() -> None:
    async with desk((80, 30)) as d:
        await d.press("g")
        await burst(d, "plus", *"7@other.example", "enter")
        await d.until(lambda: "7" in d.store.accounts, "the account")


@pytest.mark.parametrize("key", ["tab", "down"])
async def test_a_password_typed_in_one_go_with_the_name_before_it_is_never_shown(key: str) -> None:
    async with desk() as d:
        await d.press("g", "plus")
        await d.until(lambda: d.is_open("Add an account"), "the form")
        await burst(d, *"7@other.example", key, *"secret", "enter")
        await d.until(lambda: "7" in d.store.accounts, "the account")
        assert d.bench.settings.accounts["7"][1] == "secret"
        assert d.store.accounts["7"].account.address == "sip:7@other.example"


async def test_keys_after_one_that_closes_a_dialog_are_not_lost() -> None:
    async with desk() as d:
        await d.press("question_mark")
        await burst(d, "escape", "d", "2", "0", "4", "4")
        await d.until(lambda: d.app.main.dial.input.value == "2044", "the number")


async def test_every_key_counts_of_those_that_step_a_level() -> None:
    async with desk() as d:
        call = await d.talking()
        before = d.store.devices.role(DeviceRole.OUTPUT).level
        await burst(d, *["greater_than_sign"] * 3)
        await d.until(lambda: d.store.devices.role(DeviceRole.OUTPUT).level == before + 30, "three steps of the ear")
        limit = d.store.devices.processing.ear_limit_db
        await d.press("V", "end")
        await burst(d, "left", "left", "left")
        await d.until(lambda: d.store.calls[call].ear_level == 70, "three steps of what is heard of the call")
        await d.press("up", "up")
        await burst(d, "left", "left")
        await d.until(lambda: d.store.devices.processing.ear_limit_db == limit - 6, "two steps of the limit")
