"""What each panel is for, and the keys it has of its own; for the help and docs/keys.md."""

from __future__ import annotations

from dataclasses import dataclass

from tuiphone.i18n import _


@dataclass(frozen=True, slots=True)
class PanelHelp:
    """A panel's title, what it shows, and its own keys with their effect."""

    id: str
    title: str
    text: str
    keys: tuple[tuple[str, str], ...]


def panel_helps() -> tuple[PanelHelp, ...]:
    """All panels, in their order on the screen."""
    return (
        PanelHelp(
            "lines",
            _("Lines"),
            _(
                "Each call keeps its line from first ring to end. The marked line is the one that the call panel shows"
                " and that commands mean. RING asks to be answered here, RINGS is heard at the far end, HOLD is held"
                " by you, HELD by the far end."
            ),
            ((_("Up, Down"), _("select a call")),),
        ),
        PanelHelp(
            "call",
            _("Call"),
            _(
                "The selected call: party, state, address, codec, encryption and transport, levels of microphone and"
                " ear, loss, jitter and round trip, digits. REC: the call is recorded; NO SRTP: the account asks for"
                " encrypted audio and this call has none. Digits you send are counted, never shown: they may be a"
                " PIN."
            ),
            (("0-9 * # A-D", _("send DTMF while the call talks and no input has the focus")),),
        ),
        PanelHelp(
            "dial",
            _("Dial"),
            _(
                "Type or paste a number or an address as you have it; brackets, blanks, tel: and sip: are taken off,"
                " and the row below says what will be dialled and from which account."
            ),
            (
                ("Enter", _("dial; in the empty field: bring the last number back")),
                (_("Up, Down"), _("go through the suggestions")),
                ("Esc", _("empty the field, then leave it")),
                (_("a digit"), _("outside a call: begins to dial, wherever the focus is")),
            ),
        ),
        PanelHelp(
            "devices",
            _("Devices"),
            _("What microphone, ear and bell use, and how loud. A choice holds at once, in a call too, and is kept."),
            (
                ("Enter", _("choose another device; switch test tone or microphone meter")),
                (_("Left, Right, -, +"), _("level")),
                (_("Space"), _("mute for all calls; headset: through it only, or not")),
                ("M", _("mute the device itself, for every program")),
                ("p", _("record the microphone for 5 s, then play that")),
            ),
        ),
        PanelHelp(
            "history",
            _("History"),
            _(
                "Ended calls, newest first, with the reason why each ended. Missed calls are bold until seen; REC stands"
                " beside calls that were recorded."
            ),
            (
                ("Enter", _("call again")),
                ("i", _("the call in full, and the file of its recording")),
                ("/", _("search by number or name; Esc ends it")),
                ("!", _("missed calls only, or all")),
                ("y", _("copy the number to the clipboard, through SSH too (OSC 52)")),
            ),
        ),
        PanelHelp(
            "accounts",
            _("Accounts"),
            _("Registrations with their state and the time of the next try."),
            (
                ("Enter", _("register again now")),
                ("u", _("unregister")),
                ("s", _("dial from this account when none is chosen")),
                (_("+ or Insert"), _("add an account")),
                ("e", _("change an account that was added here")),
                (_("Delete"), _("remove an account that was added here")),
            ),
        ),
    )
