"""Keys: their names, remapping, and the refusals."""

from __future__ import annotations

import itertools

import pytest

from tests.tui.support import desk
from tuiphone.errors import PhoneError
from tuiphone.tui.commands import commands
from tuiphone.tui.docs import keys_page
from tuiphone.tui.keys import DIGITS, Keymap, is_letter, label, normal


def refusal(keys: dict[str, tuple[str, ...]]) -> str:
    with pytest.raises(PhoneError) as caught:
        Keymap(commands(), keys)
    assert caught.value.kind == "invalid"
    return str(caught.value)


def test_the_defaults_are_what_a_configuration_could_say_too() -> None:
    for command in commands():
        for key in command.keys:
            assert normal(key) == key
            assert key not in DIGITS


def test_ids_are_unique_and_every_command_has_a_title_and_a_group() -> None:
    ids = [command.id for command in commands()]
    assert len(set(ids)) == len(ids)
    assert all(command.title and command.group for command in commands())


def test_a_key_is_shared_only_where_one_of_both_is_never_possible_or_meant_first() -> None:
    shared = {}
    for command, other in itertools.combinations(commands(), 2):
        for key in set(command.keys) & set(other.keys):
            shared[key] = (command.id, other.id)
    assert shared == {"f8": ("decline", "hang_up"), "f5": ("dial", "start_engine")}


def test_every_f_key_has_a_letter_twin() -> None:
    for command in commands():
        if any(key.startswith("f") and key[1:].isdigit() for key in command.keys) and command.id != "leave":
            assert any(is_letter(key) for key in command.keys), command.id


def test_an_unknown_command_is_refused_with_the_nearest_name() -> None:
    assert refusal({"hang_upp": ("h",)}) == "[keys]: there is no command hang_upp; did you mean hang_up?"


def test_an_unknown_key_is_refused_with_the_nearest_name() -> None:
    assert refusal({"hold": ("ctrl+pageupp",)}) == (
        "[keys] hold: there is no key “ctrl+pageupp”, did you mean “pageup”?"
    )


@pytest.mark.parametrize("key", ["5", "*", "A", "escape", "enter", "up", "ctrl+i", "ctrl+m", "ctrl+h", "ctrl+s", "tab"])
def test_keys_that_mean_something_else_are_refused(key: str) -> None:
    assert "[keys] hold" in refusal({"hold": (key,)})


def test_a_key_of_two_commands_is_refused_with_both_names() -> None:
    text = refusal({"hold": ("m",)})
    assert "hold" in text
    assert "mute" in text


def test_a_command_may_give_its_keys_to_another() -> None:
    keymap = Keymap(commands(), {"hold": ("m",), "mute": ("p", "f4")})
    assert keymap.ids("m") == ("hold",)
    assert keymap.ids("o") == ()


async def test_a_remapped_key_acts_and_shows() -> None:
    async with desk(keys={"mute": ("p",), "hold": ("F9",)}) as d:
        call = await d.talking()
        await d.press("m")
        assert not d.store.calls[call].muted
        await d.press("p")
        await d.until(lambda: d.store.calls[call].muted, "mute")
        assert "p Unmute" in d.picture().splitlines()[-1]
        await d.press("f9")
        await d.until(lambda: d.store.calls[call].is_held, "hold")


@pytest.mark.parametrize(
    ("key", "shown"),
    [("f6", "F6"), ("ctrl+p", "Ctrl+P"), ("alt+1", "Alt+1"), ("pageup", "Pageup"), ("?", "?"), ("R", "R")],
)
def test_labels(key: str, shown: str) -> None:
    assert label(key) == shown


def test_the_page_of_keys_has_every_command() -> None:
    page = keys_page()
    for command in commands():
        assert f"`{command.id}`" in page
