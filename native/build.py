#!/usr/bin/env python3
"""Builds tuiphone's native engine, pjsua2, into a wheel in the cache.

    python3 native/build.py                    the wheel's path, built if need be
    python3 native/build.py --source PATH      from a pjproject 2.17 archive of your own
    python3 native/build.py --print-pjsua      path of the pjsua program of the same tree

Progress goes to stderr, the path to stdout. Exit codes: 0 done, 1 the build failed,
130 interrupted. TUIPHONE_CACHE names another cache; TUIPHONE_PJPROJECT and
TUIPHONE_VOICE_CODECS name archives as the options do.
"""

import argparse
import os
import sys
from pathlib import Path

from pjbuild.cache import Cache, default_root
from pjbuild.errors import BuildError, refusal
from pjbuild.progress import Progress
from pjbuild.recipe import Build, Given, find_product


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", type=Path, help="a tar archive of pjproject")
    parser.add_argument("--voice-source", type=Path, help="a tar archive with WebRTC's iLBC and iSAC")
    parser.add_argument("--retry", action="store_true", help="look again for the voice codecs")
    parser.add_argument("--jobs", type=int, default=0, help="compilers at once (default: cores)")
    parser.add_argument(
        "--keep-tree",
        action="store_true",
        default=bool(os.environ.get("TUIPHONE_KEEP_TREE")),
        help="keep the build tree after success (for work on the helper)",
    )
    parser.add_argument("--print-pjsua", action="store_true", help="print the program's path")
    parser.add_argument("--find", action="store_true", help="print what is in the cache; never build")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    wish = parse(argv)
    cache = Cache(default_root())
    usual = Given.from_environment()
    given = Given(wish.source or usual.pjproject, wish.voice_source or usual.voice)
    try:
        build = Build(cache, Progress(), wish.jobs, wish.keep_tree, wish.retry)
        product = find_product(cache) if wish.find else build.product(given)
    except BuildError as error:
        print(error.report(), file=sys.stderr)
        return 1
    except OSError as error:
        print(refusal(error).report(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    if product is None:
        print("not built yet: run native/build.py", file=sys.stderr)
        return 1
    print(product.program if wish.print_pjsua else product.wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
