"""What calls may ask of the exchange they belong to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tuiphone.demo.pacer import Pacer
from tuiphone.demo.transaction import TransactionLayer

if TYPE_CHECKING:
    from tuiphone.demo.call import Call

Script = Callable[["Call"], Awaitable[None]]
"""What a number does with a call; the call is hung up when it returns."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long things take, in seconds: what a person finds natural; tests take shorter ones."""

    ring_s: float = 0.8
    callback_s: float = 5.0
    callback_rings_s: float = 60.0
    hang_up_s: float = 5.0
    hold_s: float = 5.0
    digits_s: float = 1.5
    """Silence after the last digit that ends a number."""
    rtp_timeout_s: float = 60.0
    held_timeout_s: float = 1800.0


class Host(Protocol):
    """What a call needs from the exchange."""

    layer: TransactionLayer
    pacer: Pacer
    address: str
    pauses: Pauses

    def opened(self, call: Call) -> None:
        """Requests in this call's dialog go to it from now on."""
        ...

    def closed(self, call: Call) -> None:
        """The call is over."""
        ...

    def call_back(self, user: str, number: str, script: Script) -> None:
        """Call an account later, as this number."""
        ...
