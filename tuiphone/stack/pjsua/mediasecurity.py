"""What an account asks of its media beyond codecs: SRTP, and the mark for routers."""

from __future__ import annotations

import re

import pjsua2 as pj

from tuiphone.model.account import Account, MediaEncryption, SrtpKeying
from tuiphone.model.call import EndKind

_AUDIO_PROFILE = re.compile(r"^m=audio \d+ (\S+)", re.MULTILINE)
_CRYPTO = re.compile(r"^a=crypto:\d+ (\S+)", re.MULTILINE)

SUITES = (
    "AEAD_AES_256_GCM",
    "AEAD_AES_128_GCM",
    "AES_256_CM_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_32",
)
"""SRTP suites in the order in which they are offered: authenticated ciphers (RFC 7714) first."""

_USE = {
    MediaEncryption.OFF: pj.PJMEDIA_SRTP_DISABLED,
    MediaEncryption.OPTIONAL: pj.PJMEDIA_SRTP_OPTIONAL,
    MediaEncryption.MANDATORY: pj.PJMEDIA_SRTP_MANDATORY,
}
_KEYING = {
    SrtpKeying.SDES: pj.PJMEDIA_SRTP_KEYING_SDES,
    SrtpKeying.DTLS: pj.PJMEDIA_SRTP_KEYING_DTLS_SRTP,
}


def set_srtp(media: pj.AccountMediaConfig, account: Account) -> None:
    """Whether and how audio is encrypted."""
    media.srtpUse = _USE[account.media_encryption]
    # Signalling in the clear is a risk to SDES's keys that the one who configures it takes knowingly.
    media.srtpSecureSignaling = 0
    for keying in account.srtp_keying or (SrtpKeying.SDES,):
        media.srtpOpt.keyings.append(_KEYING[keying])
    for name in SUITES:
        suite = pj.SrtpCrypto()
        suite.name = name
        media.srtpOpt.cryptos.append(suite)


def conflict(account: Account, sdp: str) -> EndKind | None:
    """Why an account and the far end's session description cannot agree on encryption, if they cannot."""
    audio = _AUDIO_PROFILE.search(sdp)
    if audio is None:
        return None
    insists = "SAVP" in audio.group(1)
    if account.media_encryption is MediaEncryption.OFF:
        return EndKind.ENCRYPTION_OFF if insists else None
    suites, handshake = set(_CRYPTO.findall(sdp)), "\na=fingerprint:" in sdp
    mandatory = account.media_encryption is MediaEncryption.MANDATORY
    if mandatory and not suites and not handshake:
        return EndKind.NOT_ENCRYPTED
    common = {SrtpKeying.SDES: not suites.isdisjoint(SUITES), SrtpKeying.DTLS: handshake}
    if (mandatory or insists) and not any(common[keying] for keying in account.srtp_keying):
        return EndKind.ENCRYPTION_DIFFERS
    return None


def by_handshake(account: Account, sdp: str) -> bool:
    """Whether the keys for the far end's session description come from a handshake of DTLS and not from the SDP."""
    wanted = account.media_encryption is not MediaEncryption.OFF and SrtpKeying.DTLS in account.srtp_keying
    return wanted and "\na=fingerprint:" in sdp and "\na=crypto:" not in sdp


def mark(transport: pj.TransportConfig | pj.TlsConfig, dscp: int) -> None:
    """Mark packets with a DSCP (RFC 2474); 0 leaves them unmarked."""
    if dscp:
        transport.qosParams.flags = pj.PJ_QOS_PARAM_HAS_DSCP
        transport.qosParams.dscp_val = dscp
