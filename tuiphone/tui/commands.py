"""Everything a person can do, once: keys, footer, palette, help, mouse and docs/keys.md are made from this list.

A command says why it cannot be done now instead of being absent. What a command does is a call of the phone's API, or
of the desk: the few things the screen itself can do.
"""

from __future__ import annotations

from pathlib import Path

from tuiphone.i18n import _
from tuiphone.model.call import Call
from tuiphone.tui.command import Command, Desk, opens
from tuiphone.tui.devicecommands import device_commands
from tuiphone.tui.reasons import (
    answered,
    can_dial,
    can_mute,
    can_swap,
    has_accounts,
    has_call,
    has_several,
    lost,
    no_engine,
    recorded,
    ringing_call,
    rings,
    to_mute,
)
from tuiphone.tui.store import Store


def _id(call: Call | None) -> str:
    return call.id if call else ""


# --- what is done -----------------------------------------------------------------------------------------------------


async def _answer(desk: Desk) -> None:
    call = ringing_call(desk.store)
    desk.store.select("")
    await desk.phone.answer(_id(call))


async def _decline(desk: Desk) -> None:
    await desk.phone.decline(_id(ringing_call(desk.store)), desk.decline_code)


async def _hang_up(desk: Desk) -> None:
    await desk.phone.hang_up(_id(desk.store.current()))


async def _hold(desk: Desk) -> None:
    call = desk.store.current()
    if call and call.is_held:
        await desk.phone.resume(call.id)
    else:
        await desk.phone.hold(_id(call))


async def _swap(desk: Desk) -> None:
    selected = desk.store.calls.get(desk.store.selected)
    desk.store.select("")
    if selected and selected.is_held:
        await desk.phone.resume(selected.id)
    else:
        await desk.phone.swap()


async def _redial(desk: Desk) -> None:
    account = desk.store.account_to_dial_from()
    desk.store.select("")
    await desk.phone.redial(account.id if account else "")


async def _record(desk: Desk) -> None:
    call = desk.store.current()
    if call and call.recording:
        await desk.phone.stop_recording(call.id)
        path = Path(call.recording)
        desk.store.say(_("Recorded: {name} in {folder}").format(name=path.name, folder=path.parent))
    else:
        path = Path(await desk.phone.start_recording(_id(call)))
        desk.store.say(_("Recording to {name}").format(name=path.name))


async def _record_pause(desk: Desk) -> None:
    pauses = await desk.phone.pause_recording(_id(desk.store.current()))
    desk.store.say(_("The recording pauses: what is said now is left out") if pauses else _("The recording goes on"))


async def _line(desk: Desk, step: int) -> None:
    calls = desk.store.by_line()
    current = desk.store.current()
    if current and calls:
        desk.store.select(calls[(calls.index(current) + step) % len(calls)].id)


async def _to_line(desk: Desk, line: int) -> None:
    call = next((call for call in desk.store.by_line() if call.line == line), None)
    if call:
        desk.store.select(call.id)


def _line_command(line: int) -> Command:
    def enabled(store: Store) -> str | None:
        return None if any(call.line == line for call in store.calls.values()) else _("Line {n} is free").format(n=line)

    title = _("Select line {n}").format(n=line)
    return Command(f"line_{line}", _("Calls"), title, (f"alt+{line}",), lambda desk: _to_line(desk, line), enabled)


def commands() -> tuple[Command, ...]:
    """The registry, in the order of help and palette. Where two share a key, the first that is possible has it."""
    return (*_call_commands(), *_dial_commands(), *device_commands(), *_phone_commands(), *_screen_commands())


def _call_commands() -> tuple[Command, ...]:
    group = _("Calls")

    def hold_word(store: Store) -> str:
        call = store.current()
        return _("Resume") if call and call.is_held else _("Hold")

    def mute_word(store: Store) -> str:
        call = to_mute(store)
        return _("Unmute") if call and call.muted else _("Mute")

    def record_word(store: Store) -> str:
        call = store.current()
        return _("End recording") if call and call.recording else _("Record")

    return (
        Command(
            "answer",
            group,
            _("Answer the ringing call; the talking one goes on hold"),
            ("a", "f6"),
            _answer,
            rings,
            _("Answer"),
            99,
        ),
        Command(
            "decline",
            group,
            _("Decline the ringing call"),
            ("x", "f8"),
            _decline,
            rings,
            _("Decline"),
            98,
        ),
        Command("decline_as", group, _("Decline with another answer"), ("X",), opens("decline_as"), rings),
        Command(
            "hang_up",
            group,
            _("Hang up the call shown"),
            ("h", "f8"),
            _hang_up,
            has_call,
            _("Hang up"),
            90,
        ),
        Command("hang_up_all", group, _("Hang up all calls"), ("H",), lambda desk: desk.phone.hang_up_all(), has_call),
        Command("hold", group, _("Hold, or resume"), ("o", "f3"), _hold, answered, hold_word, 80),
        Command("swap", group, _("Swap the talking call and the held one"), ("w",), _swap, can_swap, _("Swap"), 70),
        Command(
            "mute",
            group,
            _("Mute the microphone, or unmute"),
            ("m", "f4"),
            lambda desk: desk.phone.mute(_id(to_mute(desk.store))),
            can_mute,
            mute_word,
            75,
        ),
        Command(
            "dtmf_method", group, _("How DTMF is sent in this call"), ("k",), opens("dtmf_method"), has_call, "DTMF"
        ),
        Command("record", group, _("Record the call, or end that"), ("ctrl+r",), _record, answered, record_word, 28),
        Command(
            "record_pause",
            group,
            _("Leave a part out of the recording (card numbers), or go on"),
            ("P",),
            _record_pause,
            recorded,
            _("Pause the recording"),
        ),
        Command("quality", group, _("Quality of the call in figures"), ("q",), opens("quality"), answered),
        Command(
            "line_previous",
            group,
            _("Previous call"),
            ("[",),
            lambda desk: _line(desk, -1),
            has_several,
            _("previous"),
        ),
        Command("line_next", group, _("Next call"), ("]",), lambda desk: _line(desk, 1), has_several, _("next")),
        *(_line_command(line) for line in range(1, 7)),
    )


def _dial_commands() -> tuple[Command, ...]:
    group = _("Dialling")
    return (
        Command(
            "dial",
            group,
            _("Go to the dial input; there, dial"),
            ("d", "f5"),
            lambda desk: desk.dial(),
            can_dial,
            _("Dial"),
            60,
        ),
        Command("redial", group, _("Call the last number again"), ("R",), _redial, can_dial, _("Redial"), 20),
        Command("dial_from", group, _("Choose the account to call from"), ("f",), opens("dial_from"), has_accounts),
        Command("history", group, _("History of calls"), ("r", "f2"), opens("history"), no_engine, _("History"), 40),
        Command("clear_history", group, _("Delete the whole history"), (), opens("clear_history"), no_engine),
    )


def _phone_commands() -> tuple[Command, ...]:
    group = _("Phone")

    def dnd_word(store: Store) -> str:
        return _("Ready") if store.dnd else _("DND")

    return (
        Command(
            "dnd",
            group,
            _("Do-not-disturb on or off"),
            ("n",),
            lambda desk: desk.phone.set_dnd(not desk.store.dnd),
            no_engine,
            dnd_word,
            25,
        ),
        Command("accounts", group, _("Accounts"), ("g",), opens("accounts"), no_engine, _("Accounts"), 22),
        Command("register", group, _("Register all again"), ("G",), lambda desk: desk.phone.register(), has_accounts),
        Command(
            "start_engine",
            group,
            _("Start the engine again"),
            ("e", "f5"),
            lambda desk: desk.start_engine(),
            lost,
            _("Start the engine"),
            97,
        ),
    )


def _screen_commands() -> tuple[Command, ...]:
    group = _("Screen")
    return (
        Command("palette", group, _("Menu of all commands"), ("ctrl+p",), opens("palette"), short=_("Menu")),
        Command("jump", group, _("Jump to a panel"), ("ctrl+o",), opens("jump"), short=_("Jump")),
        Command("help", group, _("Help for where you are"), ("?", "f1"), opens("help"), short=_("Help")),
        Command("messages", group, _("Messages so far, in full"), ("l",), opens("messages")),
        Command("theme", group, _("Choose the colours"), ("ctrl+t",), opens("theme")),
        Command(
            "leave",
            group,
            _("Leave the screen: detach, or stop the phone"),
            ("ctrl+q", "f12", "ctrl+c"),
            opens("leave"),
            short=_("Leave"),
        ),
    )
