"""The way to the engine: attach, follow its events, and find it again when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import cast

from tuiphone.controller.api import Phone
from tuiphone.errors import EngineLost, PhoneError
from tuiphone.i18n import _
from tuiphone.model.event import Event, HistoryChanged, NoticeLevel, Reading
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.tui.store import Link, Store

log = logging.getLogger(__name__)

RETRY_S = (0.1, 0.25, 0.5, 1.0)
"""Pauses between attempts; the last one goes on for ever."""
COMING_UP_S = 3.0
"""An engine that was just started may need so long. Until then it is looked for often, and is not called lost."""
EAGER_S = 0.04
ATTEMPT_S = 5.0
HISTORY_ROWS = 100
_SUBSCRIBING_S = 0.05
"""Time for a subscription to leave this process; what is sent after it arrives after it."""

Connect = Callable[[], Awaitable[Phone]]
Subscription = AsyncIterator[tuple[int, Event | Reading]]


class Session:
    """Keeps the store in step with an engine, whichever one ``connect`` finds."""

    def __init__(self, store: Store, connect: Connect) -> None:
        self._store = store
        self._connect = connect
        self._phone: Phone | None = None
        self._wake = asyncio.Event()
        self._coming_up_until = 0.0
        self._readings: asyncio.Task[None] | None = None

    @property
    def phone(self) -> Phone:
        """The engine. Raises EngineLost while there is none."""
        if self._phone is None:
            raise EngineLost(_("The engine is not there; the screen tries to reach it again"))
        return self._phone

    def retry_now(self) -> None:
        """An engine was started: do not wait for the next attempt."""
        self._coming_up_until = time.monotonic() + COMING_UP_S
        self._wake.set()

    def want_readings(self, wanted: bool) -> None:
        """Have levels and statistics put into the store, or not."""
        running = self._readings is not None and not self._readings.done()
        if wanted and not running and self._phone is not None:
            self._readings = asyncio.create_task(self._follow_readings(self._phone))
        elif not wanted and running and self._readings:
            self._readings.cancel()
            self._readings = None

    async def readings_flow(self) -> None:
        """Wait until the engine has taken note that readings are wanted: a question asked later is answered later."""
        await asyncio.sleep(_SUBSCRIBING_S)
        await self.phone.devices()

    async def run(self) -> None:
        """Attach and follow until cancelled."""
        attempt = 0
        self._coming_up_until = time.monotonic() + COMING_UP_S
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    phone = await self._connect()
                attempt = 0
                await self._attached(phone)
                reason = _("the engine ended the connection")
            except (PhoneError, OSError, TimeoutError) as error:
                reason = str(error) or _("no answer")
            except Exception:
                log.exception("The session with the engine failed")
                reason = _("a fault in the screen; the log has the details")
            self._drop()
            coming_up = time.monotonic() < self._coming_up_until
            if not coming_up or self._store.link is not Link.CONNECTING:
                self._store.lost(reason)
            await self._pause(EAGER_S if coming_up else RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += not coming_up

    async def _attached(self, phone: Phone) -> None:
        history: asyncio.Task[None] | None = None
        while True:
            async with asyncio.timeout(ATTEMPT_S):
                snapshot = await phone.snapshot()
            self._phone = phone
            self._store.attach(snapshot)
            history = asyncio.create_task(self._load_history(phone))
            try:
                await self._follow(phone, snapshot.seq)
                return
            except PhoneError as error:
                if error.kind != "unknown":
                    raise
                log.info("Events were missed; taking a new snapshot")
            finally:
                history.cancel()

    async def _follow(self, phone: Phone, seq: int) -> None:
        async with _closing(phone.subscribe(since=seq)) as subscription:
            async for _seq, event in subscription:
                if isinstance(event, Levels | StreamStats | Quality):
                    self._store.read(event)
                    continue
                self._store.apply(event)
                if isinstance(event, HistoryChanged) and event.record is None:
                    await self._load_history(phone)

    async def _load_history(self, phone: Phone) -> None:
        with contextlib.suppress(EngineLost):
            try:
                self._store.set_history(await phone.history(limit=HISTORY_ROWS))
            except PhoneError as error:
                self._store.say(str(error), NoticeLevel.WARNING)

    async def _follow_readings(self, phone: Phone) -> None:
        with contextlib.suppress(PhoneError):
            async with _closing(phone.subscribe(readings=True)) as subscription:
                async for _seq, reading in subscription:
                    if isinstance(reading, Levels | StreamStats | Quality):
                        self._store.read(reading)

    def _drop(self) -> None:
        self._phone = None
        self.want_readings(False)

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


@contextlib.asynccontextmanager
async def _closing(subscription: Subscription) -> AsyncIterator[Subscription]:
    """End the subscription, not only the reading of it, when its reader is done."""
    if hasattr(subscription, "aclose"):
        async with aclosing(cast("contextlib.AbstractAsyncContextManager[None]", subscription)):  # type: ignore[type-var]
            yield subscription
    else:
        yield subscription
