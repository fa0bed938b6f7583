"""Debian's linphonec as the far end of a call: answers by itself, speaks from a file, writes what it hears to one.

It reads its commands through readline, which wants a terminal.
"""

from __future__ import annotations

import asyncio
import os
import pty
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import LOOPBACK, free_port, free_rtp_block
from tests.support.process import until

_PROMPT = "linphonec>"
_CONFIG = """\
[sip]
sip_port={port}
sip_tcp_port=0
sip_tls_port=0
bind_address={address}
use_ipv6=0
guess_hostname=0
contact=sip:linphone@{address}:{port}
[rtp]
audio_rtp_port={rtp}
"""


@dataclass
class Linphone:
    """One linphonec; ``speech`` is a WAV file (16-bit mono), ``ear`` where it writes what it hears (8 kHz)."""

    folder: Path
    speech: Path
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        """Where others reach it."""
        return f"sip:linphone@{LOOPBACK}:{self.port}"

    @property
    def ear(self) -> Path:
        return self.folder / "ear.wav"

    @property
    def said(self) -> str:
        """What it wrote to its terminal."""
        return (self.folder / "out").read_text(errors="replace")

    def command(self, text: str) -> None:
        """Type a line."""
        os.write(self._terminal, text.encode() + b"\n")

    async def until_said(self, text: str, timeout_s: float = 15) -> None:
        """Wait until it has written this."""
        await self._until(lambda: text in self.said, f"linphonec says {text!r}", timeout_s)

    async def _until(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        try:
            await until(condition, timeout_s, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}:\n{self.said[-2000:]}") from None

    def _has_prompted(self, times: int) -> bool:
        return self.said.count(_PROMPT) >= times

    async def __aenter__(self) -> Self:
        (self.folder / ".local/share/linphone").mkdir(parents=True)
        rtp, _ = free_rtp_block()
        (self.folder / "rc").write_text(_CONFIG.format(address=LOOPBACK, port=self.port, rtp=rtp))
        self._terminal, theirs = pty.openpty()
        self._reader = asyncio.create_task(self._copy())
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", "linphonec", "-a", "-c", str(self.folder / "rc")),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "TERM": "dumb"},
        )
        os.close(theirs)
        await self.until_said(_PROMPT)
        prompts = 1
        # One after the other: linphonec 5.3 drops all but the last of lines that come together.
        for line in ("soundcard use files", f"play {self.speech}", f"record {self.ear}", "codec enable all"):
            self.command(line)
            prompts += 1
            await self._until(partial(self._has_prompted, prompts), f"linphonec takes {line}", 5)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._reader.cancel()
        os.close(self._terminal)

    async def _copy(self) -> None:
        os.set_blocking(self._terminal, False)
        with (self.folder / "out").open("ab", buffering=0) as out:
            while True:
                try:
                    out.write(os.read(self._terminal, 65536))
                except BlockingIOError:
                    await asyncio.sleep(0.02)
                except OSError:  # it ended
                    return
