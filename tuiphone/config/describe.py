"""The schema in words: config.example.toml and docs/config.md are made here."""

from __future__ import annotations

from collections.abc import Iterator

from tuiphone.config.layer import ACCOUNT_OPTIONS, SECTION_OPTIONS
from tuiphone.config.option import Kind, Option
from tuiphone.config.schema import SECTIONS, AccountConfig
from tuiphone.config.values import shown
from tuiphone.model.ringtone import RINGS

_EXAMPLE_HEAD = """\
# tuiphone: the complete configuration. Every key stands here with its default: take the # in front of a key (and in
# front of [[account]]) away to change it. The phone never writes this file; what is chosen on its screen is kept in
# settings.toml beside it and wins over this file. `tuiphone config check` finds mistakes, `tuiphone config show` tells
# where each value comes from, `tuiphone config path` where this file has to be.
"""
_EXAMPLE_KEYS = """\
# Keys of the screen: a command's id and the key, or the list of keys, that start it; [] for none. docs/keys.md has
# the ids and the names of the keys. For example: hold = ["o", "f3"]
[keys]
"""
_REFERENCE_HEAD = """\
# Configuration

*Made from the schema by `scripts/generate_docs.py`: change `tuiphone/config/schema.py`, not this page.*

## Files

| File | Who writes it | What is in it |
|---|---|---|
| `config.toml` | you | Everything below. The phone reads it and never changes it, so your comments stay. |
| `settings.toml` | the phone | What was chosen on the screen: devices, volumes, theme, accounts added there. Mode 0600. |

Both are in `$XDG_CONFIG_HOME/tuiphone` (`~/.config/tuiphone` where that is not set); `tuiphone config path` says where.
`TUIPHONE_HOME` puts all of a phone's files under one folder: a second phone for the same person.

`tuiphone config example` prints [config.example.toml](../config.example.toml), every key with its default:

    mkdir -p ~/.config/tuiphone
    tuiphone config example > ~/.config/tuiphone/config.toml
    chmod 600 ~/.config/tuiphone/config.toml

The smallest useful file is an account:

    [[account]]
    id = "desk"
    address = "sip:2001@pbx.example"
    password_command = "pass sip/desk"

## Which value counts

The last of these that has one: the default, `config.toml`, `settings.toml`, an environment variable named
`TUIPHONE_<SECTION>_<KEY>` (`TUIPHONE_LOG_LEVEL=debug`; lists are written with commas). `tuiphone config show` prints each
value with its origin, `--json` for programs; passwords are masked. An account of `settings.toml` whose id exists in
`config.toml` is ignored.

A mistake in `config.toml` stops the start: `tuiphone config check [FILE]` prints every mistake as `file:line: sentence`
and exits with 1. A mistake in `settings.toml` never does: a wrong value is left out with a warning, a file that is not
TOML is renamed to `settings.toml.broken-<time>` and a new one begun.

The engine reads the files when it starts (`tuiphone engine stop`, then `tuiphone`), and passwords again at each attempt
to register; the screen reads `[ui]` and `[keys]` when it opens. What is changed on the screen counts at once.

File names may begin with `~`; a relative one starts at the folder of the file it is written in.

## Passwords

An account names one source:

| Key | The password comes from |
|---|---|
| `keyring = "tuiphone"` | the system's keyring, where `keyring set tuiphone <id>` stores it |
| `password_command = "pass sip/desk"` | the first line that a command prints within 10 s |
| `password_env = "DESK_PASSWORD"` | a variable in the environment of the engine |
| `password = "…"` | the file itself, which must then be readable by you alone (`chmod 600`), or there is a warning |

A `password_command` in quotes is run by `/bin/sh`; a list of words (`["pass", "sip/desk"]`) is run without a shell. The
engine has no terminal: a command that asks there gets no answer. The keyring needs the Python package keyring beside the
phone: `.venv/bin/pip install keyring`, then `.venv/bin/keyring set tuiphone desk`. The password of an account that is added
on the screen goes to the keyring where one works, else into settings.toml. That of a TURN server has the same sources under
keys of its own: `turn_keyring` (`keyring set tuiphone <id>/turn`), `turn_password_command`, `turn_password_env`, `turn_password`.

Passwords are looked for when an account registers, and appear in no log, event or command line.

## Devices and rings

A device is named as the devices panel shows it, or as the sound server does (`alsa_output.usb-…`, `pactl list short
sinks`). Instead of a name a pattern may stand: `Jabra*` (`*` any text, `?` one character, `[ab]` one of these), or between
slashes a regular expression that is looked for anywhere (`/jabra|poly/`). Capital and small letters are the same.

`input`, `output` and `headset` take a list, the best first:

    [audio]
    input = ["Jabra*", "/webcam/", ""]
    ring = ["Built-in*", "Jabra*"]

The first one that is there is used: at the start, and again whenever a device comes or goes, in a call too. `""` is
the system's default, `"none"` silence; where nothing of a list is there, the default is used and the screen says so. Of
`ring`, every device that is there rings. What is chosen on the screen is put in front of the list (a bell in its place).

With `use_headset` the first headset that is there is microphone and ear. While it is missing, calls are silent rather than
loud on a table, the phone does not answer by itself, and `refuse_without_headset` refuses calls with `refuse_code`.

Calls ring as the first line of `ring_tones` whose caller fits says, else as their account does, else as `ring_tone`:
{rings} or a WAV file of 16-bit PCM. A country's name is a bell in the rhythm of telephones there. A caller is a pattern
for the number, the address or the name; the volume comes on top of `ring_level`.

    ring_tones = ["+44* = uk", "/^sip:door@/ = ~/door.wav 60%", "Ana* = chime"]
"""
_REFERENCE_KEYS = """\
## [keys]

Keys of the screen: the id of a command and the key, or the list of keys, that start it; `[]` for none.
[keys.md](keys.md) has the ids and the names of the keys.

    [keys]
    hold = ["o", "f3"]
"""


def example_toml() -> str:
    """config.example.toml: every key commented out with its default, after one line of meaning."""
    return "\n".join([_EXAMPLE_HEAD, *(_example_section(*section) for section in _sections()), _EXAMPLE_KEYS])


def reference_markdown() -> str:
    """docs/config.md: files, precedence, passwords and a table for each section."""
    head = _REFERENCE_HEAD.replace("{rings}", ", ".join(f"`{ring}`" for ring in RINGS))
    return "\n".join([head, *(_table(*section) for section in _sections()), _REFERENCE_KEYS])


def _sections() -> Iterator[tuple[str, str, dict[str, Option]]]:
    """Header, meaning and keys of each section; the accounts first."""
    yield "[[account]]", _first_line(AccountConfig), ACCOUNT_OPTIONS
    for name, keys in SECTION_OPTIONS.items():
        yield f"[{name}]", _first_line(SECTIONS[name]), keys


def _example_section(header: str, meaning: str, keys: dict[str, Option]) -> str:
    lines = [f"# {meaning}", f"#{header}" if header == "[[account]]" else header]
    for option in keys.values():
        limits = _limits(option)
        lines.append(f"# {option.meaning}{f' {limits}.' if limits else ''}")
        lines.append(f"#{option.key} = {_default(option)}")
    return "\n".join(lines) + "\n"


def _table(header: str, meaning: str, keys: dict[str, Option]) -> str:
    lines = [f"## {header}", "", meaning, "", "| Key | Default | Meaning |", "|---|---|---|"]
    for option in keys.values():
        limits = _limits(option)
        default = "required" if option.required else f"`{_default(option)}`"
        cells = (f"`{option.key}`", default, f"{option.meaning}{f' {limits}.' if limits else ''}")
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _default(option: Option) -> str:
    if option.required:
        return shown(option.example)
    if option.kind is Kind.SECRET:
        return '""'
    return shown(option.default)


def _limits(option: Option) -> str:
    if option.kind is Kind.INTEGER:
        return f"From {option.low} to {option.high}"
    if option.kind is Kind.CHOICE:
        return f"One of {', '.join(shown(choice) for choice in option.choices)}"
    return ""


def _first_line(section: type) -> str:
    return str(section.__doc__).partition("\n")[0]
