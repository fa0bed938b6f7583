"""A controller on the fake stack: what controller, rpc and screen tests stand on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tuiphone.config.schema import AccountConfig, Config
from tuiphone.controller.controller import Controller, Surroundings
from tuiphone.controller.ports import Credentials
from tuiphone.model.account import Account, AccountStatus
from tuiphone.model.call import Call, CallId, Direction
from tuiphone.model.event import CallChanged, Event, Reading
from tuiphone.model.record import CallRecord
from tuiphone.stack.fake import FakeClock, FakeStack

SALES = AccountConfig(id="sales", address="sip:2001@pbx.example", label="2001 sales")
DESK = AccountConfig(id="desk", address="sip:2002@pbx.example", label="2002 desk")


@dataclass
class MemorySettings:
    """Keeps what would go to settings.toml."""

    values: dict[str, str | int | bool | tuple[str, ...]] = field(default_factory=dict)
    accounts: dict[str, tuple[Account, str, str]] = field(default_factory=dict)

    def set(self, key: str, value: str | int | bool | tuple[str, ...]) -> None:
        self.values[key] = value

    def put_account(self, account: Account, password: str, turn_password: str) -> None:
        self.accounts[account.id] = (account, password, turn_password)

    def remove_account(self, account_id: str) -> None:
        del self.accounts[account_id]


@dataclass
class MemoryHistory:
    """Keeps what would go to the database."""

    rows: list[CallRecord] = field(default_factory=list)
    seen: bool = False

    def add(self, record: CallRecord) -> None:
        self.rows.insert(0, record)

    def search(self, text: str, missed: bool, limit: int, before: float | None) -> tuple[CallRecord, ...]:
        rows = (
            row
            for row in self.rows
            if text.lower() in f"{row.remote_name} {row.remote_uri}".lower()
            and (row.missed or not missed)
            and (before is None or row.started_at < before)
        )
        return tuple(rows)[:limit]

    def last_dialled(self) -> CallRecord | None:
        return next((row for row in self.rows if row.direction is Direction.OUTGOING), None)

    def count_missed(self) -> int:
        return 0 if self.seen else sum(not row.seen for row in self.rows)

    def mark_seen(self) -> None:
        self.seen = True

    def clear(self) -> None:
        self.rows.clear()


class Bench:
    """A controller with everything around it within reach, and the events it published."""

    def __init__(
        self, config: Config, stack: FakeStack, passwords: dict[str, str], recordings: Path | None = None
    ) -> None:
        self.stack = stack
        self.clock = FakeClock()
        self.settings = MemorySettings()
        self.history = MemoryHistory()
        self.passwords = passwords
        self.shutdowns = 0
        folder = recordings or Path(tempfile.gettempdir()) / f"tuiphone-test-{os.urandom(6).hex()}" / "recordings"
        self.folder = folder
        surroundings = Surroundings(config, self.settings, self.history, self._secret, self.clock, recordings=folder)
        self.phone = Controller(stack, surroundings, self._shut_down)
        self.events: list[Event | Reading] = []

    async def settle(self) -> None:
        """Wait until nothing is under way any more."""
        await self.stack.settle()

    def call(self, call_id: CallId) -> Call:
        """The newest word on a call."""
        return next(e.call for e in reversed(self.events) if isinstance(e, CallChanged) and e.call.id == call_id)

    def last(self, command: str) -> tuple[object, ...]:
        """The newest command of a kind that the stack was given."""
        return next(given for given in reversed(self.stack.commands) if given[0] == command)

    async def account(self, account_id: str) -> AccountStatus:
        """An account as it stands."""
        return next(status for status in await self.phone.accounts() if status.account.id == account_id)

    async def _secret(self, account: Account) -> Credentials:
        return Credentials(password=self.passwords.get(account.id, ""))

    def _shut_down(self) -> None:
        self.shutdowns += 1


@asynccontextmanager
async def bench(
    config: Config | None = None,
    stack: FakeStack | None = None,
    passwords: dict[str, str] | None = None,
    recordings: Path | None = None,
) -> AsyncIterator[Bench]:
    """A started controller with accounts sales and desk, registered."""
    import asyncio

    config = config or Config(accounts=(SALES, DESK))
    made = Bench(config, stack or FakeStack(), passwords or {}, recordings)

    async def listen() -> None:
        async for _seq, event in made.phone.subscribe(since=0):
            made.events.append(event)

    listener = asyncio.ensure_future(listen())
    try:
        await made.phone.start()
        await made.settle()
        yield made
    finally:
        if made.stack.running:
            await made.phone.stop("the test is over")
        listener.cancel()
        shutil.rmtree(made.folder.parent if recordings is None else made.folder, ignore_errors=True)
