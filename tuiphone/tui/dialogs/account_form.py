"""The form of one account: what most need; the rest of an account's settings is config.toml's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from textual.widget import Widget

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, DtmfMethod, MediaEncryption, Transport
from tuiphone.model.address import parse_uri
from tuiphone.tui.dialogs.form import Form
from tuiphone.tui.view import View


class AccountForm(Form):
    """Add an account, or change one that was added here."""

    def __init__(self, view: View, account: Account | None = None) -> None:
        title = _("Change account {title}").format(title=account.title) if account else _("Add an account")
        super().__init__(view, title, self._add)
        self._account = account

    def body(self) -> Iterable[Widget]:
        """The fields."""
        old = self._account or Account(id="", address="")
        yield self.text_field(_("address"), "address", old.address, _("sip:2001@pbx.example"))
        yield self.text_field(_("password"), "password", "", _("empty: none, or as it was"), secret=True)
        yield self.text_field(_("user name"), "username", old.username, _("empty: the part before the @"))
        yield self.text_field(_("registrar"), "registrar", old.registrar, _("empty: the part after the @"))
        yield self.text_field(_("proxy"), "proxy", old.proxy, _("empty: none"))
        yield self.text_field(_("label"), "label", old.label, _("what the screen calls it"))
        yield self.text_field(_("your name"), "display_name", old.display_name, _("as the called person sees it"))
        yield self.choice_field(_("transport"), "transport", [item.value for item in Transport], old.transport.value)
        yield self.choice_field(_("register"), "register", [_("yes"), _("no")], _("yes") if old.register else _("no"))
        yield self.choice_field(_("DTMF"), "dtmf", [item.value for item in DtmfMethod], old.dtmf.value)
        srtp = [item.value for item in MediaEncryption]
        yield self.choice_field(_("SRTP"), "media_encryption", srtp, old.media_encryption.value)
        yield self.text_field(_("codecs"), "codecs", " ".join(old.codecs), _("empty: as in general; or G729 PCM*"))
        yield self.problem

    async def _add(self) -> None:
        await self.view.desk.phone.add_account(self._read(), self.secret("password"))

    def _read(self) -> Account:
        address = self.text("address")
        address = address if re.match(r"sips?:", address, re.IGNORECASE) else f"sip:{address}"
        uri = parse_uri(address)
        if not uri.user:
            raise PhoneError(_("The address needs a user before the @, such as sip:2001@pbx.example"), "invalid")
        registrar = self.host("registrar", _("The registrar"))
        register = self.choice("register") == _("yes")
        old = self._account or Account(id=self._new_id(self.text("label") or uri.user), address="")
        changed = replace(
            old,
            address=address,
            label=self.text("label"),
            display_name=self.text("display_name"),
            username=self.text("username"),
            registrar=registrar,
            proxy=self.text("proxy"),
            transport=Transport(self.choice("transport")),
            register=register,
            dtmf=DtmfMethod(self.choice("dtmf")),
            media_encryption=MediaEncryption(self.choice("media_encryption")),
            codecs=tuple(self.text("codecs").replace(",", " ").split()),
        )
        return replace(changed, registrar=(registrar or changed.domain) if register else "")

    def _new_id(self, wanted: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-")[:28] or "account"
        taken = self.view.store.accounts
        return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in taken)
