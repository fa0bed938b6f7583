"""Patterns in which people name devices and callers: a plain text, a glob, or a regular expression between slashes.

``Jabra*`` is a glob (``*`` any text, ``?`` one character, ``[ab]`` one of these), ``/^jabra (evolve|engage)/`` a regular
expression that is looked for anywhere. Capital and small letters are the same.
"""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache


def matches(pattern: str, *texts: str) -> bool:
    """Whether one of the texts is what a pattern means. A text equal to the pattern always is, whatever signs it has."""
    wanted = pattern.casefold()
    return any(text.casefold() == wanted or bool(_compiled(pattern).search(text)) for text in texts if text)


def is_pattern(text: str) -> bool:
    """Whether a text can be used as a pattern (a regular expression between slashes must be one)."""
    try:
        _compiled(text)
    except re.error:
        return False
    return True


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        return re.compile(pattern[1:-1], re.IGNORECASE)
    return re.compile(rf"\A{fnmatch.translate(pattern)}", re.IGNORECASE)
