"""Marks of a call that several panels show: that it is recorded, and what protects its sound."""

from __future__ import annotations

import re

from textual.content import Content

from tuiphone.i18n import _
from tuiphone.model.account import Account, MediaEncryption
from tuiphone.model.call import Call
from tuiphone.model.media import MediaStream
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.paint import Piece, row

_SUITE = re.compile(r"AES_(?:(?P<bits>\d+)_(?P<mode>GCM|CM)|CM_(?P<counter>\d+))(?:_HMAC_SHA1_(?P<tag>\d+))?")


def recording_mark(call: Call, signs: Glyphs, brief: bool = False) -> Content:
    """The word REC while a call is recorded, REC PAUSED while a part is left out; nothing otherwise. Brief: at most 4 cells."""
    if not call.recording:
        return Content("")
    sign = signs.paused if call.recording_paused else signs.recording
    style = "$text-warning" if call.recording_paused else "$text-error"
    if brief:
        return row((f"{sign}{_('REC')}", f"bold {style}"))
    word = _("REC PAUSED") if call.recording_paused else _("REC")
    return row((f" {sign} {word} ", f"bold reverse {style}"))


def protection(media: MediaStream, account: Account | None, signs: Glyphs, roomy: bool) -> Piece:
    """SRTP, with its suite where there is room; RTP; or a warning where the account asks for SRTP and has none."""
    if media.encryption:
        return (f"SRTP {suite(media.encryption)}" if roomy else "SRTP", "$text-success")
    if media.keys_awaited:
        return (f"{signs.warning} " + (_("SRTP, keys awaited") if roomy else _("NO KEYS")), "bold $text-warning")
    if account is None or account.media_encryption is MediaEncryption.OFF:
        return _("RTP")
    words = _("RTP, NOT ENCRYPTED") if roomy else _("NO SRTP")
    return (f"{signs.warning} {words}", "bold $text-warning")


def suite(name: str) -> str:
    """An SRTP suite (RFC 4568, RFC 7714) in short: "AEAD_AES_256_GCM" is AES-256-GCM, a short tag is said."""
    found = _SUITE.search(name)
    if found is None:
        return name
    mode = "CM" if found["counter"] else found["mode"]
    tag = f"-{found['tag']}" if found["tag"] == "32" else ""
    return f"AES-{found['counter'] or found['bits']}-{mode}{tag}"
