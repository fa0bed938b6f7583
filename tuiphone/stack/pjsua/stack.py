"""``PjsuaStack``: the controller's port to pjsua2. Its methods hand work to the SIP thread and return at once."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tuiphone.controller.ports import Credentials, Report, RoleChoice, StackDied, StackSettings, Tone, ToneSound
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod
from tuiphone.model.call import CallId
from tuiphone.model.codec import Codec, CodecSettings
from tuiphone.model.device import DeviceRole
from tuiphone.model.media import Processing
from tuiphone.model.quality import Quality
from tuiphone.stack.pjsua.pump import Pump

if TYPE_CHECKING:
    from tuiphone.stack.pjsua.call import CallSession
    from tuiphone.stack.pjsua.endpoint import Core

log = logging.getLogger(__name__)

_STOP_S = 4.0

T = TypeVar("T")


class PjsuaStack:
    """Satisfies ``tuiphone.controller.ports.SipStack``. One at a time in a process: pjsua2 has one endpoint."""

    def __init__(self) -> None:
        self._pump = Pump()
        self._core: Core | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._report: Callable[[Report], None] = lambda report: None

    @property
    def name(self) -> str:
        """Product and version."""
        return f"pjsua2 {self._core.version}" if self._core else "pjsua2"

    @property
    def missing(self) -> tuple[str, ...]:
        """What this build cannot do."""
        return self._core.missing if self._core else ()

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Every codec of this build."""
        return self._core.codecs.listing if self._core else ()

    def set_codec_settings(self, settings: CodecSettings) -> None:
        """Use these parameters from now on."""
        self._do(lambda core: core.codecs.set_parameters(settings))

    def set_codecs(self, wanted: tuple[str, ...]) -> None:
        """Use these codecs from now on."""
        self._do(lambda core: core.codecs.order(wanted))

    # life

    async def start(self, settings: StackSettings, report: Callable[[Report], None]) -> None:
        """Come up. Raises PhoneError when pjsua2 is not installed or does not start."""
        if self._loop:
            raise PhoneError(_("The SIP stack is running already"))
        self._loop = asyncio.get_running_loop()
        self._report = report
        done: asyncio.Future[Core] = self._loop.create_future()
        self._pump.start(lambda: self._come_up(settings, done))
        try:
            self._core = await done
        except BaseException:
            self._loop = None
            raise

    async def stop(self) -> None:
        """End calls, unregister, release devices."""
        loop, core = self._loop, self._core
        if not loop or not core or not self._pump.is_running:
            return
        done: asyncio.Future[None] = loop.create_future()
        self._pump.submit(lambda: self._go_down(core, loop, done))
        try:
            await asyncio.wait_for(done, _STOP_S)
        except TimeoutError:
            log.error("the SIP stack did not stop within %s s", _STOP_S)
        self._loop = None

    # accounts

    def add_account(self, account: Account, credentials: Credentials) -> None:
        """Know an account, or replace its settings."""
        self._do(lambda core: core.add_account(account, credentials))

    def remove_account(self, account_id: str) -> None:
        """Unregister and forget."""
        self._do(lambda core: core.remove_account(account_id))

    def register(self, account_id: str) -> None:
        """Send REGISTER."""
        self._do(lambda core: core.register(account_id))

    def unregister(self, account_id: str) -> None:
        """Send REGISTER with Expires 0."""
        self._do(lambda core: core.unregister(account_id))

    def publish(self, account_id: str, target: str, event: str, content_type: str, body: str) -> None:
        """Send PUBLISH."""

        def send(core: Core) -> None:
            from tuiphone.stack.pjsua.publish import Publication

            core.publish(account_id, Publication(target, event, content_type, body))

        self._do(send)

    # calls

    def make_call(self, call_id: CallId, account_id: str, uri: str, dtmf: DtmfMethod) -> None:
        """Send INVITE."""
        self._do(lambda core: core.make_call(call_id, account_id, uri))

    def ring(self, call_id: CallId) -> None:
        """Answer 180."""
        self._with(call_id, lambda call: call.ring())

    def answer(self, call_id: CallId) -> None:
        """Answer 200."""
        self._with(call_id, lambda call: call.answer())

    def hang_up(self, call_id: CallId, code: int = 0, reason: str = "") -> None:
        """CANCEL, BYE or a final answer."""
        self._with(call_id, lambda call: call.hang_up(code, reason))

    def hold(self, call_id: CallId) -> None:
        """re-INVITE with a=sendonly."""
        self._with(call_id, lambda call: call.hold(True))

    def resume(self, call_id: CallId) -> None:
        """re-INVITE with a=sendrecv."""
        self._with(call_id, lambda call: call.hold(False))

    def mute(self, call_id: CallId, on: bool) -> None:
        """Send silence instead of the microphone."""
        self._with(call_id, lambda call: call.audio.mute(on))

    def set_gain(self, call_id: CallId, mic: int, ear: int) -> None:
        """Gains of one call in percent."""
        self._with(call_id, lambda call: call.audio.set_gain(mic, ear))

    def send_dtmf(self, call_id: CallId, digits: str, method: DtmfMethod) -> None:
        """Send digits one after another."""
        self._with(call_id, lambda call: call.send_digits(digits, method))

    def play(self, call_id: CallId, path: str, loop: bool = False) -> None:
        """Send a WAV file instead of the microphone."""
        self._with(call_id, lambda call: call.audio.play(path, loop))

    def start_recording(self, call_id: CallId, path: str, beep_s: float) -> None:
        """Write both sides to a stereo file."""
        self._with(call_id, lambda call: call.audio.start_recording(path, beep_s))

    def pause_recording(self, call_id: CallId, on: bool) -> None:
        """Leave a part out."""
        self._with(call_id, lambda call: call.audio.pause_recording(on))

    def stop_recording(self, call_id: CallId) -> None:
        """Complete the file."""
        self._with(call_id, lambda call: call.audio.stop_recording())

    def record(self, call_id: CallId, path: str) -> None:
        """Write what the far end says to a WAV file."""
        self._with(call_id, lambda call: call.audio.record(path))

    # sound

    def tone(self, tone: Tone, on: bool, role: DeviceRole = DeviceRole.OUTPUT, sound: ToneSound | None = None) -> None:
        """Start or stop one of the phone's own sounds."""
        self._do(lambda core: core.tone(tone, on, role, sound))

    def choose_devices(self, choices: tuple[RoleChoice, ...]) -> None:
        """Use these devices and levels."""
        self._do(lambda core: core.choose_devices(choices))

    def set_processing(self, processing: Processing) -> None:
        """Treat the sound like this from now on."""
        self._do(lambda core: core.set_processing(processing))

    def refresh_devices(self) -> None:
        """Look for devices that came or went."""
        self._do(lambda core: core.refresh_devices())

    def mute_device(self, name: str, on: bool) -> None:
        """Mute a device itself, for every program."""
        self._do(lambda core: core.mute_device(name, on))

    def test_mic(self, seconds: float) -> None:
        """Record the microphone, then play it in the ear; 0 ends it."""
        self._do(lambda core: core.test_mic(seconds))

    def watch(self, levels_hz: float, stats_hz: float, mic_without_call: bool = False) -> None:
        """Report levels and figures so often."""
        self._do(lambda core: core.watch(levels_hz, stats_hz, mic_without_call))

    def tell_quality(self, quality: Quality) -> None:
        """Tell a call's far end how it sounds here."""
        self._do(lambda core: core.tell_quality(quality))

    # inside

    def _do(self, action: Callable[[Core], None]) -> None:
        core = self._core
        if core and self._pump.is_running:
            self._pump.submit(lambda: action(core))

    def _with(self, call_id: CallId, action: Callable[[CallSession], None]) -> None:
        """Do something with a call; nothing if the far end has ended it meanwhile."""

        def on_call(core: Core) -> None:
            call = core.call(call_id)
            if call:
                action(call)

        self._do(on_call)

    def _come_up(self, settings: StackSettings, done: asyncio.Future[Core]) -> None:
        loop = self._loop
        assert loop is not None
        try:
            from tuiphone.stack.pjsua.endpoint import Core

            core = Core(self._pump, settings, self._post)
        except Exception as error:
            self._pump.finish()
            failure = _start_error(error)
        else:
            loop.call_soon_threadsafe(_resolve, done, core)
            return
        gc.collect()  # what is left of the library must be gone before it is tried again
        loop.call_soon_threadsafe(_fail, done, failure)

    def _go_down(self, core: Core, loop: asyncio.AbstractEventLoop, done: asyncio.Future[None]) -> None:
        try:
            core.stop()
        except Exception as error:
            log.exception("the SIP stack did not stop in order")
            self._post(StackDied(_("the SIP stack failed while stopping: {why}").format(why=error)))
        self._pump.finish()
        loop.call_soon_threadsafe(_resolve, done, None)

    def _post(self, report: Report) -> None:
        """Bring a report to the controller's thread; there is nobody to tell once its loop is closed."""
        loop = self._loop
        if loop and not loop.is_closed():
            loop.call_soon_threadsafe(self._report, report)


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _start_error(error: Exception) -> PhoneError:
    if isinstance(error, PhoneError):
        return error
    if isinstance(error, ImportError):
        words = _("The SIP engine (pjsua2) is not installed: run make setup ({why})").format(why=error)
    else:
        info = getattr(error, "reason", "") or str(error) or type(error).__name__
        words = _("The SIP engine does not start: {why}").format(why=info)
    return PhoneError(words, "unavailable")
