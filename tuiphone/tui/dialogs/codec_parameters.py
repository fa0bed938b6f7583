"""Parameters of single codecs, from the next call on; each change is kept at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.codec import CodecSettings
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import fit, row
from tuiphone.tui.view import View

_VALUES: dict[str, Sequence[str | int]] = {
    "opus_fec": (False, True),
    "opus_dtx": (False, True),
    "opus_bit_rate": (0, 6000, 8000, 12000, 16000, 20000, 24000, 32000, 40000, 48000, 64000, 96000, 128000),
    "opus_complexity": range(11),
    "ilbc_mode_ms": (20, 30),
    "isac_frame_ms": (30, 60),
    "g729_annexb": (False, True),
    "answer_order": ("local", "offer"),
}
"""What the keys step through. The configuration may hold another bit rate: it stays until a key is pressed."""
_ENDLESS = 2
"""Rows of at most so many values turn round, longer ones end at their ends."""


class ParameterList(Listing[str]):
    """A row for each parameter, by its key in [codecs]."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "change(-1)", show=False),
        Binding("right,space", "change(1)", show=False),
    ]

    def __init__(self, view: View, settings: CodecSettings) -> None:
        super().__init__(view)
        self._settings = settings
        self.items = tuple(_VALUES)

    def draw(self, item: str, width: int, here: bool) -> Content:
        """Codec, meaning, value."""
        codec, meaning = _words(item)
        head = f" {fit(codec, 7, self.signs.cut)}{fit(meaning, 34, self.signs.cut)}"
        value = _value(item, getattr(self._settings, item))
        return row((head, "" if here else "$muted"), fit(f" {value}", width - len(head), self.signs.cut))

    async def action_choose(self) -> None:
        """The next value."""
        self.action_change(1)

    def action_change(self, step: int) -> None:
        """Another value: shown at once, so that the next key goes on from it."""
        item = self.item
        if item:
            value = _stepped(_VALUES[item], getattr(self._settings, item), step)
            self._settings = replace(self._settings, **{item: value})  # type: ignore[arg-type]  # one of its values
            self.repaint()
            self.view.desk.start(self._keep(item, value))

    async def _keep(self, item: str, value: str | int) -> None:
        try:
            await self.view.desk.phone.set_codec_settings(**{item: value})  # type: ignore[arg-type]  # they are its own
        except PhoneError:
            self._settings = await self.view.desk.phone.codec_settings()
            self.repaint()
            raise


def _words(item: str) -> tuple[str, str]:
    words = {
        "opus_fec": ("opus", _("copies against loss (FEC)")),
        "opus_dtx": ("opus", _("next to nothing in pauses (DTX)")),
        "opus_bit_rate": ("opus", _("bit rate")),
        "opus_complexity": ("opus", _("complexity: 0 saves CPU")),
        "ilbc_mode_ms": ("iLBC", _("frames")),
        "isac_frame_ms": ("iSAC", _("packets")),
        "g729_annexb": ("G729", _("nothing in pauses (Annex B)")),
        "answer_order": (_("all"), _("called: whose order counts")),
    }
    return words[item]


def _value(item: str, value: str | int) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if item == "answer_order":
        return _("ours") if value == "local" else _("the caller's")
    if item == "opus_bit_rate":
        return _("{n} kbit/s").format(n=f"{value / 1000:g}") if value else _("the codec's choice")  # type: ignore[operator]
    return _("{n} ms").format(n=value) if item.endswith("_ms") else str(value)


def _stepped(values: Sequence[str | int], value: str | int, step: int) -> str | int:
    """The value a step further; from one that is none of these, the nearest in that direction."""
    if value not in values:
        further = [v for v in values if (v > value if step > 0 else v < value)]  # type: ignore[operator]
        return (further[0] if step > 0 else further[-1]) if further else value
    place = values.index(value) + step
    if len(values) <= _ENDLESS:
        return values[place % len(values)]
    return values[max(0, min(len(values) - 1, place))]


class CodecParametersDialog(Dialog[None]):
    """The dialog."""

    def __init__(self, view: View, settings: CodecSettings) -> None:
        super().__init__(view, _("Codec parameters, from the next call on"), _("Left Right change  Esc closes"))
        self._list = ParameterList(view, settings)

    def body(self) -> Iterable[Widget]:
        """The rows."""
        yield self._list

    def on_mount(self) -> None:
        """As high as there are parameters."""
        self._list.styles.height = len(self._list.items)
        self._list.focus()
