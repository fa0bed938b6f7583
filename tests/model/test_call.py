from __future__ import annotations

import time

from tuiphone.model.call import LEGAL_MOVES, CallState, new_call_id


def test_call_ids_sort_by_time_and_are_never_reused() -> None:
    ids = [new_call_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    time.sleep(0.002)
    assert new_call_id() > max(ids[:100])


def test_every_state_can_end_and_the_end_is_final() -> None:
    for state, moves in LEGAL_MOVES.items():
        assert (CallState.ENDED in moves) == (state is not CallState.ENDED)
    assert set(LEGAL_MOVES) == set(CallState)
