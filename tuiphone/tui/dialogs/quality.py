"""The quality of the call shown, in full: both directions, once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content
from textual.widget import Widget

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.call import Call
from tuiphone.model.media import VoipMetrics
from tuiphone.model.quality import Flow, Quality
from tuiphone.tui.dialogs.base import Dialog, Reader
from tuiphone.tui.paint import fit, row, spread
from tuiphone.tui.panels.call import sparkline
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View

_NAME, _COLUMN = 14, 18
_ROOMY = 18
"""From this height on, in rows, the parts stand apart."""


class _Figures(Reader):
    TOPICS = Topic.CALLS | Topic.SECOND

    def text(self, width: int) -> Sequence[Content]:
        """A table of both directions, what counts for both, and the course of the last minute."""
        call = self.store.current()
        quality = self.store.quality.get(call.id) if call else None
        if call is None or quality is None:
            return [Content.styled(_("nothing has been measured yet"), "$muted")]
        gap = [Content("")] if self.size.height >= _ROOMY else []
        lines = [self._head(call, quality, width), *self._problem(call, width), *gap, *self._table(quality), *gap]
        return [*lines, *self._whole(quality)]

    def _head(self, call: Call, quality: Quality, width: int) -> Content:
        codec = texts.codec(quality.codec, quality.clock_hz) if quality.codec else "-"
        word = texts.quality_word(quality.word) if quality.word else _("unknown")
        head = row((texts.party_of(call), "bold"), f"  {codec}  ", (word, "bold"))
        course = sparkline(tuple(self.store.scores.get(call.id, ())), width - head.cell_length - 2, self.signs)
        return spread(head, Content.styled(course, "$muted"), width)

    def _problem(self, call: Call, width: int) -> Sequence[Content]:
        return Content.styled(call.audio_problem, "bold $text-error").wrap(max(10, width)) if call.audio_problem else ()

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

    def _whole(self, quality: Quality) -> Iterable[Content]:
        """What counts for both directions, two figures a line."""
        rtt, buffer = _unit(quality.rtt_ms, _("ms")), _unit(quality.buffer_ms, _("ms"))
        yield self._pair(_("round trip"), rtt, _("jitter buffer"), buffer)
        yield self._pair(_("one way"), _unit(quality.delay_ms, _("ms")), _("rating R"), _unit(quality.r, ""))
        scores = (_unit(quality.mos_lq, "", 1), _unit(quality.mos_cq, "", 1))
        yield self._pair(_("listening"), scores[0], _("conversation"), scores[1])
        if quality.far:
            yield self._line(_("heard there"), _far_words(quality.far))
        if quality.assumed:
            yield Content.styled(
                _("for this codec no figures are published: those of a similar one are taken"), "$muted"
            )

    def _pair(self, name: str, value: str, other: str, its: str) -> Content:
        return self._line(name, fit(value, _COLUMN, self.signs.cut)) + self._line(other, its)

    def _line(self, name: str, value: str) -> Content:
        return row((fit(name, _NAME, self.signs.cut), "$muted"), value)

    def _cells(self, name: str, left: str, right: str, indent: int = _NAME) -> str:
        return f"{name:<{indent}}{fit(left, _COLUMN, self.signs.cut)}{right}"


def _far_words(far: VoipMetrics) -> str:
    """How the far end itself rates what it gets, and what it misses of it (RFC 3611)."""
    return _("MOS {listening} / {conversation}, R {r}; {lost} lost, {late} too late").format(
        listening=_unit(far.mos_lq, "", 1),
        conversation=_unit(far.mos_cq, "", 1),
        r=_unit(far.r, ""),
        lost=_unit(far.loss_pct, "%", 1),
        late=_unit(far.discarded_pct, "%", 1),
    )


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
