"""Extended reports of a call's audio (RFC 3611): what the far end tells of the sound it gets, and what we tell it."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from tuiphone.model.media import VoipMetrics
from tuiphone.model.quality import Quality

_UNAVAILABLE = 127
_DBM0_AT_FULL_SCALE = 3.14
"""The level of a sine wave that just does not clip, in dBm0 (ITU-T G.711 table 1a)."""


class Block(NamedTuple):
    """``tuiphone_voip_metrics`` of native/helper/tuiphone.h: a VoIP metrics block as it is on the wire."""

    known: int
    loss_rate: int
    discard_rate: int
    burst_density: int
    gap_density: int
    burst_ms: int
    gap_ms: int
    round_trip_ms: int
    end_system_ms: int
    signal_dbm: int
    noise_dbm: int
    echo_loss_db: int
    gap_minimum: int
    r_factor: int
    r_factor_outside: int
    mos_lq: int
    mos_cq: int
    configuration: int
    buffer_nominal_ms: int
    buffer_maximum_ms: int
    buffer_limit_ms: int


_Wire = ctypes.c_int * len(Block._fields)


class ExtendedReports:
    """The helper's functions for them. Only on the SIP thread."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def read(self, pjsua_id: int) -> tuple[VoipMetrics | None, VoipMetrics | None]:
        """The far end's block and our own, as far as there were any."""
        theirs, ours = _Wire(), _Wire()
        if self._library.tuiphone_rtcp_xr(pjsua_id, theirs, ours):
            return None, None  # its stream is being replaced
        return metrics_of(Block(*theirs)), metrics_of(Block(*ours))

    def source(self, pjsua_id: int) -> int:
        """The synchronization source of what arrives; 0 while nothing came."""
        return int(self._library.tuiphone_rtp_source(pjsua_id)) & 0xFFFFFFFF  # ctypes takes it for a signed one

    def refusals(self, pjsua_id: int) -> int:
        """A count that changes while packets of ours are refused before they leave."""
        return int(self._library.tuiphone_rtp_refusals(pjsua_id))

    def tell(self, pjsua_id: int, quality: Quality) -> None:
        """Tell the far end from now on how it sounds here."""
        self._library.tuiphone_rtcp_xr_rate(pjsua_id, *told(quality))


def metrics_of(block: Block) -> VoipMetrics | None:
    """A block as the model's figures; None when there was none."""
    if not block.known:
        return None
    return VoipMetrics(
        loss_pct=_percent(block.loss_rate),
        discarded_pct=_percent(block.discard_rate),
        burst_pct=_percent(block.burst_density),
        gap_pct=_percent(block.gap_density),
        burst_ms=block.burst_ms,
        gap_ms=block.gap_ms,
        gap_minimum=block.gap_minimum,
        rtt_ms=block.round_trip_ms or None,
        end_system_ms=block.end_system_ms or None,
        signal_db=_known(block.signal_dbm),
        noise_db=_known(block.noise_dbm),
        echo_loss_db=_known(block.echo_loss_db),
        r=block.r_factor if 0 <= block.r_factor <= 100 else None,
        mos_lq=_score(block.mos_lq),
        mos_cq=_score(block.mos_cq),
        buffer_ms=block.buffer_nominal_ms,
        buffer_max_ms=block.buffer_maximum_ms,
        buffer_limit_ms=block.buffer_limit_ms,
        buffer_kind=block.configuration >> 4 & 3,
        buffer_rate=block.configuration & 15,
        concealment=block.configuration >> 6 & 3,
    )


def told(quality: Quality) -> tuple[int, int, int, int, int]:
    """R factor, both scores times ten, level in dBm0 and delay in ms, as the block has them."""
    level = quality.rx.level_db
    return (
        _wire(quality.r),
        _wire(quality.mos_lq, 10),
        _wire(quality.mos_cq, 10),
        _wire(None if level is None else level + _DBM0_AT_FULL_SCALE),
        max(0, round(quality.end_system_ms or 0)),
    )


def _wire(value: float | None, factor: int = 1) -> int:
    return _UNAVAILABLE if value is None else round(value * factor)


def _known(value: int) -> int | None:
    return None if value == _UNAVAILABLE else value


def _score(tenths: int) -> float | None:
    return tenths / 10 if 10 <= tenths <= 50 else None


def _percent(part_of_256: int) -> float:
    return round(100 * part_of_256 / 256, 1)
