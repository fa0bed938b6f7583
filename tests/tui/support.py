"""A screen on a controller on the fake stack, its far end and its clock within reach."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from textual.app import App
from textual.pilot import Pilot

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.config.schema import AudioSection, Config, KeyMap, PhoneSection, UiSection
from tuiphone.controller.api import Phone
from tuiphone.errors import EngineLost
from tuiphone.model.call import CallId
from tuiphone.model.event import Event, Reading
from tuiphone.stack.fake import FakeStack
from tuiphone.tui.app import TuiPhone
from tuiphone.tui.store import Store

PICTURES = Path(__file__).with_name("pictures")
DEADLINE_S = 5.0


class Wire:
    """What lies between screen and controller: can be cut, and mended again."""

    def __init__(self, phone: Any) -> None:
        self._phone = phone
        self._cut = asyncio.Event()
        self.connects = 0

    def cut(self) -> None:
        self._cut.set()

    def mend(self) -> None:
        self._cut = asyncio.Event()

    async def connect(self) -> Phone:
        self.connects += 1
        if self._cut.is_set():
            raise EngineLost("No engine listens here")
        return cast(Phone, self)

    async def subscribe(
        self, since: int | None = None, readings: bool = False
    ) -> AsyncIterator[tuple[int, Event | Reading]]:
        cut = self._cut
        events = self._phone.subscribe(since, readings)
        ending = asyncio.ensure_future(cut.wait())
        event: asyncio.Future[tuple[int, Event | Reading]] | None = None
        try:
            while True:
                event = asyncio.ensure_future(anext(events))
                await asyncio.wait({event, ending}, return_when=asyncio.FIRST_COMPLETED)
                if ending.done():
                    raise EngineLost("The engine closed the connection")
                try:
                    happened = event.result()
                except (StopAsyncIteration, RuntimeError):
                    return
                yield happened
        finally:
            ending.cancel()
            if event and not event.done():
                event.cancel()
                await asyncio.wait({event})
            await events.aclose()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._phone, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._cut.is_set():
                raise EngineLost("The engine closed the connection")
            return await method(*args, **kwargs)

        return call


class Recorded(TuiPhone):
    """Keeps what would go to the terminal beside the picture."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.written: list[str] = []
        super().__init__(*args, **more)

    def write_raw(self, text: str) -> None:
        self.written.append(text)


@dataclass
class Desk:
    """A running screen."""

    bench: Bench
    wire: Wire
    app: TuiPhone
    pilot: Pilot[str]
    written: list[str]

    @property
    def store(self) -> Store:
        return self.app.store

    @property
    def stack(self) -> FakeStack:
        return self.bench.stack

    async def press(self, *keys: str) -> None:
        """Keys one after another, and all that follows from them."""
        for key in keys:
            await self.pilot.press(key)
        await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way any more."""
        for _ in range(3):
            await self.bench.settle()
            await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Until the condition holds; fails after some seconds."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, f"never came: {what}\n{self.picture()}"
            await self.bench.settle()
            await self.pilot.pause(0.01)

    async def incoming(self, number: str = "2044", name: str = "Ana Souza", account: str = "sales") -> CallId:
        """A call that rings here."""
        call_id = self.stack.far_calls(account, number, name)
        await self.until(lambda: call_id in self.store.calls, "the ringing call")
        return call_id

    async def talking(self, number: str = "2044", name: str = "Ana Souza") -> CallId:
        """A call that was answered here."""
        call_id = await self.incoming(number, name)
        await self.bench.phone.answer(call_id)
        await self.until(lambda: self.store.calls[call_id].is_talking, "the talking call")
        return call_id

    async def missed(self, number: str, name: str = "") -> None:
        """A call that nobody answered."""
        call_id = await self.incoming(number, name)
        self.stack.far_hangs_up(call_id)
        await self.until(lambda: call_id not in self.store.calls, "the end of the missed call")

    def selected(self) -> CallId:
        """The call that commands mean."""
        call = self.store.current()
        return call.id if call else ""

    def given(self, command: str) -> list[tuple[object, ...]]:
        """The commands of a kind that the stack was given."""
        return [given for given in self.stack.commands if given[0] == command]

    def picture(self) -> str:
        """The screen as plain text."""
        return screen_text(self.app)

    def message(self) -> str:
        """What the message line says."""
        return self.store.messages[-1].text if self.store.messages else ""

    def focused(self) -> str:
        """The id of the widget that has the focus."""
        return (self.app.focused.id or "") if self.app.focused else ""

    def is_open(self, title: str) -> bool:
        """Whether a dialog of this title lies on top."""
        boxes = self.app.screen.query("#box") if self.app.screen is not self.app.main else ()
        return any(title in str(box.border_title) for box in boxes)


def screen_text(app: App[Any]) -> str:
    """What the terminal shows, without colours and trailing blanks."""
    width, height = app.size
    out = io.StringIO()
    console = Console(width=width, height=height, file=out, color_system=None, legacy_windows=False)
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    console.print(update)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def assert_picture(name: str, shown: str) -> None:
    """Compare with the kept picture; UPDATE_PICTURES=1 keeps this one instead."""
    path = PICTURES / f"{name}.txt"
    if os.environ.get("UPDATE_PICTURES"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown + "\n", encoding="utf-8")
    kept = path.read_text(encoding="utf-8").rstrip("\n") if path.exists() else "(none kept)"
    assert shown == kept, f"{name} looks different; if that is right: UPDATE_PICTURES=1\n{shown}"


@asynccontextmanager
async def desk(
    size: tuple[int, int] = (80, 24),
    *,
    ui: UiSection | None = None,
    phone: PhoneSection | None = None,
    keys: KeyMap | None = None,
    stack: FakeStack | None = None,
    start_engine: Callable[[], Any] | None = None,
    environment: dict[str, str] | None = None,
    config: Config | None = None,
) -> AsyncIterator[Desk]:
    """A screen attached to a controller with the accounts sales and desk."""
    async with bench(config or Config(accounts=(SALES, DESK), audio=AudioSection(codecs=("PCMU",))), stack) as made:
        wire = Wire(made.phone)
        app = Recorded(
            wire.connect,
            ui,
            phone=phone,
            keys=keys,
            start_engine=start_engine,
            clock=made.clock.now,
            environment=environment or {"TERM": "xterm-256color"},
        )
        async with app.run_test(size=size) as pilot:
            running = Desk(made, wire, app, pilot, app.written)
            await running.until(lambda: app.store.is_up, "the engine")
            await running.rest()
            yield running
