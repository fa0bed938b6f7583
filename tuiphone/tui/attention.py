"""Attention beyond the screen: bell, title, desktop notification. All of it travels through SSH, tmux and screen.

OSC 9 (iTerm2) and OSC 777 (rxvt) carry a notification; tmux and GNU screen pass them on only inside a DCS string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tuiphone import texts
from tuiphone.config.schema import UiSection
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.call import Call
from tuiphone.tui.store import Link, Store

_BELL = "\a"
_PUSH_TITLE = "\x1b[22;2t"
_POP_TITLE = "\x1b[23;2t"
_SCREEN_LIMIT = 700
"""GNU screen drops a longer DCS string."""


def passed_on(sequence: str, environment: Mapping[str, str]) -> str:
    """A sequence wrapped so that tmux or GNU screen hands it to the terminal around it."""
    if environment.get("TMUX") or environment.get("TERM", "").startswith("tmux"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("STY") and len(sequence) < _SCREEN_LIMIT:
        return f"\x1bP{sequence}\x1b\\"
    return sequence


def notification(kind: str, title: str, text: str, environment: Mapping[str, str]) -> str:
    """The sequence for a desktop notification: ``kind`` is osc9, osc777, auto or off."""
    if kind == "off":
        return ""
    if kind == "auto":
        term = environment.get("TERM", "")
        kind = "osc777" if term.startswith(("rxvt", "foot")) or environment.get("VTE_VERSION") else "osc9"
    title, text = _plain(title), _plain(text)
    sequence = f"\x1b]777;notify;{title};{text}\a" if kind == "osc777" else f"\x1b]9;{title}: {text}\a"
    return passed_on(sequence, environment)


def _plain(text: str) -> str:
    return printable(text, 120).replace(";", ",")


class Attention:
    """Follows the calls and writes to the terminal what the configuration allows."""

    def __init__(
        self, store: Store, ui: UiSection, write: Callable[[str], None], environment: Mapping[str, str]
    ) -> None:
        self._store = store
        self._ui = ui
        self._write = write
        self._environment = environment
        self._rung: set[str] = set()
        self._title = ""

    def begin(self) -> None:
        """Keep the terminal's own title for later."""
        if self._ui.title:
            self._write(_PUSH_TITLE)
            self.show_title(False)

    def end(self) -> None:
        """Give the terminal its title back."""
        if self._ui.title:
            self._write(f"\x1b]2;\a{_POP_TITLE}")

    def calls_changed(self) -> None:
        """Ring for calls that are new, and put what is going on into the title."""
        ringing = self._store.ringing() if self._store.is_up else []
        for call in ringing:
            if call.id not in self._rung:
                self._ring(call)
        self._rung = {call.id for call in ringing}
        self.show_title(False)

    def show_title(self, flash: bool) -> None:
        """The title; ``flash`` is the other face of a ringing one."""
        if not self._ui.title:
            return
        title = _plain(self._words(flash))
        if title != self._title:
            self._title = title
            self._write(f"\x1b]2;{title}\a")

    def _ring(self, call: Call) -> None:
        if self._ui.bell:
            self._write(_BELL)
        account = self._store.account_title(call.account_id)
        text = _("{who} calls {account}").format(who=texts.party_of(call), account=account)
        self._write(notification(self._ui.notify, "tuiphone", text, self._environment))

    def _words(self, flash: bool) -> str:
        if self._store.link is Link.LOST:
            return _("tuiphone: ENGINE LOST")
        ringing = self._store.ringing()
        if ringing:
            who = texts.party_of(ringing[0])
            return _("*** {who} ***").format(who=who) if flash else _("RINGING: {who}").format(who=who)
        current = self._store.current()
        if current:
            return f"tuiphone: {texts.state_word(current)} {texts.party_of(current)}"
        return "tuiphone"
