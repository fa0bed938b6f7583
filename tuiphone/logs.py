"""Log files: private, rotated, never on the terminal."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from io import TextIOWrapper
from pathlib import Path

from tuiphone.paths import log_file, private_dir

MAX_BYTES = 5_000_000
KEPT_FILES = 3

_SECRETS = re.compile(
    r'(?im)(^(?:proxy-)?authorization:.*?response=")[^"]*|("?(?:password|passwd|secret|token)"?\s*[:=]\s*"?)[^"\s,}]+|'
    r"(^a=crypto:\S+ \S+ inline:)\S+"
)


def mask(text: str) -> str:
    """The text with digest responses, passwords and SRTP keys blanked."""
    return _SECRETS.sub(lambda match: next(group for group in match.groups() if group) + "***", text)


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class _PrivateRotatingFile(logging.handlers.RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, self.mode, encoding=self.encoding, opener=_private_opener)  # type: ignore[return-value]


def start(name: str, level: str = "info") -> Path:
    """Log to the file of "engine" or "ui" from now on; returns its path."""
    path = log_file(name)
    private_dir(path.parent)
    handler = _PrivateRotatingFile(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    return path
