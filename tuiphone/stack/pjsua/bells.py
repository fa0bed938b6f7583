"""The devices that ring beside the ear: several at once, opened while something sounds on them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pjsua2 as pj

from tuiphone.i18n import _
from tuiphone.stack.pjsua.bell import Bell, BellError
from tuiphone.stack.pjsua.convert import BRIDGE_HZ
from tuiphone.stack.pjsua.devices import Found
from tuiphone.stack.pjsua.native import Native

log = logging.getLogger(__name__)


class Bells:
    """``problem`` says of the last device that did not open why, until the bells are closed."""

    def __init__(self, native: Native) -> None:
        self._native = native
        self._open: list[tuple[Found, Bell]] = []
        self.problem = ""

    def sound(self, device: Found, source: pj.AudioMedia, instead: str) -> bool:
        """Let a source be heard on a device; False when it does not open (``instead`` is what is used then)."""
        bell = next((bell for found, bell in self._open if found.is_same(device)), None)
        if bell is None:
            assert device.index is not None
            try:
                bell = self._native.bell(device.index, BRIDGE_HZ)
            except BellError as error:
                words = _("“{name}” does not open ({why}): ringing on “{other}”")
                self.problem = words.format(name=device.name, why=error, other=instead)
                log.warning("bell %s does not open: %s", device.name, error)
                return False
            self._open.append((device, bell))
        bell.sound(source)
        return True

    def keep(self, wanted: Iterable[Found]) -> None:
        """Close those that are not wanted, or gone."""
        wanted = list(wanted)
        for found, bell in list(self._open):
            if not any(found.is_same(other) for other in wanted):
                self._open.remove((found, bell))
                bell.close()

    def close(self) -> None:
        """Give every device back."""
        self.problem = ""
        self.keep(())
