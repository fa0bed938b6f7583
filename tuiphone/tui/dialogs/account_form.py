"""The form of one account: what most need; the rest of an account's settings is config.toml's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Input, Static

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod, MediaEncryption, Transport
from tuiphone.model.address import AddressError, parse_uri
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.view import View

_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class Cycle(Static, can_focus=True):
    """One of a few words; space, left, right or a click goes to the next."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", show=False),
        Binding("left", "turn(-1)", show=False),
    ]

    def __init__(self, view: View, values: Sequence[str], value: str, id: str) -> None:  # noqa: A002
        super().__init__(id=id, classes="field")
        self._view = view
        self._values = values
        self.value = value

    def on_mount(self) -> None:
        """Show the value."""
        self._show()

    def _show(self) -> None:
        hint = Content.styled(" / ".join(word for word in self._values if word != self.value), "$muted")
        self.update(Content.styled(self.value, "bold") + Content(f" {self._view.glyphs.menu}  ") + hint)

    def action_turn(self, step: int) -> None:
        """To the next value."""
        self.value = self._values[(self._values.index(self.value) + step) % len(self._values)]
        self._show()

    def on_click(self, event: Click) -> None:
        """The same by mouse."""
        event.stop()
        self.action_turn(1)


class AccountForm(Dialog[None]):
    """Add an account, or change one that was added here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+w,f10", "save", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, view: View, account: Account | None = None) -> None:
        title = _("Change account {title}").format(title=account.title) if account else _("Add an account")
        super().__init__(view, title, _("Enter keeps it  Up Down move  Esc leaves it"), "-form")
        self._account = account
        self._problem = Static("", id="problem")

    def body(self) -> Iterable[Widget]:
        """The fields."""
        old = self._account or Account(id="", address="")
        yield self._field(_("address"), "address", old.address, _("sip:2001@pbx.example"))
        yield self._field(_("password"), "password", "", _("empty: none, or as it was"), secret=True)
        yield self._field(_("user name"), "username", old.username, _("empty: the part before the @"))
        yield self._field(_("registrar"), "registrar", old.registrar, _("empty: the part after the @"))
        yield self._field(_("proxy"), "proxy", old.proxy, _("empty: none"))
        yield self._field(_("label"), "label", old.label, _("what the screen calls it"))
        yield self._field(_("your name"), "display_name", old.display_name, _("as the called person sees it"))
        yield self._cycle(_("transport"), "transport", [item.value for item in Transport], old.transport.value)
        yield self._cycle(_("register"), "register", [_("yes"), _("no")], _("yes") if old.register else _("no"))
        yield self._cycle(_("DTMF"), "dtmf", [item.value for item in DtmfMethod], old.dtmf.value)
        srtp = [item.value for item in MediaEncryption]
        yield self._cycle(_("SRTP"), "media_encryption", srtp, old.media_encryption.value)
        yield self._field(_("codecs"), "codecs", " ".join(old.codecs), _("empty: as in general; or G729 PCM*"))
        yield self._problem

    def _field(self, label: str, name: str, value: str, hint: str, secret: bool = False) -> Widget:
        field = Input(value, placeholder=hint, compact=True, password=secret, id=name, classes="field")
        field.cursor_blink = False
        return Horizontal(Static(label, classes="label"), field, classes="line")

    def _cycle(self, label: str, name: str, values: Sequence[str], value: str) -> Widget:
        return Horizontal(Static(label, classes="label"), Cycle(self.view, values, value, name), classes="line")

    def on_mount(self) -> None:
        """Begin at the top."""
        self.query_one("#address", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.view.desk.start(self._save())

    async def action_save(self) -> None:
        """The key that keeps it from a field that is no input."""
        self.view.desk.start(self._save())

    async def _save(self) -> None:
        try:
            account = self._read()
            password = self.query_one("#password", Input).value
            await self.view.desk.phone.add_account(account, password)
        except (PhoneError, AddressError) as error:
            sentence = error.in_words(_) if isinstance(error, AddressError) else str(error)
            self._problem.update(Content.styled(sentence, "$text-error"))
            self.call_after_refresh(self._problem.scroll_visible, animate=False)
            return
        self.dismiss(None)

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _choice(self, name: str) -> str:
        return self.query_one(f"#{name}", Cycle).value

    def _read(self) -> Account:
        address = self._text("address")
        address = address if re.match(r"sips?:", address, re.IGNORECASE) else f"sip:{address}"
        uri = parse_uri(address)
        if not uri.user:
            raise PhoneError(_("The address needs a user before the @, such as sip:2001@pbx.example"), "invalid")
        registrar = self._text("registrar")
        if registrar and not _HOST.fullmatch(registrar):
            raise PhoneError(_("The registrar is a host or host:port, without sip:"), "invalid")
        register = self._choice("register") == _("yes")
        old = self._account or Account(id=self._new_id(self._text("label") or uri.user), address="")
        changed = replace(
            old,
            address=address,
            label=self._text("label"),
            display_name=self._text("display_name"),
            username=self._text("username"),
            registrar=registrar,
            proxy=self._text("proxy"),
            transport=Transport(self._choice("transport")),
            register=register,
            dtmf=DtmfMethod(self._choice("dtmf")),
            media_encryption=MediaEncryption(self._choice("media_encryption")),
            codecs=tuple(self._text("codecs").replace(",", " ").split()),
        )
        return replace(changed, registrar=(registrar or changed.domain) if register else "")

    def _new_id(self, wanted: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-")[:28] or "account"
        taken = self.view.store.accounts
        return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in taken)
