"""Why two session descriptions cannot agree on encryption."""

from __future__ import annotations

import pytest

from tuiphone.model.account import Account, MediaEncryption, SrtpKeying
from tuiphone.model.call import EndKind
from tuiphone.stack.pjsua.mediasecurity import conflict

OFF, OPTIONAL, MANDATORY = MediaEncryption.OFF, MediaEncryption.OPTIONAL, MediaEncryption.MANDATORY
SDES, DTLS = SrtpKeying.SDES, SrtpKeying.DTLS
CRYPTO = "a=crypto:1 AEAD_AES_128_GCM inline:x"
STRANGE = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:x"
FINGERPRINT = "a=fingerprint:sha-256 00:11"


def sdp(profile: str, *attributes: str) -> str:
    return "\r\n".join(["v=0", f"m=audio 4000 {profile} 0", *attributes, ""])


@pytest.mark.parametrize(
    ("encryption", "keying", "theirs", "kind"),
    [
        (OFF, (SDES, DTLS), sdp("RTP/AVP", CRYPTO), None),
        (OFF, (SDES, DTLS), sdp("RTP/SAVP", CRYPTO), EndKind.ENCRYPTION_OFF),
        (OFF, (SDES, DTLS), sdp("UDP/TLS/RTP/SAVP", FINGERPRINT), EndKind.ENCRYPTION_OFF),
        (OPTIONAL, (SDES, DTLS), sdp("RTP/AVP"), None),
        (OPTIONAL, (SDES,), sdp("RTP/AVP", FINGERPRINT), None),
        (OPTIONAL, (SDES,), sdp("UDP/TLS/RTP/SAVP", FINGERPRINT), EndKind.ENCRYPTION_DIFFERS),
        (MANDATORY, (SDES, DTLS), sdp("RTP/AVP"), EndKind.NOT_ENCRYPTED),
        (MANDATORY, (SDES, DTLS), sdp("RTP/AVP", CRYPTO), None),
        (MANDATORY, (SDES,), sdp("RTP/SAVP", CRYPTO, FINGERPRINT), None),
        (MANDATORY, (DTLS,), sdp("RTP/SAVP", CRYPTO), EndKind.ENCRYPTION_DIFFERS),
        (MANDATORY, (SDES,), sdp("RTP/SAVP", STRANGE), EndKind.ENCRYPTION_DIFFERS),
        (MANDATORY, (SDES,), "v=0\r\n", None),
    ],
)
def test_conflicts(
    encryption: MediaEncryption, keying: tuple[SrtpKeying, ...], theirs: str, kind: EndKind | None
) -> None:
    account = Account("a", "sip:a@x.example", media_encryption=encryption, srtp_keying=keying)
    assert conflict(account, theirs) is kind
