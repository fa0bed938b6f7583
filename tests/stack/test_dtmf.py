"""Digits: queued one after another, and read from INFO."""

from __future__ import annotations

import time

import pytest

from tuiphone.model.account import DtmfMethod
from tuiphone.stack.pjsua.dtmf import GAP_MS, PAUSE_MS, TONE_MS, DigitSender, digits_of
from tuiphone.stack.pjsua.pump import Pump


@pytest.mark.parametrize(
    ("kind", "body", "digits"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "signal= *\nduration=250", "*"),
        ("Application/DTMF-Relay; charset=utf-8", "Signal=12", "12"),
        ("application/dtmf", " 7 \r\n", "7"),
        ("application/dtmf", "d=9", "9"),
        ("application/dtmf", "a", "A"),
        ("application/dtmf", "10", "*"),
        ("application/dtmf", "11", "#"),
        ("application/dtmf", "flash", ""),
        ("application/dtmf", "", ""),
        ("application/dtmf-relay", "Duration=160", ""),
        ("text/plain", "5", ""),
    ],
)
def test_digits_of_an_info_body(kind: str, body: str, digits: str) -> None:
    assert digits_of(kind, body) == digits


def test_digits_go_out_in_order_each_in_its_time() -> None:
    pump = Pump()
    sent: list[tuple[str, DtmfMethod, float]] = []
    sender = DigitSender(pump, lambda digit, method: sent.append((digit, method, time.monotonic())))
    sender.send("1", DtmfMethod.INFO)
    sender.send(",2", DtmfMethod.RFC4733)
    assert pump.spin(3, lambda: len(sent) == 2)
    assert [(digit, method) for digit, method, _at in sent] == [("1", DtmfMethod.INFO), ("2", DtmfMethod.RFC4733)]
    assert sent[1][2] - sent[0][2] >= (TONE_MS + GAP_MS + PAUSE_MS) / 1000


def test_nothing_goes_out_after_the_end() -> None:
    pump = Pump()
    sent: list[str] = []
    sender = DigitSender(pump, lambda digit, method: sent.append(digit))
    sender.send("123", DtmfMethod.INFO)
    sender.close()
    pump.spin((TONE_MS + GAP_MS) * 2 / 1000, lambda: False)
    assert sent == ["1"]
