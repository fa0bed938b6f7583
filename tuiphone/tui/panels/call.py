"""Panel 2: the call that commands mean, with its media, meters and digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.call import Call, CallState, Direction
from tuiphone.model.device import NULL_DEVICE, DeviceRole
from tuiphone.model.media import Levels, StreamStats
from tuiphone.model.quality import Quality
from tuiphone.tui.glyphs import Glyphs
from tuiphone.tui.marks import protection, recording_mark
from tuiphone.tui.paint import bar, click, cut, fit, row, spread
from tuiphone.tui.panels.base import frame
from tuiphone.tui.panels.lines import elapsed, state_style
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Topic

_FLOOR_DB = -60.0
"""The level at which a meter is empty."""
_SHORTEST_COURSE = 8
_ROOM_FOR_SUITE = 50
"""From this width on the SRTP suite has room: in terminals of 120 columns."""
_HINTS = ("hold", "mute", "hang_up", "dtmf_method")
_HINTS_ROOMY = (*_HINTS, "record")


def meter(level_db: float | None, width: int, signs: Glyphs) -> tuple[tuple[str, str], tuple[str, str], str]:
    """A level in dBFS as filled part, empty part and number; empty without a level."""
    value = 0.0 if level_db is None else (level_db - _FLOOR_DB) / -_FLOOR_DB
    filled, empty = bar(value, width, signs.meter_on, signs.meter_off)
    number = "" if level_db is None or level_db <= _FLOOR_DB else f"{level_db:.0f} dB"
    loud = "$text-warning" if level_db is not None and level_db > -6 else "$text-success"
    return (filled, loud), (empty, "$faint"), f"{number:>7}"


class CallPanel(Rows, can_focus=True):
    """One call in full; without a call, how the last one ended."""

    TOPICS: ClassVar[Topic] = (
        Topic.LINK | Topic.CALLS | Topic.SECOND | Topic.READINGS | Topic.DEVICES | Topic.ACCOUNTS | Topic.FOCUS
    )

    def on_mount(self) -> None:
        """Title and keys."""
        super().on_mount()
        self._frame()

    def follow(self, topics: Topic) -> None:
        """Keys in the frame change with the call; meters do not change them."""
        if topics & (Topic.CALLS | Topic.LINK):
            self._frame()
        super().follow(topics)

    def _frame(self) -> None:
        hints = _HINTS_ROOMY if self.size.width >= _ROOM_FOR_SUITE else _HINTS
        frame(self, self.view, _("2 Call"), hints if self.store.current() else ())

    def on_resize(self) -> None:
        """A wide frame has room for more keys."""
        self._frame()

    def rows(self, width: int, height: int) -> Sequence[Content]:
        """The call, most important first."""
        call = self.store.current()
        if call is None:
            return self._no_call(width, height)
        rows = [
            self._who(call, width),
            self._where(call, width),
            self._media(call, width),
            self._account(call, width),
            self._mic(call, width),
            self._ear(call, width),
        ]
        room = height - len(rows) - 1
        network = self._problem(call, width, room) or [self._network(call, width)]
        rows += [*network, self._dtmf(call, width)]
        return [*rows, *(self._muted(call, width) or self._course(call, width))] if height > len(rows) else rows

    def _no_call(self, width: int, height: int) -> list[Content]:
        dial = _("{key}, or a digit, begins to dial").format(key=self.view.hint("dial"))
        rows = [Content.styled(_("No call"), "bold"), Content.styled(dial, "$muted"), Content("")]
        if self.store.last_ended:
            rows.append(Content.styled(_("last call"), "$muted"))
            rows.extend(Content(texts.end_sentence(self.store.last_ended)).wrap(width))
        elif self.store.missing:
            for sentence in self.store.missing:
                rows.extend(Content.styled(sentence, "$text-warning").wrap(width))
        return rows

    def _who(self, call: Call, width: int) -> Content:
        words = f" {texts.state_words(call)} " if self.store.is_up else " " + _("UNKNOWN") + " "
        name = cut(call.remote.label, width - len(words) - 1, self.signs.cut)
        return spread(Content.styled(name, "bold"), Content.styled(words, f"reverse {state_style(call)}"), width)

    def _where(self, call: Call, width: int) -> Content:
        time = texts.duration(elapsed(call, self.store.now)) if self.store.is_up else "--:--"
        recording = click(recording_mark(call, self.signs), "command('record')")
        right = row(recording, " " if recording else "", f"{texts.direction_word(call.direction)} {time:>8}")
        uri = cut(texts.short_uri(call.remote.uri), width - right.cell_length - 1, self.signs.cut)
        return spread(Content.styled(uri, "$muted"), right, width)

    def _media(self, call: Call, width: int) -> Content:
        status = self.store.accounts.get(call.account_id)
        transport = status.account.transport.value.upper() if status else ""
        if call.media:
            srtp = protection(call.media, status.account if status else None, self.signs, width >= _ROOM_FOR_SUITE)
            codec = texts.codec(call.media.codec, call.media.clock_hz)
            left = row(f"{codec}  ", srtp, f"  {transport}")
        else:
            left = Content(transport)
        return spread(left, Content(_("line {n}").format(n=call.line)), width)

    def _account(self, call: Call, width: int) -> Content:
        title = self.store.account_title(call.account_id)
        text = _("to {account}") if call.direction is Direction.INCOMING else _("from {account}")
        hold = Content.styled(texts.hold_words(call), "bold $text-warning")
        return spread(Content.styled(text.format(account=title), "$muted"), hold, width)

    def _mic(self, call: Call, width: int) -> Content:
        role = self.store.devices.role(DeviceRole.INPUT)
        if call.muted or role.muted:
            word, style = _("MUTED"), "bold reverse $text-error"
        elif role.device_muted:
            word, style = _("DEVICE MUTED"), "bold reverse $text-error"
        elif not call.is_talking or not self.store.is_up:
            word, style = _("off"), "$muted"
        elif role.in_use == NULL_DEVICE:
            word, style = texts.device_name(NULL_DEVICE), "$text-warning"
        else:
            word, style = _("live"), "$text-success"
        levels = self._levels(call)
        mic = None if levels is None or call.muted else levels.mic_db
        return click(self._meter(_("mic"), mic, row("  ", (word, style)), width), "command('mute')")

    def _ear(self, call: Call, width: int) -> Content:
        role = self.store.devices.role(DeviceRole.OUTPUT)
        mute = _("MUTED") if role.muted else _("DEVICE MUTED") if role.device_muted else ""
        silent = role.in_use == NULL_DEVICE
        word = mute or (texts.device_name(NULL_DEVICE) if silent else _("vol {level}%").format(level=role.level))
        style = "bold reverse $text-error" if mute else "$text-warning" if silent else ""
        levels = self._levels(call)
        right = row("  ", (word, style))
        return click(self._meter(_("ear"), levels.ear_db if levels else None, right, width), "open('devices')")

    def _levels(self, call: Call) -> Levels | None:
        return self.store.levels.get(call.id) if call.is_talking else None

    def _meter(self, name: str, level: float | None, right: Content, width: int) -> Content:
        length = max(6, min(24, width - 25))
        filled, empty, number = meter(level, length, self.signs)
        return row(fit(name, 4, self.signs.cut), filled, empty, number, right)

    def _network(self, call: Call, width: int) -> Content:
        stats = self.store.stats.get(call.id)
        if stats is None:
            return Content("")
        text = self._figures(call, stats)
        if stats.rx_silent_s >= 5 and not call.remote_hold and not call.local_hold:
            silent = _("no sound for {seconds} s").format(seconds=int(stats.rx_silent_s))
            return row((silent, "bold $text-error"), "  ", (text, "$muted")).truncate(width)
        course = self._bars(call, width - len(text) - 2)
        return spread(Content.styled(text, "$muted"), Content.styled(course, "$muted"), width)

    def _figures(self, call: Call, stats: StreamStats) -> str:
        # Nothing is rated on hold: what was known before is not how it sounds now.
        held = call.local_hold or call.remote_hold
        return network_words(stats, None if held else self.store.quality.get(call.id))

    def _problem(self, call: Call, width: int, room: int) -> list[Content]:
        """What is wrong with the sound, in as many rows as there are; the last of a muted call is needed for that."""
        if not call.audio_problem:
            return []
        room = max(1, room - 1 if call.muted else room)
        lines = [line.plain for line in Content(call.audio_problem).wrap(width)]
        shown = [*lines[: room - 1], cut(" ".join(lines[room - 1 :]), width, self.signs.cut)]
        return [Content.styled(line, "bold $text-error") for line in shown if line]

    def _course(self, call: Call, width: int) -> list[Content]:
        """The bars of the quality in a row of their own, where they had no room beside the figures."""
        stats = self.store.stats.get(call.id)
        if stats is None or call.audio_problem or width - len(self._figures(call, stats)) - 2 >= _SHORTEST_COURSE:
            return []
        name = _("quality")
        bars = self._bars(call, width - len(name) - 2)
        return [Content.styled(f"{name}  {bars}", "$muted")] if bars else []

    def _bars(self, call: Call, width: int) -> str:
        return sparkline(tuple(self.store.scores.get(call.id, ())), width, self.signs)

    def _dtmf(self, call: Call, width: int) -> Content:
        if call.state is not CallState.TALKING:
            return Content("")
        method = texts.dtmf_method(call.dtmf)
        left = row(("DTMF ", "$muted"), method)
        if call.dtmf_sent:
            left = row(left, "  " + _("sent {count}").format(count=call.dtmf_sent))
        if call.dtmf_received:
            room = width - left.cell_length - 12
            digits = call.dtmf_received[-room:] if room > 0 else ""
            left = row(left, "  " + _("received "), (digits, "bold"))
        return click(left, "command('dtmf_method')")

    def _muted(self, call: Call, width: int) -> list[Content]:
        if not call.muted:
            return []
        text = _("MICROPHONE MUTED") + "   " + _("{key} unmutes").format(key=self.view.hint("mute"))
        return [
            click(Content.styled(fit(f" {text}", width, self.signs.cut), "bold reverse $text-error"), "command('mute')")
        ]


def sparkline(scores: Sequence[float], width: int, signs: Glyphs) -> str:
    """How the quality went, a bar for each second, the newest last; nothing where there is no room for a few.

    The lowest bar is a score of 2.5 or worse, the highest one of 4 or better.
    """
    shown = scores[-width:] if width >= _SHORTEST_COURSE and len(scores) > 1 else ()
    heights = (min(3, max(0, int((score - 2.5) * 2))) for score in shown)
    return "".join(signs.spark[height] for height in heights)


def network_words(stats: StreamStats, quality: Quality | None = None) -> str:
    """Score, loss, jitter and round trip of a stream; no figure that was not measured."""
    parts = []
    score = (quality.mos_cq or quality.mos_lq) if quality else None
    if quality and quality.word and score:
        parts.append(_("MOS {score:.1f} {word}").format(score=score, word=texts.quality_word(quality.word)))
    elif quality and quality.codec:  # of a call on hold nothing is rated, and nothing is to be said
        parts.append(_("MOS unknown"))
    arrived = stats.rx_packets + stats.rx_lost
    if arrived:
        parts.append(_("loss {value}%").format(value=f"{100 * stats.rx_lost / arrived:.1f}"))
    if stats.rx_jitter_ms >= 0:
        parts.append(_("jit {ms:.0f}").format(ms=stats.rx_jitter_ms))
    if stats.rtt_ms >= 0:
        parts.append(_("rtt {ms:.0f}").format(ms=stats.rtt_ms))
    return "  ".join(parts)
