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
    import pjsua2 as pj

    from tuiphone.stack.pjsua.devices import DeviceList
    from tuiphone.stack.pjsua.native import extension
    from tuiphone.stack.pjsua.soundserver import AlsaConfig

    alsa = AlsaConfig("auto", null=False)
    library = ctypes.CDLL(extension().__file__)
    _call(library, "pj_log_set_level", 0)  # or libCreate greets on standard output
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    _call(library, "tuiphone_codecs_register")
    codecs = endpoint.codecEnum2()
    devices = DeviceList()
    devices.refresh(endpoint.audDevManager(), False, alsa.server)
    return {
        "module": pj.__file__,
        "distribution": _distribution(str(pj.__file__)),
        "version": endpoint.libVersion().full,
        "features": _text(library, "tuiphone_features").split(),
        "codecs": [codecs[i].codecId for i in range(len(codecs))],
        "devices": [[d.name, d.inputs, d.outputs, d.key] for d in devices.available],
        "tls": _has_tls(pj, endpoint),
        "openssl": _text(library, "OpenSSL_version", 0) or _text(library, "SSLeay_version", 0),
    }


def _distribution(module: str) -> str:
    """Name and version of the installed package that the module is a file of."""
    for name in DISTRIBUTIONS:
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if any(str(found.locate_file(file)) == module for file in found.files or ()):
            return f"{name} {found.version}"
    return ""


def _has_tls(pj: Any, endpoint: Any) -> bool:
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    try:
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
    except pj.Error:
        return False
    return True


def _call(library: ctypes.CDLL, name: str, *arguments: int) -> None:
    """Call a C function that only some builds have."""
    if hasattr(library, name):
        getattr(library, name)(*arguments)


def _text(library: ctypes.CDLL, name: str, *arguments: int) -> str:
    """The text that a C function returns; empty where the build does not have it."""
    if not hasattr(library, name):
        return ""
    function = getattr(library, name)
    function.restype = ctypes.c_char_p
    return bytes(function(*arguments) or b"").decode(errors="replace")


if __name__ == "__main__":
    main()
