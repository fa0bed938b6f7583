"""The form of an account's media: how it is encrypted, and how it finds its way through NATs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from textual.widget import Widget

from tuiphone.i18n import _
from tuiphone.model.account import Account, MediaEncryption, SrtpKeying, Transport
from tuiphone.tui.dialogs.form import Form
from tuiphone.tui.view import View


class MediaForm(Form):
    """SRTP, ICE, STUN and TURN of an account that was added on the screen."""

    def __init__(self, view: View, account: Account) -> None:
        super().__init__(view, _("Encryption and NAT of {title}").format(title=account.title), self._change)
        self._account = account

    def body(self) -> Iterable[Widget]:
        """The fields."""
        old = self._account
        srtp = [item.value for item in MediaEncryption]
        yield self.choice_field(_("SRTP"), "media_encryption", srtp, old.media_encryption.value)
        keys = [", ".join(keying) for keying in _KEYINGS]
        yield self.choice_field(_("keys by"), "srtp_keying", keys, ", ".join(old.srtp_keying))
        yield self.choice_field(_("ICE"), "ice", [_("no"), _("yes")], _("yes") if old.ice else _("no"))
        yield self.text_field(_("STUN server"), "stun_server", old.stun_server, _("host, or host:port; empty: none"))
        yield self.text_field(_("TURN server"), "turn_server", old.turn_server, _("the same; it relays audio, by ICE"))
        over = [item.value for item in Transport]
        yield self.choice_field(_("TURN over"), "turn_transport", over, old.turn_transport.value)
        yield self.text_field(_("TURN user"), "turn_username", old.turn_username, _("the user name there"))
        hint = _("empty: none, or as it was")
        yield self.text_field(_("TURN password"), "turn_password", "", hint, secret=True)
        yield self.problem

    async def _change(self) -> None:
        await self.view.desk.phone.add_account(self._read(), "", self.secret("turn_password"))

    def _read(self) -> Account:
        return replace(
            self._account,
            media_encryption=MediaEncryption(self.choice("media_encryption")),
            srtp_keying=tuple(SrtpKeying(word) for word in self.choice("srtp_keying").split(", ")),
            ice=self.choice("ice") == _("yes"),
            stun_server=self.host("stun_server", _("The STUN server")),
            turn_server=self.host("turn_server", _("The TURN server")),
            turn_transport=Transport(self.choice("turn_transport")),
            turn_username=self.text("turn_username"),
        )


_SDES, _DTLS = SrtpKeying.SDES, SrtpKeying.DTLS
_KEYINGS = ((_SDES, _DTLS), (_DTLS, _SDES), (_SDES,), (_DTLS,))
