"""Debian's baresip as the far end of a call, driven through its control socket.

It talks on 127.0.0.1 only: ``net_interface`` takes an address as well as a device name, and without it baresip refuses
loopback. Its speech comes from a WAV file, and what it hears is written to WAV files by its ``sndfile`` filter; neither
needs a sound card.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.support.audio import read_wav, resample, write_wav
from tests.support.ports import LOOPBACK, free_port, free_rtp_block
from tests.support.process import Process, until

MODULES = Path("/usr/lib/baresip/modules")

_CONFIG = """\
poll_method epoll
sip_listen {address}:{port}
net_interface {address}
call_max_calls 8
audio_player aubridge,ear
audio_source aufile,{source}
audio_alert aubridge,bell
audio_buffer 20-160
rtp_ports {rtp_first}-{rtp_last}
module_path {modules}
{codecs}
module sndfile.so
module aufile.so
module ausine.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app contact.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:{control}
snd_path {folder}
statmode_default off
ringback_disabled yes
ausrc_channels 1
auplay_channels 1
opus_stereo no
opus_sprop_stereo no
"""


@dataclass(slots=True)
class Event:
    """Something baresip reported, such as CALL_ESTABLISHED or CALL_DTMF_START with the digit as ``param``."""

    type: str
    param: str = ""
    peer: str = ""


@dataclass
class Baresip:
    """One baresip with one account; ``user@127.0.0.1:port`` reaches it without a registrar.

    ``account`` replaces the account's line (for a registrar); ``speech`` is a 16-bit WAV file, else it is silent.
    ``encryption`` is baresip's word for it: "srtp", "srtp-mand", "dtls_srtp".
    """

    folder: Path
    user: str = "baresip"
    speech: Path | None = None
    answer: str = "manual"
    codecs: tuple[str, ...] = ("g711",)
    account: str = ""
    encryption: str = ""
    port: int = field(default_factory=free_port)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._control = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_config()
        self.process = Process(["baresip", "-4", "-s", "-f", self.folder], self.folder / "log")
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def rate(self) -> int:
        """Of its audio, in Hz; the file it speaks from must have just that."""
        return {"g711": 8000, "g722": 16000, "opus": 48000}[self.codecs[0]]

    @property
    def _encryption_modules(self) -> tuple[str, ...]:
        return (self.encryption.partition("-")[0],) if self.encryption else ()

    @property
    def address(self) -> str:
        """Where others reach it."""
        return f"sip:{self.user}@{LOOPBACK}:{self.port}"

    async def command(self, command: str, params: str = "") -> str:
        """Run a command of baresip's menu; its text."""
        assert self._writer is not None, "baresip was not started"
        data = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(b"%d:%b," % (len(data), data))
        answer = await asyncio.wait_for(self._answers.get(), 5)
        assert answer["ok"], f"baresip refused {command} {params}: {answer['data']}"
        return str(answer["data"])

    async def dial(self, address: str) -> None:
        """Call a SIP address."""
        await self.command("dial", address)

    async def accept(self) -> None:
        """Answer the incoming call."""
        await self.command("accept")

    async def hang_up(self) -> None:
        """End, cancel or refuse the current call."""
        await self.command("hangup")

    async def hold(self) -> None:
        """Put the current call on hold (re-INVITE with a=sendonly)."""
        await self.command("hold")

    async def resume(self) -> None:
        """Take it back. Version 1.1 does, and says that it failed: it found no other call to hold meanwhile."""
        with suppress(AssertionError):
            await self.command("resume")

    async def send_digits(self, digits: str) -> None:
        """Send RFC 4733 events, one at a time."""
        for digit in digits:
            await self.command("sndcode", digit)
            await asyncio.sleep(0.25)

    async def until_event(self, kind: str, timeout_s: float = 10.0, param: str = "") -> Event:
        """Wait for an event, or find it among those that were reported already."""

        def found() -> Event | None:
            return next((e for e in self.events if e.type == kind and param in e.param), None)

        try:
            event = await until(found, timeout_s, f"{kind} {param} from baresip")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.process.tail(80)}") from None
        assert event is not None
        return event

    @property
    def digits(self) -> str:
        """The digits it has received so far, by RFC 4733 or SIP INFO."""
        return "".join(e.param for e in self.events if e.type == "CALL_DTMF_START")

    async def heard(self) -> Path:
        """The recording of what it heard in the last call, once that is over."""
        path = sorted(self.folder.glob("dump-*-dec.wav"))[-1]
        await until(lambda: path.read_bytes()[:4] == b"RIFF", 5, "baresip ends its recording")
        return path

    async def until_heard(self, seconds: float) -> None:
        """Wait until the recording (16-bit, at the codec's rate) is at least so long."""

        def long_enough() -> bool:
            return any(f.stat().st_size > seconds * self.rate * 2 for f in self.folder.glob("dump-*-dec.wav"))

        await until(long_enough, seconds + 8, f"baresip hears {seconds} s")

    async def __aenter__(self) -> Self:
        self.process.start()
        await self.process.until_output("baresip is ready")
        reader, self._writer = await asyncio.open_connection(LOOPBACK, self._control)
        self._reader = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        await self.process.stop()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await reader.readuntil(b":")
                message = json.loads((await reader.readexactly(int(length[:-1]) + 1))[:-1])
                if message.get("event"):
                    self.events.append(
                        Event(message["type"], str(message.get("param", "")), str(message.get("peeruri", "")))
                    )
                else:
                    self._answers.put_nowait(message)

    def _write_config(self) -> None:
        rtp_first, rtp_last = free_rtp_block()
        # baresip ends the call at the end of the file, so the file must be longer than any call of a test; without
        # a source it would send no RTP at all, digits included.
        samples, rate = read_wav(self.speech) if self.speech else (np.zeros(8000), 8000)
        samples, rate = resample(samples, rate, self.rate), self.rate
        # Nobody speaks in the first moment of a call, when jitter buffers still settle.
        parts = (np.zeros(rate), samples, np.zeros(60 * rate))
        source = write_wav(self.folder / "source.wav", np.concatenate(parts), rate)
        (self.folder / "config").write_text(
            _CONFIG.format(
                address=LOOPBACK,
                port=self.port,
                control=self._control,
                source=source,
                rtp_first=rtp_first,
                rtp_last=rtp_last,
                modules=MODULES,
                codecs="\n".join(f"module {name}.so" for name in (*self.codecs, *self._encryption_modules)),
                folder=self.folder,
            )
        )
        account = self.account or f"<sip:{self.user}@{LOOPBACK}>;regint=0"
        encryption = f";mediaenc={self.encryption}" if self.encryption else ""
        (self.folder / "accounts").write_text(f"{account};answermode={self.answer}{encryption}\n")
        (self.folder / "contacts").write_text("")
