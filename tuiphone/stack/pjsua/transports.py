"""SIP transports: listening sockets, one set of TLS rules per kind of account, and why a connection failed."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pjsua2 as pj

from tuiphone.controller.ports import Report, StackNotice, StackSettings
from tuiphone.i18n import _
from tuiphone.model.account import TlsSettings
from tuiphone.model.event import NoticeLevel
from tuiphone.stack.pjsua.convert import words_of
from tuiphone.stack.pjsua.mediasecurity import mark
from tuiphone.stack.pjsua.native import Native, address_of

log = logging.getLogger(__name__)

_SYSTEM_CA = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_IPV6 = 128
"""Added to a transport type's number for its IPv6 kind."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection that failed or ended: pjsip's handle for it, the peer's "address:port" if known, and the reason."""

    handle: int
    peer: str
    why: str


class Transports:
    """Creates transports, and checks certificates that are pinned."""

    def __init__(
        self, endpoint: pj.Endpoint, native: Native, settings: StackSettings, report: Callable[[Report], None]
    ) -> None:
        self._endpoint = endpoint
        self._native = native
        self._settings = settings
        self._report = report
        self._tls: dict[TlsSettings, int] = {}
        self._pins: Callable[[str], Iterable[str]] = lambda peer: ()
        self._peers: dict[int, str] = {}
        self._verdicts: dict[int, str] = {}
        self._refused: dict[str, tuple[float, str]] = {}
        """By "address:port": when it was refused last (``time.monotonic``), and why."""

    def start(self, pins: Callable[[str], Iterable[str]]) -> None:
        """Open UDP and TCP; ``pins(peer)`` names the certificates an "address:port" may show (none: any)."""
        self._pins = pins
        self._create(pj.PJSIP_TRANSPORT_UDP, self._config(self._settings.udp_port))
        self._create(pj.PJSIP_TRANSPORT_TCP, self._config(self._settings.tcp_port))

    def tls(self, wanted: TlsSettings) -> int:
        """The number of the transport with these rules; raises pj.Error when files cannot be read."""
        rules = TlsSettings(
            wanted.verify,
            wanted.ca_file or self._settings.tls_ca_file or system_ca(),
            wanted.cert_file or self._settings.tls_cert_file,
            wanted.key_file or self._settings.tls_key_file,
        )
        if rules not in self._tls:
            config = self._config(0 if self._tls else self._settings.tls_port)
            config.tlsConfig.CaListFile = rules.ca_file
            config.tlsConfig.certFile = rules.cert_file
            config.tlsConfig.privKeyFile = rules.key_file
            config.tlsConfig.verifyServer = rules.verify
            config.tlsConfig.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3
            config.tlsConfig.msecTimeout = 8000
            mark(config.tlsConfig, self._settings.dscp_sip)  # pjsua takes the mark of UDP and TCP from elsewhere
            self._tls[rules] = self._create(pj.PJSIP_TRANSPORT_TLS, config)
        return self._tls[rules]

    def refusal(self, peers: Iterable[str], since: float) -> str:
        """Why we refused a TLS connection to one of these "address:port" since then, in words; empty when we did not.

        ``since`` is in ``time.monotonic``. Who asks is told by when its attempt began, not by a connection: several
        accounts may wait for one, and pjsip names none when a request could not be sent.
        """
        found = (self._refused[peer] for peer in peers if peer in self._refused)
        return next((words for at, words in found if at >= since), "")

    def changed(self, prm: pj.OnTransportStateParam) -> Lost | None:
        """Take in a transport's new state; tells which connection is gone, if one is."""
        handle = address_of(prm.hnd)
        info = prm.tlsInfo if prm.type.upper().startswith("TLS") and not prm.tlsInfo.isEmpty() else None
        if info is not None:
            self._peers[handle] = info.remoteAddr
        if prm.state == pj.PJSIP_TP_STATE_CONNECTED:
            if info is not None:
                self._verdicts[handle] = words = self._pin_problem(info)
                if words:
                    self._refuse(info.remoteAddr, words)
                    self._native.close_transport(handle)
            return None
        if prm.state != pj.PJSIP_TP_STATE_DISCONNECTED:
            return None
        peer = self._peers.pop(handle, "")
        verdict = self._verdicts.pop(handle, None)
        if verdict is None and info is not None and info.verifyStatus:
            verdict = certificate_words(int(info.verifyStatus), info.remoteCertInfo)
            self._refuse(peer, verdict)
        return Lost(handle, peer, verdict or (self._endpoint.utilStrError(prm.lastError) if prm.lastError else ""))

    def _refuse(self, peer: str, words: str) -> None:
        self._refused[peer] = (time.monotonic(), words)

    def _pin_problem(self, info: pj.TlsInfo) -> str:
        pins = {pin.lower().replace(":", "") for pin in self._pins(info.remoteAddr) if pin}
        if pins and fingerprint(info.remoteCertInfo.raw) not in pins:
            return _("the server's certificate is not the pinned one")
        return ""

    def _config(self, port: int) -> pj.TransportConfig:
        config = pj.TransportConfig()
        config.port = port
        config.boundAddress = self._settings.bind_address
        config.publicAddress = self._settings.public_address
        mark(config, self._settings.dscp_sip)
        return config

    def _create(self, kind: int, config: pj.TransportConfig) -> int:
        if ":" in self._settings.bind_address:
            kind += _IPV6
        try:
            return self._endpoint.transportCreate(kind, config)
        except pj.Error as error:
            if not config.port:
                raise
            words = _("SIP port {port} cannot be used ({why}): taking any free one")
            words = words.format(port=config.port, why=words_of(error))
            self._report(StackNotice(NoticeLevel.WARNING, words))
            config.port = 0
            return self._endpoint.transportCreate(kind, config)


def system_ca() -> str:
    """The file with the certificates this machine trusts; empty when none is found."""
    wanted = os.environ.get("SSL_CERT_FILE", "")
    return next((path for path in (wanted, *_SYSTEM_CA) if path and Path(path).is_file()), "")


def fingerprint(pem: str) -> str:
    """Hexadecimal SHA-256 of a certificate's DER form."""
    body = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]
    return hashlib.sha256(base64.b64decode(body)).hexdigest()


def certificate_words(status: int, certificate: pj.SslCertInfo) -> str:
    """What is wrong with a server's certificate, in words."""
    name = certificate.subjectCn
    if status & pj.PJ_SSL_CERT_EVALIDITY_PERIOD:
        return _("the certificate of “{name}” has expired or is not valid yet").format(name=name)
    if status & (pj.PJ_SSL_CERT_EISSUER_NOT_FOUND | pj.PJ_SSL_CERT_EUNTRUSTED | pj.PJ_SSL_CERT_ECHAIN_TOO_LONG):
        return _("the certificate of “{name}” is signed by nobody we trust (see tls_ca_file)").format(name=name)
    if status & pj.PJ_SSL_CERT_EIDENTITY_NOT_MATCH:
        return _("the certificate is for “{name}”, not for this server").format(name=name)
    if status & pj.PJ_SSL_CERT_EREVOKED:
        return _("the certificate of “{name}” was revoked").format(name=name)
    return _("the certificate of “{name}” cannot be trusted").format(name=name)
