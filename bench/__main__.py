"""``python -m bench``: measure, print the table, write bench/results.json."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import canceller, codec, cost, glitch, mouth, speed
from bench.exchange import Exchange
from bench.phones import baresip_version, pjsua_program
from bench.process import BenchError
from bench.session import QUICK, Bench, Pace
from bench.table import Figure, Results, as_json, judge, render

RUNS = 5
RESULTS = Path(__file__).with_name("results.json")
Measure = Callable[[Bench], Awaitable[None]]

MEASURES: dict[str, tuple[Measure, tuple[Figure, ...]]] = {
    "call": (cost.call, (cost.CALL,)),
    "crowd": (cost.crowd, (cost.CROWD,)),
    "held": (cost.held, (cost.HELD,)),
    "idle": (cost.idle, (cost.IDLE, cost.IDLE_ENGINE, cost.IDLE_SWITCHES, cost.IDLE_BYTES)),
    "talk": (cost.talk, (cost.TALK_BYTES, cost.TALK_CPU)),
    "rpc": (speed.rpc, (speed.RPC,)),
    "key": (speed.key, (speed.KEY,)),
    "ring": (speed.ring, (speed.RING,)),
    "start": (speed.start, (speed.WARM, speed.COLD)),
    "memory": (cost.memory, (cost.RSS_ENGINE, cost.RSS_UI, cost.GROWTH_ENGINE, cost.GROWTH_UI)),
    "codec": (codec.codec, tuple(figure for name in codec.CODECS for figure in (codec.CPU[name], codec.MEMORY[name]))),
    "mouth": (mouth.mouth, (mouth.MOUTH,)),
    "aec": (canceller.aec, (*canceller.CPU.values(), canceller.COST, canceller.MEMORY)),
    "glitch": (
        glitch.glitch,
        (glitch.EAR, glitch.FAR, glitch.LONGEST, glitch.SCREEN, glitch.SCREEN_CPU, glitch.SEARCHES),
    ),
}
ONCE = frozenset({"glitch"})
"""Measured in the first run only: it is long, and counts what must not happen at all."""


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the phone beside baresip and pjsua.")
    parser.add_argument("--quick", action="store_true", help="once, with short times: does it work at all?")
    parser.add_argument("--only", action="append", choices=sorted(MEASURES), metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--runs", type=int, default=0, metavar="N", help=f"runs of each measurement (default {RUNS})")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    return parser.parse_args(argv)


async def measure(wish: argparse.Namespace, folder: Path, results: Results) -> list[str]:
    """Run everything, interleaved: all measurements once, then all again. Returns what went wrong."""
    names = wish.only or list(MEASURES)
    runs = wish.runs or (1 if wish.quick else RUNS)
    failures: list[str] = []
    current = asyncio.current_task()
    assert current is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, current.cancel)
    async with Exchange() as exchange:
        bench = Bench(exchange, folder, QUICK if wish.quick else Pace(), results)
        for bench.run in range(runs):
            for name in names if bench.run == 0 else [name for name in names if name not in ONCE]:
                begin = time.monotonic()
                print(f"run {bench.run + 1} of {runs}: {name} ", end="", file=sys.stderr, flush=True)
                try:
                    await MEASURES[name][0](bench)
                except BenchError as error:
                    failures.append(f"{name}, run {bench.run + 1}: {error}")
                    print("failed", file=sys.stderr)
                else:
                    print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)
    return failures


def about() -> dict[str, object]:
    """The machine and the peers."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "baresip": baresip_version(),
        "load_average": os.getloadavg(),
    }


def main(argv: list[str]) -> int:
    """Exit codes: 0 every target was met, 1 one was missed, 2 something could not be measured, 130 interrupted."""
    wish = parse(argv)
    try:
        pjsua_program()
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    results, before = Results(), about()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            failures = asyncio.run(measure(wish, Path(folder), results))
        except asyncio.CancelledError:
            print("interrupted", file=sys.stderr)
            return 130
    rows = [judge(figure, results) for name in wish.only or MEASURES for figure in MEASURES[name][1]]
    print(render(rows))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\nbaresip {before['baresip']}; ratio = ours / pjsua; medians of the runs; load average at the end {load}")
    for failure in failures:
        print(f"not measured: {failure}\n")
    document = {"about": before, "quick": wish.quick, "figures": as_json(rows, results), "failures": failures}
    wish.output.write_text(json.dumps(document, indent=1) + "\n")
    if failures:
        return 2
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
