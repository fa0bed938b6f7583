"""Devices and rings as the configuration has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiphone.config.document import ConfigError
from tuiphone.config.load import load
from tuiphone.config.option import all_of
from tuiphone.config.save import SettingsStore


def read(folder: Path, text: str, environment: dict[str, str] | None = None) -> tuple[str, ...]:
    """The ``audio.input`` of a file, as a list."""
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return all_of(load(file, folder / "settings.toml", environment or {}).config.audio.input)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ('[audio]\ninput = ""', ()),
        ('[audio]\ninput = "Jabra, the \\"75\\""', ('Jabra, the "75"',)),
        ('[audio]\ninput = ["Jabra*", "/poly|plantronics/", ""]', ("Jabra*", "/poly|plantronics/", "")),
        ("[audio]\ninput = []", ()),
    ],
)
def test_a_device_is_one_name_or_a_list(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert read(tmp_path, text) == names


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        ("hw:CARD=PCH,DEV=0", ("hw:CARD=PCH,DEV=0",)),
        ('["Jabra*", "hw:CARD=PCH,DEV=0"]', ("Jabra*", "hw:CARD=PCH,DEV=0")),
        ("[odd", ("[odd",)),
    ],
)
def test_a_variable_of_the_environment_is_one_name_or_a_list(
    tmp_path: Path, variable: str, names: tuple[str, ...]
) -> None:
    assert read(tmp_path, "", {"TUIPHONE_AUDIO_INPUT": variable}) == names


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("input = 3", "allowed is a device's name, a pattern"),
        ('input = ["a", 3]', "allowed is a device's name, a pattern"),
        ('output = "/(/"', "a regular expression"),
        ('ring_tone = "gong"', "one of warble, bell"),
        ('ring_tones = ["300 bell"]', "who calls"),
        ('tones = "xx"', '"eu", "us"'),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:2: ") as failure:
        read(tmp_path, f"[audio]\n{line}")
    assert words in str(failure.value)


def test_a_list_that_was_chosen_on_the_screen_is_kept(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.toml")
    store.set("audio.input", ("Jabra Evolve", "Poly*"))
    assert read(tmp_path, '[audio]\ninput = "other"') == ("Jabra Evolve", "Poly*")
    store.set("audio.input", "Poly*")
    assert read(tmp_path, '[audio]\ninput = "other"') == ("Poly*",)
