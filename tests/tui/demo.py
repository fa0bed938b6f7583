"""The screen on a fake engine, to look at: ``python -m tests.tui.demo [ui.key=value…]``. Ringing, held and talking calls."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from dataclasses import replace
from typing import Any

from tests.support.controller import DESK, SALES, bench
from tuiphone.config.schema import Config, UiSection
from tuiphone.controller.api import Phone
from tuiphone.model.media import Levels, StreamStats
from tuiphone.stack.fake import FakeStack
from tuiphone.tui.app import TuiPhone


def ui_section(arguments: list[str]) -> UiSection:
    ui = UiSection()
    for argument in arguments:
        key, _equals, value = argument.partition("=")
        old = getattr(ui, key)
        changed: dict[str, Any] = {key: value == "true" if isinstance(old, bool) else type(old)(value)}
        ui = replace(ui, **changed)
    return ui


async def main(arguments: list[str]) -> None:
    busy = "idle" not in arguments
    ui = ui_section([argument for argument in arguments if "=" in argument])
    stack = FakeStack()
    stack.registrar["desk"] = (503, "Service Unavailable")
    async with bench(Config(accounts=(SALES, DESK), ui=ui), stack) as phone:
        phone.clock.advance(time.time() - phone.clock.now())

        async def run_clock() -> None:
            while True:
                await asyncio.sleep(0.1)
                phone.clock.advance(max(0.0, time.time() - phone.clock.now()))
                if stack.watched[0]:
                    level = -30 + 20 * math.sin(time.time() * 2)
                    for call_id, call in stack.calls.items():
                        if call.answered and not call.local_hold:
                            stack.report(Levels(call_id, level, -25 - level / 3))
                            stack.report(StreamStats(call_id, 5000, 0, 15, 0, 6.0, 40.0, 5000, 0, 0, 4.0, 41.0))

        async def connect() -> Phone:
            return phone.phone

        ticking = asyncio.ensure_future(run_clock())
        if busy:
            first = stack.far_calls("sales", "2044", "Ana Souza")
            await phone.settle()
            stack.far_hangs_up(first)
            await phone.phone.dial("+442079460018")
            await phone.settle()
            stack.far_answers(next(iter(stack.calls)))
            await phone.settle()
            second = stack.far_calls("sales", "2044", "Ana Souza")
            await phone.settle()
            await phone.phone.answer(second)
            await phone.settle()
            stack.far_calls("sales", "300", "Door intercom")
            await phone.settle()
        app = TuiPhone(connect, ui)
        await app.run_async(mouse=ui.mouse)
        ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
