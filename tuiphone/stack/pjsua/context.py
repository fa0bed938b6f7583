"""What calls and accounts share on the SIP thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuiphone.controller.ports import Report, StackSettings
from tuiphone.stack.pjsua.audio import Sound
from tuiphone.stack.pjsua.codecset import CodecSet
from tuiphone.stack.pjsua.names import Names
from tuiphone.stack.pjsua.native import Native
from tuiphone.stack.pjsua.pump import Pump
from tuiphone.stack.pjsua.transports import Transports


@dataclass(slots=True)
class Context:
    """Handed to every call and account; ``stopping`` is set when the stack goes down."""

    pump: Pump
    native: Native
    settings: StackSettings
    report: Callable[[Report], None]
    sound: Sound
    codecs: CodecSet
    names: Names
    transports: Transports
    described: Callable[[str, str], None]
    """Told the account's id and our session description whenever one is about to be sent."""
    stopping: bool = False
