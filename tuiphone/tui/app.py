"""The screen of the phone: a projection of an engine, which it reaches through ``Phone`` and nothing else.

It may die and come back while calls go on, and it says so when the engine does.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.app import App
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.screen import Screen
from textual.timer import Timer

from tuiphone.config.schema import KeyMap, PhoneSection, UiSection
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.address import printable
from tuiphone.model.event import NoticeLevel
from tuiphone.tui.attention import Attention
from tuiphone.tui.commands import commands
from tuiphone.tui.desk import ScreenDesk, StartEngine
from tuiphone.tui.glyphs import glyphs
from tuiphone.tui.keys import ALT_DIGITS, DIGITS, Keymap, is_letter
from tuiphone.tui.panels.dial import DialPanel
from tuiphone.tui.reasons import no_engine
from tuiphone.tui.screen import MainScreen
from tuiphone.tui.session import Connect, Session
from tuiphone.tui.store import Store, Topic
from tuiphone.tui.struck import KeyDone, Struck
from tuiphone.tui.themes import THEMES, choose, extra_variables
from tuiphone.tui.tight import tight
from tuiphone.tui.view import View

log = logging.getLogger(__name__)

TOO_SOON_S = 0.6
"""A key that hung up a moment ago does not decline a call that has just begun to ring."""


class TuiPhone(App[str], inherit_bindings=False):
    """The application. ``run`` returns "detached" or "stopped".

    ``connect`` gives a phone: an RPC client's, or in a test the controller itself; it raises PhoneError while there is
    none. ``start_engine`` starts an engine again. Raises PhoneError, kind "invalid", when ``keys`` names what is not there.
    """

    CSS_PATH = Path(__file__).with_name("tuiphone.tcss")
    ENABLE_COMMAND_PALETTE = False
    TITLE = "tuiphone"

    def __init__(
        self,
        connect: Connect,
        ui: UiSection | None = None,
        *,
        phone: PhoneSection | None = None,
        keys: KeyMap | None = None,
        start_engine: StartEngine | None = None,
        log_file: Path | None = None,
        clock: Callable[[], float] = time.time,
        environment: Mapping[str, str] | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        self._ui = ui or UiSection()
        phone = phone or PhoneSection()
        registry = commands()
        keymap = Keymap(registry, keys)
        super().__init__(driver_class=driver_class)
        self.set_class(self._ui.glyphs == "ascii", "-ascii")
        self.store = Store(clock)
        self.session = Session(self.store, connect)
        self.desk = ScreenDesk(self, phone.decline_code, phone.ui_exit, start_engine)
        by_id = {command.id: command for command in registry}
        self.view = View(self.desk, self.store, glyphs(self._ui.glyphs), keymap, by_id)
        self.main = MainScreen(self.view)
        self.attention = Attention(self.store, self._ui, self.write_raw, environment or os.environ)
        self._log_file = log_file
        self._struck = Struck(self, super().on_event)
        self._tasks: set[asyncio.Task[object]] = set()
        self._seconds: Timer | None = None
        self._meters: Timer | None = None
        self._flash = False
        self._rang_at = 0.0
        for theme in THEMES:
            self.register_theme(theme)
        self._first_theme = choose(self._ui.theme, set(self.available_themes), self.console.color_system)
        self.use_theme(self._first_theme)

    def get_default_screen(self) -> Screen[Any]:
        """The one screen."""
        return self.main

    # life

    def on_mount(self) -> None:
        """Look for the engine; the screen is there before it answers."""
        self.attention.begin()
        self.store.watch(Topic.ENGINE, self._follow)
        self.start(self.session.run())
        self._next_minute()

    def on_unmount(self) -> None:
        """Leave nothing behind."""
        self.attention.end()
        for task in self._tasks:
            task.cancel()
        self.session.want_readings(False)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something in the background; what goes wrong comes on the message line, never as a traceback."""
        task: asyncio.Task[object] = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> object:
        try:
            return await work
        except PhoneError as error:
            self.store.say(str(error), NoticeLevel.WARNING)
        except Exception:
            log.exception("A command failed")
            self.store.say(self._fault(), NoticeLevel.ERROR)
        return None

    def _fault(self) -> str:
        where = _("details: {file}").format(file=self._log_file) if self._log_file else _("the log has the details")
        return _("That failed by a fault in the screen; calls go on; {where}").format(where=where)

    def _handle_exception(self, error: Exception) -> None:
        """A fault in drawing or in a handler ends the screen with a sentence; calls are the engine's and go on."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        log.error("The screen failed", exc_info=error)
        self.exit("failed", return_code=1, message=f"tuiphone: {self._fault()}")

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, tight(renderable))

    def write_raw(self, text: str) -> None:
        """Send a control sequence to the terminal."""
        if text and self._driver is not None and not self.is_headless:
            self._driver.write(text)

    def copy_to_clipboard(self, text: str) -> None:
        """OSC 52, through tmux and GNU screen too."""
        from base64 import b64encode

        from tuiphone.tui.attention import passed_on

        super().copy_to_clipboard(text)
        sequence = f"\x1b]52;c;{b64encode(text.encode()).decode()}\a"
        wrapped = passed_on(sequence, os.environ)
        if wrapped != sequence:
            self.write_raw(wrapped)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours for any theme."""
        return extra_variables(self.current_theme)

    def _show_theme(self, name: str) -> None:
        known = name in self.available_themes
        if name and not known:
            key = self.view.hint("theme", function_key=True)
            text = _("There is no theme “{name}”: {key} shows which there are").format(name=printable(name), key=key)
            self.store.say(text, NoticeLevel.WARNING)
        self.use_theme(name if known else self._first_theme)

    def use_theme(self, name: str) -> None:
        """Show a theme; an unknown one is passed over."""
        if name in self.available_themes and name != self.theme:
            self.theme = name

    # what follows from the engine's state

    def _follow(self, topics: Topic) -> None:
        if topics & Topic.LINK:
            self.call_after_refresh(_collect_garbage_again)
        if topics & Topic.THEME:
            self._show_theme(self.store.theme)
        if topics & (Topic.LINK | Topic.CALLS):
            if self.store.ringing() and not self._rang_at:
                self._rang_at = time.monotonic()
            elif not self.store.ringing():
                self._rang_at = 0.0
            self.attention.calls_changed()
        if topics & (Topic.LINK | Topic.CALLS | Topic.DEVICES):
            self._set_clocks()

    def _set_clocks(self) -> None:
        """Timers run only while something moves: a second's while there are calls, the meters' while one talks."""
        calls = self.store.is_up and bool(self.store.calls)
        if calls and self._seconds is None:
            self._seconds = self.set_interval(1.0, self._second)
        elif not calls and self._seconds is not None:
            self._seconds.stop()
            self._seconds = None
        metered = self.store.is_up and (self.store.talking() is not None or self.desk.mic_watched)
        self.session.want_readings(metered)
        if metered and self._meters is None:
            self._meters = self.set_interval(1 / self._ui.meter_hz, lambda: self.store.changed(Topic.READINGS))
        elif not metered and self._meters is not None:
            self._meters.stop()
            self._meters = None
            self.store.changed(Topic.READINGS)

    @property
    def ticks(self) -> bool:
        """Whether anything on the screen moves by itself more often than once a minute."""
        return self._seconds is not None or self._meters is not None

    def _second(self) -> None:
        self._flash = not self._flash
        self.attention.show_title(self._flash)
        self.store.changed(Topic.SECOND)

    def _next_minute(self) -> None:
        self.set_timer(60.0 - self.store.clock() % 60.0 + 0.01, self._minute)

    def _minute(self) -> None:
        self.store.changed(Topic.MINUTE)
        self._next_minute()

    # keys and clicks

    async def on_event(self, event: Event) -> None:
        """Keys wait for each other; all else is Textual's."""
        if self._struck.concerns(event):
            await self._struck.take(event)
        else:
            await super().on_event(event)

    async def on_key_done(self, event: KeyDone) -> None:
        """The next key."""
        event.stop()
        await self._struck.done()

    async def on_key(self, event: Key) -> None:
        """Keys that no field and no list took for itself."""
        key = _name(event)
        ids = self.view.keymap.ids(key)
        on_main = self.screen is self.main
        if ids and (on_main or not is_letter(key)):
            self._strike(ids)
        elif on_main and (key in DIGITS or key == "+"):
            self._digit(key)
        else:
            return
        event.stop()
        event.prevent_default()
        # The command has begun when the next key is handed on: a digit after "dial" is no DTMF.
        await asyncio.sleep(0)

    def on_paste(self, event: Paste) -> None:
        """A number pasted where no field takes it begins to dial."""
        if self.screen is self.main:
            self.main.dial.paste(event)

    def _strike(self, ids: tuple[str, ...]) -> None:
        """Run the first command of a key that is possible; if none is, say why the last one is not."""
        possible = [name for name in ids if self.view.commands[name].enabled(self.store) is None]
        command_id = (possible or list(ids))[-1 if not possible else 0]
        shared = len(possible) > 1 and len(self.store.calls) > 1
        if command_id == "decline" and shared and time.monotonic() - self._rang_at < TOO_SOON_S:
            self.store.say(_("A call began to ring just then: press the key again to decline it"), NoticeLevel.WARNING)
            return
        self.run_command(command_id)

    def run_command(self, command_id: str) -> None:
        """Do what a command does, or say why it cannot be done now."""
        command = self.view.commands[command_id]
        reason = command.enabled(self.store)
        if reason:
            self.store.say(reason)
            return

        async def work() -> None:
            await command.run(self.desk)

        self.start(work())

    def _digit(self, key: str) -> None:
        """A digit is DTMF in a talking call, and begins to dial otherwise."""
        if reason := no_engine(self.store):
            self.store.say(reason)
            return
        current = self.store.current()
        if current and current.is_talking and key in DIGITS:
            call_id = current.id

            async def send() -> None:
                await self.desk.phone.send_dtmf(key, call_id)

            self.start(send())
        elif not key.isalpha():
            self.main.dial.press(key)

    def action_command(self, command_id: str) -> None:
        """A click on a command."""
        self.run_command(command_id)

    async def action_open(self, name: str) -> None:
        """A click on something that opens."""
        self.start(self.desk.open(name))

    def action_select(self, line: int) -> None:
        """A click on a line."""
        for call in self.store.by_line():
            if call.line == line:
                self.store.select(call.id)

    def action_press(self, key: str) -> None:
        """A click on the dialpad."""
        current = self.store.current()
        if current and current.is_talking and not self.main.dial.input.value:
            self._digit(key)
        else:
            self.main.dial.press(key)

    def action_suggest(self, index: int) -> None:
        """A click on a suggestion."""
        self.main.dial.take(index)

    def on_dial_panel_dialled(self, event: DialPanel.Dialled) -> None:
        """Enter in the dial panel."""
        event.stop()
        self.start(self._dial(event.target, event.account_id))

    def on_dial_input_left(self) -> None:
        """Escape on the empty dial field: letters are commands again."""
        self._leave_field()

    async def _dial(self, target: str, account_id: str) -> None:
        self.store.select("")
        await self.desk.phone.dial(target, account_id)
        panel = self.main.dial
        if panel.input.value == target:
            panel.clear()
            if panel.input.has_focus:
                self._leave_field()

    def _leave_field(self) -> None:
        self.main.go_to("call" if self.main.is_shown("call") else "lines")

    def on_descendant_focus(self) -> None:
        """The footer shows other keys while one types."""
        self.store.changed(Topic.FOCUS)

    def on_descendant_blur(self) -> None:
        """As above."""
        self.store.changed(Topic.FOCUS)


def _collect_garbage_again() -> None:
    """The command line switches it off while modules load; what is there by now stays, and need not be looked at."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _name(event: Key) -> str:
    """The key as the configuration writes it."""
    if event.key.startswith(("ctrl+", "alt+")):
        return event.key
    if event.character in ALT_DIGITS:
        return ALT_DIGITS[event.character]
    if event.is_printable and event.character:
        return event.character
    return event.key
