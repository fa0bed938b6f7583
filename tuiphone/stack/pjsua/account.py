"""One account: its configuration as pjsua2 wants it, and its registration (RFC 3261 section 10)."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable

import pjsua2 as pj

from tuiphone.controller.ports import Credentials, NatReport, RegistrationReport, StackSettings
from tuiphone.i18n import _
from tuiphone.model.account import Account, NatServers, Transport
from tuiphone.model.address import printable
from tuiphone.stack.lookup import Server
from tuiphone.stack.pjsua.context import Context
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.mediasecurity import mark, set_srtp
from tuiphone.stack.pjsua.names import Target, next_hop, route_uri
from tuiphone.stack.pjsua.native import transport_of
from tuiphone.stack.pjsua.natservers import NatWay
from tuiphone.stack.pjsua.publish import Publication, Publisher
from tuiphone.stack.pjsua.pump import Timer
from tuiphone.stack.pjsua.transports import Lost

log = logging.getLogger(__name__)

_UNREGISTER_WAIT_MS = 1200


class SipAccount(pj.Account):
    """Passes callbacks on."""

    def __init__(self, binding: Binding, incoming: Callable[[Binding, pj.OnIncomingCallParam], None]) -> None:
        super().__init__()
        self._binding = binding
        self._incoming = incoming

    def onRegState(self, prm: pj.OnRegStateParam) -> None:
        try:
            self._binding.answered(prm)
        except Exception:
            log.error("a callback failed: %s", traceback.format_exc())

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:
        try:
            self._incoming(self._binding, prm)
        except Exception:
            log.error("a callback failed: %s", traceback.format_exc())

    def onSendRequest(self, prm: pj.OnSendRequestParam) -> None:
        try:
            self._binding.publisher.answered(prm.e)
        except Exception:
            log.error("a callback failed: %s", traceback.format_exc())


class Binding:
    """An account and its binding at a registrar. A failure is reported and left to the controller to repeat."""

    def __init__(
        self,
        context: Context,
        account: Account,
        credentials: Credentials,
        incoming: Callable[[Binding, pj.OnIncomingCallParam], None],
    ) -> None:
        self.account = account
        self.servers: tuple[Server, ...] = ()
        """Where REGISTER goes, as far as it was looked up, the best first."""
        self.registered = False
        self.leaving = False
        self.busy = False
        """A REGISTER is under way."""
        self._context = context
        self._transport = 0
        self._again = False
        self._refresh: Timer | None = None
        self._attempt = 0
        self._sent_at = 0.0
        self._called: frozenset[str] = frozenset()
        self._credentials = credentials
        self.publisher = Publisher(context, self._send_request)
        self.nat = self._nat_way()
        self.sip: SipAccount | None = SipAccount(self, incoming)
        self.sip.create(self._config(credentials))
        self.nat.apply(self.sip)
        self.nat.ask()

    @property
    def target(self) -> Target | None:
        """Where REGISTER goes."""
        return next_hop(self.account)

    @property
    def peers(self) -> frozenset[str]:
        """The "address:port" of that, as far as it was looked up; without a registrar, of every server called."""
        return frozenset(map(str, self.servers)) | self._called

    def calls(self, peers: frozenset[str]) -> None:
        """An INVITE is about to go to one of these."""
        if not self.account.registrar:
            self._called |= peers

    def change(self, account: Account, credentials: Credentials) -> None:
        """Take new settings; running calls are not touched."""
        self.account = account
        self._credentials = credentials
        self.servers = ()
        self.nat.close()
        self.nat = self._nat_way()
        self._configure()
        self.nat.ask()

    def register(self) -> None:
        """Send REGISTER, once the registrar's name is known."""
        target = self.target
        self._stop_refresh()
        if not self.account.registrar or target is None or self.leaving:
            return
        self._attempt += 1
        attempt = self._attempt
        if self.nat.state.problems:
            self.nat.ask()
        self._context.names.look_up(target, lambda servers: self._looked_up(attempt, servers))

    def unregister(self) -> None:
        """Send REGISTER with Expires 0; where nothing is registered, that is reported at once."""
        self._attempt += 1
        self._stop_refresh()
        if not self.sip or not (self.registered or self.busy):
            self._context.report(RegistrationReport(self.account.id, 200, "", 0))
            return
        self._again = False
        try:
            self._sent_at = time.monotonic()
            self.sip.setRegistration(False)
            self.busy = True
        except pj.Error as error:
            log.info("account %s: %s", self.account.id, words_of(error))
            self.registered = False
            self._context.report(RegistrationReport(self.account.id, 200, "", 0))

    def answered(self, prm: pj.OnRegStateParam) -> None:
        """A REGISTER got its final answer, or none."""
        code = int(prm.code)
        if code < 200 and not prm.status:
            return
        self.busy = False
        local = not prm.rdata.wholeMsg
        success = 200 <= code < 300 and not prm.status
        self.registered = success and int(prm.expiration) > 0
        self._stop_refresh()
        if self.registered:
            self._context.names.answered(self.servers)
            self._transport = transport_of(prm.rdata.pjRxData) if self.account.transport is not Transport.UDP else 0
            self._refresh = self._context.pump.later(max(1.0, int(prm.expiration) / 2), self._refresh_now)
            self._tell(200, printable(prm.reason), int(prm.expiration))
        elif success:
            self._tell(200, printable(prm.reason))
        elif local and self._context.names.failed(self.servers) and not self._context.stopping:
            self._again = True
        elif local:
            # A refused certificate shows in the transport's state, which may come after this.
            reason = printable(prm.reason)
            self._context.pump.submit(lambda: self._tell(*self._local_failure(code, reason)))
        else:
            self._tell(code, printable(prm.reason))
        again, self._again = self._again, False
        if again and not self.registered:
            self.register()

    def publish(self, publication: Publication) -> None:
        """Send PUBLISH, with this account's credentials where it is asked for them."""
        username = login(self.account, self._credentials)
        self.publisher.publish(self.account, Credentials(username, self._credentials.password), publication)

    def connection_lost(self, lost: Lost) -> None:
        """The connection that the registration was made on is gone: the registrar cannot reach us any more."""
        if not self.registered or not self._transport or lost.handle != self._transport or self._context.stopping:
            return
        self.registered = False
        self._transport = 0
        self._stop_refresh()
        words = _("the connection to {host} was lost").format(host=self._host())
        self._tell(503, f"{words}: {lost.why}" if lost.why else words)

    def close(self) -> None:
        """Forget the account; calls on it must be over."""
        self.leaving = True
        self._stop_refresh()
        self.nat.close()
        sip, self.sip = self.sip, None
        if sip:
            sip.shutdown()

    # inside

    def _nat_way(self) -> NatWay:
        return NatWay(self._context, self.account, self._credentials, self._nat_changed)

    def _nat_changed(self, state: NatServers) -> None:
        if not self.leaving:
            self._configure()
            self._context.report(NatReport(self.account.id, state))

    def _configure(self) -> None:
        if self.sip:
            self.sip.modify(self._config(self._credentials))
            self.nat.apply(self.sip)

    def _send_request(self, param: pj.SendRequestParam) -> bool:
        if self.sip is None or self.leaving:
            return False
        self.sip.sendRequest(param)
        return True

    def _looked_up(self, attempt: int, servers: tuple[Server, ...]) -> None:
        if attempt != self._attempt or not self.sip or self.leaving:
            return
        if not servers:
            words = _("{host} cannot be found: check the name and the network").format(host=self._host())
            self._tell(503, words)
            return
        self.servers = servers
        if self.busy:
            self._again = True
            return
        try:
            self.busy = True
            self._sent_at = time.monotonic()
            self.sip.setRegistration(True)
        except pj.Error as error:
            self.busy = False
            self._tell(503, f"{self._host()}: {words_of(error)}")

    def _refresh_now(self) -> None:
        self._refresh = None
        self.register()

    def _stop_refresh(self) -> None:
        if self._refresh:
            self._refresh.cancel()
            self._refresh = None

    def _local_failure(self, code: int, reason: str) -> tuple[int, str]:
        if why := self._context.transports.refusal(self.peers, self._sent_at):
            return 503, f"{self._host()}: {why}"
        if code == 408:
            return 408, _("no answer from {host}").format(host=self._host())
        return code if code >= 300 else 503, f"{self._host()}: {reason}"

    def _host(self) -> str:
        target = self.target
        return str(target) if target else self.account.domain

    def _tell(self, code: int, reason: str, expires_s: int = 0) -> None:
        self._context.report(RegistrationReport(self.account.id, code, reason, expires_s))

    def _config(self, credentials: Credentials) -> pj.AccountConfig:
        account, settings = self.account, self._context.settings
        config = pj.AccountConfig()
        name = account.display_name.replace("\\", "\\\\").replace('"', '\\"')
        config.idUri = f'"{name}" <{account.address}>' if name else f"<{account.address}>"
        _set_registration(config, account)
        username = login(account, credentials)
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", username, 0, credentials.password))
        if account.proxy:
            config.sipConfig.proxies.append(f"{route_uri(account.proxy, account.transport)};lr")
        if account.transport is Transport.TLS:
            config.sipConfig.transportId = self._context.transports.tls(account.tls)
        _set_media(config, account, settings)
        self.nat.configure(config)
        return config


def login(account: Account, credentials: Credentials) -> str:
    """The name to authenticate with."""
    return credentials.username or account.username or account.address.partition(":")[2].partition("@")[0]


def _set_registration(config: pj.AccountConfig, account: Account) -> None:
    config.regConfig.registerOnAdd = False
    config.regConfig.disableRegOnModify = True
    config.regConfig.registrarUri = route_uri(account.registrar, account.transport) if account.registrar else ""
    config.regConfig.timeoutSec = account.expires_s
    config.regConfig.retryIntervalSec = 0
    config.regConfig.firstRetryIntervalSec = 0
    config.regConfig.unregWaitMsec = _UNREGISTER_WAIT_MS


def _set_media(config: pj.AccountConfig, account: Account, settings: StackSettings) -> None:
    media = config.mediaConfig
    media.transportConfig.port = settings.rtp_port_min
    media.transportConfig.portRange = max(0, settings.rtp_port_max - settings.rtp_port_min)
    media.transportConfig.boundAddress = settings.bind_address
    media.transportConfig.publicAddress = settings.public_address
    # Audio goes by the family of the SIP transports: pjsua would offer an IPv6 address to far ends that are not on IPv6.
    only_ipv6 = ":" in settings.bind_address
    media.ipv6Use = pj.PJSUA_IPV6_ENABLED_USE_IPV6_ONLY if only_ipv6 else pj.PJSUA_IPV6_DISABLED
    config.sipConfig.ipv6Use = media.ipv6Use
    mark(media.transportConfig, settings.dscp_rtp)
    set_srtp(media, account)
