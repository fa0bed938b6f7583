from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import AudioSection, Config
from tuiphone.errors import PhoneError
from tuiphone.model.codec import names_codec


@pytest.mark.parametrize(
    ("pattern", "name", "rate", "named"),
    [
        ("opus", "opus", 48000, True),
        ("OPUS", "opus", 48000, True),
        ("iSAC/16000", "iSAC", 16000, True),
        ("iSAC/16000", "iSAC", 32000, False),
        ("isac/*", "iSAC", 32000, True),
        ("PCM*", "PCMU", 8000, True),
        ("G722/8000", "G722", 16000, True),
        ("G72", "G722", 16000, False),
    ],
)
def test_a_name_or_pattern_names_codecs(pattern: str, name: str, rate: int, named: bool) -> None:
    assert names_codec(pattern, name, rate) is named


async def test_codecs_are_listed_with_place_and_remedy() -> None:
    config = Config(audio=AudioSection(codecs=("PCMU", "opus")), accounts=(SALES, DESK))
    async with bench(config) as desk:
        listed = [(codec.name, codec.place, bool(codec.remedy)) for codec in await desk.phone.codecs()]
        assert listed == [("PCMU", 1, False), ("opus", 2, False), ("PCMA", 0, False), ("G729", 0, True)]


async def test_a_new_order_counts_at_once_and_is_kept() -> None:
    async with bench() as desk:
        await desk.phone.set_codecs(("PCM*",))
        assert [c.name for c in await desk.phone.codecs() if c.place] == ["PCMA", "PCMU"]
        await asyncio.sleep(0.05)
        assert desk.settings.values["audio.codecs"] == ("PCM*",)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("opsu",), "“opsu” names no codec; there are: .*opus/48000"),
        (("speex/*",), "names no codec"),
        (("G729",), "This engine has no G729/8000: run make setup"),
        ((), "at least one codec"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_what_there_is(wanted: tuple[str, ...], sentence: str) -> None:
    async with bench() as desk:
        with pytest.raises(PhoneError, match=sentence):
            await desk.phone.set_codecs(wanted)


async def test_a_configured_name_that_matches_nothing_is_a_warning_of_the_engine() -> None:
    config = Config(audio=AudioSection(codecs=("opus", "nonsense")), accounts=(SALES, DESK))
    async with bench(config) as desk:
        assert [w for w in (await desk.phone.snapshot()).warnings if "“nonsense” names no codec" in w]


async def test_an_accounts_name_that_matches_nothing_is_one_too() -> None:
    config = Config(accounts=(SALES, replace(DESK, codecs=("PCM*", "opsu"))))
    async with bench(config) as desk:
        warnings = (await desk.phone.snapshot()).warnings
        assert [w for w in warnings if f"Account {DESK.id}: “opsu” names no codec; there are: " in w]
        assert not [w for w in warnings if "PCM" in w.partition(" names no codec")[0]]
