"""The one thread that may touch pjsua2: it sleeps inside the library, runs commands handed to it, and keeps timers.

Everything in this folder except ``PjsuaStack``'s own methods and ``Pump.submit`` runs on this thread.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

Job = Callable[[], None]


class Timer:
    """A job for later; ``cancel`` drops it, and what it holds on to, at once."""

    __slots__ = ("_job",)

    def __init__(self, job: Job) -> None:
        self._job: Job | None = job

    def cancel(self) -> None:
        """Never run."""
        self._job = None

    def run(self) -> None:
        """Run the job unless it was cancelled."""
        job, self._job = self._job, None
        if job:
            job()


class Pump:
    """Owns the thread; ``poll(ms)`` handles the library's events and waits for more, ``wake`` ends such a wait."""

    def __init__(self) -> None:
        self.poll: Callable[[int], object] = lambda ms: time.sleep(ms / 1000)
        self.wake: Job = lambda: None
        self.longest_ms = 20
        self._jobs: deque[Job] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._sleeping = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self, first: Job) -> None:
        """Begin the thread with a first job."""
        self._jobs.append(first)
        self._thread = threading.Thread(target=self._run, name="sip", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether jobs will still be run."""
        return self._thread is not None and self._thread.is_alive() and not self._stopping

    def submit(self, job: Job) -> None:
        """Run a job soon. Any thread, and from a callback too: it then runs after the callback has returned."""
        self._jobs.append(job)
        self.wake()

    def later(self, seconds: float, job: Job) -> Timer:
        """Run a job after so many seconds."""
        timer = Timer(job)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._serial), timer))
        if self._sleeping and self._timers[0][2] is timer:
            # Set in a callback of the library, which may go on to sleep for longer than that.
            self.wake()
        return timer

    def spin(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Handle events and jobs here and now until something is so; False when time ran out first."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() >= end:
                return False
            self._turn(10)
        return True

    def finish(self) -> None:
        """Let the thread end after the job that calls this."""
        self._stopping = True

    def _run(self) -> None:
        while not self._stopping:
            self._turn(self.longest_ms)
        self._jobs.clear()
        self._timers.clear()

    def _turn(self, longest_ms: int) -> None:
        for _ in range(len(self._jobs)):
            _guard(self._jobs.popleft())
            if self._stopping:
                return
        wait_ms = self._run_timers(longest_ms)
        self._sleeping = True
        try:
            self.poll(0 if self._jobs else wait_ms)
        finally:
            self._sleeping = False

    def _run_timers(self, longest_ms: int) -> int:
        """Run what is due; returns how long the next sleep may be."""
        while self._timers:
            left = self._timers[0][0] - time.monotonic()
            if left > 0:
                return min(longest_ms, int(left * 1000) + 1)
            _guard(heapq.heappop(self._timers)[2].run)
        return longest_ms


def _guard(job: Job) -> None:
    try:
        job()
    except Exception:
        # The text only: a traceback object kept by a log handler would keep pj objects alive past their end.
        log.error("a command of the SIP thread failed: %s", traceback.format_exc())
