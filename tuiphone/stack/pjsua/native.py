"""The C helper that is linked into our own build of pjsua2 (``native/helper/tuiphone.h``); the PyPI wheel has none."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from types import ModuleType

from tuiphone.model.account import Transport
from tuiphone.stack.pjsua.bell import Bell
from tuiphone.stack.pjsua.extended import ExtendedReports

_TRANSPORTS = {Transport.UDP: 1, Transport.TCP: 2, Transport.TLS: 3}
"""pjsip_transport_type_e."""
_TRANSPORT_OFFSET = ctypes.sizeof(ctypes.c_void_p)
"""pjsip_rx_data begins with the pool, then the transport the message came by: so in every release since 1.0."""


def extension() -> ModuleType:
    """pjsua2's binary module: beside it in our own build, inside of its package in a wheel."""
    import pjsua2

    pjsua2.Endpoint  # noqa: B018 (a wheel loads it at the first use of a name)
    return sys.modules.get("pjsua2._pjsua2") or sys.modules["_pjsua2"]


class Native:
    """The helper's functions, or their absence.

    ``features`` names what is there: "wake", "respond", "requests", "tcp-switch", "answer-order", "frames", "ilbc",
    "isac", "record", "clean", "xr", "noise", "nat", "hosts".
    """

    def __init__(self) -> None:
        self._lib = ctypes.CDLL(extension().__file__)
        self.features: frozenset[str] = frozenset()
        if hasattr(self._lib, "tuiphone_features"):
            self._lib.tuiphone_features.restype = ctypes.c_char_p
            self.features = frozenset((self._lib.tuiphone_features() or b"").decode().split())
        if "respond" in self.features:
            self._lib.tuiphone_respond.argtypes = [ctypes.c_void_p, ctypes.c_int]
        if "requests" in self.features:
            self._lib.tuiphone_requests_init.argtypes = [ctypes.c_void_p]

    def silence(self) -> None:
        """Keep libCreate from greeting on standard output."""
        if hasattr(self._lib, "pj_log_set_level"):
            self._lib.pj_log_set_level(0)

    def set_answer_order(self, order: str) -> None:
        """Answer offers by "local" preference or in the order of the "offer"."""
        if "answer-order" in self.features:
            self._lib.tuiphone_set_answer_order(1 if order == "offer" else 0)

    # recordings; without the helper there are none

    def record_start(self, path: str, rate_hz: int) -> tuple[int, int, int]:
        """Number (or a negative errno) and the two bridge ports to connect to: ours and the far end's."""
        if "record" not in self.features:
            return -errno.ENOSYS, -1, -1
        agent, far = ctypes.c_int(-1), ctypes.c_int(-1)
        number = self._lib.tuiphone_record_start(os.fsencode(path), rate_hz, ctypes.byref(agent), ctypes.byref(far))
        return int(number), agent.value, far.value

    def record_pause(self, number: int, on: bool) -> None:
        """Silence instead of sound."""
        self._lib.tuiphone_record_pause(number, int(on))

    def record_error(self, number: int) -> int:
        """The errno that ended it, or 0."""
        return int(self._lib.tuiphone_record_error(number))

    def record_stop(self, number: int) -> int:
        """Complete the file; 0 or an errno."""
        return int(self._lib.tuiphone_record_stop(number))

    def connect(self, source: int, sink: int) -> None:
        """Let a bridge port be heard by another."""
        self._lib.pjsua_conf_connect(source, sink)

    def disconnect(self, source: int, sink: int) -> None:
        """Undo that; a port that is gone took its connections with it."""
        self._lib.pjsua_conf_disconnect(source, sink)

    def start(self) -> bool:
        """Switch everything on, after libInit; True when the library's sleep can be interrupted."""
        if "tcp-switch" in self.features:
            self._lib.tuiphone_set_disable_tcp_switch(1)
        if hasattr(self._lib, "tuiphone_codecs_register"):
            self._lib.tuiphone_codecs_register()
        if "requests" in self.features:
            self._lib.tuiphone_requests_init(None)
        if "clean" in self.features:
            self._lib.tuiphone_clean_start()
        if "hosts" in self.features:
            self._lib.tuiphone_hosts_start()
        return "wake" in self.features and self._lib.tuiphone_wake_init() == 0

    def stop(self) -> None:
        """Let go of the library, before libDestroy."""
        if "hosts" in self.features:
            self._lib.tuiphone_hosts_done()
        if "requests" in self.features:
            self._lib.tuiphone_requests_done()
        if "wake" in self.features:
            self._lib.tuiphone_wake_done()

    def wake(self) -> None:
        """End the sleep in libHandleEvents; any thread."""
        self._lib.tuiphone_wake()

    def close_transport(self, transport: int) -> None:
        """End a connection at once, before anything more is sent on it. pjsua2's own function cannot take its handle."""
        self._lib.pjsip_transport_shutdown2(ctypes.c_void_p(transport), 1)

    def bell(self, index: int, clock_hz: int) -> Bell:
        """Open an output device beside the one in use. Raises BellError when it does not open."""
        return Bell(self._lib, index, clock_hz)

    def set_host(self, name: str, port: int, transport: Transport, servers: str) -> None:
        """The servers ("address:port", space, the best first) of a host as URIs have it; port 0: no port in the URI."""
        if "hosts" in self.features:
            self._lib.tuiphone_host_set(name.encode("ascii", "ignore"), port, _TRANSPORTS[transport], servers.encode())

    @property
    def checks_turn(self) -> bool:
        """Whether TURN over TLS verifies the server's certificate."""
        return "nat" in self.features

    def set_stun(self, account: int, server: str) -> None:
        """The STUN server ("address:port") of an account's media from its next call on; empty: none."""
        if "nat" in self.features:
            self._lib.tuiphone_account_stun(account, server.encode())

    def set_turn_tls(self, account: int, host: str, ca_file: str, verify: bool) -> None:
        """Whose certificate an account takes from its TURN server."""
        if "nat" in self.features:
            self._lib.tuiphone_account_turn_tls(account, host.encode(), os.fsencode(ca_file), int(verify))

    def extended_reports(self) -> ExtendedReports | None:
        """Extended reports (RFC 3611); None where the build has none."""
        return ExtendedReports(self._lib) if "xr" in self.features else None

    def sound_frames(self) -> tuple[int, int] | None:
        """How many frames sound devices have taken and brought; None when that cannot be told.

        Counts devices that are opened after it was called for the first time.
        """
        if "frames" not in self.features:
            return None
        played, recorded = ctypes.c_ulonglong(), ctypes.c_ulonglong()
        self._lib.tuiphone_sound_frames(ctypes.byref(played), ctypes.byref(recorded))
        return played.value, recorded.value

    def clean(self, noise: bool, gain: bool, ear_limit_db: int) -> bool:
        """Noise suppression, gain control and the ear's limiter from the next frame on; False without the helper."""
        if "clean" not in self.features:
            return False
        self._lib.tuiphone_clean_set(noise, gain, ear_limit_db)
        return True

    def comfort_noise(self, on: bool) -> None:
        """Take and send what backgrounds sound like (RFC 3389), in calls that begin after it."""
        if "noise" in self.features:
            self._lib.tuiphone_noise_set(int(on))

    def respond(self, rdata: object, code: int) -> bool:
        """Answer an in-dialog request from within onCallTsxState; False where that is not possible."""
        address = address_of(rdata)
        return bool(address) and "respond" in self.features and self._lib.tuiphone_respond(address, code) == 0


def address_of(pointer: object) -> int:
    """The number behind a void pointer that SWIG hands out; 0 for none."""
    return int(pointer) if pointer is not None else 0  # type: ignore[call-overload]


def transport_of(rdata: object) -> int:
    """The transport a received message came by, as the number that onTransportState names; 0 for none."""
    address = address_of(rdata)
    return ctypes.c_void_p.from_address(address + _TRANSPORT_OFFSET).value or 0 if address else 0
