"""Words for the quality of a call and for what is wrong with its sound, in the user's language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tuiphone.i18n import _
from tuiphone.model.quality import AudioFault, Diagnosis, FaultCause, QualitySummary


def score(mos: float | None) -> str:
    """A mean opinion score with one decimal, "4.2", or a dash for none."""
    return "-" if mos is None else f"{mos:.1f}"


def summary_line(summary: QualitySummary | None) -> str:
    """A past call's quality in one line, "MOS 4.2, worst 3.1; loss 0.4%; jitter 6 ms; round trip 41 ms"."""
    if summary is None or summary.mos_mean is None:
        return _("quality not measured")
    parts = [_("MOS {mean}, worst {worst}").format(mean=score(summary.mos_mean), worst=score(summary.mos_min))]
    if summary.loss_pct is not None:
        parts.append(_("loss {loss:.1f}%").format(loss=summary.loss_pct))
    if summary.jitter_ms is not None:
        parts.append(_("jitter {jitter:.0f} ms").format(jitter=summary.jitter_ms))
    if summary.rtt_ms is not None:
        parts.append(_("round trip {rtt:.0f} ms").format(rtt=summary.rtt_ms))
    return "; ".join(parts)


def summary_facts(summary: QualitySummary) -> Iterator[tuple[str, str]]:
    """A past call's quality in full: each figure with its mean, its worst and its best seconds."""
    if summary.mos_mean is None:
        yield _("sound"), _("quality not measured")
        return
    scores = (summary.mos_mean, summary.mos_min, summary.mos_max)
    yield _("sound"), _spread(_("MOS {value}"), scores, score)
    losses = (summary.loss_pct, summary.loss_worst_pct, summary.loss_best_pct)
    far = "" if summary.tx_loss_pct is None else _("the far end lost {loss:.1f}%").format(loss=summary.tx_loss_pct)
    yield _("loss"), "; ".join(filter(None, (_spread("{value}", losses, _percent), far)))
    for name, values in (
        (_("jitter"), (summary.jitter_ms, summary.jitter_worst_ms, summary.jitter_best_ms)),
        (_("round trip"), (summary.rtt_ms, summary.rtt_worst_ms, summary.rtt_best_ms)),
    ):
        if values[0] is not None:
            yield name, _spread("{value}", values, _milliseconds)


def _spread(
    named: str, values: tuple[float | None, float | None, float | None], words: Callable[[float | None], str]
) -> str:
    mean, worst, best = values
    text = named.format(value=words(mean))
    if worst is not None:
        text += ", " + _("worst {value}").format(value=words(worst))
    if best is not None:
        text += ", " + _("best {value}").format(value=words(best))
    return text


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}%"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else _("{value:.0f} ms").format(value=value)


def diagnosis_sentence(diagnosis: Diagnosis) -> str:
    """What is wrong with the sound and the likely cause, as a sentence that follows "Line 1:"."""
    where = {
        "expected": diagnosis.expected or _("an unknown address"),
        "seen": diagnosis.seen or _("an unknown address"),
    }
    where["local"] = diagnosis.local or _("an unknown address")
    codec = diagnosis.codec or _("the agreed codec")
    what = _fault(diagnosis).format(**where, codec=codec)
    why = _cause(diagnosis).format(**where, codec=codec)
    return f"{what} ({why})" if why else what


def _fault(diagnosis: Diagnosis) -> str:
    stopped = diagnosis.cause is FaultCause.STOPPED
    texts = {
        AudioFault.NOTHING_SENT: _("nothing is sent to the far end"),
        AudioFault.NOTHING_RECEIVED: _("no more sound packets come from {expected}")
        if stopped
        else _("no sound packets come from the far end: they should come from {expected}"),
        AudioFault.OTHER_ADDRESS: _("sound comes from {seen}, while the far end named {expected}"),
        AudioFault.SILENCE: _("sound packets come from {seen}, but they hold nothing but silence"),
        AudioFault.UNDECODABLE: _("packets come from {seen}, but no sound can be made of them"),
        AudioFault.FAR_RECEIVES_NOTHING: _("the far end reports that none of your sound reaches it"),
    }
    return texts[diagnosis.fault]


def _cause(diagnosis: Diagnosis) -> str:
    keys = {
        AudioFault.OTHER_ADDRESS: _("it cannot be used: encrypted with other keys, or no RTP at all"),
        AudioFault.NOTHING_SENT: _("encryption was agreed on, but its handshake, DTLS-SRTP, got no answer"),
    }
    texts = {
        FaultCause.UNKNOWN: "",
        FaultCause.OUR_PRIVATE_ADDRESS: _(
            "our SDP names {local}, a private address: set [network] public_address, or use a relay"
        ),
        FaultCause.THEIR_PRIVATE_ADDRESS: _("its SDP names {expected}, a private address: NAT without a relay"),
        FaultCause.FIREWALL: _("often a firewall that lets no UDP through on the way"),
        FaultCause.KEYS: keys.get(diagnosis.fault, _("encrypted with other keys, or not at all")),
        FaultCause.CODEC: _("it is not {codec}, which was agreed on"),
        FaultCause.DEVICE: _("the sound device stands still: look at the devices panel"),
        FaultCause.UNREACHABLE: _("this machine's network takes no packets for {expected}"),
        FaultCause.FAR_MUTED: _("the far end's microphone is muted or off, or it holds you without saying so"),
        FaultCause.STOPPED: _("the network broke off, or the far end is gone: its reports stay away too"),
    }
    return texts[diagnosis.cause]
