"""A SIP stack without a network: a scripted far end and a clock that a test turns."""

from tuiphone.stack.fake.clock import FakeClock
from tuiphone.stack.fake.stack import FakeStack

__all__ = ["FakeClock", "FakeStack"]
