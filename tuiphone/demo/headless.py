"""``tuiphone demo --headless``: a scripted call through the real engine and the exchange, step by step."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tuiphone import paths, texts
from tuiphone.controller.api import Phone
from tuiphone.demo.exchange import ACCOUNTS
from tuiphone.demo.tonecheck import Match, find_melody, level_db, write_melody
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import RegistrationState
from tuiphone.model.call import Call, CallId, CallState, Direction, EndedBy
from tuiphone.model.event import AccountChanged, CallChanged, DtmfReceived, Event
from tuiphone.rpc.client import RpcPhone, connect

BEFORE_HOLD = (0, 3, 1, 4, 2, 5, 0, 4)
AFTER_HOLD = (5, 1, 4, 0, 3, 2, 5, 1)
DIGITS = "159*0#"
GOOD_SHARE = 0.85
_ATTEMPTS = 2
"""A machine with no time to spare may lose some of the sound once; a path that does not work loses all of it, always."""
STEP_TIMEOUT_S = 10.0
CALLBACK_TIMEOUT_S = 20.0
_ROUND_TRIP_S = 0.6
"""Time for the last sound of a melody to come back through both jitter buffers."""
_FILE_TIMEOUT_S = 2.0
_MUSIC_S = 1.0
QUIET_DB = -50.0


class StepFailed(Exception):
    """A step did not do what it should; the text says what was missing."""


class Script:
    """The call. ``say`` is given a line for each step."""

    def __init__(self, connection: RpcPhone, folder: Path, say: Callable[[str], None]) -> None:
        self._phone: Phone = connection.phone
        self._folder = folder
        self._say = say
        self._calls: dict[CallId, Call] = {}
        self._registrations: dict[str, AccountChanged] = {}
        self._digits = ""
        self._news = asyncio.Event()
        self._lost: PhoneError | None = None

    async def run(self) -> None:
        """All steps in order. Raises StepFailed or PhoneError at the first that fails."""
        snapshot = await self._phone.snapshot()
        for status in snapshot.accounts:
            self._registrations[status.account.id] = AccountChanged(status)
        listener = asyncio.create_task(self._listen(snapshot.seq))
        try:
            await self._step(_("register"), self._register())
            call = await self._dial_echo()
            await self._step(_("hear the echo"), self._hear(call, BEFORE_HOLD, "before"))
            await self._step(_("send digits"), self._send_digits(call))
            await self._step(_("hold"), self._hold(call))
            await self._step(_("resume"), self._resume(call))
            await self._step(_("hear the echo again"), self._hear(call, AFTER_HOLD, "after"))
            await self._step(_("hang up"), self._hang_up(call))
            await self._step(_("ask to be called back"), self._ask_for_call_back())
            back = await self._wait_for_call_back()
            await self._step(_("answer"), self._answer(back))
            await self._step(_("hear music"), self._hear_music(back))
            await self._step(_("hang up"), self._hang_up(back))
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, PhoneError):
                await listener

    # events

    async def _listen(self, seq: int) -> None:
        try:
            async for _seq, event in self._phone.subscribe(seq):
                self._received(event)
                self._news.set()
        except PhoneError as error:
            self._lost = error
            self._news.set()

    def _received(self, event: Event | Any) -> None:
        if isinstance(event, CallChanged):
            self._calls[event.call.id] = event.call
        elif isinstance(event, AccountChanged):
            self._registrations[event.status.account.id] = event
        elif isinstance(event, DtmfReceived):
            self._digits += event.digit

    async def _until(self, condition: Callable[[], bool], missing: str, timeout_s: float = STEP_TIMEOUT_S) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    if self._lost:
                        raise self._lost
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise StepFailed(_("{what} (after {s:.0f} s)").format(what=missing, s=timeout_s)) from None

    async def _until_call(self, call: CallId, condition: Callable[[Call], bool], missing: str) -> Call:
        def reached() -> bool:
            now = self._calls.get(call)
            if now and now.is_over and not condition(now):
                raise StepFailed(f"{missing}: {texts.end_sentence(now)}")
            return bool(now and condition(now))

        await self._until(reached, missing)
        return self._calls[call]

    async def _step(self, name: str, work: Coroutine[Any, Any, str]) -> None:
        begun = time.monotonic()
        try:
            result = await work
        except StepFailed as failed:
            raise StepFailed(f"{name}: {failed}") from None
        self._say(f"{time.monotonic() - begun:6.2f} s  {name}: {result}")

    # steps

    async def _register(self) -> str:
        def all_registered() -> bool:
            states = [self._registrations.get(user) for user in ACCOUNTS]
            return all(s and s.status.registration.state is RegistrationState.REGISTERED for s in states)

        def sentences() -> str:
            return "; ".join(texts.registration_sentence(change.status) for change in self._registrations.values())

        try:
            await self._until(all_registered, "")
        except StepFailed:
            raise StepFailed(sentences()) from None
        return ", ".join(ACCOUNTS)

    async def _dial_echo(self) -> CallId:
        call = ""

        async def dial() -> str:
            nonlocal call
            call = await self._phone.dial("101", "2001")
            now = await self._until_call(call, lambda c: c.state is CallState.TALKING, _("101 does not answer"))
            codec = texts.codec(now.media.codec, now.media.clock_hz) if now.media else ""
            return _("answered {codec}").format(codec=codec).strip()

        await self._step(_("dial {number}").format(number=101), dial())
        return call

    async def _hear(self, call: CallId, notes: tuple[int, ...], name: str) -> str:
        """Play a melody into the call while the ear is recorded, and look for it in the recording."""
        melody = self._folder / f"{name}.wav"
        length = await asyncio.to_thread(write_melody, melody, notes)
        for attempt in range(1, _ATTEMPTS + 1):
            ear = self._folder / f"ear-{name}-{attempt}.wav"
            await self._phone.record(str(ear), call)
            await self._phone.play(str(melody), call)
            await asyncio.sleep(length + _ROUND_TRIP_S)
            await self._phone.record("", call)
            await self._phone.play("", call)
            match = await self._find(ear, notes)
            if match.share >= GOOD_SHARE:
                return _("{share:.0%} of the sound came back").format(share=match.share)
        text = _("only {share:.0%} of the sound that was sent came back ({file})")
        raise StepFailed(text.format(share=match.share, file=ear))

    async def _find(self, ear: Path, notes: tuple[int, ...]) -> Match:
        """Look until the melody is there: the engine closes a recording some time after it was told to."""
        deadline = time.monotonic() + _FILE_TIMEOUT_S
        while True:
            match = await asyncio.to_thread(find_melody, ear, notes)
            if match.share >= GOOD_SHARE or time.monotonic() > deadline:
                return match
            await asyncio.sleep(0.1)

    async def _send_digits(self, call: CallId) -> str:
        self._digits = ""
        await self._phone.send_dtmf(DIGITS, call)
        try:
            await self._until(lambda: self._digits == DIGITS, "")
        except StepFailed:
            raise StepFailed(_("sent {sent}, came back “{got}”").format(sent=DIGITS, got=self._digits)) from None
        return _("{digits} came back").format(digits=DIGITS)

    async def _hold(self, call: CallId) -> str:
        await self._phone.hold(call)
        now = await self._until_call(call, _is_held, _("the call does not go on hold"))
        return now.media.direction if now.media else _("on hold")

    async def _resume(self, call: CallId) -> str:
        await self._phone.resume(call)
        now = await self._until_call(call, _is_live, _("the call stays on hold"))
        return now.media.direction if now.media else _("talking")

    async def _hang_up(self, call: CallId) -> str:
        await self._phone.hang_up(call)
        now = await self._until_call(call, lambda c: c.is_over, _("the call does not end"))
        if now.end is None or now.end.by is not EndedBy.US:
            raise StepFailed(texts.end_sentence(now))
        return texts.end_sentence(now)

    async def _ask_for_call_back(self) -> str:
        call = await self._phone.dial("106", "2001")
        now = await self._until_call(call, lambda c: c.is_over, _("106 does not hang up"))
        if now.answered_at is None:
            raise StepFailed(texts.end_sentence(now))
        return texts.end_sentence(now)

    async def _wait_for_call_back(self) -> CallId:
        ringing: list[Call] = []

        def rings() -> bool:
            ringing[:] = [c for c in self._calls.values() if c.is_ringing and c.direction is Direction.INCOMING]
            return bool(ringing)

        async def wait() -> str:
            await self._until(rings, _("nobody calls back"), CALLBACK_TIMEOUT_S)
            return _("{who} calls").format(who=ringing[0].remote.label)

        await self._step(_("be called back"), wait())
        return ringing[0].id

    async def _answer(self, call: CallId) -> str:
        await self._phone.answer(call)
        await self._until_call(call, lambda c: c.state is CallState.TALKING, _("the call is not answered"))
        return _("talking")

    async def _hear_music(self, call: CallId) -> str:
        ear = self._folder / "ear-music.wav"
        await self._phone.record(str(ear), call)
        await asyncio.sleep(_MUSIC_S)
        await self._phone.record("", call)
        deadline = time.monotonic() + _FILE_TIMEOUT_S
        while (level := await asyncio.to_thread(level_db, ear)) < QUIET_DB:
            if time.monotonic() > deadline:
                raise StepFailed(_("nothing but silence was heard ({file})").format(file=ear))
            await asyncio.sleep(0.1)
        return _("{level:.0f} dB").format(level=level)


def _is_held(call: Call) -> bool:
    """Wished and negotiated."""
    return call.is_held and call.media is not None and call.media.direction in {"sendonly", "inactive"}


def _is_live(call: Call) -> bool:
    return call.is_talking and call.media is not None and call.media.direction == "sendrecv"


async def run_script(folder: Path, say: Callable[[str], None]) -> None:
    """Connect to the demo's engine and run the script. Raises StepFailed or PhoneError."""
    connection = await connect(paths.socket_file())
    try:
        await Script(connection, folder, say).run()
    finally:
        await connection.close()
