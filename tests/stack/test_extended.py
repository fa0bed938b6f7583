"""Blocks of extended reports as the model's figures, and the other way round (RFC 3611 section 4.7)."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from tuiphone.model.quality import Flow, Quality
from tuiphone.stack.pjsua.extended import Block, ExtendedReports, metrics_of, told

HEADER = Path(__file__).resolve().parents[2] / "native" / "helper" / "tuiphone.h"
UNKNOWN = Block(*[0] * len(Block._fields))._replace(
    known=1, signal_dbm=127, noise_dbm=127, echo_loss_db=127, gap_minimum=16, r_factor=127, mos_lq=127, mos_cq=127
)


def test_the_block_is_the_helpers_structure() -> None:
    structure = HEADER.read_text().partition("typedef struct tuiphone_voip_metrics {")[2].partition("}")[0]
    assert tuple(re.findall(r"(\w+)[,;]", structure)) == Block._fields


def test_no_block_has_no_figures() -> None:
    assert metrics_of(UNKNOWN._replace(known=0)) is None


def test_what_an_end_does_not_know_is_unknown() -> None:
    metrics = metrics_of(UNKNOWN)
    assert metrics is not None
    assert (metrics.r, metrics.mos_lq, metrics.mos_cq) == (None, None, None)
    assert (metrics.signal_db, metrics.noise_db, metrics.echo_loss_db) == (None, None, None)
    assert (metrics.rtt_ms, metrics.end_system_ms) == (None, None)


def test_rates_are_parts_of_256_and_scores_tenths() -> None:
    metrics = metrics_of(
        UNKNOWN._replace(
            loss_rate=26, discard_rate=3, burst_density=128, gap_density=1, mos_lq=41, mos_cq=39, r_factor=82
        )
    )
    assert metrics is not None
    assert (metrics.loss_pct, metrics.discarded_pct, metrics.burst_pct, metrics.gap_pct) == (10.2, 1.2, 50.0, 0.4)
    assert (metrics.mos_lq, metrics.mos_cq, metrics.r) == (4.1, 3.9, 82)


@pytest.mark.parametrize("wild", [0, 9, 51, 255])
def test_scores_out_of_their_range_are_not_shown(wild: int) -> None:
    metrics = metrics_of(UNKNOWN._replace(mos_lq=wild, mos_cq=wild, r_factor=wild + 101))
    assert metrics is not None
    assert (metrics.mos_lq, metrics.mos_cq, metrics.r) == (None, None, None)


def test_the_configuration_is_three_numbers_in_a_byte() -> None:
    metrics = metrics_of(UNKNOWN._replace(configuration=0b10110111))
    assert metrics is not None
    assert (metrics.concealment, metrics.buffer_kind, metrics.buffer_rate) == (2, 3, 7)


def test_the_far_end_is_told_the_rating_and_nothing_made_up() -> None:
    heard = Quality(
        "c", rx=Flow(level_db=-23.0), buffer_ms=40.0, rtt_ms=30.0, delay_ms=75.0, r=91.4, mos_lq=4.41, mos_cq=4.36
    )
    assert told(heard) == (91, 44, 44, -20, 60)
    assert told(Quality("c")) == (127, 127, 127, 127, 0)


def test_a_call_without_audio_has_no_reports() -> None:
    class Library:
        def tuiphone_rtcp_xr(self, pjsua_id: int, theirs: object, ours: object) -> int:
            return 70006

    reports = ExtendedReports(Library())  # type: ignore[arg-type]
    assert reports.read(0) == (None, None)


def test_both_blocks_are_read() -> None:
    class Library:
        def tuiphone_rtcp_xr(self, pjsua_id: int, theirs: ctypes.Array[ctypes.c_int], ours: object) -> int:
            theirs[:] = list(UNKNOWN._replace(mos_lq=38))
            return 0

    theirs, ours = ExtendedReports(Library()).read(0)  # type: ignore[arg-type]
    assert theirs is not None
    assert (theirs.mos_lq, ours) == (3.8, None)
