"""What calls and their absence cost: CPU, memory, bytes to the terminal."""

from __future__ import annotations

import asyncio

from bench.ours import Ours
from bench.phones import MAX_CALLS, Phone, Pjsua
from bench.process import BenchError, cpu_s, rss_mb, switches
from bench.session import Bench
from bench.table import Figure

CALL = Figure("call-cpu", "CPU of the engine, one PCMU call of 20 s", "s", 1.15, "pjsua")
IDLE = Figure("idle-cpu", "CPU idle and registered (ours: engine + UI)", "%", 0.5)
IDLE_ENGINE = Figure("idle-cpu-engine", "  the engine alone", "%")
IDLE_SWITCHES = Figure("idle-wakeups", "  wake-ups (ours: engine + UI)", "/s")
IDLE_BYTES = Figure("idle-bytes", "bytes to the terminal, idle for 60 s", "B/s", 200)
TALK_BYTES = Figure("talk-bytes", "bytes to the terminal in a call", "B/s", 2000)
TALK_CPU = Figure("talk-cpu", "  CPU in a call, engine + UI", "%")
RSS_ENGINE = Figure("rss-engine", "resident memory after 100 calls, engine", "MB", 75)
RSS_UI = Figure("rss-ui", "resident memory after 100 calls, UI", "MB", 70)
GROWTH_ENGINE = Figure("growth-engine", "  growth from call 20 to call 100, engine", "%", 2)
GROWTH_UI = Figure("growth-ui", "  growth from call 20 to call 100, UI", "%", 2)
CROWD = Figure("crowd-cpu", "CPU of the engine, 20 PCMU calls with audio", "%", 1.2, "pjsua")
HELD = Figure("held-cpu", "  20 calls, 19 of them held", "%")


async def call(bench: Bench) -> None:
    """One call from its command on; figures are scaled to 20 s."""
    for phone in bench.phones():
        async with bench.up(phone):
            before = cpu_s(phone.pid)
            await bench.talk(phone)
            await asyncio.sleep(0.2)
            await bench.audio_for(bench.pace.call_s - 0.2, 1)
            bench.results.add(CALL.id, phone.name, (cpu_s(phone.pid) - before) * 20 / bench.pace.call_s)
            await phone.hang_up()
            await bench.exchange.take("ended", user=phone.name)


async def idle(bench: Bench) -> None:
    """All three at once, for an idle phone disturbs nobody; our screen is open in a terminal."""
    async with bench.all_up() as phones:
        ours = phones[0]
        await ours.disconnect()
        screen = await ours.settled_screen()
        try:
            pids = {"ours": [ours.pid, screen.pid], "baresip": [phones[1].pid], "pjsua": [phones[2].pid]}
            cpu = {pid: cpu_s(pid) for group in pids.values() for pid in group}
            woken = {pid: switches(pid) for pid in cpu}
            written, seconds = screen.bytes_written, bench.pace.idle_s
            await asyncio.sleep(seconds)
            cpu = {pid: (cpu_s(pid) - before) / seconds * 100 for pid, before in cpu.items()}
            woken = {pid: switches(pid) - before for pid, before in woken.items()}
            for name, group in pids.items():
                bench.results.add(IDLE.id, name, sum(cpu[pid] for pid in group))
                bench.results.add(IDLE_SWITCHES.id, name, sum(woken[pid] for pid in group) / seconds)
            bench.results.add(IDLE_ENGINE.id, "ours", cpu[ours.pid])
            bench.results.add(IDLE_BYTES.id, "ours", (screen.bytes_written - written) / seconds)
        finally:
            await screen.close()


async def talk(bench: Bench) -> None:
    """A call with our screen open: what it draws, and what that costs."""
    async with bench.up(Ours(bench.folder / "ours", bench.exchange)) as ours:
        screen = await ours.settled_screen()
        try:
            await bench.talk(ours)
            await asyncio.sleep(2)
            seconds = bench.pace.talk_s
            written, cpu = screen.bytes_written, cpu_s(screen.pid) + cpu_s(ours.pid)
            await bench.audio_for(seconds, 1)
            bench.results.add(TALK_BYTES.id, "ours", (screen.bytes_written - written) / seconds)
            bench.results.add(TALK_CPU.id, "ours", (cpu_s(screen.pid) + cpu_s(ours.pid) - cpu) / seconds * 100)
            await ours.hang_up()
            await bench.exchange.take("ended", user="ours")
        finally:
            await screen.close()


async def memory(bench: Bench) -> None:
    """Calls one after another, all three phones at the same time, our screen open."""
    async with bench.all_up() as phones:
        ours = phones[0]
        screen = await ours.settled_screen()
        try:
            early, _, _ = await asyncio.gather(*(_calls(bench, phone, bench.pace.early_calls) for phone in phones))
            engine, ui = rss_mb(ours.pid), rss_mb(screen.pid)
            left = bench.pace.calls - early
            await asyncio.gather(*(_calls(bench, phone, left) for phone in phones))
            for phone in phones:
                bench.results.add(RSS_ENGINE.id, phone.name, rss_mb(phone.pid))
            bench.results.add(RSS_UI.id, "ours", rss_mb(screen.pid))
            bench.results.add(GROWTH_ENGINE.id, "ours", (rss_mb(ours.pid) / engine - 1) * 100)
            bench.results.add(GROWTH_UI.id, "ours", (rss_mb(screen.pid) / ui - 1) * 100)
        finally:
            await screen.close()


async def _calls(bench: Bench, phone: Phone, count: int) -> int:
    for _ in range(count):
        await bench.talk(phone)
        await asyncio.sleep(0.25)
        await phone.hang_up()
        await bench.exchange.take("ended", user=phone.name)
        if isinstance(phone, Ours):
            await phone.until_calls(0)
        await asyncio.sleep(0.05)
    return count


async def crowd(bench: Bench) -> None:
    """Twenty calls that all carry audio both ways. Ours never holds one: bench.crowd says how."""
    for phone in bench.phones("bench.crowd"):
        async with bench.up(phone):
            for _ in range(MAX_CALLS):
                await bench.talk(phone)
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            before = cpu_s(phone.pid)
            await bench.audio_for(bench.pace.crowd_s, MAX_CALLS)
            used = (cpu_s(phone.pid) - before) / bench.pace.crowd_s * 100
            bench.results.add(CROWD.id, phone.name, used)
            await phone.hang_up()


async def held(bench: Bench) -> None:
    """Twenty calls as a person has them: each new one puts the last on hold."""
    for phone in bench.phones():
        if not isinstance(phone, Ours | Pjsua):
            await phone.stop()
            continue
        async with bench.up(phone):
            for number in range(MAX_CALLS):
                if number and isinstance(phone, Pjsua):
                    await phone.hold()
                    await asyncio.sleep(0.1)
                await bench.talk(phone)
                await asyncio.sleep(0.15)
            await asyncio.sleep(1)
            if isinstance(phone, Ours) and sum(c.is_held for c in (await phone.api.snapshot()).calls) != MAX_CALLS - 1:
                raise BenchError("our phone does not hold 19 of 20 calls")
            before = cpu_s(phone.pid)
            await asyncio.sleep(bench.pace.crowd_s)
            bench.results.add(HELD.id, phone.name, (cpu_s(phone.pid) - before) / bench.pace.crowd_s * 100)
            await phone.hang_up()
