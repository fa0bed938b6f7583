"""Figures, their targets, what was measured, and the table of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

PHONES = ("ours", "baresip", "pjsua")


@dataclass(frozen=True)
class Figure:
    """Something measured. ``limit`` bounds our median, or with ``against`` its ratio to that peer's; None: no target."""

    id: str
    title: str
    unit: str
    limit: float | None = None
    against: str = ""

    @property
    def target(self) -> str:
        """The bound in words."""
        if self.limit is None:
            return ""
        return f"<= {self.limit:g} x {self.against}" if self.against else f"<= {self.limit:g} {self.unit}"


@dataclass
class Results:
    """Values of each run, by figure and phone."""

    runs: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, figure: str, phone: str, value: float) -> None:
        """Keep one run's value."""
        self.runs.setdefault(figure, {}).setdefault(phone, []).append(value)

    def value(self, figure: str, phone: str) -> float | None:
        """The median of the runs."""
        values = self.runs.get(figure, {}).get(phone)
        return median(values) if values else None


@dataclass(frozen=True)
class Row:
    """One line of the table. ``met`` is None without a target, or without what it is compared with."""

    figure: Figure
    values: dict[str, float | None]
    ratio: float | None
    met: bool | None


def p95(values: Sequence[float]) -> float:
    """The smallest value that at least 95 of 100 do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def judge(figure: Figure, results: Results) -> Row:
    """A figure's row. The ratio is to the pjsua program, the engine without our program around it."""
    values = {phone: results.value(figure.id, phone) for phone in PHONES}
    ours, peer = values["ours"], values[figure.against or "pjsua"]
    ratio = ours / peer if ours is not None and peer else None
    measured = ratio if figure.against else ours
    met = None if figure.limit is None or measured is None else measured <= figure.limit
    return Row(figure, values, ratio, met)


def number(value: float | None) -> str:
    """Three significant digits; a dash for what was not measured."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 4)}f}"


def render(rows: Sequence[Row]) -> str:
    """The table as text; the last column is ours divided by pjsua."""
    head = ("figure", "unit", *PHONES, "target", "", "ratio")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = ["  ".join(_aligned(line, widths)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def as_json(rows: Sequence[Row], results: Results) -> list[dict[str, object]]:
    """Every row with the values of its single runs."""
    return [
        {
            "figure": row.figure.id,
            "title": row.figure.title,
            "unit": row.figure.unit,
            "median": row.values,
            "runs": results.runs.get(row.figure.id, {}),
            "target": row.figure.target,
            "met": row.met,
            "ratio_to_pjsua": row.ratio,
        }
        for row in rows
    ]


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {None: "", True: "met", False: "MISSED"}[row.met]
    values = [number(row.values[phone]) for phone in PHONES]
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
    return (row.figure.title, row.figure.unit, *values, row.figure.target, verdict, ratio)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    numeric = {2, 3, 4, 7}
    return [
        cell.rjust(width) if column in numeric else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
