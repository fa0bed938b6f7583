"""Our engine, except that a call put on hold goes on talking: ``python -m bench.crowd engine run``.

A phone with one microphone lets one call talk at a time, so twenty calls that all carry audio cannot be made with the
phone as it is. Everything else, from RPC to the media threads, is the engine that users run.
"""

from __future__ import annotations

from tuiphone.__main__ import main
from tuiphone.model.call import CallId
from tuiphone.stack import pjsua


class NeverHolding(pjsua.PjsuaStack):
    """Takes the command and leaves the call as it is."""

    def hold(self, call_id: CallId) -> None:
        """Nothing."""


if __name__ == "__main__":
    pjsua.PjsuaStack = NeverHolding  # type: ignore[misc]  # the engine takes the class from here
    main()
