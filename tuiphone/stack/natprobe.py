"""Asks STUN and TURN servers (RFC 8489, RFC 8656) whether they answer: no call has to wait for one that does not.

Each question blocks for up to PATIENCE_S, plus the time that a name takes: ask in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuiphone.i18n import _
from tuiphone.model.account import Transport
from tuiphone.stack.lookup import Server, split_port

if TYPE_CHECKING:
    from aioice import stun

PATIENCE_S = 3.0
"""The longest that a server may take to answer."""
PORTS = {Transport.UDP: 3478, Transport.TCP: 3478, Transport.TLS: 5349}
_WAITS_S = (0.2, 0.4, 0.8, 1.6)
"""Pauses after each transmission of a request over UDP; together PATIENCE_S."""
_SHORT_LIFE_S = 60
_WRONG_CREDENTIALS = 401


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    ``server`` is the "address:port" that answered, ``seen`` the address at which STUN sees us or TURN relays.
    ``problem`` is a sentence, empty when all is well.
    """

    server: str = ""
    seen: str = ""
    problem: str = ""


class _NoAnswerError(Exception):
    """Carries the sentence."""


def ask_stun(server: str) -> Answer:
    """A Binding request to "host" or "host:port"."""
    from aioice import stun

    host, port = split_port(server)
    port = port or PORTS[Transport.UDP]
    try:
        family, address = _find(host, port)
        reply = _bind(family, (address, port), stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
        seen = reply.attributes.get("XOR-MAPPED-ADDRESS")
        if seen is None:
            raise _NoAnswerError(_("it does not tell our address"))
    except _NoAnswerError as error:
        return Answer(problem=_("STUN server {server}: {why}").format(server=server, why=error))
    return Answer(str(Server(address, port)), seen[0])


def ask_turn(
    server: str, transport: Transport, username: str, password: str, trust: ssl.SSLContext | None = None
) -> Answer:
    """Allocate a relay with these credentials at "host" or "host:port", and give it back.

    ``trust`` is for TLS: whose certificates are taken; None takes those this machine trusts.
    """
    host, port = split_port(server)
    port = port or PORTS[transport]
    try:
        address = _find(host, port)[1]
        secure = (trust or trust_of("", verify=True)) if transport is Transport.TLS else None
        allocation = _allocate((host if secure else address, port), username, password, secure, transport)
        seen = asyncio.run(allocation)
    except _NoAnswerError as error:
        return Answer(problem=_("TURN server {server}: {why}").format(server=server, why=error))
    return Answer(str(Server(address, port)), seen)


def trust_of(ca_file: str, verify: bool) -> ssl.SSLContext:
    """Whose certificates TLS takes: those signed by an authority of a PEM file (empty: the machine's), or any."""
    context = ssl.create_default_context(cafile=ca_file or None)
    # Python 3.13 turns on what SIP's and the relay's own TLS do not ask for: a key usage extension in the authority's
    # certificate, which many private ones lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _find(host: str, port: int) -> tuple[int, str]:
    """Family and address of a host; IPv4 where there is a choice, as calls need it."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        raise _NoAnswerError(_("it cannot be found: check the name and the network")) from None
    family, *_rest, address = min(infos, key=lambda info: info[0] != socket.AF_INET)
    return family, str(address[0])


def _bind(family: int, address: tuple[str, int], request: stun.Message) -> stun.Message:
    from aioice import stun

    with socket.socket(family, socket.SOCK_DGRAM) as link:
        try:
            link.connect(address)
            for wait_s in _WAITS_S:
                link.send(bytes(request))
                link.settimeout(wait_s)
                with contextlib.suppress(TimeoutError, ValueError):
                    reply = stun.parse_message(link.recv(2048))
                    if reply.transaction_id == request.transaction_id:
                        return reply
        except OSError as error:
            raise _NoAnswerError(_words(error)) from None
    raise _NoAnswerError(_("it does not answer"))


async def _allocate(
    server: tuple[str, int], username: str, password: str, secure: ssl.SSLContext | None, transport: Transport
) -> str:
    from aioice import stun, turn

    gone = asyncio.Event()

    class Relay(asyncio.DatagramProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            gone.set()

    kind = "udp" if transport is Transport.UDP else "tcp"
    opened = turn.create_turn_endpoint(Relay, server, username, password, _SHORT_LIFE_S, ssl=secure, transport=kind)
    try:
        relay, _protocol = await asyncio.wait_for(opened, PATIENCE_S)
        seen = str(relay.get_extra_info("sockname")[0])
        relay.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gone.wait(), PATIENCE_S)
    except stun.TransactionFailed as error:
        code, reason = error.response.attributes.get("ERROR-CODE", (0, ""))
        if code == _WRONG_CREDENTIALS:
            raise _NoAnswerError(_("it refuses the user name or the password (401)")) from None
        raise _NoAnswerError(_("it refuses: {code} {reason}").format(code=code, reason=reason)) from None
    except (TimeoutError, stun.TransactionTimeout):
        raise _NoAnswerError(_("it does not answer")) from None
    except OSError as error:
        raise _NoAnswerError(_words(error)) from None
    return seen


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate is not trusted: {why}").format(why=error.verify_message.rstrip("."))
    if isinstance(error, ssl.SSLError):
        return _("no TLS with it: {why}").format(why=error.reason or error)
    if isinstance(error, ConnectionRefusedError):
        return _("nobody answers there: check host and port")
    return error.strerror or str(error)
