"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tuiphone.i18n import _

_INDENT = 6 + 11


class Level(StrEnum):
    """How bad it is: OK, WARN (the phone works, something does not), FAIL (the phone does not work)."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it where something is wrong."""

    level: Level
    topic: str
    text: str
    remedy: str = ""


def ok(topic: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, topic, text)


def warn(topic: str, text: str, remedy: str) -> Finding:
    """The phone works, something does not."""
    return Finding(Level.WARN, topic, text, remedy)


def fail(topic: str, text: str, remedy: str) -> Finding:
    """The phone does not work like this."""
    return Finding(Level.FAIL, topic, text, remedy)


def report(finding: Finding) -> str:
    """The finding as lines of a terminal: level, topic, text, and the remedy below."""
    line = f"{finding.level:<5} {finding.topic:<10} {finding.text}"
    return f"{line}\n{'':{_INDENT}}{_('do: {remedy}').format(remedy=finding.remedy)}" if finding.remedy else line
