"""Words for the model's values, in the user's language: the same on the screen and on the command line."""

from __future__ import annotations

import time

from tuiphone.i18n import _
from tuiphone.model.account import AccountStatus, DtmfMethod, Registration, RegistrationState
from tuiphone.model.address import AddressError, Party, parse_uri, printable
from tuiphone.model.call import Call, CallState, Direction, EndCause, EndedBy, EndKind
from tuiphone.model.device import DEFAULT_DEVICE, NULL_DEVICE, DeviceRole
from tuiphone.model.quality import QualityWord
from tuiphone.model.record import CallRecord

# --- times ------------------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Minutes and seconds, "03:12", with hours where there are any, "1:03:12"."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def clock(moment: float, seconds: bool = False) -> str:
    """Local time of day of seconds since the epoch."""
    return time.strftime("%H:%M:%S" if seconds else "%H:%M", time.localtime(moment))


# --- calls ------------------------------------------------------------------------------------------------------------


def state_word(call: Call) -> str:
    """At most five letters for a list: DIAL, RINGS, EARLY, RING, JOIN, TALK, HOLD, HELD, END.

    RING asks to be answered here; RINGS is heard at the far end; HELD means that the far end holds us.
    """
    words = {
        CallState.DIALING: _("DIAL"),
        CallState.RINGING: _("RINGS"),
        CallState.EARLY_MEDIA: _("EARLY"),
        CallState.INCOMING: _("RING"),
        CallState.CONNECTING: _("JOIN"),
        CallState.TALKING: _("HOLD") if call.local_hold else _("HELD") if call.remote_hold else _("TALK"),
        CallState.ENDED: _("END"),
    }
    return words[call.state]


def state_words(call: Call) -> str:
    """The state in full for the panel that shows one call."""
    words = {
        CallState.DIALING: _("DIALLING"),
        CallState.RINGING: _("RINGS THERE"),
        CallState.EARLY_MEDIA: _("RINGS, SOUND FLOWS"),
        CallState.INCOMING: _("RINGING HERE"),
        CallState.CONNECTING: _("CONNECTING"),
        CallState.TALKING: _("ON HOLD") if call.local_hold else _("TALKING"),
        CallState.ENDED: _("ENDED"),
    }
    return words[call.state]


def hold_words(call: Call) -> str:
    """Who holds an answered call, or nothing."""
    if call.state is not CallState.TALKING:
        return ""
    if call.local_hold and call.remote_hold:
        return _("held by both ends")
    if call.remote_hold:
        return _("held by far end")
    return _("held by you") if call.local_hold else ""


def direction_word(direction: Direction) -> str:
    """In or out."""
    return _("in") if direction is Direction.INCOMING else _("out")


def dtmf_method(method: DtmfMethod) -> str:
    """A DTMF method as the field calls it."""
    names = {DtmfMethod.RFC4733: "RFC 4733", DtmfMethod.INFO: "SIP INFO", DtmfMethod.INBAND: _("in-band tones")}
    return names[method]


def codec(name: str, clock_hz: int) -> str:
    """A codec with its clock rate, "opus 48k"."""
    return f"{name} {clock_hz / 1000:g}k" if clock_hz else name


def party_of(ended: Call | CallRecord) -> str:
    """The far end's name, else its number, made safe for a terminal."""
    party = ended.remote if isinstance(ended, Call) else Party(ended.remote_uri, ended.remote_name)
    return printable(party.label, 60) or _("unknown")


def short_uri(uri: str) -> str:
    """A SIP address without its parameters."""
    try:
        parsed = parse_uri(uri)
    except AddressError:
        return printable(uri)
    return f"{parsed.scheme}:{parsed.aor}" + (f":{parsed.port}" if parsed.port else "")


def quality_word(word: QualityWord) -> str:
    """A rating in one word."""
    return {QualityWord.GOOD: _("good"), QualityWord.FAIR: _("fair"), QualityWord.POOR: _("poor")}[word]


# --- why a call ended -------------------------------------------------------------------------------------------------


def end_sentence(ended: Call | CallRecord) -> str:
    """Why a call ended, in one line: who ended it, what for, SIP code and reason, Q.850 cause in words."""
    if ended.end is None:
        return _("The call with {who} is over, and nobody said why").format(who=party_of(ended))
    sentence = _ended_by_us(ended, ended.end) or _ended_otherwise(ended, ended.end)
    detail = _detail(ended.end)
    return f"{sentence} ({detail})" if detail else sentence


def _ended_by_us(ended: Call | CallRecord, end: EndCause) -> str:
    incoming, answered = ended.direction is Direction.INCOMING, ended.answered_at is not None
    rules = {
        EndKind.DND: _("Do-not-disturb rejected the call from {who}"),
        EndKind.LINES_FULL: _("All lines were in use: the call from {who} was rejected"),
        EndKind.NO_HEADSET: _("The headset was missing: the call from {who} was rejected"),
        EndKind.ENGINE_STOPPED: _("The call with {who} ended because the phone was stopped"),
    }
    text = rules.get(end.kind, "")
    if not text and end.by is EndedBy.US:
        if answered and end.kind is EndKind.HANGUP:
            text = _("You hung up on {who} after {time}")
        elif incoming and not answered:
            text = _("You declined the call from {who}")
        elif not incoming and end.kind in {EndKind.HANGUP, EndKind.CANCELLED}:
            text = _("You cancelled the call to {who} before it was answered")
    return text.format(who=party_of(ended), time=duration(ended.duration_s))


def _ended_otherwise(ended: Call | CallRecord, end: EndCause) -> str:
    who, incoming = party_of(ended), ended.direction is Direction.INCOMING
    uri = ended.remote.uri if isinstance(ended, Call) else ended.remote_uri
    texts = {
        EndKind.HANGUP: _("{who} hung up after {time}"),
        EndKind.CANCELLED: _("{who} gave up before you answered") if incoming else _("The call to {who} was cancelled"),
        EndKind.ELSEWHERE: _("The call from {who} was answered on another phone"),
        EndKind.BUSY: _("{who} is busy"),
        EndKind.DECLINED: _("{who} declined the call"),
        EndKind.NO_ANSWER: _("Nobody here answered {who}") if incoming else _("{who} did not answer"),
        EndKind.NOT_FOUND: _("There is no {uri} at this server: check the number"),
        EndKind.UNAVAILABLE: _("{who} cannot be reached now: not registered or switched off"),
        EndKind.UNREACHABLE: _(
            "No answer on the way to {who}: the server or the network is down, or the address is wrong"
        ),
        EndKind.UNTRUSTED: _("Nothing was sent to {who}: {why}"),
        EndKind.FORBIDDEN: _("The server does not allow the call to {who}"),
        EndKind.NO_COMMON_CODEC: _("No codec in common with {who}: here {ours}; there {theirs}"),
        EndKind.NOT_ENCRYPTED: _(
            "{who} offers no encrypted audio; this account insists on it (media_encryption = mandatory)"
        ),
        EndKind.ENCRYPTION_OFF: _("{who} insists on encrypted audio; this account has it off (media_encryption = off)"),
        EndKind.ENCRYPTION_DIFFERS: _("{who} encrypts audio in another way than this account (srtp_keying)"),
        EndKind.ENCRYPTION_REFUSED: _(
            "{who} takes no encrypted audio, or none of our codecs; this account insists on it"
            " (media_encryption = mandatory)"
        ),
        EndKind.NO_ACK: _("The call with {who} was answered but no ACK arrived: often NAT or a firewall on the way"),
        EndKind.RTP_SILENCE: _("Ended after {time}: no sound (RTP) came from {who} any more"),
        EndKind.SESSION_TIMER: _("{who} did not refresh the call in time (session timer), after {time}"),
        EndKind.BAD_ADDRESS: _("{uri} is no address that can be called"),
        EndKind.REDIRECTED: _("{who} is elsewhere: the server redirected the call, and it was not followed"),
        EndKind.FAILED: _("The call with {who} failed after {time}")
        if ended.answered_at
        else _("The call with {who} failed"),
    }
    return texts.get(end.kind, texts[EndKind.FAILED]).format(
        who=who,
        time=duration(ended.duration_s),
        uri=short_uri(uri),
        why=printable(end.reason),
        ours=", ".join(end.our_codecs) or _("none"),
        theirs=", ".join(end.their_codecs) or _("not said"),
    )


def _detail(end: EndCause) -> str:
    parts = []
    if end.code >= 300:
        parts.append(f"{end.code} {printable(end.reason, 60)}".strip())
    elif not end.code and end.reason and end.kind is not EndKind.UNTRUSTED:
        parts.append(printable(end.reason, 60))
    if end.q850 is not None:
        parts.append(q850(end.q850))
    if end.text and end.text.casefold() not in " ".join(parts).casefold():
        parts.append(f"“{printable(end.text, 60)}”")
    if end.audio_problem:
        parts.append(end.audio_problem)
    return "; ".join(parts)


def q850(cause: int) -> str:
    """An ITU-T Q.850 cause in words, "Q.850 17: user busy"."""
    words = _q850_words().get(cause)
    return f"Q.850 {cause}: {words}" if words else f"Q.850 {cause}"


def _q850_words() -> dict[int, str]:
    return {
        1: _("unallocated number"),
        2: _("no route to the transit network"),
        3: _("no route to the destination"),
        6: _("channel unacceptable"),
        16: _("normal clearing"),
        17: _("user busy"),
        18: _("no user responding"),
        19: _("no answer from the user"),
        20: _("subscriber absent"),
        21: _("call rejected"),
        22: _("number changed"),
        23: _("redirected to a new destination"),
        26: _("non-selected user clearing"),
        27: _("destination out of order"),
        28: _("number incomplete"),
        29: _("facility rejected"),
        31: _("normal, unspecified"),
        34: _("no circuit available"),
        38: _("network out of order"),
        41: _("temporary failure"),
        42: _("switching equipment congested"),
        44: _("requested circuit not available"),
        47: _("resource unavailable"),
        50: _("facility not subscribed"),
        55: _("incoming calls barred in the group"),
        57: _("bearer capability not authorised"),
        58: _("bearer capability not available now"),
        63: _("service not available"),
        65: _("bearer capability not implemented"),
        79: _("service not implemented"),
        87: _("user not member of the group"),
        88: _("incompatible destination"),
        102: _("timer expired"),
        111: _("protocol error"),
        127: _("interworking, unspecified"),
    }


# --- accounts ---------------------------------------------------------------------------------------------------------


def registration_word(registration: Registration) -> str:
    """A word for the status bar: REG, TRYING, OFF, NO REG, or the code of the failure with the time of the next try."""
    code = str(registration.code or _("FAILED"))
    words = {
        RegistrationState.REGISTERED: _("REG"),
        RegistrationState.REGISTERING: _("TRYING"),
        RegistrationState.NONE: _("NO REG"),
        RegistrationState.UNREGISTERED: _("OFF"),
        RegistrationState.REJECTED: _("{code} REFUSED"),
        RegistrationState.WAITING: _("{code} retry {time}") if registration.retry_at else "{code}",
    }
    return words[registration.state].format(code=code, time=clock(registration.retry_at or 0, seconds=True))


def registration_sentence(status: AccountStatus, now: float | None = None) -> str:
    """Where an account stands with its registrar and when the next try is."""
    now = time.time() if now is None else now
    account, registration = status.account, status.registration
    registrar = account.registrar or account.domain
    text = _registration_text(registration, registrar)
    left = max(0, round((registration.retry_at or now) - now))
    return f"{account.title}: " + text.format(
        registrar=registrar,
        answer=f"{registration.code or ''} {printable(registration.reason, 160)}".strip() or _("no answer"),
        until=clock(registration.expires_at) if registration.expires_at else "?",
        at=clock(registration.retry_at, seconds=True) if registration.retry_at else "?",
        left=left,
    )


def _registration_text(registration: Registration, registrar: str) -> str:
    expires, retry = registration.expires_at, registration.retry_at
    if registrar in registration.reason:  # the phone's own words of the way there name the host; an answer does not
        waiting = _("{answer}, next try in {left} s at {at}") if retry else "{answer}"
    else:
        waiting = (
            _("{answer} from {registrar}, next try in {left} s at {at}") if retry else _("{answer} from {registrar}")
        )
    texts = {
        RegistrationState.REGISTERED: _("registered at {registrar}, valid until {until}")
        if expires
        else _("registered"),
        RegistrationState.REGISTERING: _("registering at {registrar}"),
        RegistrationState.NONE: _("does not register; calls are possible all the same"),
        RegistrationState.UNREGISTERED: _("not registered, as you wished"),
        RegistrationState.REJECTED: _("{registrar} refuses it: {answer}; check user name and password")
        if registration.code
        else _("{answer}; register again when that is mended"),
        RegistrationState.WAITING: waiting,
    }
    return texts[registration.state]


def nat_sentence(status: AccountStatus) -> str:
    """What an account's STUN and TURN servers said, or nothing where there are none, or they were not asked yet."""
    nat = status.nat
    if nat.problems:
        return _("{problem}; calls go on without it").format(problem="; ".join(nat.problems))
    found = [_("STUN sees us at {address}").format(address=nat.mapped)] if nat.mapped else []
    found += [_("TURN relays at {address}").format(address=nat.relayed)] if nat.relayed else []
    return ", ".join(found)


# --- devices ----------------------------------------------------------------------------------------------------------


def role_word(role: DeviceRole) -> str:
    """A device role in one short word."""
    return {DeviceRole.INPUT: _("in"), DeviceRole.OUTPUT: _("out"), DeviceRole.RING: _("ring")}[role]


def role_words(role: DeviceRole) -> str:
    """A device role in full."""
    return {DeviceRole.INPUT: _("microphone"), DeviceRole.OUTPUT: _("ear"), DeviceRole.RING: _("bell")}[role]


def device_name(name: str) -> str:
    """A device's name, with words for the default and for none."""
    if name == DEFAULT_DEVICE:
        return _("system default")
    return _("no sound") if name == NULL_DEVICE else printable(name)
