"""What this machine's pjsua2 is and can, as one JSON line on standard output.

Run as ``python -m tuiphone.cli.doctor.probe`` in a process of its own: a library that crashes, hangs or prints takes only
this process with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from importlib import metadata
from typing import Any

DISTRIBUTIONS = ("tuiphone-pjsua2", "pjsua2-python", "pjsua2")
"""Our own build first; the others are wheels."""


def main() -> None:
    """Print the facts and leave without the library's own clean-up, which may wait for the network."""
    facts = _facts()
    sys.stdout.write(f"\n{json.dumps(facts)}\n")
    sys.stdout.flush()
    os._exit(0)


def _facts() -> dict[str, Any]:
    from tuiphone.stack.pjsua.native import Native

    native = Native()
    native.silence()
    import pjsua2 as pj

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    native.start()  # registers the codecs that are linked in
    codecs = endpoint.codecEnum2()
    devices = endpoint.audDevManager().enumDev2()
    return {
        "module": pj.__file__,
        "distribution": _distribution(),
        "version": endpoint.libVersion().full,
        "features": sorted(native.features),
        "codecs": [codecs[i].codecId for i in range(len(codecs))],
        "devices": [
            [devices[i].name, int(devices[i].inputCount), int(devices[i].outputCount)] for i in range(len(devices))
        ],
        "tls": _has_tls(pj, endpoint),
        "openssl": _openssl(sys.modules["_pjsua2"].__file__),
    }


def _distribution() -> str:
    for name in DISTRIBUTIONS:
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return ""


def _has_tls(pj: Any, endpoint: Any) -> bool:
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    try:
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
    except pj.Error:
        return False
    return True


def _openssl(library: str | None) -> str:
    """The version text of the OpenSSL that the library uses; empty where it hides it."""
    loaded = ctypes.CDLL(library)
    for name in ("OpenSSL_version", "SSLeay_version"):
        if hasattr(loaded, name):
            function = getattr(loaded, name)
            function.restype = ctypes.c_char_p
            return bytes(function(0)).decode(errors="replace")
    return ""


if __name__ == "__main__":
    main()
