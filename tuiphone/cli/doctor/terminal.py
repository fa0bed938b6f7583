"""The terminal that the screen would be drawn on."""

from __future__ import annotations

import curses
import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

from tuiphone.cli.doctor.finding import Finding, ok, warn
from tuiphone.cli.ui import CANNOT_DRAW
from tuiphone.config.schema import Config
from tuiphone.i18n import _

_LEAST_COLUMNS, _LEAST_ROWS = 80, 24


def terminal(config: Config | None, out: TextIO | None = None) -> Iterator[Finding]:
    """Kind, colours, characters, size of standard output (or ``out``); tmux, screen and SSH where they are in between."""
    name = os.environ.get("TERM", "")
    out = out or sys.stdout
    if not out.isatty():
        yield ok("terminal", _("output goes to no terminal: nothing to look at"))
        return
    if name in CANNOT_DRAW:
        text = _("TERM is “{name}”: the screen cannot be drawn").format(name=name)
        yield warn("terminal", text, _("use a terminal emulator; the commands call and ctl work without one"))
        return
    yield from _looks(name, out.fileno(), config)
    if os.environ.get("TMUX"):
        yield from _tmux(config)
    elif os.environ.get("STY"):
        yield ok("terminal", _("inside GNU screen: notifications pass, true colour may not"))
    if os.environ.get("SSH_CONNECTION"):
        yield ok("terminal", _("over SSH: sound stays on this machine, calls go on when the connection breaks"))


def _looks(name: str, handle: int, config: Config | None) -> Iterator[Finding]:
    columns, rows = shutil.get_terminal_size()
    colours = _colours(name, handle)
    text = _("{name}, {colours} colours, {columns}x{rows}")
    yield ok("terminal", text.format(name=name, colours=colours, columns=columns, rows=rows))
    if colours != _("true") and int(colours) < 16:
        remedy = _("set TERM to what the terminal is, such as xterm-256color")
        yield warn("terminal", _("fewer than 16 colours: states are told by words and shapes only"), remedy)
    if columns < _LEAST_COLUMNS or rows < _LEAST_ROWS:
        text = _("smaller than {columns}x{rows}: only lines, dial field and ringing strip are shown")
        yield warn("terminal", text.format(columns=_LEAST_COLUMNS, rows=_LEAST_ROWS), _("make the window larger"))
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    if encoding != "utf8" and not (config and config.ui.glyphs == "ascii"):
        text = _("the locale is not UTF-8 ({encoding}): frames and signs may be wrong").format(encoding=encoding)
        yield warn("terminal", text, _('set LANG to a UTF-8 locale such as C.UTF-8, or glyphs = "ascii" under [ui]'))


def _colours(name: str, handle: int) -> str:
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return _("true")
    try:
        curses.setupterm(name, handle)
        return str(max(2, curses.tigetnum("colors")))
    except curses.error:
        return "8"


def _tmux(config: Config | None) -> Iterator[Finding]:
    yield ok("terminal", _("inside tmux"))
    if (config is None or config.ui.notify != "off") and _tmux_option("allow-passthrough") == "off":
        text = _("tmux keeps desktop notifications from the terminal")
        yield warn("terminal", text, _("put into ~/.tmux.conf: set -g allow-passthrough on"))
    delay = _tmux_option("escape-time")
    if delay.isdigit() and int(delay) > 100:
        text = _("tmux holds every Esc back for {n} ms").format(n=delay)
        yield warn("terminal", text, _("put into ~/.tmux.conf: set -sg escape-time 10"))


def _tmux_option(name: str) -> str:
    """An option's value; empty where tmux does not know it or is not to be found."""
    try:
        run = subprocess.run(
            ["tmux", "show-options", "-gqv", name], capture_output=True, text=True, timeout=2, check=False
        )
        server = subprocess.run(
            ["tmux", "show-options", "-sqv", name], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() or server.stdout.strip()
