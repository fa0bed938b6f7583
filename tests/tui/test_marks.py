"""What protects a call's sound, and what is left of a recording in the history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.controller import DESK, SALES
from tests.tui.support import Desk, desk
from tuiphone import texts
from tuiphone.config.schema import AudioSection, Config
from tuiphone.controller.ports import MediaReport
from tuiphone.model.account import MediaEncryption
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallId, CallState, Direction, EndCause, EndedBy, EndKind
from tuiphone.stack.fake.stack import STREAM
from tuiphone.tui.marks import suite

ASKS = Config(
    accounts=(replace(SALES, media_encryption=MediaEncryption.OPTIONAL), DESK), audio=AudioSection(codecs=("PCMU",))
)


def media_row(d: Desk) -> str:
    return next(line for line in d.picture().splitlines() if "PCMU 8k" in line)


async def protected(d: Desk, call: CallId) -> None:
    d.stack.report(MediaReport(call, replace(STREAM, encryption="AEAD_AES_256_GCM")))
    await d.until(lambda: "SRTP" in media_row(d) and "NO SRTP" not in media_row(d), "the keys")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("AEAD_AES_256_GCM", "AES-256-GCM"),
        ("AEAD_AES_128_GCM", "AES-128-GCM"),
        ("AES_256_CM_HMAC_SHA1_80", "AES-256-CM"),
        ("AES_CM_128_HMAC_SHA1_80", "AES-128-CM"),
        ("AES_CM_128_HMAC_SHA1_32", "AES-128-CM-32"),
        ("something new", "something new"),
    ],
)
def test_a_suite_in_short(name: str, short: str) -> None:
    assert suite(name) == short


async def test_the_suite_is_shown_where_there_is_room() -> None:
    async with desk((120, 40), config=ASKS) as d:
        call = await d.talking()
        assert "▴ RTP, NOT ENCRYPTED" in media_row(d)
        await protected(d, call)
        assert "SRTP AES-256-GCM" in media_row(d)


@pytest.mark.parametrize(("width", "words"), [(120, "▴ SRTP, keys awaited"), (80, "▴ NO KEYS")])
async def test_keys_that_a_handshake_still_has_to_bring(width: int, words: str) -> None:
    async with desk((width, 24), config=ASKS) as d:
        call = await d.talking()
        d.stack.report(MediaReport(call, replace(STREAM, keys_awaited=True)))
        await d.until(lambda: words in media_row(d), "the handshake")
        await protected(d, call)


async def test_a_call_that_should_be_encrypted_and_is_not_says_so_in_a_small_terminal_too() -> None:
    async with desk(config=ASKS) as d:
        call = await d.talking()
        assert "▴ NO SRTP" in media_row(d)
        await protected(d, call)
        assert "SRTP  UDP" in media_row(d)


async def test_an_account_without_encryption_shows_plain_rtp() -> None:
    async with desk(config=ASKS) as d:
        await d.stack.settle()
        call = await d.incoming(account="desk")
        await d.press("a")
        await d.until(lambda: d.store.calls[call].is_talking, "the call")
        assert "PCMU 8k  RTP  UDP" in media_row(d)


async def test_the_history_shows_that_a_call_was_recorded_and_where() -> None:
    async with desk((100, 30)) as d:
        call = await d.talking("2044", "Ana Souza")
        await d.press("ctrl+r")
        await d.until(lambda: d.store.calls[call].recording, "the recording")
        path = d.store.calls[call].recording
        d.bench.clock.advance(10)
        await d.press("P")
        await d.until(lambda: d.store.calls[call].recording_paused, "the pause")
        d.bench.clock.advance(4)
        await d.press("P")
        await d.until(lambda: not d.store.calls[call].recording_paused, "the rest")
        await d.press("h")
        await d.until(lambda: d.store.history, "the row")
        await d.missed("2090", "Rui Alves")
        await d.press("r")
        await d.until(lambda: d.app.screen is not d.app.main, "the history")
        await d.rest()
        rows = d.picture().splitlines()
        assert any("Ana Souza" in row and "◉REC" in row for row in rows)
        assert not any("Rui Alves" in row and "REC" in row for row in rows)
        await d.press("down", "i")
        await d.until(lambda: d.is_open("Call"), "the call in full")
        await d.rest()
        folder, _slash, name = path.rpartition("/")
        assert f"recording  {name} " in d.picture()
        assert f"folder     {folder} " in d.picture()
        assert "from 00:10 on, 4 s of the call are missing in it" in d.picture()
        await d.press("y")
        assert d.app.clipboard == path
        await d.press("escape")
        assert "Ana Souza" in d.picture()


@pytest.mark.parametrize(
    ("kind", "by", "begins"),
    [
        (EndKind.NOT_ENCRYPTED, EndedBy.THEM, "Ana Souza offers no encrypted audio; this account insists on it"),
        (EndKind.ENCRYPTION_OFF, EndedBy.THEM, "Ana Souza insists on encrypted audio; this account has it off"),
        (EndKind.NO_HEADSET, EndedBy.PHONE, "The headset was missing: the call from Ana Souza was rejected"),
    ],
)
def test_why_a_call_ended_is_told_within_a_small_message_line(kind: EndKind, by: EndedBy, begins: str) -> None:
    ana = Party("sip:2044@pbx.example", "Ana Souza")
    ended = Call(
        "c1", "sales", Direction.INCOMING, CallState.ENDED, ana, 1, 0.0, ended_at=1.0, end=EndCause(by, kind, 488)
    )
    assert texts.end_sentence(ended).startswith(begins)
    assert len(begins) <= 70
