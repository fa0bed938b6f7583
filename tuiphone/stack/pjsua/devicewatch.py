"""Sees devices come and go without looking for them: the sound server and the kernel say when.

One thread that sleeps. It listens to ``pactl subscribe`` (a line for each change, none while nothing changes) and to
inotify on the folder of ALSA's devices, and asks the sound server for its devices only after one of them spoke.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import selectors
import subprocess
import threading
import time
from collections.abc import Callable

from tuiphone.stack.pjsua import soundserver
from tuiphone.stack.pjsua.soundserver import Server

log = logging.getLogger(__name__)

SETTLE_S = 0.1
"""A plug that goes in makes a burst of changes: they are waited for, so long after each, and no longer than LONGEST_S."""
LONGEST_S = 0.5
FIRST_RETRY_S = 1.0
LAST_RETRY_S = 30.0
_IN_ATTRIB, _IN_CREATE, _IN_DELETE, _IN_NONBLOCK, _IN_CLOEXEC = 0x4, 0x100, 0x200, 0o4000, 0o2000000
# Devices are made first and given their permissions then: both are changes.
_FOLDERS = ((b"/dev/snd", _IN_CREATE | _IN_DELETE | _IN_ATTRIB), (b"/dev", _IN_CREATE))
_RELEVANT = re.compile(rb" on (sink|source|server|card) #")


class DeviceWatch:
    """``changed`` is called on the watching thread with what the sound server has now, None without one, and with
    whether the kernel has a device more or less.
    """

    def __init__(self, changed: Callable[[Server | None, bool], None]) -> None:
        self._changed = changed
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._wake_read, selectors.EVENT_READ, "end")
        self._child: subprocess.Popen[bytes] | None = None
        self._pause_s = FIRST_RETRY_S
        self._retry_at = 0.0
        self._inotify = _inotify()
        if self._inotify >= 0:
            self._selector.register(self._inotify, selectors.EVENT_READ, "kernel")
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and its program; nothing is called afterwards."""
        os.write(self._wake_write, b"x")
        self._thread.join(soundserver.PATIENCE_S * 4)

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception:
            log.exception("devices that come or go are not seen any more")
        finally:
            self._end_child()
            self._selector.close()
            for fd in (self._wake_read, self._wake_write, *([self._inotify] if self._inotify >= 0 else [])):
                os.close(fd)

    def _turn(self) -> bool:
        """Sleep until something happens and tell of it; False when it is time to end."""
        if self._listen():
            return self._settle(set())
        asleep = self._child is not None or not soundserver.can_ask()
        ready = self._wait(None if asleep else max(0.0, self._retry_at - time.monotonic()))
        if "end" in ready:
            return False
        return self._settle(ready) if ready else True

    def _settle(self, happened: set[str]) -> bool:
        latest = time.monotonic() + LONGEST_S
        while time.monotonic() < latest:
            ready = self._wait(SETTLE_S)
            if "end" in ready:
                return False
            if not ready:
                break
            happened |= ready
        self._changed(soundserver.ask(), "kernel" in happened)
        return True

    def _wait(self, longest_s: float | None) -> set[str]:
        """What happened: "end", "kernel", "server", or nothing that matters."""
        found = set()
        for key, _mask in self._selector.select(longest_s):
            data = os.read(key.fd, 65536)
            if key.data == "end":
                found.add("end")
            elif key.data == "kernel":
                _look(self._inotify)
                found.add("kernel")
            elif not data:
                self._end_child()  # the sound server went away
                found.add("server")
            elif _RELEVANT.search(data):
                found.add("server")
        return found

    def _listen(self) -> bool:
        """Have the sound server tell of changes; True when that began: what it has now may be news."""
        if self._child or time.monotonic() < self._retry_at or not soundserver.can_ask():
            return False
        self._retry_at = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LAST_RETRY_S)
        if soundserver.ask() is None:
            return False
        self._child = subprocess.Popen(
            ["pactl", "subscribe"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        assert self._child.stdout is not None
        self._selector.register(self._child.stdout.fileno(), selectors.EVENT_READ, "server")
        self._pause_s = FIRST_RETRY_S
        return True

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child:
            assert child.stdout is not None
            self._selector.unregister(child.stdout.fileno())
            child.stdout.close()
            child.terminate()
            child.wait()
            self._retry_at = time.monotonic() + self._pause_s


def _inotify() -> int:
    """An inotify descriptor for the folder where ALSA's devices appear; -1 where there is no inotify."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "inotify_init1"):
        return -1
    fd = int(libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC))
    _look(fd)
    return fd


def _look(inotify: int) -> None:
    """Watch the folder, or the one in which it will appear; saying so again changes nothing."""
    libc = ctypes.CDLL(None)
    for folder, mask in _FOLDERS:
        if inotify >= 0 and libc.inotify_add_watch(inotify, folder, mask) >= 0:
            break
