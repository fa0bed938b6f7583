"""Only like calls are compared."""

from __future__ import annotations

import pytest

from bench.codec import same_calls
from bench.process import BenchError


def test_calls_of_one_packet_time_and_bit_rate_are_compared() -> None:
    same_calls("opus", (50.0, 4200.0), (49.5, 4000.0))


@pytest.mark.parametrize(
    ("ours", "pjsua", "words"),
    [
        ((33.3, 1267.0), (50.0, 1900.0), "33.3 packets a second, pjsua 50.0"),
        ((50.0, 3000.0), (50.0, 4000.0), "3000.0 octets a second, pjsua 4000.0"),
        ((50.0, 4000.0), (0.0, 0.0), "pjsua 0.0"),
    ],
)
def test_unlike_calls_are_not(ours: tuple[float, float], pjsua: tuple[float, float], words: str) -> None:
    with pytest.raises(BenchError, match=f"iLBC: .*{words}"):
        same_calls("iLBC", ours, pjsua)
