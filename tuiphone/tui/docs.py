"""docs/keys.md, made from the registry of commands. Loads nothing of Textual."""

from __future__ import annotations

from itertools import groupby

from tuiphone.tui.command import Command
from tuiphone.tui.commands import commands
from tuiphone.tui.keys import is_letter, label
from tuiphone.tui.panelkeys import panel_helps

_HEAD = """\
# Keys

<!-- Made from tuiphone/tui/commands.py by scripts/generate_docs.py; do not edit. -->

Every command has three doors: its key, the menu of all commands (`Ctrl+P`), and the mouse: whatever names a command or
stands for something can be clicked. A command that is not possible now says why on the message line.

- **Letters** act only while no input has the focus: a letter typed into the dial field never answers or hangs up.
- **F-keys** and **Ctrl keys** always act, in an input and in a dialog too.
- **Esc** cancels, closes, leaves a field. It never hangs up.
- **Digits**, `*`, `#` and `A`-`D` are sent as DTMF while the call shown talks; otherwise a digit begins to dial.
- Where two commands share a key, the first one that is possible has it: `F8` declines while a call rings, and hangs up
  otherwise. In the first 0.6 s of a ring during another call it asks to be pressed again.
"""

_REMAP = """\
## Other keys

`[keys]` in `config.toml` gives a command other keys, by its id; an empty list leaves it to the menu and the mouse:

```toml
[keys]
hold = ["p", "f3"]
redial = ["ctrl+l"]
hang_up_all = []
```

A printable key is written as itself (`"p"`, `"?"`, `"["`), others by name: `f1` to `f24`, `ctrl+` and a letter, `alt+`
and a key. Digits, `Esc`, `Enter`, `Tab` and the arrows cannot be given away, nor can `ctrl+i`, `ctrl+m`, `ctrl+j` and
`ctrl+h`, which a terminal cannot tell from `Tab`, `Enter` and `Backspace`, nor `ctrl+s` and `ctrl+z`, which stop it. An id
or key that does not exist is refused with the nearest one.
"""


def keys_page() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## Commands\n"]
    for group, members in groupby(commands(), key=lambda command: command.group):
        rows = "\n".join(_line(command) for command in members)
        parts.append(f"### {group}\n\n| Keys | What it does | Id |\n|---|---|---|\n{rows}\n")
    parts.append("## In a panel\n")
    for panel in panel_helps():
        rows = "\n".join(f"| {_code(keys)} | {what} |" for keys, what in panel.keys)
        parts.append(f"### {panel.title}\n\n{panel.text}\n\n| Keys | What they do |\n|---|---|\n{rows}\n")
    parts.append(_REMAP)
    return "\n".join(parts)


def _line(command: Command) -> str:
    letters = [key for key in command.keys if is_letter(key)]
    others = [key for key in command.keys if not is_letter(key)]
    keys = " ".join(_code(label(key)) for key in (*letters, *others)) or "menu"
    return f"| {keys} | {command.title} | `{command.id}` |"


def _code(keys: str) -> str:
    return f"`{keys}`".replace("|", "\\|")
