"""The phone: implements ``PhoneApi`` on top of a SIP stack, and keeps the rules no far end knows about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tuiphone.config.schema import Config
from tuiphone.controller.accounts import Accounts, SecretSource
from tuiphone.controller.calls import Calls
from tuiphone.controller.callwatch import CallWatch
from tuiphone.controller.clock import Clock
from tuiphone.controller.codecs import Codecs, codec_settings_of
from tuiphone.controller.devices import DeviceRoles, DeviceWishes
from tuiphone.controller.hub import Hub
from tuiphone.controller.ports import (
    ConfirmedReport,
    DevicesReport,
    DtmfReport,
    EndedReport,
    HistoryStore,
    HoldFailedReport,
    IncomingReport,
    MediaReport,
    MicTestReport,
    NatReport,
    PlayedReport,
    ProgressReport,
    PublishedReport,
    RecordingReport,
    RegistrationReport,
    Report,
    Settings,
    SipStack,
    StackDied,
    StackNotice,
)
from tuiphone.controller.preferences import Preferences
from tuiphone.controller.recording import RecordingRules, Recordings
from tuiphone.controller.ringing import Ringing, ToneRules
from tuiphone.controller.stacksettings import stack_settings
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, AccountStatus, DtmfMethod
from tuiphone.model.address import AddressError, DialPlan, plan_dial
from tuiphone.model.call import Call, CallId, CallState, Direction, EndCause, EndedBy, EndKind
from tuiphone.model.codec import Codec, CodecSettings
from tuiphone.model.device import DeviceRole, Devices
from tuiphone.model.event import (
    PROTOCOL,
    CallChanged,
    DndChanged,
    EngineStopping,
    Event,
    HistoryChanged,
    Notice,
    NoticeLevel,
    PreferencesChanged,
    Reading,
    Snapshot,
)
from tuiphone.model.media import Levels, Processing, StreamStats
from tuiphone.model.quality import QualitySummary
from tuiphone.model.record import CallRecord
from tuiphone.model.ringtone import Ring, parse_ring

log = logging.getLogger(__name__)

DEFAULT_METER_HZ = 10
MAX_HISTORY_ROWS = 1000
PASSWORD_PATIENCE_S = 0.5
"""How long the start waits for passwords; the accounts that need longer register later."""
AUTO_PLAY_STATES = frozenset({CallState.EARLY_MEDIA, CallState.CONNECTING, CallState.TALKING})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a controller needs besides a stack."""

    config: Config
    settings: Settings
    history: HistoryStore
    secret: SecretSource
    clock: Clock
    stack_log: str = ""
    """Where the stack's own log goes; empty: nowhere."""
    recordings: Path = Path("recordings")
    """The folder of recordings."""
    warnings: tuple[str, ...] = ()
    """What was wrong when the engine started, each a sentence."""


class Controller:
    """Every command runs on one event loop; nothing here waits for a network or a device."""

    def __init__(self, stack: SipStack, surroundings: Surroundings, on_shutdown: Callable[[], None]) -> None:
        config = surroundings.config
        self._stack = stack
        self._config = config
        self._settings = surroundings.settings
        self._history = surroundings.history
        self._clock = surroundings.clock
        self._on_shutdown = on_shutdown
        self._warnings = surroundings.warnings
        self._stack_log = surroundings.stack_log
        self._hub = Hub(on_readings=lambda wanted: self._watch())
        self._preferences = Preferences(surroundings.settings, self.notify)
        self._accounts = Accounts(stack, self._clock, surroundings.secret, self._hub.publish)
        self._accounts.default_id = config.phone.default_account
        self._calls = Calls(stack, self._clock, self._publish_call, config.phone.max_lines)
        self._ringing = Ringing(
            stack,
            self._clock,
            lambda: self._calls,
            ToneRules.of(config, self._ring_of_account),
            lambda: self._devices.bell_is_ear,
        )
        self._codecs = Codecs(stack, codec_settings_of(config.codecs), config.audio.vad, self._preferences.keep)
        self._recordings = Recordings(
            stack,
            self._clock,
            RecordingRules(surroundings.recordings, config.recording.always, config.recording.beep_s),
            self._calls.shows_recording,
        )
        self._devices = DeviceRoles(stack, self._clock, self._hub.publish, self._preferences.keep)
        self._call_watch = CallWatch(
            stack,
            self._clock,
            self._hub,
            calls=self._calls,
            accounts=self._accounts,
            config=config,
            suppresses_silence=self._codecs.suppresses_silence,
        )
        self._dnd = config.phone.dnd
        self._theme = config.ui.theme
        self._mic_watched = False
        self._watching = (0.0, 0.0, False)
        self._files: dict[CallId, tuple[str, str]] = {}
        self._starting: set[asyncio.Task[None]] = set()

    # life

    async def start(self, stored: Callable[[str], str] = lambda account_id: "config") -> None:
        """Start the stack, open devices and register the configured accounts.

        ``stored`` says of an account id where it lives: "config", or "settings" when it was added on the screen.
        """
        await self._stack.start(stack_settings(self._config, self._stack_log), self.report)
        self._devices.start(DeviceWishes.of(self._config.audio))
        accounts = [configured.account() for configured in self._config.accounts]
        tasks = [asyncio.ensure_future(self._accounts.put(account, stored(account.id))) for account in accounts]
        self._starting = set(tasks)
        if tasks:
            # A password command may take its time, or wait for its user: the phone does not.
            await asyncio.wait(tasks, timeout=PASSWORD_PATIENCE_S)

    async def stop(self, reason: str) -> None:
        """End calls, unregister, stop the stack; front ends are told first."""
        self._hub.publish(EngineStopping(reason))
        self._accounts.close()
        self._ringing.close()
        await self._stack.stop()
        await asyncio.sleep(0)
        await self._preferences.finish()
        for call in list(self._calls):
            self._end(EndedReport(call.id, EndCause(EndedBy.PHONE, EndKind.ENGINE_STOPPED)))

    def notify(self, text: str, level: NoticeLevel = NoticeLevel.WARNING) -> None:
        """Put a sentence on every message line."""
        self._hub.publish(Notice(level, text))

    # events

    async def snapshot(self) -> Snapshot:
        return Snapshot(
            protocol=PROTOCOL,
            seq=self._hub.seq,
            engine=self._stack.name,
            accounts=self._accounts.all(),
            calls=tuple(self._calls),
            devices=self._devices.devices,
            dnd=self._dnd,
            max_lines=self._calls.max_lines,
            missed=self._history.count_missed(),
            missing=self._stack.missing,
            warnings=(*self._warnings, *self._codecs.complaints(self._config), *self._accounts.warnings()),
            theme=self._theme,
            default_account=self._accounts.default_id,
        )

    def subscribe(self, since: int | None = None, readings: bool = False) -> AsyncIterator[tuple[int, Event | Reading]]:
        return self._hub.subscribe(since, readings)

    # calls

    async def dial(self, target: str, account: str = "", play: str = "", record: str = "") -> CallId:
        plan = self._plan(target, account)
        call_id = self._calls.dial(self._accounts.get(plan.account_id), plan)
        if play or record:
            self._files[call_id] = (play, record)
        self._after_change()
        return call_id

    async def preview(self, target: str, account: str = "") -> DialPlan:
        return self._plan(target, account)

    async def redial(self, account: str = "") -> CallId:
        last = self._history.last_dialled()
        if last is None:
            raise PhoneError(_("Nothing has been dialled yet"))
        known = {status.account.id for status in self._accounts.all()}
        return await self.dial(last.remote_uri, account or (last.account_id if last.account_id in known else ""))

    async def answer(self, call: CallId = "") -> None:
        self._calls.answer(call)
        self._after_change()

    async def decline(self, call: CallId = "", code: int = 0) -> None:
        self._calls.decline(call, code or self._config.phone.decline_code)

    async def hang_up(self, call: CallId = "") -> None:
        self._calls.hang_up(call, self._config.phone.decline_code)

    async def hang_up_all(self) -> None:
        for call in list(self._calls):
            self._calls.hang_up(call.id, self._config.phone.decline_code)

    async def hold(self, call: CallId = "") -> None:
        self._calls.hold(call)

    async def resume(self, call: CallId = "") -> None:
        self._calls.resume(call)

    async def swap(self) -> None:
        self._calls.swap()

    async def mute(self, call: CallId = "", on: bool | None = None) -> bool:
        return self._calls.mute(call, on)

    async def set_call_gain(self, call: CallId = "", mic: int | None = None, ear: int | None = None) -> None:
        self._calls.set_gain(call, mic, ear)

    async def send_dtmf(self, digits: str, call: CallId = "", method: DtmfMethod | None = None) -> None:
        self._calls.send_dtmf(digits, call, method)

    async def set_dtmf_method(self, method: DtmfMethod, call: CallId = "") -> None:
        self._calls.set_dtmf_method(method, call)

    async def play(self, path: str, call: CallId = "", loop: bool = False) -> None:
        self._calls.play(path, call, loop)

    async def record(self, path: str, call: CallId = "") -> None:
        self._calls.record(path, call)

    async def start_recording(self, call: CallId = "") -> str:
        return self._recordings.start(self._calls.with_sound(call))

    async def pause_recording(self, call: CallId = "", on: bool | None = None) -> bool:
        return self._recordings.pause(self._calls.with_sound(call), on)

    async def stop_recording(self, call: CallId = "") -> None:
        self._recordings.stop(self._calls.with_sound(call))

    # accounts

    async def accounts(self) -> tuple[AccountStatus, ...]:
        return self._accounts.all()

    async def add_account(self, account: Account, password: str = "", turn_password: str = "") -> None:
        self._must_be_ours(account.id)
        self._codecs.check_account(account.codecs)
        await asyncio.to_thread(self._settings.put_account, account, password, turn_password)
        await self._accounts.put(account, "settings")

    async def remove_account(self, account: str) -> None:
        self._accounts.get(account)
        self._must_be_ours(account)
        if any(call.account_id == account for call in self._calls):
            raise PhoneError(_("Account “{id}” has a call: hang it up first").format(id=account), "busy")
        await asyncio.to_thread(self._settings.remove_account, account)
        self._accounts.remove(account)

    async def register(self, account: str = "") -> None:
        self._accounts.register(account)

    async def unregister(self, account: str) -> None:
        self._accounts.unregister(account)

    async def set_default_account(self, account: str) -> None:
        self._accounts.choose(account)
        self._accounts.default_id = account
        self._preferences.keep("phone.default_account", account)
        self._tell_preferences()

    # phone

    async def set_dnd(self, on: bool) -> None:
        if on != self._dnd:
            self._dnd = on
            self._hub.publish(DndChanged(on))
            self._preferences.keep("phone.dnd", on)

    async def set_theme(self, theme: str) -> None:
        self._theme = theme
        self._preferences.keep("ui.theme", theme)
        self._tell_preferences()

    def _tell_preferences(self) -> None:
        self._hub.publish(PreferencesChanged(self._theme, self._accounts.default_id))

    # codecs

    async def codecs(self) -> tuple[Codec, ...]:
        return self._codecs.all()

    async def set_codecs(self, codecs: tuple[str, ...]) -> None:
        self._codecs.choose(codecs)

    async def codec_settings(self) -> CodecSettings:
        return self._codecs.settings

    async def set_codec_settings(
        self,
        *,
        answer_order: str | None = None,
        opus_fec: bool | None = None,
        opus_dtx: bool | None = None,
        opus_bit_rate: int | None = None,
        opus_complexity: int | None = None,
        ilbc_mode_ms: int | None = None,
        isac_frame_ms: int | None = None,
        g729_annexb: bool | None = None,
    ) -> CodecSettings:
        wanted = {
            "answer_order": answer_order,
            "opus_fec": opus_fec,
            "opus_dtx": opus_dtx,
            "opus_bit_rate": opus_bit_rate,
            "opus_complexity": opus_complexity,
            "ilbc_mode_ms": ilbc_mode_ms,
            "isac_frame_ms": isac_frame_ms,
            "g729_annexb": g729_annexb,
        }
        return self._codecs.set({name: value for name, value in wanted.items() if value is not None})

    # devices

    async def devices(self, refresh: bool = False) -> Devices:
        if refresh:
            self._stack.refresh_devices()
        return self._devices.devices

    async def choose_device(self, role: DeviceRole, name: str) -> None:
        self._devices.choose(role, name)

    async def set_level(self, role: DeviceRole, level: int) -> None:
        self._devices.set_level(role, level)

    async def add_bell(self, name: str, on: bool) -> None:
        self._devices.add_bell(name, on)

    async def use_headset(self, on: bool) -> None:
        self._devices.use_headset(on)

    async def choose_headset(self, name: str) -> None:
        self._devices.choose_headset(name)

    async def mute_device(self, role: DeviceRole, on: bool) -> None:
        self._devices.mute(role, on)

    async def set_processing(
        self,
        echo_canceller: str | None = None,
        noise_suppression: bool | None = None,
        gain_control: bool | None = None,
        ear_limit_db: int | None = None,
    ) -> Processing:
        wanted = {
            "echo_canceller": echo_canceller,
            "noise_suppression": noise_suppression,
            "gain_control": gain_control,
            "ear_limit_db": ear_limit_db,
        }
        return self._devices.set_processing({name: value for name, value in wanted.items() if value is not None})

    async def mute_at_device(self, role: DeviceRole, on: bool) -> None:
        self._devices.mute_at_device(role, on)

    async def test_tone(self, role: DeviceRole, on: bool, device: str = "") -> None:
        self._devices.test_tone(role, on, device)

    async def test_mic(self, on: bool) -> None:
        self._devices.test_mic(on)

    async def watch_mic(self, on: bool) -> None:
        self._mic_watched = on
        self._watch()

    # history

    async def history(
        self, text: str = "", missed: bool = False, limit: int = 100, before: float | None = None
    ) -> tuple[CallRecord, ...]:
        return self._history.search(text, missed, max(1, min(limit, MAX_HISTORY_ROWS)), before)

    async def mark_seen(self) -> None:
        self._history.mark_seen()
        self._hub.publish(HistoryChanged(None, 0))

    async def clear_history(self) -> None:
        self._history.clear()
        self._hub.publish(HistoryChanged(None, 0))

    # engine

    async def shutdown(self, force: bool = False) -> None:
        if len(self._calls) and not force:
            raise PhoneError(
                _("The phone has calls: hang up first, or stop it with force (the calls will end)"), "busy"
            )
        self._on_shutdown()

    # reports

    def report(self, report: Report) -> None:
        """Take in what the stack says; a report can never break the phone."""
        try:
            self._take(report)
        except Exception:
            log.exception("a report could not be taken in: %s", type(report).__name__)

    def _take(self, report: Report) -> None:  # noqa: PLR0912 (one line a kind)
        match report:
            case Levels():
                self._hub.publish_reading(report)
                return
            case StreamStats():
                self._hub.publish_reading(report)
                self._call_watch.see(report)
                return
            case RegistrationReport():
                self._accounts.reported(report)
            case NatReport():
                self._accounts.nat_reported(report)
            case IncomingReport():
                self._take_incoming(report)
            case ProgressReport():
                self._calls.progressed(report)
            case ConfirmedReport():
                self._calls.confirmed(report)
                self._record_from_the_start(report.call_id)
            case MediaReport():
                self._calls.media_changed(report)
            case HoldFailedReport():
                self._calls.hold_failed(report)
            case DtmfReport():
                self._calls.digit_received(report)
            case EndedReport():
                self._end(report)
            case DevicesReport():
                self._devices.reported(report)
            case MicTestReport():
                self._devices.mic_tested(report)
            case RecordingReport():
                self._recordings.failed(report.call_id)
                self.notify(report.problem)
            case StackNotice():
                if report.lasting and report.text not in self._warnings:
                    self._warnings = (*self._warnings, report.text)
                self._hub.publish(Notice(NoticeLevel(report.level), report.text))
            case StackDied():
                self._hub.publish(Notice(NoticeLevel.ERROR, report.reason))
                self._on_shutdown()
            case PublishedReport():
                self._call_watch.published(report)
            case PlayedReport():
                pass
        self._after_change()

    def _record_from_the_start(self, call_id: CallId) -> None:
        call = self._calls.find(call_id)
        if call is None or call.answered_at is None or call.recording or not self._recordings.rules.always:
            return
        try:
            self._recordings.start(call)
        except PhoneError as error:
            self.notify(str(error))

    def _take_incoming(self, report: IncomingReport) -> None:
        account = self._accounts.get(report.account_id)
        kind = self._why_not()
        if kind is None:
            self._calls.incoming(report, account)
            return
        code = {EndKind.DND: self._config.phone.decline_code, EndKind.NO_HEADSET: self._devices.refuses}.get(kind, 486)
        self._stack.hang_up(report.call_id, code)
        now = self._clock.now()
        self._keep(
            CallRecord(
                report.call_id,
                account.id,
                Direction.INCOMING,
                report.remote.uri,
                report.remote.name,
                now,
                None,
                now,
                0.0,
                "",
                EndCause(EndedBy.PHONE, kind, code),
                seen=False,
            )
        )

    def _why_not(self) -> EndKind | None:
        """Why a new call cannot ring; None when it can."""
        if self._dnd:
            return EndKind.DND
        if self._devices.refuses:
            return EndKind.NO_HEADSET
        return EndKind.LINES_FULL if self._calls.full else None

    def _end(self, report: EndedReport) -> None:
        call = self._calls.ended(report)
        if call is None:
            return
        self._files.pop(call.id, None)
        recording, pauses = self._recordings.taken(call.id)
        record = _record(call, self._call_watch.summary(call.id))
        self._keep(replace(record, recording=recording, pauses=pauses))
        self._call_watch.ended(call)
        self._ringing.call_ended(call)
        self._watch()

    def _keep(self, record: CallRecord) -> None:
        try:
            self._history.add(record)
        except PhoneError as error:
            self._hub.publish(Notice(NoticeLevel.WARNING, str(error)))
        self._hub.publish(HistoryChanged(record, self._history.count_missed()))

    # inside

    def _publish_call(self, event: Event) -> None:
        self._hub.publish(event)
        if isinstance(event, CallChanged) and event.call.id in self._files and event.call.state in AUTO_PLAY_STATES:
            play, record = self._files.pop(event.call.id)
            if play:
                self._stack.play(event.call.id, play)
            if record:
                self._calls.record(record, event.call.id)

    def _ring_of_account(self, account_id: str) -> Ring | None:
        ring = next((s.account.ring_tone for s in self._accounts.all() if s.account.id == account_id), "")
        return parse_ring(ring) if ring else None

    def _after_change(self) -> None:
        self._ringing.update()
        self._watch()

    def _watch(self) -> None:
        levels = DEFAULT_METER_HZ if self._hub.readings_wanted else 0.0
        answered = any(call.state is CallState.TALKING for call in self._calls)
        stats = 1.0 if self._hub.readings_wanted or answered else 0.0
        # A screen that is killed cannot switch its microphone meter off: it ends with the last reader.
        self._mic_watched = self._mic_watched and self._hub.readings_wanted
        wanted = (levels, stats, self._mic_watched)
        if wanted != self._watching:
            self._watching = wanted
            self._stack.watch(*wanted)

    def _plan(self, target: str, account_id: str) -> DialPlan:
        account = self._accounts.choose(account_id)
        try:
            return plan_dial(target, account.id, account.domain, account.transport)
        except AddressError as error:
            raise PhoneError(error.in_words(_), "invalid") from None

    def _must_be_ours(self, account_id: str) -> None:
        for status in self._accounts.all():
            if status.account.id == account_id and status.stored == "config":
                raise PhoneError(
                    _(
                        "Account “{id}” is written in config.toml: change it there (the phone never writes that file)"
                    ).format(id=account_id)
                )


def _record(call: Call, quality: QualitySummary | None) -> CallRecord:
    assert call.ended_at is not None
    return CallRecord(
        call_id=call.id,
        account_id=call.account_id,
        direction=call.direction,
        remote_uri=call.remote.uri,
        remote_name=call.remote.name,
        started_at=call.created_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        duration_s=call.duration_s,
        codec=call.media.codec if call.media else "",
        end=call.end,
        seen=call.direction is Direction.OUTGOING or call.answered_at is not None,
        quality=quality,
    )
