"""FakeStack: keeps every command it is given, plays the far end, and asserts that it is used as a real one may be.

Reports are delivered at once, on the caller's turn of the loop (``call_soon``), so that a test which awaits
``settle()`` sees everything that follows from what it did.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tuiphone.controller.ports import (
    ConfirmedReport,
    Credentials,
    DevicesReport,
    DtmfReport,
    EndedReport,
    IncomingReport,
    MediaReport,
    MicTestReport,
    PlayedReport,
    ProgressReport,
    PublishedReport,
    RegistrationReport,
    Report,
    RoleChoice,
    StackSettings,
    Tone,
    ToneSound,
)
from tuiphone.model.account import Account, DtmfMethod
from tuiphone.model.address import Party, parse_uri
from tuiphone.model.call import CallId, EndCause, EndedBy, EndKind, new_call_id
from tuiphone.model.codec import Codec, CodecSettings, names_codec
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, Device, DeviceRole, MicTest
from tuiphone.model.media import MediaStream, Processing
from tuiphone.model.quality import Quality

STREAM = MediaStream(codec="PCMU", clock_hz=8000, ptime_ms=20, remote="127.0.0.1:4000")
_DIRECTIONS = {
    (False, False): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (True, True): "inactive",
}
"""Of a stream, by hold on our side and on theirs (RFC 3264 section 8.4)."""

_FINAL: dict[str, tuple[EndKind, int, str]] = {
    "busy": (EndKind.BUSY, 486, "Busy Here"),
    "decline": (EndKind.DECLINED, 603, "Decline"),
    "nobody": (EndKind.NOT_FOUND, 404, "Not Found"),
    "offline": (EndKind.UNAVAILABLE, 480, "Temporarily Unavailable"),
}
"""Numbers (user parts) that end a call at once, and how."""


@dataclass(slots=True)
class FakeCall:
    """What the fake knows of one call."""

    account_id: str
    remote: str
    outgoing: bool
    answered: bool = False
    local_hold: bool = False
    remote_hold: bool = False
    sent_digits: list[tuple[str, DtmfMethod]] = field(default_factory=list)


class FakeStack:
    """A scripted far end.

    Calling ``answer``, ``ring``, ``early`` or any other number: answers at once, rings until told, sends early media, or
    rings. ``busy``, ``decline``, ``nobody``, ``offline`` fail as they say. ``registrar`` maps an account id to the code its
    REGISTER gets (200 without an entry).
    """

    name = "fake"

    def __init__(self, missing: tuple[str, ...] = ()) -> None:
        self.missing = missing
        self.commands: list[tuple[object, ...]] = []
        self.registrar: dict[str, tuple[int, str]] = {}
        self.expires_s = 1800
        self.publish_answer = (200, "OK")
        self.calls: dict[CallId, FakeCall] = {}
        self.accounts: dict[str, tuple[Account, Credentials]] = {}
        self.tones: set[tuple[Tone, DeviceRole]] = set()
        self.sounds: dict[Tone, ToneSound] = {}
        self.broken: set[str] = set()
        self.available: tuple[Device, ...] = (
            Device("Headset", "fake", 1, 2),
            Device("Speakers", "fake", 0, 2),
            Device("Webcam", "fake", 1, 0),
        )
        self.watched: tuple[float, float, bool] = (0, 0, False)
        self.told: dict[CallId, Quality] = {}
        self.running = False
        self._wanted_codecs: tuple[str, ...] = ()
        self._choices: tuple[RoleChoice, ...] = ()
        self._serial = itertools.count(1)
        self._report: Callable[[Report], None] = lambda report: None

    # codecs

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """opus, PCMA and PCMU are there, G729 is missing."""
        here = {"opus": 48000, "PCMA": 8000, "PCMU": 8000}
        places: dict[str, int] = {}
        for pattern in self._wanted_codecs:
            for name, hz in here.items():
                if names_codec(pattern, name, hz):
                    places.setdefault(name, len(places) + 1)
        found = [Codec(name, hz, 1, places.get(name, 0)) for name, hz in here.items()]
        found.sort(key=lambda codec: codec.place or 99)
        return (*found, Codec("G729", 8000, 1, 0, "run make setup"))

    def set_codec_settings(self, settings: CodecSettings) -> None:
        """There is no sound."""
        self._log("set_codec_settings", settings)

    def set_codecs(self, wanted: tuple[str, ...]) -> None:
        """Change the order."""
        self._log("set_codecs", wanted)
        self._wanted_codecs = wanted

    # life

    async def start(self, settings: StackSettings, report: Callable[[Report], None]) -> None:
        """Come up."""
        self._report = report
        self.running = True
        self.settings = settings
        self._wanted_codecs = settings.codecs

    async def stop(self) -> None:
        """End every call and go down."""
        for call_id in list(self.calls):
            self.end(call_id, EndedBy.PHONE, EndKind.ENGINE_STOPPED)
        await self.settle()
        self.running = False

    async def settle(self) -> None:
        """Wait until every report that is under way has arrived and been acted on."""
        for _ in range(6):
            await asyncio.sleep(0)

    def report(self, report: Report) -> None:
        """Report something as a stack does: later, on the loop."""
        assert self.running, "a stack that is not running cannot report"
        asyncio.get_running_loop().call_soon(self._report, report)

    # accounts

    def add_account(self, account: Account, credentials: Credentials) -> None:
        """Know an account."""
        self._log("add_account", account.id)
        self.accounts[account.id] = (account, credentials)

    def remove_account(self, account_id: str) -> None:
        """Forget an account."""
        self._log("remove_account", account_id)
        assert account_id in self.accounts, f"unknown account {account_id}"
        del self.accounts[account_id]

    def register(self, account_id: str) -> None:
        """Answer as ``registrar`` says."""
        self._log("register", account_id)
        assert account_id in self.accounts, f"unknown account {account_id}"
        code, reason = self.registrar.get(account_id, (200, "OK"))
        self.report(RegistrationReport(account_id, code, reason, self.expires_s if code == 200 else 0))

    def unregister(self, account_id: str) -> None:
        """Answer 200 with expiry 0."""
        self._log("unregister", account_id)
        self.report(RegistrationReport(account_id, 200, "OK", 0))

    # calls: what the phone does

    def make_call(self, call_id: CallId, account_id: str, uri: str, dtmf: DtmfMethod) -> None:
        """Send an INVITE; the far end does what the number says."""
        self._log("make_call", call_id, account_id, uri)
        assert account_id in self.accounts, f"unknown account {account_id}"
        assert call_id not in self.calls, "a call id is used once"
        self.calls[call_id] = FakeCall(account_id, uri, outgoing=True)
        number = parse_uri(uri).user
        if number in _FINAL:
            kind, code, reason = _FINAL[number]
            self.end(call_id, EndedBy.THEM, kind, code, reason)
            return
        self.report(ProgressReport(call_id, 100, "Trying", sip_call_id=f"fake-{next(self._serial)}"))
        if number == "early":
            self.report(ProgressReport(call_id, 183, "Session Progress", early_media=True))
        elif number != "silent":
            self.report(ProgressReport(call_id, 180, "Ringing"))
        if number == "answer":
            self.far_answers(call_id)

    def ring(self, call_id: CallId) -> None:
        """Send 180."""
        self._log("ring", call_id)
        assert not self._call(call_id).outgoing

    def answer(self, call_id: CallId) -> None:
        """Send 200; the ACK follows."""
        self._log("answer", call_id)
        assert not self._call(call_id).outgoing
        self._establish(call_id)

    def hang_up(self, call_id: CallId, code: int = 0, reason: str = "") -> None:
        """End the call; unknown ids are ignored, since the far end may have been faster."""
        self._log("hang_up", call_id, code)
        call = self.calls.get(call_id)
        if call is None:
            return
        if call.answered:
            self.end(call_id, EndedBy.US, EndKind.HANGUP)
        elif call.outgoing:
            self.end(call_id, EndedBy.US, EndKind.CANCELLED, 487, "Request Terminated")
        else:
            self.end(call_id, EndedBy.US, EndKind.DECLINED, code or 603, reason)

    def hold(self, call_id: CallId) -> None:
        """re-INVITE sendonly."""
        self._log("hold", call_id)
        self._set_hold(call_id, True)

    def resume(self, call_id: CallId) -> None:
        """re-INVITE sendrecv."""
        self._log("resume", call_id)
        self._set_hold(call_id, False)

    def mute(self, call_id: CallId, on: bool) -> None:
        """Microphone off or on."""
        self._log("mute", call_id, on)

    def set_gain(self, call_id: CallId, mic: int, ear: int) -> None:
        """Nobody hears it."""
        self._log("set_gain", call_id, mic, ear)

    def send_dtmf(self, call_id: CallId, digits: str, method: DtmfMethod) -> None:
        """Keep what was sent."""
        self._log("send_dtmf", call_id, digits, method)
        call = self.calls.get(call_id)
        if call:
            call.sent_digits.append((digits, method))

    def play(self, call_id: CallId, path: str, loop: bool = False) -> None:
        """Play a file: it is over at once."""
        self._log("play", call_id, path, loop)
        if path and not loop:
            self.report(PlayedReport(call_id, path))

    def record(self, call_id: CallId, path: str) -> None:
        """Record nothing."""
        self._log("record", call_id, path)

    def publish(self, account_id: str, target: str, event: str, content_type: str, body: str) -> None:
        """Keep the body; the answer is that of ``publish_answer``."""
        self._log("publish", account_id, target, event, content_type, body)
        assert account_id in self.accounts, f"unknown account {account_id}"
        self.report(PublishedReport(account_id, event, *self.publish_answer))

    def start_recording(self, call_id: CallId, path: str, beep_s: float) -> None:
        """Write nothing."""
        self._log("start_recording", call_id, path, beep_s)

    def pause_recording(self, call_id: CallId, on: bool) -> None:
        """Write nothing."""
        self._log("pause_recording", call_id, on)

    def stop_recording(self, call_id: CallId) -> None:
        """Nothing was written."""
        self._log("stop_recording", call_id)

    # sound

    def tone(self, tone: Tone, on: bool, role: DeviceRole = DeviceRole.OUTPUT, sound: ToneSound | None = None) -> None:
        """Keep which tones play, and how."""
        self._log("tone", tone, on, role)
        if on:
            assert (tone, role) not in self.tones, f"{tone} plays already"
            assert sound is not None, "a tone needs its sound"
            self.tones.add((tone, role))
            self.sounds[tone] = sound
        else:
            self.tones.discard((tone, role))
            self.sounds.pop(tone, None)

    def choose_devices(self, choices: tuple[RoleChoice, ...]) -> None:
        """Open what is there."""
        self._log("choose_devices", choices)
        self._choices = choices
        self.refresh_devices()

    def set_processing(self, processing: Processing) -> None:
        """There is no sound."""
        self._log("set_processing", processing)

    def refresh_devices(self) -> None:
        """Report devices as ``available`` has them now."""
        in_use: dict[DeviceRole, str] = {}
        problems: dict[DeviceRole, str] = {}
        bells: tuple[str, ...] = ()
        for choice in self._choices:
            found = [opened for name in (choice.name, *choice.others) if (opened := self._open(choice.role, name))]
            in_use[choice.role] = found[0] if found else NULL_DEVICE
            if choice.name in self.broken:
                problems[choice.role] = f"“{choice.name}” does not open: using “{in_use[choice.role]}”"
            if choice.role is DeviceRole.RING:
                bells = tuple(found[1:])
        self.report(DevicesReport(self.available, in_use, problems, bells))

    def mute_device(self, name: str, on: bool) -> None:
        """Mute a device."""
        self._log("mute_device", name, on)
        self.available = tuple(replace(d, muted=on) if d.name == name else d for d in self.available)
        self.refresh_devices()

    def test_mic(self, seconds: float) -> None:
        """Record, then nothing: a test ends it."""
        self._log("test_mic", seconds)
        self.report(MicTestReport(MicTest.RECORDING if seconds else MicTest.OFF))

    def _open(self, role: DeviceRole, name: str) -> str:
        """The name of what opens for a name; empty when nothing does (``broken`` devices do not)."""
        if name == NULL_DEVICE:
            return name
        fitting = [d.name for d in self.available if d.fits(role) and name in (d.name, DEFAULT_DEVICE)]
        return next((found for found in fitting if found not in self.broken), "")

    def watch(self, levels_hz: float, stats_hz: float, mic_without_call: bool = False) -> None:
        """Keep what is watched."""
        self.watched = (levels_hz, stats_hz, mic_without_call)

    def tell_quality(self, quality: Quality) -> None:
        """Keep what the far end is told."""
        self.told[quality.call_id] = quality

    # calls: what the far end does

    def far_calls(self, account_id: str, number: str = "300", name: str = "", **headers: str) -> CallId:
        """An INVITE arrives; returns the call's id."""
        call_id = new_call_id()
        self.calls[call_id] = FakeCall(account_id, number, outgoing=False)
        account = self.accounts[account_id][0]
        remote = Party(f"sip:{number}@{account.domain or 'far.example'}", name)
        self.report(
            IncomingReport(
                call_id, account_id, remote, Party(account.address), f"fake-{next(self._serial)}", (), headers
            )
        )
        return call_id

    def far_answers(self, call_id: CallId) -> None:
        """200 and our ACK."""
        self.report(ProgressReport(call_id, 200, "OK"))
        self._establish(call_id)

    def far_holds(self, call_id: CallId, on: bool = True) -> None:
        """re-INVITE of the far end."""
        call = self._call(call_id)
        call.remote_hold = on
        self._report_media(call_id)

    def far_sends_digit(self, call_id: CallId, digit: str, method: DtmfMethod = DtmfMethod.RFC4733) -> None:
        """A DTMF digit arrives."""
        self.report(DtmfReport(call_id, digit, method))

    def far_hangs_up(self, call_id: CallId, code: int = 200, reason: str = "") -> None:
        """BYE, or CANCEL of a call that still rings."""
        call = self._call(call_id)
        kind = EndKind.HANGUP if call.answered else EndKind.CANCELLED
        self.end(call_id, EndedBy.THEM, kind, code if call.answered else 487, reason)

    def end(self, call_id: CallId, by: EndedBy, kind: EndKind, code: int = 0, reason: str = "") -> None:
        """End a call for any reason."""
        del self.calls[call_id]
        self.report(EndedReport(call_id, EndCause(by, kind, code, reason)))

    # inside

    def _establish(self, call_id: CallId) -> None:
        self._call(call_id).answered = True
        self._report_media(call_id)
        self.report(ConfirmedReport(call_id))

    def _set_hold(self, call_id: CallId, on: bool) -> None:
        call = self.calls.get(call_id)
        if call:
            assert call.answered, "hold needs an answered call"
            call.local_hold = on
            self._report_media(call_id)

    def _report_media(self, call_id: CallId) -> None:
        call = self._call(call_id)
        direction = _DIRECTIONS[call.local_hold, call.remote_hold]
        self.report(MediaReport(call_id, replace(STREAM, direction=direction), call.remote_hold))

    def _call(self, call_id: CallId) -> FakeCall:
        assert call_id in self.calls, f"unknown call {call_id}"
        return self.calls[call_id]

    def _log(self, *command: object) -> None:
        assert self.running, f"{command[0]} before start or after stop"
        self.commands.append(command)
