"""How soon something happens: a command on the wire, a call on the screen, a usable screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.exchange import Event
from bench.farend import BUSY
from bench.ours import PROMPT, Ours
from bench.phones import Baresip, Pjsua
from bench.process import BenchError
from bench.session import Bench
from bench.table import Figure, p95
from bench.terminal import Terminal

RPC = Figure("rpc-invite", "command to INVITE on the wire (ours: RPC), p95", "ms", 10)
KEY = Figure("key-invite", "key in the terminal to INVITE on the wire, p95", "ms", 40)
RING = Figure("ring-screen", "INVITE to the ringing line on the screen, p95", "ms", 60)
WARM = Figure("start-warm", "start to a usable screen, engine running", "s", 0.6)
COLD = Figure("start-cold", "start to a usable screen, engine cold", "s", 1.2)

_F5 = "\x1b[15~"


async def rpc(bench: Bench) -> None:
    """A dial command, to a user who is busy; the time of the INVITE is the kernel's."""
    for phone in bench.phones():
        async with bench.up(phone):
            waits = []
            for _ in range(bench.pace.commands):
                at = await phone.dial(BUSY)
                waits.append(_ms(at, await bench.exchange.take("invite", user=phone.name)))
                if isinstance(phone, Ours):
                    await phone.until_calls(0)
                await asyncio.sleep(0.05)
            bench.results.add(RPC.id, phone.name, p95(waits))


async def key(bench: Bench) -> None:
    """Enter on a typed number. The peers' line prompts take the whole command in one line, so theirs is that line."""
    async with bench.up(Ours(bench.folder / "ours", bench.exchange)) as ours:
        screen = await ours.settled_screen()
        try:
            waits = []
            for _ in range(bench.pace.keys):
                for typed in (_F5, BUSY):
                    screen.press(typed)
                    await asyncio.sleep(0.2)
                pressed = screen.press("\r")
                waits.append(_ms(pressed, await bench.exchange.take("invite", user="ours", dialled=BUSY)))
                await ours.until_calls(0)
                await asyncio.sleep(0.1)
            bench.results.add(KEY.id, "ours", p95(waits))
        finally:
            await screen.close()


async def ring(bench: Bench) -> None:
    """An INVITE from the far end until the phone's terminal has the words."""
    async with bench.up(Ours(bench.folder / "ours", bench.exchange)) as ours:
        screen = await ours.settled_screen()
        await _rings(bench, "ours", screen, "RINGING")
    await _peer_rings(bench, "baresip", _baresip_command(bench), "Incoming call")
    await _peer_rings(bench, "pjsua", Pjsua(bench.folder / "pjsua", bench.exchange).command(), "Incoming call")


async def _peer_rings(bench: Bench, name: str, argv: Sequence[str | Path], words: str) -> None:
    bench.exchange.forget()
    screen = Terminal(argv, {})
    await bench.exchange.take("registered", 15, user=name)
    await asyncio.sleep(0.5)
    await _rings(bench, name, screen, words)


async def _rings(bench: Bench, name: str, screen: Terminal, words: str) -> None:
    """Measure; ends the terminal."""
    try:
        waits = []
        for _ in range(bench.pace.rings):
            called = await bench.exchange.call(name)
            seen = await screen.shows(words, called["at"])
            waits.append((seen - called["at"]) / 1e6)
            await asyncio.sleep(0.1)
            await bench.exchange.cancel(name)
            await asyncio.sleep(0.2)
            screen.forget()
        bench.results.add(RING.id, name, p95(waits))
    finally:
        await screen.close()


async def start(bench: Bench) -> None:
    """From the exec of the command to a screen on which a key does what it should.

    One start comes first that is not counted: it leaves Python's byte code where an installation has it.
    """
    first = Ours(bench.folder / "ours", bench.exchange)
    try:
        await _usable(first)
    finally:
        await first.stop()
    for _ in range(bench.pace.starts):
        async with bench.up(Ours(bench.folder / "ours", bench.exchange)) as ours:
            await ours.disconnect()
            bench.results.add(WARM.id, "ours", await _usable(ours))
        cold = Ours(bench.folder / "ours", bench.exchange)
        try:
            bench.results.add(COLD.id, "ours", await _usable(cold))
        finally:
            await cold.stop()
        for name, argv, words in (
            ("baresip", _baresip_command(bench), "baresip is ready"),
            ("pjsua", Pjsua(bench.folder / "pjsua", bench.exchange).command(), ">>>"),
        ):
            screen = Terminal(argv, {})
            try:
                bench.results.add(COLD.id, name, (await screen.shows(words) - screen.started_at) / 1e9)
            finally:
                await screen.close()


async def _usable(ours: Ours) -> float:
    """Seconds until a typed digit is answered with what it would dial, which only an engine with accounts can tell."""
    screen = ours.screen()
    try:
        await screen.shows(PROMPT)
        pressed = screen.press("7")
        deadline = time.monotonic() + 10
        while True:
            # Refused while the engine is not there yet; then the next one counts, as for a person who tries again.
            with suppress(BenchError):
                return (await screen.shows("dials 7", pressed, 0.05) - screen.started_at) / 1e9
            if time.monotonic() > deadline:
                raise BenchError(f"no usable screen within 10 s: {screen.text()[-400:]}")
            screen.press("7")
    finally:
        await screen.close()


def _baresip_command(bench: Bench) -> list[str | Path]:
    """baresip with its line interface, as a person starts it."""
    baresip = Baresip(bench.folder / "baresip", bench.exchange)
    baresip.configure("module stdio.so\n")
    return ["baresip", "-4", "-f", bench.folder / "baresip"]


def _ms(begin_ns: int, event: Event) -> float:
    return float(event["at"] - begin_ns) / 1e6
