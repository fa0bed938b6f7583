"""Progress on the terminal: one line per step with its name and elapsed time."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

PAUSE_S = 30.0
"""Between two signs of life where the output is no terminal."""


def clock(seconds: float) -> str:
    """Elapsed time as m:ss."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


class Progress:
    """Prints steps as they end; on a terminal the running ones have a live line, elsewhere a line now and then.

    Steps may run at the same time, each on a thread of its own.
    """

    def __init__(self, out: TextIO | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out if out is not None else sys.stderr
        self._now = now
        self._live = self._out.isatty()
        self._pause = 0.5 if self._live else PAUSE_S
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._drawn = False
        self._failure = "failed"

    def interrupted(self) -> None:
        """From now on steps that do not end well were interrupted: their tools are being stopped."""
        self._failure = "interrupted"

    def say(self, text: str) -> None:
        """A line of its own, above the live line."""
        with self._lock:
            self._clear()
            print(text, file=self._out, flush=True)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows `name` as running for the time of the block; a failure is shown as such."""
        begun = self._now()
        with self._lock:
            self._running[name] = begun
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(name, ended), daemon=True)
        ticker.start()
        mark = ""
        try:
            yield
            mark = "ok"
        except KeyboardInterrupt:
            self.interrupted()
            raise
        finally:
            ended.set()
            ticker.join()
            with self._lock:
                del self._running[name]
            self.say(f"  {name:<44} {clock(self._now() - begun):>6}  {mark or self._failure}")

    def _tick(self, name: str, ended: threading.Event) -> None:
        while not ended.wait(self._pause):
            with self._lock:
                if next(iter(self._running)) != name:
                    continue  # the step that has run longest speaks for all
                now = self._now()
                line = "  ... " + " | ".join(f"{step} {clock(now - since)}" for step, since in self._running.items())
                if self._live:
                    self._clear()
                self._out.write(line if self._live else line + "\n")
                self._out.flush()
                self._drawn = self._live

    def _clear(self) -> None:
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._drawn = False
