"""Texts in the user's language, through gettext.

``install`` is called once by the command line before anything else is imported that shows text; until then, and where
no catalogue fits, texts are English.
"""

from __future__ import annotations

import gettext
from pathlib import Path

_LOCALE = Path(__file__).parent / "locale"
_translations: gettext.NullTranslations = gettext.NullTranslations()


def install(language: str = "") -> None:
    """Choose the language: a code such as "de" or "pt_BR"; empty takes LANGUAGE, LC_ALL, LC_MESSAGES or LANG."""
    global _translations  # noqa: PLW0603 (one language a process)
    languages = [language] if language else None
    _translations = gettext.translation("tuiphone", _LOCALE, languages, fallback=True)


def _(text: str) -> str:
    """The text in the user's language."""
    return _translations.gettext(text)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The text that fits the number ``n``."""
    return _translations.ngettext(singular, plural, n)
