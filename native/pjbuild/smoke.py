"""A short trial of the built module, in a process of its own."""

import json
import sys
from pathlib import Path

from .command import Runner

CODECS = (
    "PCMU/8000/1",
    "PCMA/8000/1",
    "G722/16000/1",
    "opus/48000/2",
    "G729/8000/1",
    "GSM/8000/1",
    "speex/8000/1",
    "speex/16000/1",
    "L16/44100/1",
)
VOICE_CODECS = ("iLBC/8000/1", "iSAC/16000/1", "iSAC/32000/1")

_TRIAL = """
import ctypes, json, sys, threading, time
folder, wanted = sys.argv[1], json.loads(sys.argv[2])
sys.path.insert(0, folder)
import _pjsua2, pjsua2
lib = ctypes.CDLL(_pjsua2.__file__)
lib.tuiphone_features.restype = ctypes.c_char_p
print("features:", lib.tuiphone_features().decode())
lib.pj_log_set_level(0)
endpoint = pjsua2.Endpoint()
endpoint.libCreate()
config = pjsua2.EpConfig()
config.logConfig.level = config.logConfig.consoleLevel = 0
config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
endpoint.libInit(config)
status = lib.tuiphone_codecs_register()
print("codecs registered:", status)
for kind in (pjsua2.PJSIP_TRANSPORT_UDP, pjsua2.PJSIP_TRANSPORT_TLS):
    transport = pjsua2.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    endpoint.transportCreate(kind, transport)
endpoint.libStart()
codecs = [codec.codecId for codec in endpoint.codecEnum2()]
print("codecs:", *codecs)
missing = sorted(set(wanted) - set(codecs))
assert not missing, f"codecs are missing: {missing}"
assert lib.tuiphone_wake_init() == 0, "wake-up"
assert lib.tuiphone_requests_init(None) == 0, "requests"
endpoint.libHandleEvents(10)
threading.Timer(0.1, lib.tuiphone_wake).start()
begun = time.monotonic()
endpoint.libHandleEvents(4000)
slept = time.monotonic() - begun
assert slept < 2, f"the wake-up did not wake: {slept:.3f} s"
lib.tuiphone_wake_done()
endpoint.libDestroy()
print("smoke: ok")
"""


def smoke_test(runner: Runner, folder: Path, has_voice: bool) -> None:
    """Loads the module in `folder`, starts and ends it. Raises BuildError when that fails."""
    wanted = [*CODECS, *(VOICE_CODECS if has_voice else ())]
    runner.run(
        "smoke test",
        [sys.executable, "-I", "-c", _TRIAL, str(folder), json.dumps(wanted)],
        folder,
        remedy="the module was built but does not work here; the log has its output",
    )
