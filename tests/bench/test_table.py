"""Figures are judged by the median of their runs, against a bound or against a peer."""

from __future__ import annotations

import pytest

from bench.table import Figure, Results, as_json, judge, number, p95, render

BOUNDED = Figure("start", "start", "s", 0.6)
COMPARED = Figure("cpu", "CPU", "s", 1.15, "pjsua")
UNBOUNDED = Figure("wakeups", "wake-ups", "/s")


def results(figure: str, **runs: list[float]) -> Results:
    made = Results()
    for phone, values in runs.items():
        for value in values:
            made.add(figure, phone, value)
    return made


def test_p95_of_twenty_leaves_out_the_worst_one() -> None:
    assert p95([float(n) for n in range(20, 0, -1)]) == 19


def test_p95_of_few_is_the_worst() -> None:
    assert p95([3.0, 9.0, 1.0]) == 9


def test_one_slow_run_does_not_move_the_median() -> None:
    assert judge(BOUNDED, results("start", ours=[0.5, 9.0, 0.4, 0.5, 0.55])).values["ours"] == 0.5


@pytest.mark.parametrize(("ours", "met"), [(0.6, True), (0.601, False)])
def test_bound_in_units(ours: float, met: bool) -> None:
    assert judge(BOUNDED, results("start", ours=[ours])).met is met


@pytest.mark.parametrize(("ours", "met"), [(0.23, True), (0.24, False)])
def test_bound_by_a_peer(ours: float, met: bool) -> None:
    row = judge(COMPARED, results("cpu", ours=[ours], pjsua=[0.2], baresip=[9.0]))
    assert row.met is met
    assert row.ratio == pytest.approx(ours / 0.2)


def test_without_the_peer_there_is_no_verdict() -> None:
    row = judge(COMPARED, results("cpu", ours=[0.2]))
    assert row.met is None
    assert row.ratio is None


def test_not_measured_is_not_met() -> None:
    assert judge(BOUNDED, Results()).met is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0"), (0.00012, "0.0001"), (0.2345, "0.234"), (12.34, "12.3"), (820.4, "820"), (-1.5, "-1.50")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_table_says_what_was_missed_and_ends_in_the_ratio() -> None:
    lines = render([judge(COMPARED, results("cpu", ours=[0.3], pjsua=[0.2]))]).splitlines()
    assert lines[0].split()[-1] == "ratio"
    assert lines[2].split()[-2:] == ["MISSED", "1.50"]
    assert "<= 1.15 x pjsua" in lines[2]


def test_json_keeps_the_single_runs() -> None:
    measured = results("wakeups", ours=[1.0, 2.0])
    (entry,) = as_json([judge(UNBOUNDED, measured)], measured)
    assert entry["runs"] == {"ours": [1.0, 2.0]}
    assert entry["met"] is None
