#!/usr/bin/env python3
"""Makes this machine ready: system packages, the native engine, the virtual environment.

    scripts/setup.sh --for demo     what the phone needs to run
    scripts/setup.sh --for test     that, and what the tests need (make setup)

ENGINE=wheel takes pjsua2 from the package index instead of building it. What is done
already is not done again. Exit codes: 0 ready, 1 failed, 130 interrupted.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "native"))

from machine.environment import Environment
from machine.packages import ensure_packages, needed_packages
from pjbuild.cache import Cache, Lock, default_root
from pjbuild.command import Log, Runner
from pjbuild.errors import BuildError, refusal
from pjbuild.progress import Progress
from pjbuild.recipe import Build, Given

ROOT = Path(__file__).resolve().parent.parent


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--for", dest="purpose", choices=("demo", "test"), default="test")
    parser.add_argument("--engine", choices=("native", "wheel"), default=os.environ.get("ENGINE") or "native")
    wish = parser.parse_args(argv)
    if wish.engine not in ("native", "wheel"):  # a default is not checked
        parser.error(f"ENGINE is {wish.engine}; it is native (built here) or wheel (ready-made)")
    return wish


def prepare(purpose: str, engine: str, progress: Progress) -> None:
    """Does what is missing. Raises BuildError."""
    cache = Cache(default_root())
    log = Log(cache.root / "setup.log")
    runner = Runner(log)
    ensure_packages(needed_packages(ROOT, purpose, engine), runner, progress)
    wheel = None
    if engine == "native":
        wheel = Build(cache, progress).product(Given.from_environment()).wheel
    Environment(ROOT, runner, progress).ensure(purpose == "test", wheel)


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    wish = parse(argv)
    progress = Progress()

    def waiting() -> None:
        progress.say("another set-up of this folder is running; waiting for its end")

    try:
        with Lock(ROOT / ".setup" / "lock", waiting):
            prepare(wish.purpose, wish.engine, progress)
    except BuildError as error:
        print(error.report(), file=sys.stderr)
        return 1
    except OSError as error:
        print(refusal(error).report(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
