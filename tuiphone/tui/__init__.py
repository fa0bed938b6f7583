"""The screen. ``run`` is all that the command line needs of it; Textual is loaded when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuiphone.config.schema import Config
    from tuiphone.tui.desk import StartEngine
    from tuiphone.tui.session import Connect


def run(config: Config, connect: Connect, start_engine: StartEngine | None = None, log_file: Path | None = None) -> int:
    """Show the screen until it is left; returns the exit code. Raises PhoneError when ``[keys]`` is wrong."""
    from tuiphone.tui.app import TuiPhone

    app = TuiPhone(
        connect, config.ui, phone=config.phone, keys=config.keys, start_engine=start_engine, log_file=log_file
    )
    app.run(mouse=config.ui.mouse)
    return app.return_code or 0
