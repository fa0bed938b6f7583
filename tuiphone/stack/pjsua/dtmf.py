"""Sending digits one after another, and reading those that arrive in SIP INFO."""

from __future__ import annotations

import re
from collections.abc import Callable

from tuiphone.model.account import DtmfMethod
from tuiphone.stack.pjsua.pump import Pump, Timer

DIGITS = frozenset("0123456789*#ABCD")
TONE_MS = 160
GAP_MS = 80
PAUSE_MS = 500
"""What a comma stands for."""

_RELAY = re.compile(r"^\s*(?:signal|d)\s*=\s*([0-9*#A-D]+)", re.IGNORECASE | re.MULTILINE)
_EVENTS = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""RFC 4733 event numbers that some far ends write into an INFO body."""


class DigitSender:
    """A call's queue of digits; ``emit`` sends one, which takes TONE_MS."""

    def __init__(self, pump: Pump, emit: Callable[[str, DtmfMethod], None]) -> None:
        self._pump = pump
        self._emit = emit
        self._queue: list[tuple[str, DtmfMethod]] = []
        self._timer: Timer | None = None

    def send(self, digits: str, method: DtmfMethod) -> None:
        """Queue digits; a comma is a pause."""
        self._queue.extend((digit, method) for digit in digits)
        if self._timer is None:
            self._next()

    def close(self) -> None:
        """Forget what was not sent."""
        self._queue.clear()
        if self._timer:
            self._timer.cancel()

    def _next(self) -> None:
        self._timer = None
        if not self._queue:
            return
        digit, method = self._queue.pop(0)
        wait_ms = PAUSE_MS if digit == "," else TONE_MS + GAP_MS
        self._timer = self._pump.later(wait_ms / 1000, self._next)
        if digit != ",":
            self._emit(digit, method)


def digits_of(content_type: str, body: str) -> str:
    """Digits in an INFO body: ``application/dtmf-relay`` ("Signal=5") or ``application/dtmf`` ("5"); else none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {"application/dtmf-relay", "application/dtmf"}:
        return ""
    match = _RELAY.search(body)
    digits = (match.group(1) if match else body.strip()).upper()
    if kind == "application/dtmf":
        digits = _EVENTS.get(digits, digits)
    return digits if re.fullmatch(r"[0-9*#A-D]{1,32}", digits) else ""
