"""``tuiphone`` without a command: attach to the engine, start it first if none runs, and open the screen."""

from __future__ import annotations

from tuiphone import engine_process, paths


def open_phone() -> int:
    """Open the phone; returns when the screen is left."""
    if not paths.is_remote() and engine_process.running_pid() is None:
        # It comes up while this process loads the screen.
        engine_process.spawn()
    from tuiphone.config.load import load
    from tuiphone.tui import run

    loaded = load(paths.config_file(), paths.settings_file(), set_aside=False)
    return run(loaded.config)
