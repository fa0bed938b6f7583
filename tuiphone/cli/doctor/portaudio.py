"""The sound devices that PortAudio sees, as one JSON line on standard output: a second opinion on this machine.

Run as ``python -m tuiphone.cli.doctor.portaudio`` in a process of its own: PortAudio looks at devices once in a process, and
the drivers beneath it print.
"""

from __future__ import annotations

import json
import subprocess
import sys

PATIENCE_S = 10.0


def main() -> None:
    """Print names with their numbers of inputs and outputs."""
    import sounddevice

    found = [
        [device["name"], device["max_input_channels"], device["max_output_channels"]]
        for device in sounddevice.query_devices()
    ]
    sys.stdout.write(f"\n{json.dumps(found)}\n")


def names() -> list[str]:
    """What PortAudio sees; nothing where it is not installed, crashes or hangs."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", __name__],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        )
        return [str(row[0]) for row in json.loads(run.stdout.decode(errors="replace").strip().splitlines()[-1])]
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return []


if __name__ == "__main__":
    main()
