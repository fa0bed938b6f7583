"""The numbering plan: every number of the exchange and what it does, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from tuiphone.demo import audio, dtmf
from tuiphone.demo.call import Call
from tuiphone.demo.dtmf import Detector, Digit
from tuiphone.demo.g711 import decode
from tuiphone.demo.host import Script
from tuiphone.demo.media import HoldDialect
from tuiphone.demo.music import music
from tuiphone.i18n import _
from tuiphone.model.account import DtmfMethod

_FOREVER = 86400.0
_MAX_DIGITS = 32
_ECHO_TAIL_S = 0.4


@dataclass(frozen=True, slots=True)
class Number:
    """One entry of the plan: ``number`` is dialled, ``title`` names it, ``text`` says what happens.

    ``is_first_choice``: what a newcomer is told to try.
    """

    number: str
    title: str
    text: str
    script: Script
    is_first_choice: bool = False


async def _pick_up(call: Call) -> None:
    call.ring()
    await asyncio.sleep(call.host.pauses.ring_s)
    await call.answer()


async def echo(call: Call) -> None:
    """Everything that is heard goes back, packet by packet."""
    call.media.stream.send_back()
    await _pick_up(call)
    await asyncio.sleep(_FOREVER)


async def play_music(call: Call) -> None:
    """Our piece, for as long as the caller likes."""
    call.ring()
    clip = await asyncio.to_thread(music)
    call.play_on(clip)
    await _pick_up(call)
    await asyncio.sleep(_FOREVER)


async def busy(call: Call) -> None:
    """486 at once."""
    call.reject(486)


async def no_answer(call: Call) -> None:
    """180, and nothing else until CANCEL."""
    call.ring()
    await asyncio.sleep(_FOREVER)


async def digits(call: Call) -> None:
    """Collect digits, however they are sent; after a pause give them back: as tones to hear, then as they came."""
    await _pick_up(call)
    await call.play(audio.confirmation())
    while True:
        _listen_for_tones(call)
        heard = [await call.digits.get()]
        while len(heard) < _MAX_DIGITS:
            try:
                heard.append(await asyncio.wait_for(call.digits.get(), call.host.pauses.digits_s))
            except TimeoutError:
                break
        # What we play may come back through a loudspeaker and a microphone: it must not count as typed.
        call.media.stream.on_audio = None
        await _play_back(call, heard)
        await asyncio.sleep(_ECHO_TAIL_S)


def _listen_for_tones(call: Call) -> None:
    detector = Detector()
    stream = call.media.stream

    def hear(payload: bytes) -> None:
        for digit in detector.feed(decode(stream.codec, payload)):
            call.digits.put_nowait(Digit(digit, DtmfMethod.INBAND))

    stream.on_audio = hear


async def _play_back(call: Call, heard: list[Digit]) -> None:
    await call.play(dtmf.tones("".join(digit.value for digit in heard)))
    stream = call.media.stream
    events = "".join(digit.value for digit in heard if digit.method is DtmfMethod.RFC4733)
    if events and stream.can_send_events:
        stream.play(dtmf.event_frames(events))
        await asyncio.sleep(len(events) * dtmf.EVENT_S)
    for digit in heard:
        if digit.method is DtmfMethod.INFO:
            call.send_info(digit.value)


async def call_back(call: Call) -> None:
    """Say yes, hang up, call back."""
    await _pick_up(call)
    await call.play(audio.confirmation())
    call.host.call_back(call.user, CALL_BACK, called_back)


async def called_back(call: Call) -> None:
    """The call back: music once it is answered."""
    clip = await asyncio.to_thread(music)
    call.play_on(clip)
    if await call.dial():
        await asyncio.sleep(_FOREVER)


async def hangs_up(call: Call) -> None:
    """A few seconds of music, two falling beeps, BYE."""
    call.ring()
    clip = await asyncio.to_thread(music)
    call.play_on(clip)
    await _pick_up(call)
    await asyncio.sleep(call.host.pauses.hang_up_s)
    await call.play(audio.farewell())


async def holds(call: Call) -> None:
    """Echo, and in between hold in each of its dialects; music while the dialect leaves a way for it."""
    call.ring()
    clip = await asyncio.to_thread(music)
    await _pick_up(call)
    for dialect in HoldDialect:
        call.media.stream.send_back()
        await asyncio.sleep(call.host.pauses.hold_s)
        call.play_on(clip)
        await call.hold(dialect)
        await asyncio.sleep(call.host.pauses.hold_s)
        await call.resume()
    call.media.stream.send_back()
    await asyncio.sleep(_FOREVER)


async def not_in_service(call: Call) -> None:
    """An announcement before the answer, then 480: early media."""
    call.progress()
    await call.play(audio.intercept())
    call.reject(480)


async def declines(call: Call) -> None:
    """Two rings, then 603."""
    call.ring()
    await asyncio.sleep(call.host.pauses.ring_s)
    call.reject(603)


async def no_codec(call: Call) -> None:
    """488 with what the exchange can do."""
    call.reject(488, Warning='305 demo "Incompatible media format: G729 only"')


async def dead_air(call: Call) -> None:
    """Answered, and not a single packet of audio: what a blocked RTP port looks like."""
    call.media.stream.mute()
    await _pick_up(call)
    await asyncio.sleep(_FOREVER)


async def test_tone(call: Call) -> None:
    """1004 Hz at a steady level."""
    call.play_on(audio.milliwatt())
    await _pick_up(call)
    await asyncio.sleep(_FOREVER)


CALL_BACK = "106"


def plan() -> Iterator[Number]:
    """All numbers in the user's language."""
    yield Number("101", _("Echo"), _("you hear yourself"), echo, True)
    yield Number("102", _("Music"), _("a small piece, again and again"), play_music, True)
    yield Number("103", _("Busy"), _("486 Busy Here at once"), busy)
    yield Number("104", _("No answer"), _("rings until you give up"), no_answer)
    yield Number("105", _("Digits"), _("plays back the digits it heard, however you send them"), digits, True)
    yield Number(CALL_BACK, _("Call back"), _("hangs up and calls you back in five seconds"), call_back, True)
    yield Number("107", _("Hang-up"), _("hangs up on you after five seconds"), hangs_up)
    yield Number("108", _("Hold"), _("echo that puts you on hold, three times, in three ways"), holds)
    yield Number("109", _("Not in service"), _("three tones before the answer, then 480"), not_in_service)
    yield Number("110", _("Decline"), _("rings, then 603 Decline"), declines)
    yield Number("111", _("No common codec"), _("488 Not Acceptable Here"), no_codec)
    yield Number("112", _("Dead air"), _("answers and sends no audio at all"), dead_air)
    yield Number("113", _("Test tone"), _("1004 Hz for as long as you like"), test_tone)
