"""The far end of every call: a registrar and an answering peer on loopback, the same for all phones that are measured.

It is a process of its own (``python -m bench.farend``): commands come as JSON lines on stdin, events leave as JSON lines
on stdout. Times are nanoseconds since the epoch and taken by the kernel when a packet arrives, so what this process is
busy with does not count. An INVITE is answered at once: 486 for the user "486", else 200. Each RTP packet is answered
by one of our own: the phone's own clock sets the pace, and no timer runs here. What that packet holds, the dialled user
says: prepared sound in PCMU; a steady tone in PCMU for "tone", and what the phone says is kept; its own sound, in the
codec that the phone likes best, for "echo".
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.rtp import LOOPBACK, Audio, Caller, udp
from tuiphone.demo.digest import Digest, Verdict
from tuiphone.demo.sip import Headers, MalformedMessage, Request, Response, parse, token

PASSWORD = "bench"
USERS = tuple(f"{phone}{number}" for phone in ("ours", "baresip", "pjsua") for number in ("", *range(1, 10)))
BUSY = "486"

_TIMESTAMP = struct.Struct("@qq")
_SO_TIMESTAMPNS = 35
"""Linux: have the kernel note when a datagram arrived (socket(7)); the socket module does not name it."""
_EXPIRES = re.compile(r"expires=(\d+)", re.IGNORECASE)


def emit(what: str, **fields: object) -> None:
    """Tell the measuring process something."""
    sys.stdout.write(json.dumps({"what": what, **fields}) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Outgoing:
    """A call of ours to a phone: the INVITE as sent, and who it is for."""

    invite: Request
    user: str
    to: tuple[str, int]


@dataclass(slots=True)
class FarEnd:
    """Signalling. ``contacts`` has the newest binding of each user."""

    audio: Audio
    sip: socket.socket
    contacts: dict[str, tuple[str, tuple[str, int]]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    outgoing: dict[str, Outgoing] = field(default_factory=dict)
    digest: Digest = field(default_factory=lambda: Digest("bench", dict.fromkeys(USERS, PASSWORD)))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.sip.getsockname()[1])

    def read(self) -> None:
        """Handle every message that has arrived."""
        with suppress(BlockingIOError):
            while True:
                data, ancillary, _flags, source = self.sip.recvmsg(65535, 128)
                at = next(
                    (_nanoseconds(value) for level, _kind, value in ancillary if level == socket.SOL_SOCKET),
                    time.time_ns(),
                )
                # Keep-alives are no messages.
                with suppress(MalformedMessage, ValueError):
                    self._take(parse(data), source, at)

    def command(self, do: str, user: str = "", path: str = "") -> None:
        """Do what the measuring process asks for."""
        if do == "call":
            self._call(user)
        elif do == "cancel":
            for call in [call for call in self.outgoing.values() if call.user == user]:
                self._cancel(call)
        elif do == "audio":
            emit("audio", user="", received=self.audio.received, octets=0, at=time.monotonic_ns())
        elif do == "audio of":
            received, octets = self.audio.counts(user)
            emit("audio", user=user, received=received, octets=octets, at=time.monotonic_ns())
        elif do == "keep":
            Path(path).write_bytes(self.audio.heard(user).sound())
            emit("kept", user=user)

    # requests of phones

    def _take(self, message: Request | Response, source: tuple[str, int], at: int) -> None:
        if isinstance(message, Response):
            self._answered(message, at)
            return
        handlers: dict[str, Callable[[Request, tuple[str, int], int], Response]] = {
            "REGISTER": self._register,
            "INVITE": self._invite,
            "BYE": self._bye,
            "CANCEL": _accept,
            "OPTIONS": _accept,
            "INFO": _accept,
            "UPDATE": self._update,
        }
        if message.method == "ACK":
            return
        response = handlers.get(message.method, _refuse)(message, source, at)
        self.sip.sendto(response.encode(), source)

    def _register(self, request: Request, source: tuple[str, int], at: int) -> Response:
        user = _user(request.to.uri)
        if self.digest.check(request, user) is not Verdict.GOOD:
            challenge = request.response(401, to_tag=token(4))
            return challenge.with_header("www-authenticate", self.digest.challenge())
        response = request.response(200, to_tag=token(4))
        for contact in request.headers.all("contact"):
            asked = _EXPIRES.search(contact)
            expires = asked[1] if asked else request.headers.get("expires", "3600")
            address = re.search(r"<([^>]+)>", contact)
            if address and expires != "0":
                self.contacts[user] = (address[1], source)
                response.headers.add("contact", f"<{address[1]}>;expires={expires}")
        emit("registered", user=user, at=at)
        return response

    def _invite(self, request: Request, source: tuple[str, int], at: int) -> Response:
        tag = f"to{request.call_id[:8]}"
        dialled, caller = _user(request.uri), _user(request.from_.uri)
        if request.call_id not in self.seen:
            self.seen.add(request.call_id)
            emit("invite", user=caller, dialled=dialled, call=request.call_id, at=at)
        if dialled == BUSY:
            return request.response(486, to_tag=tag)
        answer = self.audio.describe(request.body, Caller(caller, dialled, request.call_id))
        if not answer:
            return request.response(488, to_tag=tag)
        response = request.response(200, to_tag=tag).with_header("contact", f"<sip:{dialled}@{LOOPBACK}:{self.port}>")
        response.headers.set("content-type", "application/sdp")
        response.body = answer
        return response

    def _bye(self, request: Request, source: tuple[str, int], at: int) -> Response:
        emit("ended", user=_user(request.from_.uri), call=request.call_id, at=at)
        return request.response(200)

    def _update(self, request: Request, source: tuple[str, int], at: int) -> Response:
        response = request.response(200)
        response.headers.set("contact", f"<sip:{LOOPBACK}:{self.port}>")
        return response

    # calls to phones

    def _call(self, user: str) -> None:
        contact, to = self.contacts[user]
        here = f"{LOOPBACK}:{self.port}"
        headers = [
            ("via", f"SIP/2.0/UDP {here};rport;branch=z9hG4bK{token(8)}"),
            ("max-forwards", "70"),
            ("from", f'"Ana Souza" <sip:2044@{here}>;tag={token(4)}'),
            ("to", f"<sip:{user}@{here}>"),
            ("call-id", token(8)),
            ("cseq", "1 INVITE"),
            ("contact", f"<sip:2044@{here}>"),
            ("content-type", "application/sdp"),
        ]
        invite = Request(Headers(headers), self.audio.describe(b""), method="INVITE", uri=contact)
        self.outgoing[invite.call_id] = Outgoing(invite, user, to)
        data = invite.encode()
        at = time.time_ns()
        self.sip.sendto(data, to)
        emit("called", user=user, call=invite.call_id, at=at)

    def _cancel(self, call: Outgoing) -> None:
        self._send_again(call, "CANCEL", call.invite.headers.get("to"))

    def _answered(self, response: Response, at: int) -> None:
        call = self.outgoing.get(response.call_id)
        if call is None or response.cseq[1] != "INVITE":
            return
        emit("answer", user=call.user, call=response.call_id, status=response.status, at=at)
        if response.status >= 200:
            self._send_again(call, "ACK", response.headers.get("to"))
            del self.outgoing[response.call_id]

    def _send_again(self, call: Outgoing, method: str, to: str) -> None:
        headers = Headers([(name, value) for name, value in call.invite.headers if name.lower() in _REPEATED])
        headers.set("cseq", f"1 {method}")
        headers.set("to", to)
        self.sip.sendto(Request(headers, method=method, uri=call.invite.uri).encode(), call.to)


_REPEATED = {"via", "max-forwards", "from", "to", "call-id"}


def _nanoseconds(value: bytes) -> int:
    seconds, fraction = _TIMESTAMP.unpack(value[: _TIMESTAMP.size])
    return int(seconds * 1_000_000_000 + fraction)


def _user(uri: str) -> str:
    match = re.match(r"sips?:([^@;]+)@", uri)
    return match[1] if match else ""


def _accept(request: Request, source: tuple[str, int], at: int) -> Response:
    return request.response(200, to_tag=token(4))


def _refuse(request: Request, source: tuple[str, int], at: int) -> Response:
    return request.response(405, to_tag=token(4))


def main() -> None:
    """Serve until stdin ends."""
    audio = Audio()
    sip = udp(0)
    sip.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    end = FarEnd(audio, sip)
    selector = selectors.DefaultSelector()
    selector.register(audio.socket, selectors.EVENT_READ, audio.read)
    selector.register(sip, selectors.EVENT_READ, end.read)
    commands = open(0, "rb", buffering=0)  # noqa: SIM115 (unbuffered, so that select sees what is left)
    selector.register(commands, selectors.EVENT_READ, None)
    emit("ready", port=end.port)
    while True:
        for key, _mask in selector.select():
            if key.data:
                key.data()
            elif line := commands.readline():
                end.command(**json.loads(line))
            else:
                return


if __name__ == "__main__":
    main()
