"""The codecs: which are offered and in what order. Nothing holds before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from tuiphone import texts
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.codec import Codec
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.dialogs.codec_parameters import CodecParametersDialog
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import cut, fit, plain, row
from tuiphone.tui.view import View

_BESIDE_THE_LIST = 4
"""Rows of the frame and of the sentence below the list."""


class CodecList(Listing[Codec]):
    """Those that are on, in their order; then those that are off; then those that this engine lacks."""

    class Refused(Message):
        """What was wrong with the last key; nothing when it was right."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u,shift+up", "carry(-1)", show=False),
        Binding("d,shift+down", "carry(1)", show=False),
        Binding("space", "switch", show=False),
        Binding("p", "screen.parameters", show=False),
        Binding("enter", "screen.save", show=False),
    ]

    def draw(self, item: Codec, width: int, here: bool) -> Content:
        """Place, word, name, rate; or what to do to have it."""
        place = f"{item.place:>2}" if item.place else "  "
        word = _("missing") if item.remedy else _("on") if item.place else _("off")
        sign = self.signs.on if item.place else self.signs.failed if item.remedy else self.signs.off
        head = f" {place}  {sign} {fit(word, 8, self.signs.cut)}"
        name = fit(f"{texts.codec(item.name, item.clock_hz)}", 10, self.signs.cut)
        note = cut(item.remedy, max(0, width - len(head) - 12), self.signs.cut)
        style = "" if here else "$text-success" if item.place else "$muted"
        return row((head, style), (name, "bold" if item.place else "" if here else "$muted"), (f"  {note}", "$muted"))

    def action_switch(self) -> None:
        """Switch one on, behind those that are on; or off."""
        codec = self.item
        if codec is None:
            return
        if codec.remedy:
            text = _("This engine has no {codec}: {remedy}").format(codec=codec.label, remedy=codec.remedy)
            self.post_message(self.Refused(text))
            return
        others = [other for other in self.items if other is not codec]
        switched = replace(codec, place=0 if codec.place else len(others) + 1)
        self._arrange([*others, switched] if switched.place else [*_on(others), switched, *_off(others)], switched)

    def action_carry(self, step: int) -> None:
        """Move one that is on up or down among those that are on."""
        codec = self.item
        if codec is None or not codec.place:
            self.post_message(self.Refused(_("Only a codec that is on has a place: Space switches it on")))
            return
        chosen = _on(self.items)
        index = chosen.index(codec)
        to = max(0, min(len(chosen) - 1, index + step))
        chosen.insert(to, chosen.pop(index))
        self._arrange([*chosen, *_off(self.items)], codec)

    async def action_choose(self) -> None:
        """A second click on a row."""
        self.action_switch()

    def _arrange(self, codecs: list[Codec], under: Codec) -> None:
        """Number those that are on, and keep the cursor on one."""
        ordered = [*_on(codecs), *_off(codecs)]
        at = next(index for index, codec in enumerate(ordered) if codec.label == under.label)
        numbered = [replace(codec, place=place if codec.place else 0) for place, codec in enumerate(ordered, 1)]
        self.set_items(numbered, at)
        self.post_message(self.Refused(""))


def _on(codecs: Iterable[Codec]) -> list[Codec]:
    return [codec for codec in codecs if codec.place]


def _off(codecs: Iterable[Codec]) -> list[Codec]:
    return [codec for codec in codecs if not codec.place]


class CodecsDialog(Dialog[None]):
    """The dialog; Enter saves, Escape leaves all as it was."""

    def __init__(self, view: View, codecs: tuple[Codec, ...]) -> None:
        super().__init__(view, _("Codecs, from the next call on"), "", "-codecs")
        self._list = CodecList(view)
        self._list.items = codecs
        self._problem = Static("", id="problem")

    def body(self) -> Iterable[Widget]:
        """List and what is wrong."""
        yield self._list
        yield self._problem

    def on_mount(self) -> None:
        """As high as there are codecs, with room for what is wrong; the words of the frame can be clicked."""
        box = self.query_one("#box")
        box.styles.height = len(self._list.items) + _BESIDE_THE_LIST
        self._list.focus()
        keys = (
            (_("Space on or off"), "switch"),
            (_("u up"), "carry(-1)"),
            (_("d down"), "carry(1)"),
            (_("p parameters"), "parameters"),
            (_("Enter saves"), "save"),
            (_("Esc leaves"), "dismiss(None)"),
        )
        said = [Content(words).stylize(Style.from_meta({"@click": f"screen.{action}"})) for words, action in keys]
        box.border_subtitle = Content("  ").join(said)

    @on(CodecList.Refused)
    def _refused(self, event: CodecList.Refused) -> None:
        event.stop()
        words = plain(event.text, self.view.glyphs.cut)
        self._problem.update(Content.styled(words, "$text-warning") if words else "")

    def action_switch(self) -> None:
        """A click on the word."""
        self._list.action_switch()

    def action_carry(self, step: int) -> None:
        """A click on the word."""
        self._list.action_carry(step)

    def action_parameters(self) -> None:
        """The other dialog, over this one: the order is kept meanwhile."""
        self.view.desk.start(self._parameters())

    async def _parameters(self) -> None:
        settings = await self.view.desk.phone.codec_settings()
        await self.app.push_screen(CodecParametersDialog(self.view, settings))

    def action_save(self) -> None:
        """Offer these from the next call on."""
        self.view.desk.start(self._save())

    async def _save(self) -> None:
        chosen = tuple(codec.label for codec in _on(self._list.items))
        try:
            await self.view.desk.phone.set_codecs(chosen)
        except PhoneError as error:
            self._problem.update(Content.styled(plain(str(error), self.view.glyphs.cut), "$text-error"))
            return
        names = ", ".join(texts.codec(codec.name, codec.clock_hz) for codec in _on(self._list.items))
        self.view.store.say(_("Offered from now on: {codecs}").format(codecs=names))
        self.dismiss(None)
