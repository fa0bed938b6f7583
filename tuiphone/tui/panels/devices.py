"""Panel 4: the sound devices of each role, their levels, the headset, a test tone, a microphone meter and trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.device import DeviceRole, MicTest, RoleState
from tuiphone.tui.devicecommands import step_level
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import Piece, cut, fit, plain, row
from tuiphone.tui.panels.base import frame
from tuiphone.tui.panels.call import meter
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

_HEADSET = "headset"
_ITEMS = (*DeviceRole, "tone", "meter")
_ITEMS_WITH_HEADSET = (*DeviceRole, _HEADSET, "tone", "meter")
_LIVE = 8
"""Cells of the level beside a role."""
_ROOM_FOR_MORE = 64
"""From this width on the frame names every key."""


class DevicesPanel(Listing["DeviceRole | str"]):
    """A row for each role, one for the headset if there is to be one, and one each for the test tone and the meter."""

    TOPICS: ClassVar[Topic] = Topic.LINK | Topic.DEVICES | Topic.READINGS | Topic.FOCUS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "level(-1)", show=False),
        Binding("right", "level(1)", show=False),
        Binding("space", "mute", show=False),
        Binding("M", "mute_at_device", show=False),
        Binding("p", "app.command('mic_test')", show=False),
    ]

    def __init__(self, view: View, id: str | None = None) -> None:  # noqa: A002
        super().__init__(view, id)
        self.items = _ITEMS

    def on_mount(self) -> None:
        """Title and keys."""
        super().on_mount()
        frame(self, self.view, _("4 Devices"))
        self._name_keys()

    def on_resize(self) -> None:
        """A wide frame has room for more keys."""
        self._name_keys()

    def _name_keys(self) -> None:
        keys = _("Enter change  -/+ level  Space mute")
        self.border_subtitle = (
            keys + "  " + _("M at the device  p trial") if self.size.width >= _ROOM_FOR_MORE else keys
        )

    def follow(self, topics: Topic) -> None:
        """The headset has a row once it is named or used."""
        headset = self.store.devices.headset
        items = _ITEMS_WITH_HEADSET if headset.used or headset.names else _ITEMS
        if items is not self.items:
            item = self.item
            self.set_items(items, items.index(item) if item in items else self.cursor)
        super().follow(topics)

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The list; below it, what is wrong with the role under the cursor, or with the first that has something."""
        tried = self.store.devices.mic_test is not MicTest.OFF
        problems = not tried and any(role.problem for role in self.store.devices.roles)
        rows = list(super().rows(width, min(height, max(3, height - 1)) if problems else height))
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
        if item == _HEADSET:
            return self._headset(width)
        return self._tone(desk.tone_plays) if item == "tone" else self._meter(desk.mic_watched, width)

    def _role(self, state: RoleState, width: int) -> Content:
        mute = _("MUTED") if state.muted else _("DEVICE MUTED") if state.device_muted else ""
        right = row((f" {mute} ", "bold reverse $text-error") if mute else f" {state.level:>3}% ")
        word = fit(texts.role_word(state.role), 6, self.signs.cut)
        name = texts.device_name(state.in_use) + (f" +{len(state.also)}" if state.also else "")
        live = self._live(state.role)
        right = row(*live, right) if live else right
        room = max(4, width - 7 - right.cell_length)
        if state.problem:
            name = fit(name, room - 2, self.signs.cut)
            shown = Content.styled(f"{self.signs.warning} {name}", "$text-warning")
        else:
            shown = Content(fit(name, room, self.signs.cut))
        return row((f" {word}", "$muted"), shown, right)

    def _live(self, role: DeviceRole) -> tuple[Piece, ...]:
        """What goes through microphone or ear now, while one looks at this panel: a choice is seen to work."""
        talking = self.store.talking()
        levels = self.store.levels.get(talking.id if talking else "")
        if not self.has_focus or levels is None or not (talking or self.view.desk.mic_watched):
            return ()
        level = {DeviceRole.INPUT: levels.mic_db, DeviceRole.OUTPUT: levels.ear_db if talking else None}.get(role)
        filled, empty, _number = meter(level, _LIVE, self.signs)
        return () if level is None else (" ", filled, empty)

    def _headset(self, width: int) -> Content:
        headset = self.store.devices.headset
        word = _("ALONE") if headset.used else _("not alone")
        right = row(" ", (word, "bold $text-success" if headset.used and headset.present else ""), " ")
        name = printable(headset.present or (headset.names[0] if headset.names else ""))
        gone = name if headset.present else f"{self.signs.warning} " + _("{name} is missing").format(name=name)
        shown = fit(gone, max(4, width - 7 - right.cell_length), self.signs.cut)
        style = "" if headset.present else "$text-warning"
        return row((f" {fit(_('head'), 6, self.signs.cut)}", "$muted"), (shown, style), right)

    def _tone(self, on: bool) -> Content:
        word = (_("plays; Enter ends it"), "bold $text-accent") if on else (_("Enter plays it on the ear"), "")
        return row((f" {fit(_('tone'), 6, self.signs.cut)}", "$muted"), word)

    def _meter(self, on: bool, width: int) -> Content:
        head = (f" {fit(_('meter'), 6, self.signs.cut)}", "$muted")
        trial = self.store.devices.mic_test
        if trial is not MicTest.OFF:
            words = _("recording: speak") if trial is MicTest.RECORDING else _("playing what you said")
            sign = self.signs.recording if trial is MicTest.RECORDING else self.signs.selected
            return row(head, (f"{sign} {words}", "bold $text-accent"))
        if not on:
            return row(head, _("Enter shows it, p tries it out"))
        levels = self.store.levels.get("")
        filled, empty, number = meter(levels.mic_db if levels else None, max(6, min(24, width - 16)), self.signs)
        return row(head, filled, empty, number)

    async def action_choose(self) -> None:
        """Change the device of the role, or switch tone or meter."""
        item = self.item
        desk = self.view.desk
        if isinstance(item, DeviceRole):
            desk.start(desk.open(f"choose_{item.value}"))
        elif item == _HEADSET:
            desk.start(desk.open("choose_headset"))
        elif item == "tone":
            desk.start(desk.toggle_tone())
        else:
            desk.start(desk.toggle_mic_meter())

    def action_level(self, direction: int) -> None:
        """Louder or softer."""
        if isinstance(self.item, DeviceRole):
            self.view.desk.start(step_level(self.view.desk, self.item, direction))

    async def action_mute(self) -> None:
        """Mute the role for all calls, or not."""
        if isinstance(self.item, DeviceRole):
            state = self.store.devices.role(self.item)
            self.view.desk.start(self.view.desk.phone.mute_device(state.role, not state.muted))

        elif self.item == _HEADSET:
            await self.app.run_action("app.command('use_headset')")

    def action_mute_at_device(self) -> None:
        """Mute the device of the role itself, for every program, or not."""
        if isinstance(self.item, DeviceRole):
            state = self.store.devices.role(self.item)
            self.view.desk.start(self.view.desk.phone.mute_at_device(state.role, not state.device_muted))

    def on_key(self, event: Key) -> None:
        """Plus and minus are levels too."""
        if event.character in {"+", "-"}:
            event.stop()
            self.action_level(1 if event.character == "+" else -1)

    def on_blur(self) -> None:
        """Nobody looks: tone and meter end."""
        super().on_blur()
        self.view.desk.end_tests()
