"""Which devices ring, and which one is the headset."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.device import Device, DeviceRole, Devices
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.dialogs.pick import Choice
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import cut, row
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View


class BellList(Listing[Device]):
    """Every device that could ring."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", show=False),
        Binding("t", "try", show=False),
    ]
    TOPICS: ClassVar[Topic] = Topic.DEVICES

    def draw(self, item: Device, width: int, here: bool) -> Content:
        """One device and whether it rings."""
        rings = item.name in ringing(self.store.devices)
        word = f"{self.signs.on} {_('rings')} " if rings else ""
        name = cut(item.name, max(4, width - len(word) - 2), self.signs.cut)
        gap = " " * max(1, width - len(word) - 1 - Content(name).cell_length)
        return row(f" {name}{gap}", (word, "" if here else "bold $text-accent"))

    def empty(self) -> str:
        """Without devices."""
        return " " + _("no device here can ring")

    def follow(self, topics: Topic) -> None:
        """Devices came or went, or a bell was switched."""
        self.set_items([device for device in self.store.devices.available if device.fits(DeviceRole.RING)])

    def action_try(self) -> None:
        """The test tone on this device; it ends by itself."""
        if self.item:
            self.view.desk.start(self.view.desk.phone.test_tone(DeviceRole.RING, True, self.item.name))

    def on_unmount(self) -> None:
        """The tone ends with the dialog."""
        super().on_unmount()
        if self.store.is_up:
            self.view.desk.start(self.view.desk.phone.test_tone(DeviceRole.RING, False))


class Bells(Dialog[None]):
    """The devices that ring, switched one by one; a change holds at once."""

    def __init__(self, view: View) -> None:
        super().__init__(view, _("Bells"), _("Enter rings or not  t test tone  Esc closes"))
        self._list = BellList(view)

    def body(self) -> Iterable[Widget]:
        """The devices."""
        yield self._list

    def on_mount(self) -> None:
        """Show what there is."""
        self._list.follow(Topic.DEVICES)
        self._list.styles.height = max(1, len(self._list.items))
        self._list.focus()

    @on(Listing.Chosen)
    def _switch(self, event: Listing.Chosen[Device]) -> None:
        event.stop()
        name = event.item.name
        on_now = name in ringing(self.view.store.devices)
        self.view.desk.start(self.view.desk.phone.add_bell(name, not on_now))


def ringing(devices: Devices) -> tuple[str, ...]:
    """The names of the devices that ring now."""
    state = devices.role(DeviceRole.RING)
    return (state.in_use, *state.also)


def headset_choices(devices: Devices) -> list[Choice]:
    """The devices that are microphone and ear at once. Raises PhoneError when there are none."""
    microphones = {device.name for device in devices.available if device.inputs}
    # A sound server has microphone and ear of a headset as two devices of one name.
    names = list(dict.fromkeys(d.name for d in devices.available if d.outputs and d.name in microphones))
    if not names:
        raise PhoneError(
            _("No device here is microphone and ear at once: name the headset in config.toml, audio.headset")
        )
    present = devices.headset.present
    return [Choice(name, name, mark=_("chosen") if name == present else "") for name in names]
