"""What commands can do on the screen: dialogs, focus, dialling, tests of the devices, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tuiphone import texts
from tuiphone.controller.api import Phone
from tuiphone.errors import PhoneError
from tuiphone.i18n import _, ngettext
from tuiphone.model.account import DtmfMethod
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, DeviceRole
from tuiphone.tui.command import Command
from tuiphone.tui.keys import label
from tuiphone.tui.reasons import ringing_call
from tuiphone.tui.stepping import Stepping
from tuiphone.tui.store import Store, Topic
from tuiphone.tui.view import View

if TYPE_CHECKING:
    from tuiphone.tui.app import TuiPhone
    from tuiphone.tui.dialogs.pick import Choice

StartEngine = Callable[[], Awaitable[object]]
DECLINE_CODES = (486, 480, 603, 404, 403)
TONE_S = 10.0
"""A test tone that was forgotten ends after this many seconds."""


class ScreenDesk:
    """The ``Desk`` that commands are given."""

    def __init__(self, app: TuiPhone, decline_code: int, ui_exit: str, start_engine: StartEngine | None) -> None:
        self._app = app
        self._decline_code = decline_code
        self._ui_exit = ui_exit
        self._start_engine = start_engine
        self._open = ""
        self._tone = False
        self._mic = False
        self._stepping = Stepping()

    @property
    def view(self) -> View:
        """Store, signs and keys."""
        return self._app.view

    @property
    def store(self) -> Store:
        """What the screen knows."""
        return self._app.store

    @property
    def phone(self) -> Phone:
        """The engine. Raises EngineLost while there is none."""
        return self._app.session.phone

    @property
    def decline_code(self) -> int:
        """The configured answer to a declined call."""
        return self._decline_code

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in the background."""
        self._app.start(work)

    @property
    def stepping(self) -> Stepping:
        """Counts numbers up and down by key."""
        return self._stepping

    # dialogs

    async def open(self, name: str) -> None:
        """Open a dialog in place of the one that is open; the same one again closes it."""
        was = self._open if len(self._app.screen_stack) > 1 else ""
        await self._close()
        if was == name:
            return
        opener: Callable[[], Awaitable[None]] = getattr(self, f"_open_{name}")
        self._open = name
        await opener()

    async def _close(self) -> None:
        while len(self._app.screen_stack) > 1:
            await self._app.screen.dismiss(None)

    async def _ask(self, dialog: Screen[Any]) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await self._app.push_screen(dialog, lambda value: None if answer.done() else answer.set_result(value))
        return await answer

    async def _pick(self, title: str, choices: list[Choice], **more: Any) -> str | None:
        from tuiphone.tui.dialogs.pick import Pick

        chosen: str | None = await self._ask(Pick(self.view, title, choices, **more))
        return chosen

    async def _open_palette(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        choices = [self._palette_choice(command, Choice) for command in self.view.commands.values()]
        choices.sort(key=lambda choice: choice.off)
        chosen = await self._pick(_("Menu"), choices, filtered=True)
        if chosen:
            self._app.run_command(chosen)

    def _palette_choice(self, command: Command, choice: type[Choice]) -> Choice:
        keys = " ".join(label(key, short=True) for key in self.view.keymap.keys(command.id))
        reason = command.enabled(self.store)
        return choice(command.id, command.title, reason or "", keys, off=reason is not None)

    async def _open_help(self) -> None:
        from tuiphone.tui.dialogs.help import Help

        await self._ask(Help(self.view, self._app.main.focused_panel()))

    async def _open_messages(self) -> None:
        from tuiphone.tui.dialogs.messages import Messages

        await self._ask(Messages(self.view))

    async def _open_quality(self) -> None:
        from tuiphone.tui.dialogs.quality import QualityDialog

        await self._ask(QualityDialog(self.view))

    async def _open_jump(self) -> None:
        from tuiphone.tui.dialogs.jump import Jump

        places = self._app.main.places()
        key = await self._ask(Jump({key: at for key, (_panel, at) in places.items()}))
        if key in places:
            self._app.main.go_to(places[key][0])

    async def _open_codecs(self) -> None:
        from tuiphone.tui.dialogs.codecs import CodecsDialog

        await self._ask(CodecsDialog(self.view, await self.phone.codecs()))

    async def _open_codec_parameters(self) -> None:
        from tuiphone.tui.dialogs.codec_parameters import CodecParametersDialog

        await self._ask(CodecParametersDialog(self.view, await self.phone.codec_settings()))

    async def _open_processing(self) -> None:
        from tuiphone.tui.dialogs.processing import ProcessingDialog

        await self._ask(ProcessingDialog(self.view))

    async def _open_bells(self) -> None:
        from tuiphone.tui.dialogs.bells import Bells

        await self._ask(Bells(self.view))

    async def _open_choose_headset(self) -> None:
        from tuiphone.tui.dialogs.bells import headset_choices

        chosen = await self._pick(_("Headset"), headset_choices(self.store.devices))
        if chosen:
            await self.phone.choose_headset(chosen)

    async def _open_accounts(self) -> None:
        from tuiphone.tui.dialogs.accounts import Accounts

        await self._ask(Accounts(self.view))

    async def _open_history(self) -> None:
        if self._app.main.is_shown("history"):
            self._app.main.go_to("history")
            return
        from tuiphone.tui.dialogs.history import HistoryDialog

        await self._ask(HistoryDialog(self.view))

    async def _open_clear_history(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        choices = [Choice("", _("Keep it")), Choice("delete", _("Delete every row"))]
        if await self._pick(_("Delete the whole history?"), choices) == "delete":
            await self.phone.clear_history()

    async def _open_theme(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        before = self._app.theme
        names = sorted(self._app.available_themes, key=lambda name: (not name.startswith(("tuiphone", "colour")), name))
        preview = self._app.use_theme
        chosen = await self._pick(_("Colours"), [Choice(n, n) for n in names], current=before, preview=preview)
        self._app.use_theme(chosen or before)
        if chosen:
            await self.phone.set_theme(chosen)

    async def _open_dial_from(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        statuses = [status for status in self.store.accounts.values() if status.account.enabled]
        choices = [
            Choice(status.account.id, status.account.title, texts.registration_word(status.registration))
            for status in statuses
        ]
        current = self.store.account_to_dial_from()
        chosen = await self._pick(_("Call from"), choices, current=current.id if current else None)
        if chosen:
            self.store.dial_from(chosen)

    async def _open_decline_as(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        call = ringing_call(self.store)
        if call is None:
            return
        words = {
            486: _("busy here"),
            480: _("not available now"),
            603: _("decline, on all my phones"),
            404: _("no such number"),
            403: _("forbidden"),
        }
        choices = [Choice(str(code), words[code], mark=str(code)) for code in DECLINE_CODES]
        title = _("Decline {who} as").format(who=texts.party_of(call))
        chosen = await self._pick(title, choices, current=str(self._decline_code))
        if chosen:
            await self.phone.decline(call.id, int(chosen))

    async def _open_dtmf_method(self) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        call = self.store.current()
        if call is None:
            return
        choices = [Choice(method.value, texts.dtmf_method(method)) for method in DtmfMethod]
        chosen = await self._pick(_("Send DTMF by"), choices, current=call.dtmf.value)
        if chosen:
            await self.phone.set_dtmf_method(DtmfMethod(chosen), call.id)

    # devices

    async def _open_devices(self) -> None:
        if self._app.main.is_shown("devices"):
            self._app.main.go_to("devices")
            return
        from tuiphone.tui.dialogs.pick import Choice

        choices = [
            Choice(state.role.value, texts.role_words(state.role), texts.device_name(state.in_use), f"{state.level}%")
            for state in self.store.devices.roles
        ]
        chosen = await self._pick(_("Devices"), choices)
        if chosen:
            await self.open(f"choose_{chosen}")

    async def _open_choose_input(self) -> None:
        await self._choose_device(DeviceRole.INPUT)

    async def _open_choose_output(self) -> None:
        await self._choose_device(DeviceRole.OUTPUT)

    async def _open_choose_ring(self) -> None:
        await self._choose_device(DeviceRole.RING)

    async def _choose_device(self, role: DeviceRole) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        def choices() -> list[Choice]:
            fitting = [device for device in self.store.devices.available if device.fits(role)]
            special = [Choice(name, texts.device_name(name)) for name in (DEFAULT_DEVICE, NULL_DEVICE)]
            named = (Choice(device.name, device.name, device.driver) for device in fitting)
            return [*special[:1], *named, special[1]]

        title = _("Device for the {role}").format(role=texts.role_words(role))
        current = self.store.devices.role(role).chosen
        chosen = await self._pick(title, choices(), current=current, devices=choices)
        if chosen is not None:
            await self.phone.choose_device(role, chosen)

    @property
    def tone_plays(self) -> bool:
        """The test tone is on."""
        return self._tone

    @property
    def mic_watched(self) -> bool:
        """The microphone meter without a call is on."""
        return self._mic

    async def toggle_tone(self) -> None:
        """Test tone on, for a while, or off."""
        on = not self._tone
        await self.phone.test_tone(DeviceRole.OUTPUT, on)
        self._tone = on
        self.store.changed(Topic.DEVICES)
        if on:
            self._app.set_timer(TONE_S, self._end_tone)

    async def toggle_mic_meter(self) -> None:
        """Microphone meter on or off."""
        on = not self._mic
        self._mic = on
        self.store.changed(Topic.DEVICES)
        if on:
            # The engine keeps the microphone open only for somebody who reads levels: be that first.
            await self._app.session.readings_flow()
        try:
            await self.phone.watch_mic(on)
        except PhoneError:
            self._mic = False
            self.store.changed(Topic.DEVICES)
            raise

    def _end_tone(self) -> None:
        if self._tone:
            self.start(self.toggle_tone())

    def end_tests(self) -> None:
        """Nobody looks at the device panel any more."""
        self._end_tone()
        if self._mic:
            self.start(self.toggle_mic_meter())

    # dialling, engine, leaving

    async def dial(self) -> None:
        """Go to the dial input; there, dial."""
        await self._close()
        panel = self._app.main.dial
        if panel.input.has_focus and panel.input.value.strip():
            panel.submit()
        else:
            panel.take_focus()

    async def start_engine(self) -> None:
        """Start the engine again, if the one who made this screen said how."""
        if self._start_engine is None:
            self.store.say(_("Start it with: tuiphone engine run"))
            return
        self.store.say(_("Starting the engine"))
        await self._start_engine()
        self._app.session.retry_now()

    async def _open_leave(self) -> None:
        calls = len(self.store.calls) if self.store.is_up else 0
        if not self.store.is_up or self._ui_exit == "detach":
            self._app.exit("detached")
        elif self._ui_exit == "stop" and not calls:
            await self._stop(calls)
        else:
            await self._ask_to_leave(calls)

    async def _ask_to_leave(self, calls: int) -> None:
        from tuiphone.tui.dialogs.pick import Choice

        warning = ngettext("ends {count} call", "ends {count} calls", calls).format(count=calls) if calls else ""
        choices = [
            Choice("detach", _("Detach"), _("the phone stays up and reachable")),
            Choice("stop", _("Stop the phone"), warning or _("no calls can come in then")),
            Choice("stay", _("Stay")),
        ]
        text = ""
        if calls:
            going = ngettext("{count} call is going on.", "{count} calls are going on.", calls).format(count=calls)
            text = f"{self.view.glyphs.warning} {going} " + _("Detaching keeps them; stopping ends them.")
        answer = await self._pick(_("Leave"), choices, text=text)
        if answer == "detach":
            self._app.exit("detached")
        elif answer == "stop":
            await self._stop(calls)

    async def _stop(self, calls: int) -> None:
        await self.phone.shutdown(force=calls > 0)
        self._app.exit("stopped")
