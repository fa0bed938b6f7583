"""The status bar: accounts with their registrations, readiness, device, time of day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.account import AccountStatus, RegistrationState
from tuiphone.model.call import Call
from tuiphone.model.device import DeviceRole
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.marks import recording_mark
from tuiphone.tui.paint import click, cut, row, spread
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Link, Topic


def registration_sign(status: AccountStatus, signs: Glyphs) -> tuple[str, str]:
    """Shape and colour of a registration; its word stands beside it."""
    state = status.registration.state
    if state is RegistrationState.REGISTERED:
        return signs.registered, "$text-success"
    if state is RegistrationState.REGISTERING:
        return signs.trying, "$text-accent"
    if state in {RegistrationState.WAITING, RegistrationState.REJECTED}:
        return signs.failed, "bold $text-error"
    return signs.off, "$muted"


def _paused(call: Call) -> bool:
    return call.recording_paused


class StatusBar(Rows):
    """One row along the top."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.ACCOUNTS | Topic.DND | Topic.DEVICES | Topic.MINUTE | Topic.CALLS

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """Accounts on the left; readiness, device and clock on the right. The device gives way to the accounts."""
        left = row(" ", ("tuiphone", "bold $text-primary"), "  ")
        right = self._right(width, with_device=True)
        if self._accounts_width() > width - left.cell_length - right.cell_length - 1:
            right = self._right(width, with_device=False)
        room = width - left.cell_length - right.cell_length - 1
        return [spread(row(left, self._left(room)), right, width)]

    def _left(self, room: int) -> Content:
        if self.store.link is Link.CONNECTING:
            return Content.styled(_("looking for the engine"), "$text-accent")
        if self.store.link is Link.LOST:
            words = _("ENGINE LOST, reconnecting") if self.store.was_up else _("NO ENGINE, trying")
            text = cut(words, room - 2, self.signs.cut)
            return Content.styled(f" {text} ", "bold reverse $text-error")
        return self._accounts(room)

    def _enabled(self) -> list[AccountStatus]:
        return [status for status in self.store.accounts.values() if status.account.enabled]

    def _accounts_width(self) -> int:
        return sum(self._account(status).cell_length + 2 for status in self._enabled()) - 2

    def _accounts(self, room: int) -> Content:
        parts: list[Content] = []
        statuses = self._enabled()
        if not statuses:
            text = _("no account: {key} adds one").format(key=self.view.hint("accounts"))
            return click(Content.styled(text, "$text-warning"), "command('accounts')")
        used = 0
        for index, status in enumerate(statuses):
            part = self._account(status)
            left = len(statuses) - index
            if used + part.cell_length + (4 if left > 1 else 0) > room:
                parts.append(Content.styled(f"+{left}", "$muted"))
                break
            parts.append(part)
            used += part.cell_length + 2
        return click(Content("  ").join(parts), "command('accounts')")

    def _account(self, status: AccountStatus) -> Content:
        sign, style = registration_sign(status, self.signs)
        word = texts.registration_word(status.registration)
        return row((f"{sign} ", style), cut(status.account.title, 18, self.signs.cut), (f" {word}", style))

    def _right(self, width: int, with_device: bool) -> Content:
        if self.store.dnd:
            ready = Content.styled(f" {_('DND')} ", "bold reverse $text-warning")
        elif self.store.is_up and self.store.devices.headset.problem:
            # Nobody is ready to talk without an ear, whether calls ring or are refused.
            ready = Content.styled(f" {_('NO HEADSET')} ", "bold reverse $text-error")
        elif self.store.is_up:
            ready = Content.styled(_("READY"), "bold $text-success")
        else:
            ready = Content("")
        device = self.store.devices.role(DeviceRole.OUTPUT)
        name = cut(texts.device_name(device.in_use), 18 if width >= 100 else 12, self.signs.cut)
        if device.problem:
            shown = row((f"{self.signs.warning} ", "$text-warning"), (name, "$text-warning"))
        else:
            shown = Content.styled(name, "$muted")
        recorded = sorted((call for call in self.store.calls.values() if call.recording), key=_paused)
        parts = [click(recording_mark(call, self.signs), f"select({call.line})") for call in recorded[:1]]
        parts.append(click(ready, "command('dnd')"))
        if with_device and width >= 70 and self.store.is_up:
            parts.append(click(shown, "command('devices')"))
        parts.append(Content(texts.clock(self.store.clock())))
        return Content("  ").join(part for part in parts if part.plain) + Content(" ")
