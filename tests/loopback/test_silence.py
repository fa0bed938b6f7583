"""Silence that is meant, between two real phones: pauses without packets, mute, hold by either side."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio import speech, write_wav
from tests.support.phone import Phone
from tuiphone.model.call import CallState


@pytest.mark.parametrize(
    ("codec", "sections"),
    [
        ("PCMU", {}),
        ("PCMU", {"audio": {"vad": True}}),
        ("opus", {"codecs": {"opus_dtx": True}}),
        ("G729", {"codecs": {"g729_annexb": True}}),
    ],
)
async def test_no_silence_that_is_meant_is_called_a_fault(
    tmp_path: Path, codec: str, sections: dict[str, dict[str, bool]]
) -> None:
    audio: dict[str, Any] = {"null_audio": True, "codecs": [codec], **sections.get("audio", {})}
    merged: dict[str, dict[str, Any]] = {**sections, "audio": audio}
    hello = str(write_wav(tmp_path / "hello.wav", speech(2, seed=1)))
    async with Phone(tmp_path / "a", sections=merged) as caller, Phone(tmp_path / "b", sections=merged) as callee:
        out = await caller.api.dial(callee.address)
        back = (await callee.incoming()).id
        await callee.api.answer(back)
        await caller.until(out, CallState.TALKING)
        await caller.api.play(hello, out)
        await callee.api.play(hello, back)
        await asyncio.sleep(8)  # two seconds of speech, and a pause
        await caller.api.mute(out, True)
        await caller.api.hold(out)
        await asyncio.sleep(5.5)
        await caller.api.resume(out)
        await callee.api.hold(back)
        await asyncio.sleep(5.5)
        await callee.api.resume(back)
        await asyncio.sleep(5.5)
        problems = {c.audio_problem for c in (*caller.history(out), *callee.history(back))}
        assert problems == {""}
