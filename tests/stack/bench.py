"""One way to drive any stack and its far end, so that the same tests hold for the fake and for the real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from tests.support.stackprocess import StackProcess
from tuiphone.controller.ports import Credentials, Report, RoleChoice, StackSettings
from tuiphone.model.account import Account, DtmfMethod
from tuiphone.model.call import new_call_id
from tuiphone.model.device import DeviceRole
from tuiphone.stack.fake import FakeStack

Heard = tuple[str, dict[str, Any]]


class Bench(Protocol):
    """A stack with one account "main" that needs no registrar, and somebody to call."""

    def do(self, method: str, *args: object) -> None: ...

    def heard(self) -> list[Heard]: ...

    async def dial(self) -> str:
        """Call the far end, which rings; returns at 180."""
        ...

    async def far_calls(self) -> str: ...

    async def far_answers(self, call_id: str) -> None: ...

    async def far_declines(self, call_id: str) -> None: ...

    async def far_hangs_up(self, call_id: str) -> None: ...

    async def far_holds(self, call_id: str, on: bool) -> None: ...

    async def far_sends(self, call_id: str, digit: str) -> None: ...

    async def close(self) -> None: ...


async def until(bench: Bench, kind: str, where: Callable[[dict[str, Any]], bool] = lambda f: True) -> dict[str, Any]:
    """The first report of a kind that fits, now or soon."""
    end = time.monotonic() + 8
    while True:
        for name, fields in bench.heard():
            if name == kind and where(fields):
                return fields
        assert time.monotonic() < end, f"no {kind} among {bench.heard()}"
        await asyncio.sleep(0.005)


class FakeBench:
    """The fake stack; its far end is part of it."""

    def __init__(self) -> None:
        self.stack = FakeStack()
        self._reports: list[Report] = []

    async def start(self) -> FakeBench:
        await self.stack.start(StackSettings(), self._reports.append)
        self.stack.add_account(Account("main", "sip:me@far.example"), Credentials("me"))
        return self

    def do(self, method: str, *args: object) -> None:
        if method == "choose_devices":
            choices = args[0]
            assert isinstance(choices, list)
            self.stack.choose_devices(tuple(RoleChoice(DeviceRole(c[0]), *c[1:]) for c in choices))
        elif method == "send_dtmf":
            call_id, digits, way = args
            self.stack.send_dtmf(str(call_id), str(digits), DtmfMethod(str(way)))
        else:
            getattr(self.stack, method)(*args)

    def heard(self) -> list[Heard]:
        return [(type(report).__name__, asdict(report)) for report in self._reports]

    async def dial(self) -> str:
        call_id = new_call_id()
        self.stack.make_call(call_id, "main", "sip:rings@far.example", DtmfMethod.RFC4733)
        await until(self, "ProgressReport", lambda f: f["call_id"] == call_id and f["code"] == 180)
        return call_id

    async def far_calls(self) -> str:
        call_id = self.stack.far_calls("main")
        await self.stack.settle()
        return call_id

    async def far_answers(self, call_id: str) -> None:
        self.stack.far_answers(call_id)

    async def far_declines(self, call_id: str) -> None:
        from tuiphone.model.call import EndedBy, EndKind

        self.stack.end(call_id, EndedBy.THEM, EndKind.BUSY, 486, "Busy Here")

    async def far_hangs_up(self, call_id: str) -> None:
        self.stack.far_hangs_up(call_id)

    async def far_holds(self, call_id: str, on: bool) -> None:
        self.stack.far_holds(call_id, on)

    async def far_sends(self, call_id: str, digit: str) -> None:
        self.stack.far_sends_digit(call_id, digit)

    async def close(self) -> None:
        await self.stack.stop()


class PjsuaBench:
    """The real stack in one process, and another one as its far end."""

    def __init__(self, folder: Path) -> None:
        self.phone = StackProcess("phone", folder)
        self.far = StackProcess("far", folder)
        self._theirs: dict[str, str] = {}

    async def start(self) -> PjsuaBench:
        await asyncio.gather(self.phone.start(), self.far.start())
        await self.phone.add_account()
        await self.far.add_account()
        return self

    def do(self, method: str, *args: object) -> None:
        self.phone.do(method, *args)

    def heard(self) -> list[Heard]:
        return [(h.kind, h.fields) for h in self.phone.reports]

    async def dial(self) -> str:
        call_id = self.phone.dial(self.far.uri)
        self._theirs[call_id] = (await self.far.wait("IncomingReport")).call_id
        self.far.do("ring", self._theirs[call_id])
        await until(self, "ProgressReport", lambda f: f["call_id"] == call_id and f["code"] == 180)
        return call_id

    async def far_calls(self) -> str:
        theirs = self.far.dial(self.phone.uri)
        known = set(self._theirs)
        fields = await until(self, "IncomingReport", lambda f: f["call_id"] not in known)
        self._theirs[fields["call_id"]] = theirs
        return str(fields["call_id"])

    async def far_answers(self, call_id: str) -> None:
        self.far.do("answer", self._theirs[call_id])

    async def far_declines(self, call_id: str) -> None:
        self.far.do("hang_up", self._theirs[call_id], 486)

    async def far_hangs_up(self, call_id: str) -> None:
        self.far.do("hang_up", self._theirs[call_id])

    async def far_holds(self, call_id: str, on: bool) -> None:
        await self.far.wait("ConfirmedReport", call_id=self._theirs[call_id])
        self.far.rewind()
        self.far.do("hold" if on else "resume", self._theirs[call_id])

    async def far_sends(self, call_id: str, digit: str) -> None:
        await self.far.wait("ConfirmedReport", call_id=self._theirs[call_id])
        self.far.do("send_dtmf", self._theirs[call_id], digit, "rfc4733")

    async def close(self) -> None:
        await asyncio.gather(self.phone.stop(), self.far.stop())
