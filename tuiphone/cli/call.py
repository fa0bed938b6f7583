"""``tuiphone call TARGET``: one call without a screen."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import wave
from collections.abc import AsyncIterator, Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

from tuiphone import engine_process, paths, texts
from tuiphone.controller.api import Phone
from tuiphone.errors import EngineLost, PhoneError, WrongUsage
from tuiphone.i18n import _
from tuiphone.model.account import Account, RegistrationState
from tuiphone.model.call import Call, CallId, CallState, EndKind
from tuiphone.model.event import AccountChanged, CallChanged, Event, HistoryChanged, Reading, Snapshot
from tuiphone.model.quality import QualitySummary
from tuiphone.texts_quality import summary_line

REGISTRATION_TIMEOUT_S = 10.0
RECORDED_TIMEOUT_S = 2.0
ENGINE_GONE_TIMEOUT_S = 6.0
HISTORY_TIMEOUT_S = 1.0
LONGEST_S = 86400
DTMF_SIGNS = "0123456789*#ABCDabcd, "
DTMF_AFTER_S = 0.3
"""Pause between the answer and the first digit: an IVR needs a moment to listen."""


class Exit(IntEnum):
    """Exit codes of ``tuiphone call``."""

    ANSWERED = 0
    FAILED = 1
    USAGE = 2
    NO_ENGINE = 3
    BUSY = 4
    NO_ANSWER = 5
    REJECTED = 6
    NOT_REGISTERED = 7
    INTERRUPTED = 130


_EXITS = {
    EndKind.BUSY: Exit.BUSY,
    EndKind.NO_ANSWER: Exit.NO_ANSWER,
    EndKind.UNAVAILABLE: Exit.NO_ANSWER,
    EndKind.CANCELLED: Exit.NO_ANSWER,
    EndKind.DECLINED: Exit.REJECTED,
    EndKind.FORBIDDEN: Exit.REJECTED,
    EndKind.NOT_FOUND: Exit.REJECTED,
    EndKind.NO_COMMON_CODEC: Exit.REJECTED,
    EndKind.REDIRECTED: Exit.REJECTED,
}


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "call",
        help=_("make one call without a screen"),
        description=_(
            "Makes one call and waits for its end. With --play it ends after the file, with --duration after so "
            "many seconds, else when the far end hangs up or at Ctrl-C."
        ),
        epilog=_(
            "Exit codes: 0 answered, 1 failed, 2 wrong usage, 3 no engine, 4 busy, 5 no answer, 6 rejected, "
            "7 not registered, 130 interrupted (the call is hung up)."
        ),
    )
    parser.add_argument("target", metavar="TARGET", help=_("a number or address"))
    parser.add_argument(
        "--account", default="", metavar="ID", help=_("the account to call from (default: the phone's)")
    )
    parser.add_argument(
        "--play", default="", metavar="WAV", help=_("send this file (16-bit PCM) instead of the microphone")
    )
    parser.add_argument("--record", default="", metavar="WAV", help=_("write what the far end says to this file"))
    parser.add_argument(
        "--dtmf", default="", metavar="DIGITS", help=_("digits to send after the answer (comma: pause)")
    )
    parser.add_argument("--duration", type=_seconds, metavar="S", help=_("hang up so many seconds after the answer"))
    parser.add_argument(
        "--timeout", type=_seconds, default=60.0, metavar="S", help=_("how long to let it ring (default 60)")
    )
    parser.add_argument("--json", action="store_true", help=_("print the outcome as one JSON object"))
    parser.set_defaults(func=_run)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) <= LONGEST_S:
            return value
    raise argparse.ArgumentTypeError(
        _("{text} is no number of seconds from 0 to {most}").format(text=text, most=LONGEST_S)
    )


def _run(options: argparse.Namespace) -> int:
    from tuiphone.cli import exit_code

    try:
        return _make_call(options)
    except asyncio.CancelledError:
        return Exit.INTERRUPTED
    except PhoneError as error:
        if options.json:
            _print_outcome(Exit(exit_code(error)), sentence=str(error))
        raise


def _make_call(options: argparse.Namespace) -> int:
    from tuiphone.cli.engine import start_and_wait

    for name in ("play", "record"):
        value = getattr(options, name)
        if value:
            setattr(options, name, str(Path(value).absolute()))
    play_s = _length(options.play) if options.play else None
    if options.record and not paths.is_remote():
        _check_writable(Path(options.record))
    if wrong := sorted(set(options.dtmf) - set(DTMF_SIGNS)):
        text = _("--dtmf takes 0-9 * # A-D and a comma for a pause, not “{signs}”")
        raise WrongUsage(text.format(signs="".join(wrong)))
    ours = engine_process.running_pid() is None and not paths.is_remote()
    if ours:
        start_and_wait()
    return asyncio.run(_with_engine(options, play_s, ours))


def _length(path: str) -> float:
    try:
        with wave.open(path) as file:
            if file.getsampwidth() != 2:
                raise WrongUsage(_("{path} is not 16-bit PCM; convert it: sox in.wav -b 16 out.wav").format(path=path))
            frames, rate = int(file.getnframes()), int(file.getframerate())
            return frames / rate
    except OSError as error:
        raise WrongUsage(_("{path} cannot be played: {error}").format(path=path, error=error.strerror)) from None
    except (EOFError, wave.Error) as error:
        text = _("{path} cannot be played: it is no WAV file ({error})")
        raise WrongUsage(text.format(path=path, error=str(error) or _("it ends too soon"))) from None


def _check_writable(path: Path) -> None:
    """Said before anybody is called; the engine, which writes the file, is this user's."""
    if path.is_dir():
        raise WrongUsage(_("{path} is a folder; name a file").format(path=path))
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        text = _("{path} cannot be written: {folder} is not there, or not yours")
        raise WrongUsage(text.format(path=path, folder=path.parent))


def _print_outcome(code: Exit, **more: object) -> None:
    """One JSON object on standard output, whatever came of it."""
    print(json.dumps({"exit": int(code), "outcome": code.name.lower(), **more}, ensure_ascii=False))


async def _with_engine(options: argparse.Namespace, play_s: float | None, ours: bool) -> int:
    from tuiphone.rpc.client import connect

    task = asyncio.current_task()
    assert task
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Unlike a screen, this command is the call: nobody else would know that it goes on. Under nohup it has to.
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    connection = await connect(paths.socket_file())
    try:
        code = await _OneCall(connection.phone, options, play_s).run()
        if options.record:
            await _until(lambda: _is_whole(Path(options.record)), RECORDED_TIMEOUT_S)
        return code
    finally:
        if ours:
            await connection.phone.shutdown(force=True)
        await connection.close()
        if ours:
            # Else a script's next call would find an engine that is about to go.
            await _until(lambda: engine_process.running_pid() is None, ENGINE_GONE_TIMEOUT_S)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something that another process is about to do, but not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)


def _is_whole(recording: Path) -> bool:
    """The engine has closed it: the header is written last. One that was never begun will not come any more."""
    try:
        with recording.open("rb") as file:
            head = file.read(12)
    except OSError:
        return True
    return head[:4] == b"RIFF" and head[8:] == b"WAVE"


class _OneCall:
    def __init__(self, phone: Phone, options: argparse.Namespace, play_s: float | None) -> None:
        self._phone = phone
        self._options = options
        self._length = options.duration if options.duration else play_s
        self._call: Call | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._timed_out = False

    async def run(self) -> int:
        snapshot = await self._phone.snapshot()
        events = self._phone.subscribe(snapshot.seq)
        if not await self._registered(snapshot, events):
            return Exit.NOT_REGISTERED
        call_id = await self._dial()
        self._later(self._options.timeout, self._give_up)
        try:
            return await self._follow(call_id, events)
        except asyncio.CancelledError:
            await self._phone.hang_up(call_id)
            raise
        finally:
            for task in self._tasks:
                task.cancel()

    async def _dial(self) -> CallId:
        options = self._options
        dialling = asyncio.ensure_future(
            self._phone.dial(options.target, options.account, options.play, options.record)
        )
        try:
            return await asyncio.shield(dialling)
        except asyncio.CancelledError:
            await self._phone.hang_up(await dialling)
            raise

    async def _registered(self, snapshot: Snapshot, events: AsyncIterator[tuple[int, Event | Reading]]) -> bool:
        try:
            plan = await self._phone.preview(self._options.target, self._options.account)
        except PhoneError as error:
            raise error if isinstance(error, EngineLost) else WrongUsage(str(error)) from None
        status = next(status for status in snapshot.accounts if status.account.id == plan.account_id)
        if not _wants_registration(status.account):
            return True
        settled = {RegistrationState.REGISTERED, RegistrationState.REJECTED, RegistrationState.UNREGISTERED}
        try:
            async with asyncio.timeout(REGISTRATION_TIMEOUT_S):
                while status.registration.state not in settled:
                    _seq, event = await anext(events)
                    if isinstance(event, AccountChanged) and event.status.account.id == plan.account_id:
                        status = event.status
        except TimeoutError:
            pass
        if status.registration.state is RegistrationState.REGISTERED:
            return True
        sentence = texts.registration_sentence(status)
        if status.registration.state is RegistrationState.REGISTERING:
            sentence = _("{sentence}; no answer within {n:.0f} s").format(sentence=sentence, n=REGISTRATION_TIMEOUT_S)
        print(f"tuiphone: {sentence}", file=sys.stderr)
        if self._options.json:
            _print_outcome(Exit.NOT_REGISTERED, sentence=sentence)
        return False

    async def _follow(self, call_id: CallId, events: AsyncIterator[tuple[int, Event | Reading]]) -> int:
        async for _seq, event in events:
            if not isinstance(event, CallChanged) or event.call.id != call_id:
                continue
            before, self._call = self._call, event.call
            if before is None or before.state is not event.call.state:
                self._moved(event.call)
            if event.call.is_over:
                return self._over(event.call, await self._quality(event.call, events))
        return Exit.FAILED

    async def _quality(self, call: Call, events: AsyncIterator[tuple[int, Event | Reading]]) -> QualitySummary | None:
        """How the call sounded: it is in the history's row, which follows its end."""
        if call.answered_at is None:
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HISTORY_TIMEOUT_S):
                async for _seq, event in events:
                    if isinstance(event, HistoryChanged) and event.record and event.record.call_id == call.id:
                        return event.record.quality
        return None

    def _moved(self, call: Call) -> None:
        if call.state is CallState.TALKING:
            self._tasks.pop().cancel()
            if self._options.dtmf:
                self._later(DTMF_AFTER_S, lambda: self._phone.send_dtmf(self._options.dtmf, call.id))
            if self._length:
                self._later(self._length, lambda: self._phone.hang_up(call.id))
        if not self._options.json:
            self._say(call)

    def _say(self, call: Call) -> None:
        if call.is_over:
            print(texts.end_sentence(call))
        elif call.state is CallState.TALKING and call.answered_at is not None:
            codec = texts.codec(call.media.codec, call.media.clock_hz) if call.media else ""
            print(
                _("answered after {s:.1f} s {codec}").format(s=call.answered_at - call.created_at, codec=codec).strip()
            )
        else:
            print(texts.state_words(call).lower())
        sys.stdout.flush()

    def _over(self, call: Call, quality: QualitySummary | None) -> int:
        if call.answered_at is not None:
            code = Exit.ANSWERED
        elif self._timed_out:
            code = Exit.NO_ANSWER
        else:
            code = _EXITS.get(call.end.kind, Exit.FAILED) if call.end else Exit.FAILED
        if self._options.json:
            import msgspec

            told = {"call": msgspec.to_builtins(call), "quality": msgspec.to_builtins(quality)}
            _print_outcome(code, sentence=texts.end_sentence(call), **told)
        elif quality:
            print(summary_line(quality))
        return code

    async def _give_up(self) -> None:
        self._timed_out = True
        if self._call:
            await self._phone.hang_up(self._call.id)

    def _later(self, seconds: float, action: Any) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await action()

        self._tasks.append(asyncio.ensure_future(wait()))


def _wants_registration(account: Account) -> bool:
    return bool(account.registrar) and account.register
