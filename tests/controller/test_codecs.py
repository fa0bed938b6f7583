from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import AudioSection, CodecsSection, Config
from tuiphone.controller.codecs import Codecs
from tuiphone.errors import PhoneError
from tuiphone.model.account import Account
from tuiphone.model.codec import CodecSettings, names_codec
from tuiphone.stack.fake import FakeStack


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


@pytest.mark.parametrize(
    ("codec", "vad", "settings", "suppressed"),
    [
        ("PCMU", False, CodecSettings(), False),
        ("PCMU", True, CodecSettings(), True),
        ("opus", False, CodecSettings(), False),
        ("opus", False, CodecSettings(opus_dtx=True), True),
        ("PCMU", False, CodecSettings(opus_dtx=True), False),
        ("G729", False, CodecSettings(g729_annexb=True), True),
        ("G729", False, CodecSettings(g729_annexb=False), False),
    ],
)
def test_which_codecs_may_be_silent(codec: str, vad: bool, settings: CodecSettings, suppressed: bool) -> None:
    codecs = Codecs(FakeStack(), settings, vad, lambda key, value: None)
    assert codecs.suppresses_silence(codec) is suppressed


async def test_parameters_change_reach_the_stack_and_are_kept() -> None:
    async with bench(Config(codecs=CodecsSection(ilbc_mode_ms=20), accounts=(SALES, DESK))) as desk:
        assert await desk.phone.codec_settings() == CodecSettings(ilbc_mode_ms=20)
        changed = await desk.phone.set_codec_settings(opus_bit_rate=24000, g729_annexb=False)
        assert changed == CodecSettings(ilbc_mode_ms=20, opus_bit_rate=24000, g729_annexb=False)
        assert await desk.phone.codec_settings() == changed
        assert desk.last("set_codec_settings")[1] == changed
        await asyncio.sleep(0.05)
        assert desk.settings.values["codecs.opus_bit_rate"] == 24000
        assert desk.settings.values["codecs.g729_annexb"] is False
        assert "codecs.ilbc_mode_ms" not in desk.settings.values


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ilbc_mode_ms": 25}, "ilbc_mode_ms is 25; allowed is 20 or 30"),
        ({"opus_complexity": 11}, "opus_complexity is 11; allowed is a whole number from 0 to 10"),
        ({"opus_bit_rate": 600000}, "opus_bit_rate is 600000; allowed is a whole number from 0 to 510000"),
        ({"opus_fec": False, "answer_order": "theirs"}, 'answer_order is "theirs"; allowed is "local" or "offer"'),
    ],
)
async def test_a_parameter_that_is_not_allowed_changes_nothing(wrong: dict[str, Any], sentence: str) -> None:
    async with bench() as desk:
        with pytest.raises(PhoneError, match=sentence):
            await desk.phone.set_codec_settings(**wrong)
        assert await desk.phone.codec_settings() == CodecSettings()
        assert "set_codec_settings" not in [command[0] for command in desk.stack.commands]


async def test_an_account_added_on_the_screen_names_codecs_that_exist() -> None:
    async with bench() as desk:
        new = Account("new", "sip:2003@pbx.example")
        with pytest.raises(PhoneError, match=r"“opsu” names no codec; there are: .*opus/48000"):
            await desk.phone.add_account(replace(new, codecs=("opsu",)))
        await desk.phone.add_account(replace(new, codecs=("PCM*", "G729")))
        assert {status.account.id for status in await desk.phone.accounts()} == {SALES.id, DESK.id, "new"}
