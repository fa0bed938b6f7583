"""What is done to the sound: echo, noise, levels; for all calls, and the gains of the call shown. It holds at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tuiphone.controller.api import Phone
from tuiphone.i18n import _
from tuiphone.model.call import Call
from tuiphone.model.media import ECHO_CANCELLERS
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import fit, row
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

_OF_ALL = ("echo", "noise", "gain", "limit")
_OF_CALL = ("call_mic", "call_ear")
_LIMIT_STEP_DB = 3
_LIMITS_DB = (-40, 0)
_GAIN_STEP = 10
_GAINS = (0, 200)


class ProcessingList(Listing[str]):
    """A row for each thing that is done; the last ones are there while there is an answered call."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "change(-1)", show=False),
        Binding("right,space", "change(1)", show=False),
    ]
    TOPICS: ClassVar[Topic] = Topic.DEVICES | Topic.CALLS

    def follow(self, topics: Topic) -> None:
        """Something was switched, or the call is another."""
        self.set_items((*_OF_ALL, *_OF_CALL) if self._call() else _OF_ALL)

    def _call(self) -> Call | None:
        call = self.store.current()
        return call if call and call.answered_at is not None else None

    def draw(self, item: str, width: int, here: bool) -> Content:
        """Name and value."""
        name, value = self._words(item)
        return row(
            (f" {fit(name, 34, self.signs.cut)}", "" if here else "$muted"), fit(value, width - 36, self.signs.cut)
        )

    def _words(self, item: str) -> tuple[str, str]:
        done, call = self.store.devices.processing, self._call()
        words = {
            "echo": (_("echo canceller"), done.echo_canceller),
            "noise": (_("noise suppression"), _("on") if done.noise_suppression else _("off")),
            "gain": (_("microphone at one level (AGC)"), _("on") if done.gain_control else _("off")),
            "limit": (_("loudest in the ear"), _("{level} dBFS").format(level=done.ear_limit_db)),
            "call_mic": (_("this call: what is sent"), f"{call.mic_level if call else 100}%"),
            "call_ear": (_("this call: what is heard"), f"{call.ear_level if call else 100}%"),
        }
        return words[item]

    async def action_choose(self) -> None:
        """The next value."""
        self.action_change(1)

    def action_change(self, step: int) -> None:
        """Another value; the engine says what it is then."""
        if self.item:
            self.view.desk.start(self._change(self.view.desk.phone, self.item, step))

    async def _change(self, phone: Phone, item: str, step: int) -> None:
        done, call = self.store.devices.processing, self._call()
        if item == "echo":
            place = ECHO_CANCELLERS.index(done.echo_canceller) + step
            await phone.set_processing(echo_canceller=ECHO_CANCELLERS[place % len(ECHO_CANCELLERS)])
        elif item == "noise":
            await phone.set_processing(noise_suppression=not done.noise_suppression)
        elif item == "gain":
            await phone.set_processing(gain_control=not done.gain_control)
        elif item == "limit":
            await self.view.desk.stepping.step(
                "ear_limit",
                done.ear_limit_db,
                step * _LIMIT_STEP_DB,
                _LIMITS_DB,
                lambda limit: phone.set_processing(ear_limit_db=limit),
            )
        elif call:
            mic = item == "call_mic"
            await self.view.desk.stepping.step(
                f"{item}_{call.id}",
                call.mic_level if mic else call.ear_level,
                step * _GAIN_STEP,
                _GAINS,
                lambda gain: phone.set_call_gain(call.id, **{"mic" if mic else "ear": gain}),
            )


class ProcessingDialog(Dialog[None]):
    """The dialog."""

    def __init__(self, view: View) -> None:
        super().__init__(view, _("Sound"), _("Left Right change  Esc closes"))
        self._list = ProcessingList(view)

    def body(self) -> Iterable[Widget]:
        """The rows."""
        yield self._list

    def on_mount(self) -> None:
        """Show what is done now."""
        self._list.follow(Topic.DEVICES)
        self._list.styles.height = len(_OF_ALL) + len(_OF_CALL)
        self._list.focus()
