"""What an account asks of its media beyond codecs: SRTP, the way through NATs, and the mark for routers."""

from __future__ import annotations

import re

import pjsua2 as pj

from tuiphone.model.account import Account, MediaEncryption, SrtpKeying, Transport
from tuiphone.model.call import EndKind

_AUDIO_PROFILE = re.compile(r"^m=audio \d+ (\S+)", re.MULTILINE)

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
_TURN = {
    Transport.UDP: pj.PJ_TURN_TP_UDP,
    Transport.TCP: pj.PJ_TURN_TP_TCP,
    Transport.TLS: pj.PJ_TURN_TP_TLS,
}
_TURN_PORTS = {Transport.UDP: 3478, Transport.TCP: 3478, Transport.TLS: 5349}


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


def set_nat(config: pj.AccountConfig, account: Account, turn_password: str) -> None:
    """ICE and TURN of an account; STUN servers are the endpoint's, this says whether the account uses them."""
    nat = config.natConfig
    nat.iceEnabled = account.ice
    use = pj.PJSUA_STUN_USE_DEFAULT if account.stun_server else pj.PJSUA_STUN_USE_DISABLED
    nat.sipStunUse = nat.mediaStunUse = use
    if not account.turn_server:
        return
    host = account.turn_server
    if ":" not in host.rpartition("]")[2]:
        host = f"{host}:{_TURN_PORTS[account.turn_transport]}"
    nat.turnEnabled = True
    nat.turnServer = host
    nat.turnConnType = _TURN[account.turn_transport]
    nat.turnUserName = account.turn_username
    nat.turnPasswordType = 0
    nat.turnPassword = turn_password


def conflict(account: Account, sdp: str) -> EndKind | None:
    """Why an account and the far end's session description cannot agree on encryption, if they cannot."""
    audio = _AUDIO_PROFILE.search(sdp)
    if audio is None:
        return None
    protects = "\na=crypto:" in sdp or "\na=fingerprint:" in sdp
    if account.media_encryption is MediaEncryption.MANDATORY and not protects:
        return EndKind.NOT_ENCRYPTED
    if account.media_encryption is MediaEncryption.OFF and "SAVP" in audio.group(1):
        return EndKind.ENCRYPTION_OFF
    return None


def mark(transport: pj.TransportConfig, dscp: int) -> None:
    """Mark packets with a DSCP (RFC 2474); 0 leaves them unmarked."""
    if dscp:
        transport.qosParams.flags = pj.PJ_QOS_PARAM_HAS_DSCP
        transport.qosParams.dscp_val = dscp
