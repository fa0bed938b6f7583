"""The SIP thread's side of the stack: brings pjsua2 up and down, and owns every account, call and sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pjsua2 as pj

from tuiphone.controller.ports import (
    Credentials,
    EndedReport,
    IncomingReport,
    RegistrationReport,
    Report,
    RoleChoice,
    StackSettings,
    Tone,
    ToneSound,
)
from tuiphone.i18n import _
from tuiphone.model.account import Account, Transport
from tuiphone.model.address import Party, parse_party, printable
from tuiphone.model.call import CallId, EndCause, EndedBy, EndKind, new_call_id
from tuiphone.model.device import DeviceRole
from tuiphone.model.media import Processing
from tuiphone.model.quality import Quality
from tuiphone.stack.lookup import Server
from tuiphone.stack.pjsua import codecs
from tuiphone.stack.pjsua.account import Binding
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.call import CallSession
from tuiphone.stack.pjsua.cause import Ending, classify
from tuiphone.stack.pjsua.cleaning import Cleaning
from tuiphone.stack.pjsua.codecset import CodecSet
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.library import Library
from tuiphone.stack.pjsua.mediasecurity import conflict
from tuiphone.stack.pjsua.message import SipMessage, asserted_party, read
from tuiphone.stack.pjsua.meters import Meters
from tuiphone.stack.pjsua.mictest import MicTrial
from tuiphone.stack.pjsua.names import Names, target_of
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.publish import Publication
from tuiphone.stack.pjsua.pump import Pump
from tuiphone.stack.pjsua.ringfiles import RingFiles
from tuiphone.stack.pjsua.sipcall import SipCall
from tuiphone.stack.pjsua.soundserver import AlsaConfig
from tuiphone.stack.pjsua.tones import Tones
from tuiphone.stack.pjsua.transports import Transports

LONGEST_SLEEP_MS = 5000
"""How long the SIP thread sleeps when nothing happens and it can be woken."""
POLL_MS = 20
"""The same without the helper that wakes it."""
_GOODBYE_S = 1.0
_FAREWELL_S = 1.5
_HEADERS = ("alert-info", "call-info", "answer-mode")


class Core:
    """Everything that touches pjsua2; made, used and ended on the SIP thread."""

    def __init__(self, pump: Pump, settings: StackSettings, report: Callable[[Report], None]) -> None:
        self._pump = pump
        self._report = report
        self._native = Native()
        self._bindings: dict[str, Binding] = {}
        self._calls: dict[CallId, CallSession] = {}
        self._alsa = AlsaConfig(settings.sound_system, settings.null_audio)
        self._library: Library | None = Library(self._native, settings, self)
        try:
            self._begin(settings, self._library)
        except BaseException:
            self._destroy()
            raise

    def _begin(self, settings: StackSettings, library: Library) -> None:
        pump, report = self._pump, self._report
        self.codecs = CodecSet(library, self._native, settings)
        self._transports = Transports(library, self._native, settings, report)
        self._transports.start(self._pins)
        library.libStart()
        self._sound = Sound(
            pump, library.audDevManager(), self._native, alsa=self._alsa, report=report, settings=settings
        )
        self._cleaning = Cleaning(library.audDevManager(), self._native, settings)
        self._tones = Tones(self._sound, RingFiles(pump, report, settings.ring_files))
        self._trial = MicTrial(pump, self._sound, report)
        self._meters = Meters(pump, self._sound, self._calls.values, report, self._native.extended_reports())
        self._names = Names(pump, self._native, settings.dns_servers, ":" in settings.bind_address)
        self._context = Context(
            pump,
            self._native,
            settings,
            self._take,
            self._sound,
            self.codecs,
            self._names,
            self._transports,
            self._described,
        )
        pump.poll = library.libHandleEvents
        pump.longest_ms = LONGEST_SLEEP_MS if library.can_wake else POLL_MS
        if library.can_wake:
            pump.wake = self._native.wake
        self.version = library.libVersion().full
        self.missing = self._missing(settings)

    # accounts

    def add_account(self, account: Account, credentials: Credentials) -> None:
        """Know an account, or replace its settings."""
        known = self._bindings.get(account.id)
        try:
            self.codecs.know(account)
            if known and not known.leaving:
                known.change(account, credentials)
            elif self._library and len(self._bindings) >= self._library.max_accounts:
                words = _("this engine has room for {n} accounts only").format(n=self._library.max_accounts)
                self._report(RegistrationReport(account.id, 400, words))
            else:
                self._bindings[account.id] = Binding(self._context, account, credentials, self._call_arrived)
        except pj.Error as error:
            self._bindings.pop(account.id, None)
            self._bad_account(account, error)

    def remove_account(self, account_id: str) -> None:
        """Unregister and forget, once its calls are over."""
        binding = self._bindings.pop(account_id, None)
        self.codecs.forget(account_id)
        if binding:
            binding.unregister()
            binding.leaving = True
            self._close_when_free(binding)

    def register(self, account_id: str) -> None:
        """Send REGISTER."""
        if account_id in self._bindings:
            self._bindings[account_id].register()

    def unregister(self, account_id: str) -> None:
        """Send REGISTER with Expires 0."""
        if account_id in self._bindings:
            self._bindings[account_id].unregister()

    def publish(self, account_id: str, publication: Publication) -> None:
        """Send PUBLISH."""
        if account_id in self._bindings:
            self._bindings[account_id].publish(publication)

    # calls

    def make_call(self, call_id: CallId, account_id: str, uri: str) -> None:
        """Send INVITE, once the name to send it to is known."""
        binding = self._bindings.get(account_id)
        if not binding or not binding.sip:
            cause = EndCause(EndedBy.PHONE, EndKind.FAILED, 0, _("the account is gone"))
            self._report(EndedReport(call_id, cause))
            return
        session = CallSession(self._context, call_id, binding.account, True, self._forget)
        self._calls[call_id] = session
        target = target_of(binding.account.proxy or uri, binding.account.transport)
        if target is None:
            session.fail(EndKind.BAD_ADDRESS, "")
        else:
            known = binding.nat.when_known
            self._names.look_up(
                target, lambda found: known(lambda: self._dial(session, binding, uri, found, target.host))
            )

    def call(self, call_id: CallId) -> CallSession | None:
        """A call that is not over."""
        return self._calls.get(call_id)

    # sound

    def tone(self, tone: Tone, on: bool, role: DeviceRole, sound: ToneSound | None) -> None:
        """Start or stop one of the phone's own sounds."""
        self._tones.set(tone, on, role, sound)

    def choose_devices(self, choices: tuple[RoleChoice, ...]) -> None:
        """Use these devices and levels."""
        self._sound.choose(choices)
        self._tones.restart()

    def set_processing(self, processing: Processing) -> None:
        """Treat the sound like this from now on."""
        self._cleaning.set(processing)

    def refresh_devices(self) -> None:
        """Look for devices that came or went."""
        self._sound.refresh()

    def mute_device(self, name: str, on: bool) -> None:
        """Mute a device itself."""
        self._sound.mute_device(name, on)

    def test_mic(self, seconds: float) -> None:
        """Record the microphone, then play it; 0 ends it."""
        self._trial.run(seconds)

    def device_failed(self) -> None:
        """A device stopped working while in use."""

        def look_again() -> None:
            self._sound.device_failed()
            self._tones.restart()

        self._pump.submit(look_again)

    def watch(self, levels_hz: float, stats_hz: float, mic: bool) -> None:
        """Report levels and figures so often."""
        self._meters.watch(levels_hz, stats_hz, mic)

    def tell_quality(self, quality: Quality) -> None:
        """Tell a call's far end how it sounds here."""
        if call := self._calls.get(quality.call_id):
            self._meters.tell(call, quality)

    # life

    def stop(self) -> None:
        """End calls, unregister, and take the library down."""
        self._context.stopping = True
        for session in list(self._calls.values()):
            session.hang_up(0, "")
        self._pump.spin(_GOODBYE_S, lambda: not self._calls)
        leaving = [b for b in self._bindings.values() if b.registered]
        for binding in leaving:
            binding.unregister()
        self._pump.spin(_FAREWELL_S, lambda: not any(b.busy for b in leaving))
        self._meters.close()
        self._tones.close()
        self._trial.close()
        for session in list(self._calls.values()):
            session.abandon()
        for binding in self._bindings.values():
            binding.close()
        self._bindings.clear()
        self._sound.close()
        self._destroy()

    # what pjsua2 tells

    def transport_changed(self, prm: pj.OnTransportStateParam) -> None:
        """A connection came up, was refused or ended."""
        lost = self._transports.changed(prm)
        if lost:
            for binding in list(self._bindings.values()):
                binding.connection_lost(lost)

    def call_rejected(self, prm: pj.OnRejectedIncomingCallParam) -> None:
        """The stack itself refused an INVITE (488 for example): nobody rang, but somebody called."""
        message = read(prm.rdata.wholeMsg)
        binding = self._binding_for(message)
        if binding is None or not message.method:
            return
        call_id = new_call_id()
        offer = codecs.offered(message.body)
        self._report(self._incoming_report(call_id, binding, message))
        code = int(prm.statusCode)
        ours = self.codecs.of(binding.account)
        clash = conflict(binding.account, message.body)
        ending = Ending(False, False, code, printable(prm.reason), our_codecs=ours, their_codecs=offer, conflict=clash)
        self._report(EndedReport(call_id, classify(ending)))

    # inside

    def _call_arrived(self, binding: Binding, prm: pj.OnIncomingCallParam) -> None:
        assert binding.sip is not None
        call_id = new_call_id()
        message = read(prm.rdata.wholeMsg)
        session = CallSession(self._context, call_id, binding.account, False, self._forget)
        session.sip = SipCall(binding.sip, session, prm.callId)
        session.sip_call_id = printable(message.first("call-id"))
        self._calls[call_id] = session
        self._report(self._incoming_report(call_id, binding, message))
        if not session.note_offer(message.body):
            self._pump.submit(session.refuse)

    @staticmethod
    def _incoming_report(call_id: CallId, binding: Binding, message: SipMessage) -> IncomingReport:
        sender = parse_party(message.first("from"))
        asserted = asserted_party(message)
        remote = Party(asserted.uri, asserted.name or sender.name) if asserted else sender
        return IncomingReport(
            call_id=call_id,
            account_id=binding.account.id,
            remote=remote,
            local=parse_party(message.first("to")),
            sip_call_id=printable(message.first("call-id")),
            codecs=codecs.offered(message.body),
            headers={name: message.first(name) for name in _HEADERS if message.first(name)},
        )

    def _binding_for(self, message: SipMessage) -> Binding | None:
        wanted = parse_party(message.first("to")).number
        bindings = list(self._bindings.values())
        named = [b for b in bindings if Party(b.account.address).number == wanted]
        return next(iter(named or bindings), None)

    def _dial(self, session: CallSession, binding: Binding, uri: str, found: tuple[Server, ...], host: str) -> None:
        if session.id not in self._calls:
            return
        if not found:
            session.fail(EndKind.UNREACHABLE, _("{host} cannot be found").format(host=host))
        elif binding.sip:
            transport = binding.account.transport
            if transport is not Transport.UDP and ";transport=" not in uri.lower() and uri.lower().startswith("sip:"):
                uri += f";transport={transport}"
            peers = frozenset(map(str, found))
            binding.calls(peers)
            session.dial(binding.sip, uri, peers)
            self._meters.arm()

    def _take(self, report: Report) -> None:
        """Reports of calls and accounts on their way up."""
        self._report(report)
        self._meters.arm()

    def _described(self, account_id: str, sdp: str) -> None:
        if binding := self._bindings.get(account_id):
            binding.nat.gathered(sdp)

    def _forget(self, call_id: CallId) -> None:
        session = self._calls.pop(call_id, None)
        if session:
            self.codecs.release(session.codecs)
        self._meters.forget(call_id)

    def _pins(self, peer: str) -> Iterable[str]:
        return [b.account.tls.pin_sha256 for b in self._bindings.values() if peer in b.peers]

    def _close_when_free(self, binding: Binding) -> None:
        if binding.busy or any(call.account.id == binding.account.id for call in self._calls.values()):
            self._pump.later(0.5, lambda: self._close_when_free(binding))
        else:
            binding.close()

    def _bad_account(self, account: Account, error: pj.Error) -> None:
        words = _("the account cannot be used: {why}").format(why=words_of(error))
        self._report(RegistrationReport(account.id, 400, words))

    def _missing(self, settings: StackSettings) -> tuple[str, ...]:
        assert self._library is not None
        found = []
        lacking = self.codecs.lacking(settings.codecs)
        if lacking:
            found.append(_("This engine has no {codecs}: calls use the other codecs").format(codecs=", ".join(lacking)))
        return (*found, *self._library.lacks())

    def _destroy(self) -> None:
        self._alsa.close()
        library, self._library = self._library, None
        if "codecs" in self.__dict__:
            self.codecs.let_go()
        self._pump.poll = lambda ms: None
        self._pump.wake = lambda: None
        for name in ("_transports", "_sound", "_tones", "_meters", "_context"):
            self.__dict__.pop(name, None)  # they hold on to the library, of which there may be one at a time
        if library:
            library.take_down()
