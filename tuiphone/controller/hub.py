"""Distribution of events: a numbered lossless lane that can be replayed, and a latest-wins lane for readings."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.event import Event, Reading

KEPT_EVENTS = 10_000
"""How many events can be replayed; a subscriber that falls further behind must take a new snapshot."""


class Hub:
    """Publishes events to any number of subscribers; nobody upstream ever waits for one of them."""

    def __init__(self, kept: int = KEPT_EVENTS, on_readings: Callable[[bool], None] = lambda wanted: None) -> None:
        self._events: deque[Event] = deque(maxlen=kept)
        self._subscriptions: set[_Subscription] = set()
        self._on_readings = on_readings
        self.seq = 0

    def publish(self, event: Event) -> None:
        """Number an event and hand it to every subscriber."""
        self.seq += 1
        self._events.append(event)
        for subscription in self._subscriptions:
            subscription.wake.set()

    def publish_reading(self, reading: Reading) -> None:
        """Hand on a reading; it replaces an unread older one of the same kind and call."""
        for subscription in self._subscriptions:
            if subscription.wants_readings:
                subscription.readings[type(reading), reading.call_id] = reading
                subscription.wake.set()

    @property
    def readings_wanted(self) -> bool:
        """Whether any subscriber wants levels and statistics."""
        return any(subscription.wants_readings for subscription in self._subscriptions)

    async def subscribe(
        self, since: int | None = None, readings: bool = False
    ) -> AsyncIterator[tuple[int, Event | Reading]]:
        """Events after number ``since`` (None: after the newest); readings carry number 0.

        Raises PhoneError of kind "unknown" when an event that would have to be replayed is not kept any more.
        """
        subscription = _Subscription(self.seq if since is None else since, readings)
        self._check(subscription)
        self._change(lambda: self._subscriptions.add(subscription))
        try:
            while True:
                subscription.wake.clear()
                while subscription.seen < self.seq:
                    self._check(subscription)
                    subscription.seen += 1
                    yield subscription.seen, self._events[subscription.seen - self.seq - 1]
                if subscription.readings:
                    yield 0, subscription.readings.pop(next(iter(subscription.readings)))
                elif not subscription.wake.is_set():
                    await subscription.wake.wait()
        finally:
            self._change(lambda: self._subscriptions.discard(subscription))

    def _change(self, change: Callable[[], None]) -> None:
        before = self.readings_wanted
        change()
        if self.readings_wanted != before:
            self._on_readings(not before)

    def _check(self, subscription: _Subscription) -> None:
        if not self.seq - len(self._events) <= subscription.seen <= self.seq:
            raise PhoneError(
                _("Event {n} cannot be replayed (kept: {first} to {last}); take a new snapshot").format(
                    n=subscription.seen + 1, first=self.seq - len(self._events) + 1, last=self.seq
                ),
                "unknown",
            )


class _Subscription:
    def __init__(self, seen: int, wants_readings: bool) -> None:
        self.seen = seen
        self.wants_readings = wants_readings
        self.readings: dict[tuple[type, str], Reading] = {}
        self.wake = asyncio.Event()
