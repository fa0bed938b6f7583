"""The quality of the call shown, in full: both directions, once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.call import Call
from tuiphone.model.quality import Flow, Quality
from tuiphone.tui.dialogs.base import Dialog, Reader
from tuiphone.tui.paint import fit, row
from tuiphone.tui.panels.call import sparkline
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

_NAME, _COLUMN = 14, 18


class _Figures(Reader):
    TOPICS = Topic.CALLS | Topic.SECOND

    def text(self, width: int) -> Sequence[Content]:
        """A table of both directions, what counts for both, and the course of the last minute."""
        call = self.store.current()
        quality = self.store.quality.get(call.id) if call else None
        if call is None or quality is None:
            return [Content.styled(_("nothing has been measured yet"), "$muted")]
        lines = [self._head(call, quality), Content(""), *self._table(quality), Content(""), *self._whole(quality)]
        course = sparkline(tuple(self.store.scores.get(call.id, ())), width - _NAME, self.signs)
        if course:
            lines.append(self._line(_("last minute"), course))
        if call.audio_problem:
            wrapped = Content.styled(call.audio_problem, "bold $text-error").wrap(max(10, width))
            lines += [Content(""), *wrapped]
        return lines

    def _head(self, call: Call, quality: Quality) -> Content:
        codec = texts.codec(quality.codec, quality.clock_hz) if quality.codec else "-"
        word = texts.quality_word(quality.word) if quality.word else _("unknown")
        return row((texts.party_of(call), "bold"), f"  {codec}  ", (word, "bold"))

    def _table(self, quality: Quality) -> list[Content]:
        columns: tuple[tuple[str, Callable[[Flow], str]], ...] = (
            (_("packets"), lambda flow: str(flow.packets)),
            (_("bit rate"), lambda flow: _unit(flow.kbps, _("kbit/s"))),
            (_("lost"), lambda flow: _unit(flow.lost_pct, "%", 1)),
            (_("too late"), lambda flow: _unit(flow.discarded_pct, "%", 1)),
            (_("jitter"), lambda flow: _unit(flow.jitter_ms, _("ms"))),
            (_("level"), lambda flow: _unit(flow.level_db, _("dB"))),
            (_("MOS"), lambda flow: _unit(flow.mos, "", 1)),
        )
        head = Content.styled(self._cells("", _("from the far end"), _("to the far end")), "$muted")
        rows = [self._line(name, self._cells("", show(quality.rx), show(quality.tx), 0)) for name, show in columns]
        return [head, *rows]

    def _whole(self, quality: Quality) -> list[Content]:
        figures = (
            (_("round trip"), _unit(quality.rtt_ms, _("ms"))),
            (_("jitter buffer"), _unit(quality.buffer_ms, _("ms"))),
            (_("one way"), _unit(quality.delay_ms, _("ms"))),
            (_("listening"), _unit(quality.mos_lq, "", 1)),
            (_("conversation"), _unit(quality.mos_cq, "", 1)),
            (_("rating R"), _unit(quality.r, "") + self._borrowed(quality)),
        )
        return [self._line(name, value) for name, value in (*figures, *self._far(quality))]

    def _borrowed(self, quality: Quality) -> str:
        """That the figures of the codec are those of a similar one."""
        return "  " + _("estimate: no figures are published for this codec") if quality.assumed else ""

    def _far(self, quality: Quality) -> Iterable[tuple[str, str]]:
        """How the far end itself rates what it gets, where it tells (RFC 3611)."""
        if far := quality.far:
            scores = [_unit(score, "", 1) for score in (far.mos_lq, far.mos_cq)]
            yield (
                _("heard there"),
                _("MOS {listening} / {conversation}, R {r}").format(
                    listening=scores[0], conversation=scores[1], r=_unit(far.r, "")
                ),
            )
            losses = (_unit(far.loss_pct, "%", 1), _unit(far.discarded_pct, "%", 1))
            yield _("missing there"), _("{lost} lost, {late} too late").format(lost=losses[0], late=losses[1])

    def _line(self, name: str, value: str) -> Content:
        return row((fit(name, _NAME, self.signs.cut), "$muted"), value)

    def _cells(self, name: str, left: str, right: str, indent: int = _NAME) -> str:
        return f"{name:<{indent}}{fit(left, _COLUMN, self.signs.cut)}{right}"


def _unit(value: float | None, unit: str, digits: int = 0) -> str:
    """A figure with its unit; a dash for what is not known."""
    if value is None:
        return "-"
    gap = "" if unit in {"", "%"} else " "
    return f"{value:.{digits}f}{gap}{unit}"


class QualityDialog(Dialog[None]):
    """The figures of the call that commands mean; they move while it is open."""

    def __init__(self, view: View) -> None:
        super().__init__(view, _("Quality"), _("Esc closes"), "-large")

    def body(self) -> Iterable[Widget]:
        """The figures."""
        yield _Figures(self.view)
