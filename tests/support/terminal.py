"""A real terminal for the real program: tmux with a server of its own, driven by keys and read as text."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.process import until


@dataclass
class Terminal:
    """One tmux server with one pane of ``size`` columns and rows; everything in it gets ``environment``."""

    environment: Mapping[str, str]
    size: tuple[int, int] = (120, 40)
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="tmux-")))

    def run(self, *command: str) -> None:
        """Start a program in a fresh pane, closing the one that is there."""
        words = [f"{name}={value}" for name, value in self.environment.items()]
        columns, rows = self.size
        self._tmux("kill-session", check=False)
        self._tmux("new-session", "-d", "-s", "main", "-x", str(columns), "-y", str(rows), "env", *words, *command)

    @property
    def pid(self) -> int:
        """Of the program in the pane."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    @property
    def alive(self) -> bool:
        """Whether the pane is still there."""
        return self._tmux("has-session", check=False, code=True) == "0"

    @property
    def screen(self) -> str:
        """What the screen shows, as text."""
        return self._tmux("capture-pane", "-p", check=False)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names for them, such as "Enter", "F5" or "C-q"."""
        self._tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    def close_window(self) -> None:
        """Close the terminal under the program, which gets SIGHUP."""
        self._tmux("kill-session")

    async def until_shows(self, *texts: str, timeout_s: float = 10.0) -> str:
        """Wait until the screen shows all of these; the screen as it then is."""

        async def shown() -> str:
            screen = await asyncio.to_thread(lambda: self.screen)
            return screen if all(text in screen for text in texts) else ""

        try:
            return await until(shown, timeout_s, f"{texts} on the screen")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.screen}") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tmux(self, *words: str, check: bool = True, code: bool = False) -> str:
        # Neither the user's tmux nor its configuration has a part in this.
        command: Sequence[str] = ["tmux", "-S", str(self._folder / "socket"), "-f", "/dev/null", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(words[:2])}: {done.stderr}")
        return str(done.returncode) if code else done.stdout
