"""Codecs: which are on and in what order, and what a session description (RFC 8866) offers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tuiphone.i18n import _
from tuiphone.model.codec import KNOWN_CODECS, Codec, names_codec

_STATIC = {"0": "PCMU", "3": "GSM", "8": "PCMA", "9": "G722", "18": "G729"}
"""Payload types that need no rtpmap (RFC 3551 section 6)."""
_NO_SPEECH = frozenset({"telephone-event", "cn", "red"})
_NOISE = "13"
_GOES_WITH_NOISE = frozenset({"0", "3", "8", "9"})
"""Codecs of comfort noise's clock rate (RFC 3389 section 4) that suppress silence and have nothing of the kind."""
_RTPMAP = re.compile(r"^a=rtpmap:(\d+)\s+([^/\s]+)/(\d+)", re.MULTILINE)
_AUDIO = re.compile(r"^m=audio\s+\d+(?:/\d+)?\s+\S+((?:\s+\d+)*)", re.MULTILINE)
_PAYLOAD_LINE = re.compile(r"^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)[ \t]")
_NO_ANNEX_B = re.compile(r"^a=fmtp:\d+ .*\bannexb=no\b", re.MULTILINE | re.IGNORECASE)
_ANNEX_B = re.compile(r"^(a=fmtp:\d+ .*\bannexb=)yes\b", re.MULTILINE)
_MULTI_RATE = frozenset({"isac", "speex", "l16"})
"""Codecs whose name alone does not say which: the clock rate is shown with them."""

ON_PRIORITY = 250
"""The first codec's priority; pjmedia sorts by it, equal ones by the order of registration."""


def split_id(codec_id: str) -> tuple[str, int]:
    """Name and clock rate of pjmedia's "speex/16000/1"."""
    name, _, rest = codec_id.partition("/")
    rate = rest.partition("/")[0]
    return name, int(rate) if rate.isdigit() else 0


def label(name: str, clock_hz: int) -> str:
    """What a list calls a codec."""
    return f"{name}/{clock_hz}" if name.lower() in _MULTI_RATE else name


def priorities(available: Iterable[str], wanted: Iterable[str]) -> dict[str, int]:
    """Priority by codec id: the wanted ones in their order, 0 (off) for all others."""
    order = list(wanted)
    result = {}
    for codec_id in available:
        name, clock_hz = split_id(codec_id)
        place = next((i for i, want in enumerate(order) if names_codec(want, name, clock_hz)), None)
        result[codec_id] = 0 if place is None else max(1, ON_PRIORITY - place)
    return result


def listing(order: dict[str, int], is_own_build: bool) -> tuple[Codec, ...]:
    """Every codec by priority, then those that are off, then the known ones this build lacks, with the remedy."""
    ranked = sorted(order, key=lambda codec_id: -order[codec_id])
    found = []
    for place, codec_id in enumerate(ranked, 1):
        name, clock_hz = split_id(codec_id)
        channels = codec_id.rpartition("/")[2]
        found.append(Codec(name, clock_hz, int(channels or 1), place if order[codec_id] else 0))
    here = {codec.label.lower() for codec in found}
    remedy = _missing_from_our_build() if is_own_build else _("it needs our own build: make setup")
    lacking = [
        Codec(name, hz, channels, 0, remedy)
        for name, hz, channels in KNOWN_CODECS
        if f"{name}/{hz}".lower() not in here
    ]
    return (*found, *lacking)


def _missing_from_our_build() -> str:
    return _("it was left out when this engine was built; run make setup again and read its log")


def offered(sdp: str) -> tuple[str, ...]:
    """Speech codecs of the audio line, in the order of the offer; empty when there is none."""
    audio = _AUDIO.search(sdp)
    if not audio:
        return ()
    names: dict[str, str] = {}
    for payload, name, rate in _RTPMAP.findall(sdp):
        names.setdefault(payload, "" if name.lower() in _NO_SPEECH else label(name, int(rate)))
    found = [names.get(payload, _STATIC.get(payload, "")) for payload in audio.group(1).split()]
    return tuple(dict.fromkeys(name for name in found if name))


def restrict(sdp: str, wanted: tuple[str, ...]) -> str:
    """Keep and order an account's own codecs in the audio line; telephone-event stays.

    A description that would be left without a codec is returned as it is.
    """
    audio = _AUDIO.search(sdp)
    if not audio or not wanted:
        return sdp
    payloads = audio.group(1).split()
    maps = {payload: (name, int(rate)) for payload, name, rate in _RTPMAP.findall(sdp)}
    kept = [p for want in wanted for p in payloads if _is(want, p, maps)]
    if not kept:
        return sdp
    kept += [p for p in payloads if p not in kept and maps.get(p, ("", 0))[0].lower() in _NO_SPEECH]
    return _keep(sdp, audio, kept)


def fit_noise(offer: str, suppresses_silence: bool) -> str:
    """Comfort noise (RFC 3389) is offered where silence is suppressed, with a codec that it goes with.

    Who offers it may be sent pauses; in an answer it goes by the offer, which the negotiation sees to.
    """
    audio = _AUDIO.search(offer)
    payloads = audio.group(1).split() if audio else []
    if not audio or _NOISE not in payloads or (suppresses_silence and _GOES_WITH_NOISE & set(payloads)):
        return offer
    return _keep(offer, audio, [payload for payload in payloads if payload != _NOISE])


def agree_on_silence(ours: str, theirs: str) -> str:
    """An answer says no to G.729's Annex B where the offer did (RFC 7261 section 3.2)."""
    if not _NO_ANNEX_B.search(theirs):
        return ours
    return _ANNEX_B.sub(r"\1no", ours)


def _keep(sdp: str, audio: re.Match[str], kept: list[str]) -> str:
    """The description with these payload types only, in this order."""
    dropped = set(audio.group(1).split()) - set(kept)
    head = sdp[audio.start() : audio.start(1)]
    sdp = sdp[: audio.start()] + head + "".join(f" {p}" for p in dict.fromkeys(kept)) + sdp[audio.end() :]
    return "".join(line for line in sdp.splitlines(keepends=True) if not _names(line, dropped))


def _is(want: str, payload: str, maps: dict[str, tuple[str, int]]) -> bool:
    name, clock_hz = maps.get(payload, (_STATIC.get(payload, ""), 8000))
    return names_codec(want, name, clock_hz)


def _names(line: str, payloads: set[str]) -> bool:
    match = _PAYLOAD_LINE.match(line)
    return bool(match) and match.group(1) in payloads  # type: ignore[union-attr]
