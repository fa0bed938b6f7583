"""What people do with two phones, step by step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.support.stackprocess import Heard, StackProcess


@dataclass(frozen=True)
class Talk:
    """An answered call as both ends know it."""

    caller: StackProcess
    callee: StackProcess
    out: str
    """The call's id at the caller."""
    back: str
    """The call's id at the callee."""

    def ends(self) -> tuple[tuple[StackProcess, str], tuple[StackProcess, str]]:
        return (self.caller, self.out), (self.callee, self.back)


async def ring(caller: StackProcess, callee: StackProcess) -> tuple[str, str]:
    """Dial until the far end rings; the two call ids."""
    out = caller.dial(callee.uri)
    back = (await callee.wait("IncomingReport")).call_id
    callee.do("ring", back)
    await caller.wait("ProgressReport", call_id=out, code=180)
    return out, back


async def talk(caller: StackProcess, callee: StackProcess) -> Talk:
    """Dial and answer."""
    out, back = await ring(caller, callee)
    callee.do("answer", back)
    await caller.wait("ConfirmedReport", call_id=out)
    await callee.wait("ConfirmedReport", call_id=back)
    return Talk(caller, callee, out, back)


def holding(report: Heard) -> bool:
    """Whether a MediaReport tells of a hold on the phone's own side: nothing is heard of the far end (RFC 3264)."""
    return report.stream["direction"] in {"sendonly", "inactive"}


async def hang_up(talk: Talk) -> None:
    """The caller hangs up; both ends are told."""
    talk.caller.do("hang_up", talk.out)
    await talk.caller.wait("EndedReport", call_id=talk.out)
    await talk.callee.wait("EndedReport", call_id=talk.back)


async def written(path: Path) -> None:
    """A recording is complete once its header tells its length."""
    for _attempt in range(200):
        if path.exists() and path.stat().st_size > 44 and path.read_bytes()[40:44] != b"\0\0\0\0":
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path.name} was not written")
