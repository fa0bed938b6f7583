"""The SIP thread: jobs in order, timers on time, and nothing that ends it but its own end."""

from __future__ import annotations

import threading
import time

import pytest

from tuiphone.stack.pjsua.pump import Pump


@pytest.fixture
def pump() -> Pump:
    return Pump()


def started(pump: Pump) -> threading.Event:
    """Begin, sleeping on an event as the real one sleeps in the library."""
    bell = threading.Event()

    def poll(ms: int) -> None:
        bell.wait(ms / 1000)
        bell.clear()

    pump.poll, pump.wake, pump.longest_ms = poll, bell.set, 5000
    pump.start(lambda: None)
    return bell


def wait(event: threading.Event) -> None:
    assert event.wait(5)


def test_a_job_wakes_a_long_sleep_and_jobs_keep_their_order(pump: Pump) -> None:
    started(pump)
    time.sleep(0.05)
    done = threading.Event()
    order: list[int] = []
    begin = time.monotonic()
    for number in range(5):
        pump.submit(lambda number=number: order.append(number))  # type: ignore[misc]
    pump.submit(done.set)
    wait(done)
    assert time.monotonic() - begin < 1
    assert order == [0, 1, 2, 3, 4]
    pump.submit(pump.finish)


def test_every_job_runs_on_the_one_thread(pump: Pump) -> None:
    started(pump)
    done = threading.Event()
    threads: set[int] = set()

    def later() -> None:
        threads.add(threading.get_ident())
        done.set()

    def now() -> None:
        threads.add(threading.get_ident())
        pump.later(0.01, later)

    pump.submit(now)
    wait(done)
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    pump.submit(pump.finish)


def test_a_failing_job_takes_nothing_with_it(pump: Pump, caplog: pytest.LogCaptureFixture) -> None:
    started(pump)
    done = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    pump.submit(fail)
    pump.submit(done.set)
    wait(done)
    assert "ZeroDivisionError" in caplog.text
    assert all(record.exc_info is None for record in caplog.records), "a kept traceback keeps pj objects alive"
    pump.submit(pump.finish)


def test_timers_run_in_the_order_of_their_times_and_cancelled_ones_do_not(pump: Pump) -> None:
    started(pump)
    order: list[str] = []
    done = threading.Event()

    def arm() -> None:
        pump.later(0.06, lambda: order.append("late"))
        pump.later(0.02, lambda: order.append("early"))
        pump.later(0.03, lambda: order.append("never")).cancel()
        pump.later(0.09, done.set)

    pump.submit(arm)
    wait(done)
    assert order == ["early", "late"]
    pump.submit(pump.finish)


def test_a_timer_set_in_a_callback_ends_the_sleep_that_follows_it(pump: Pump) -> None:
    bell, done, told = threading.Event(), threading.Event(), threading.Event()

    def poll(ms: int) -> None:
        if not told.is_set():  # the library runs its own timers before it sleeps
            told.set()
            pump.later(0.02, done.set)
        bell.wait(ms / 1000)
        bell.clear()

    pump.poll, pump.wake, pump.longest_ms = poll, bell.set, 60_000
    pump.start(lambda: None)
    wait(done)
    pump.submit(pump.finish)


def test_finish_ends_the_thread(pump: Pump) -> None:
    started(pump)
    assert pump.is_running
    pump.submit(pump.finish)
    end = time.monotonic() + 5
    while pump.is_running and time.monotonic() < end:
        time.sleep(0.005)
    assert not pump.is_running


def test_spin_handles_jobs_until_something_is_so(pump: Pump) -> None:
    seen: list[int] = []
    pump.later(0.02, lambda: seen.append(1))
    assert pump.spin(2, lambda: bool(seen))
    assert not pump.spin(0.05, lambda: False)
