"""Ports on loopback that no other test of this machine is given at the same time.

A port stays reserved until the test ends (tests/conftest.py), whoever binds it in the meantime.
"""

from __future__ import annotations

import errno
import random
import socket

LOOPBACK = "127.0.0.1"
RTP_BLOCK = 64
_SIGNALLING = range(20000, 29000)
_MEDIA = range(10000, 20000, RTP_BLOCK)
_reserved: list[socket.socket] = []
# Not seeded by the test runner: xdist workers would all begin at the same port.
_random = random.SystemRandom()


def free_port(beside: int = 0) -> int:
    """A port that is free for UDP and TCP, and so many above it."""
    return _take(_SIGNALLING, 1 + beside)


def free_rtp_block() -> tuple[int, int]:
    """First and last port of a block for RTP and RTCP of many calls."""
    first = _take(_MEDIA, RTP_BLOCK)
    return first, first + RTP_BLOCK - 1


def release() -> None:
    """Give back every port of the test that ends."""
    while _reserved:
        _reserved.pop().close()


def _take(candidates: range, size: int) -> int:
    for _ in range(1000):
        port = _random.choice(candidates)
        wanted = range(port, port + size)
        if all(map(_is_free, wanted)) and all(map(_reserve, wanted)):
            return port
    raise OSError(errno.EADDRINUSE, "no free port found in 1000 tries")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True


def _reserve(port: int) -> bool:
    # A name in Linux's abstract socket space is machine-wide and goes with the process, however that ends.
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0tuiphone-test-port-{port}")
    except OSError:
        lock.close()
        return False
    _reserved.append(lock)
    return True
