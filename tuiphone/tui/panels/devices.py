"""Panel 4: the sound devices of each role, their levels, a test tone, a microphone meter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.device import DeviceRole, RoleState
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import cut, fit, plain, row
from tuiphone.tui.panels.base import frame
from tuiphone.tui.panels.call import meter
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

STEP = 10
"""Percent that one key press changes a level by."""
_ITEMS = (*DeviceRole, "tone", "meter")


class DevicesPanel(Listing["DeviceRole | str"]):
    """A row for each role, and one each for the test tone and the meter."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.DEVICES | Topic.READINGS | Topic.FOCUS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "level(-1)", show=False),
        Binding("right", "level(1)", show=False),
        Binding("space", "mute", show=False),
    ]

    def __init__(self, view: View, id: str | None = None) -> None:  # noqa: A002
        super().__init__(view, id)
        self.items = _ITEMS

    def on_mount(self) -> None:
        """Title and keys."""
        super().on_mount()
        frame(self, self.view, _("4 Devices"))
        self.border_subtitle = _("Enter change  -/+ level  Space mute")

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The list; below it, what is wrong with the role under the cursor, or with the first that has something."""
        rows = list(super().rows(width, height))
        state = self.store.devices.role(self.item) if isinstance(self.item, DeviceRole) else None
        wrong = [role.problem for role in (state, *self.store.devices.roles) if role and role.problem]
        if wrong and height > len(rows):
            lines = Content.styled(plain(printable(wrong[0]), self.signs.cut), "$text-warning").wrap(max(1, width - 1))
            room = height - len(rows)
            if len(lines) > room:
                lines = [*lines[: room - 1], Content.styled(cut(wrong[0], width - 1, self.signs.cut), "$text-warning")]
            rows.extend(Content(" ") + line for line in lines[:room])
        return rows

    def draw(self, item: DeviceRole | str, width: int, here: bool) -> Content:
        """One row."""
        if isinstance(item, DeviceRole):
            return self._role(self.store.devices.role(item), width)
        desk = self.view.desk
        return self._tone(desk.tone_plays) if item == "tone" else self._meter(desk.mic_watched, width)

    def _role(self, state: RoleState, width: int) -> Content:
        level = _("MUTED") if state.muted else f"{state.level:>3}%"
        right = row((f" {level} ", "bold reverse $text-error") if state.muted else f" {level} ")
        word = fit(texts.role_word(state.role), 6, self.signs.cut)
        name = texts.device_name(state.in_use)
        room = max(4, width - 7 - right.cell_length)
        if state.problem:
            name = fit(name, room - 2, self.signs.cut)
            shown = Content.styled(f"{self.signs.warning} {name}", "$text-warning")
        else:
            shown = Content(fit(name, room, self.signs.cut))
        return row((f" {word}", "$muted"), shown, right)

    def _tone(self, on: bool) -> Content:
        word = (_("plays; Enter ends it"), "bold $text-accent") if on else (_("Enter plays it on the ear"), "")
        return row((f" {fit(_('tone'), 6, self.signs.cut)}", "$muted"), word)

    def _meter(self, on: bool, width: int) -> Content:
        head = (f" {fit(_('meter'), 6, self.signs.cut)}", "$muted")
        if not on:
            return row(head, _("Enter shows the microphone"))
        levels = self.store.levels.get("")
        filled, empty, number = meter(levels.mic_db if levels else None, max(6, min(24, width - 16)), self.signs)
        return row(head, filled, empty, number)

    async def action_choose(self) -> None:
        """Change the device of the role, or switch tone or meter."""
        item = self.item
        desk = self.view.desk
        if isinstance(item, DeviceRole):
            desk.start(desk.open(f"choose_{item.value}"))
        elif item == "tone":
            desk.start(desk.toggle_tone())
        else:
            desk.start(desk.toggle_mic_meter())

    def action_level(self, direction: int) -> None:
        """Louder or softer."""
        if isinstance(self.item, DeviceRole):
            state = self.store.devices.role(self.item)
            level = max(0, min(200, state.level + direction * STEP))
            self.view.desk.start(self.view.desk.phone.set_level(state.role, level))

    def action_mute(self) -> None:
        """Mute the role for all calls, or not."""
        if isinstance(self.item, DeviceRole):
            state = self.store.devices.role(self.item)
            self.view.desk.start(self.view.desk.phone.mute_device(state.role, not state.muted))

    def on_key(self, event: Key) -> None:
        """Plus and minus are levels too."""
        if event.character in {"+", "-"}:
            event.stop()
            self.action_level(1 if event.character == "+" else -1)

    def on_blur(self) -> None:
        """Nobody looks: tone and meter end."""
        super().on_blur()
        self.view.desk.end_tests()
