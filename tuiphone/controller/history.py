"""The call history: ended calls in SQLite, searchable, surviving a crash of the engine.

One connection, used on the controller's own thread. A write is one small transaction in WAL mode with
``synchronous=NORMAL``: it is handed to the kernel without waiting for the disk, far below a millisecond, so a writer
thread would buy nothing. A killed engine loses no row; a power cut can lose the newest rows but damages nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any, TypeVar

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.address import Party
from tuiphone.model.call import Direction, EndCause, EndedBy, EndKind
from tuiphone.model.quality import QualitySummary
from tuiphone.model.record import CallRecord

T = TypeVar("T")

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE calls (
            id INTEGER PRIMARY KEY,
            call_id TEXT NOT NULL UNIQUE,
            account_id TEXT NOT NULL,
            direction TEXT NOT NULL,
            remote_uri TEXT NOT NULL,
            remote_name TEXT NOT NULL,
            started_at REAL NOT NULL,
            answered_at REAL,
            ended_at REAL,
            duration_s REAL NOT NULL,
            codec TEXT NOT NULL,
            end_cause TEXT,
            seen INTEGER NOT NULL,
            folded TEXT NOT NULL
        )""",
        "CREATE INDEX calls_by_start ON calls (started_at)",
        "CREATE INDEX calls_missed ON calls (started_at) WHERE direction = 'incoming' AND answered_at IS NULL",
        "CREATE INDEX calls_unseen ON calls (seen) WHERE seen = 0",
    ),
    (
        "ALTER TABLE calls ADD COLUMN mos_mean REAL",
        "ALTER TABLE calls ADD COLUMN mos_min REAL",
        "ALTER TABLE calls ADD COLUMN loss_pct REAL",
        "ALTER TABLE calls ADD COLUMN loss_worst_pct REAL",
        "ALTER TABLE calls ADD COLUMN jitter_ms REAL",
        "ALTER TABLE calls ADD COLUMN jitter_worst_ms REAL",
        "ALTER TABLE calls ADD COLUMN rtt_ms REAL",
        "ALTER TABLE calls ADD COLUMN rtt_worst_ms REAL",
        "ALTER TABLE calls ADD COLUMN tx_loss_pct REAL",
    ),
    (
        "ALTER TABLE calls ADD COLUMN recording TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE calls ADD COLUMN pauses TEXT NOT NULL DEFAULT '[]'",
    ),
    (
        "ALTER TABLE calls ADD COLUMN mos_max REAL",
        "ALTER TABLE calls ADD COLUMN loss_best_pct REAL",
        "ALTER TABLE calls ADD COLUMN jitter_best_ms REAL",
        "ALTER TABLE calls ADD COLUMN rtt_best_ms REAL",
    ),
)
"""What brings a database from version n to n + 1; the number of entries is the version this program writes."""

_QUALITY = tuple(figure.name for figure in fields(QualitySummary))
_COLUMNS = (
    "call_id, account_id, direction, remote_uri, remote_name, started_at, answered_at, ended_at, duration_s, codec,"
    f" end_cause, seen, {', '.join(_QUALITY)}, recording, pauses"
)
_MISSED = (
    "direction = 'incoming' AND answered_at IS NULL"
    f""" AND instr(coalesce(end_cause, ''), '"kind": "{EndKind.ELSEWHERE}"') = 0"""
    f""" AND instr(coalesce(end_cause, ''), '"by": "{EndedBy.US}"') = 0"""
)
"""Answered on another phone of the same number, or declined by hand, is not missed."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DAY_S = 86400.0
_BUSY_S = 0.25
_NUMBER_NOISE = str.maketrans("", "", " ()-./\t")


class _NewerVersionError(Exception):
    pass


class History:
    """The history database at ``path``; rows older than ``keep_days`` go (0: none do).

    Opening never fails: a damaged database, or one of a newer version, is renamed and a new one begun; where no file
    can be written the history lives in memory. ``problem`` then has the sentence for the screen, else it is empty.
    Later on, every method raises PhoneError with the reason (a full disk, damage found late); the history stays usable.
    """

    def __init__(self, path: Path, keep_days: int = 0) -> None:
        self.path = path
        self.problem = ""
        self._keep_s = keep_days * _DAY_S
        self._pruned_at = 0.0
        self._db = self._open()
        with contextlib.suppress(PhoneError):
            self.prune()

    def add(self, record: CallRecord) -> None:
        """Keep an ended call; a row of the same call id is replaced."""
        end = json.dumps(asdict(record.end)) if record.end else None
        row = (
            record.call_id,
            record.account_id,
            record.direction,
            _storable(record.remote_uri),
            _storable(record.remote_name),
            record.started_at,
            record.answered_at,
            record.ended_at,
            record.duration_s,
            record.codec,
            end,
            record.seen,
            *astuple(record.quality or QualitySummary()),
            _storable(record.recording),
            json.dumps(record.pauses),
            _folded_party(record),
        )
        marks = ", ".join("?" * len(row))
        self._do(lambda db: db.execute(f"INSERT OR REPLACE INTO calls ({_COLUMNS}, folded) VALUES ({marks})", row))
        if time.time() - self._pruned_at > _DAY_S:
            self.prune()

    def search(
        self, text: str = "", missed: bool = False, limit: int = 100, before: float | None = None
    ) -> tuple[CallRecord, ...]:
        """Rows newest first that started before ``before`` (seconds since the epoch).

        Every word of ``text`` must occur in the number, the address or the name, whatever its case and accents; a number
        may be written with spaces and brackets.
        """
        conditions = ["started_at < ?"] if before is not None else []
        values: list[object] = [before] if before is not None else []
        if missed:
            conditions.append(_MISSED)
        words = _folded(text).split()
        if words:
            number = "".join(words).translate(_NUMBER_NOISE)
            every = " AND ".join(["instr(folded, ?)"] * len(words))
            conditions.append(f"({every} OR instr(folded, ?))" if number else f"({every})")
            values += [*words, number] if number else words
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"SELECT {_COLUMNS} FROM calls {where} ORDER BY started_at DESC, id DESC LIMIT ?"
        return tuple(_record(row) for row in self._do(lambda db: db.execute(query, (*values, limit)).fetchall()))

    def last_dialled(self) -> CallRecord | None:
        """The newest outgoing call."""
        query = f"SELECT {_COLUMNS} FROM calls WHERE direction = 'outgoing' ORDER BY started_at DESC, id DESC LIMIT 1"
        row = self._do(lambda db: db.execute(query).fetchone())
        return _record(row) if row else None

    def count_missed(self) -> int:
        """Missed calls that nobody has looked at."""
        query = f"SELECT count(*) FROM calls WHERE seen = 0 AND {_MISSED}"
        return int(self._do(lambda db: db.execute(query).fetchone())[0])

    def mark_seen(self) -> None:
        """Every missed call has been looked at."""
        self._do(lambda db: db.execute("UPDATE calls SET seen = 1 WHERE seen = 0"))

    def clear(self) -> None:
        """Delete every row, and what SQLite would still have on disk of them."""
        self._do(lambda db: db.execute("DELETE FROM calls"))
        self._do(lambda db: db.execute("VACUUM"))

    def prune(self) -> None:
        """Delete rows older than ``keep_days``; done by itself at the start and once a day."""
        self._pruned_at = time.time()
        if self._keep_s:
            oldest = self._pruned_at - self._keep_s
            self._do(lambda db: db.execute("DELETE FROM calls WHERE started_at < ?", (oldest,)))

    def close(self) -> None:
        """Write everything into the one file and let go of it."""
        self._db.close()

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._db)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                text = _("The history {file} cannot be used: {reason}")
                raise PhoneError(text.format(file=self.path, reason=error), "unavailable") from None
            self._db.close()
            self._db = self._begin_again("broken", _("damaged"))
            raise PhoneError(self.problem, "unavailable") from None

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self.path)
        except _NewerVersionError:
            return self._begin_again("newer", _("written by a newer version of tuiphone"))
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                return self._begin_again("broken", _("damaged"))
            return self._in_memory(str(error))
        except OSError as error:
            return self._in_memory(error.strerror or str(error))

    def _begin_again(self, mark: str, why: str) -> sqlite3.Connection:
        aside = f".{mark}-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            for suffix in ("", "-wal", "-shm"):
                old = self.path.with_name(self.path.name + suffix)
                if old.exists():
                    old.rename(self.path.with_name(self.path.name + aside + suffix))
            database = _connect(self.path)
        except (OSError, sqlite3.DatabaseError) as error:
            return self._in_memory(str(error))
        text = _("The call history was {why}: it was set aside as {file} and a new one begun")
        self.problem = text.format(why=why, file=self.path.name + aside)
        return database

    def _in_memory(self, reason: str) -> sqlite3.Connection:
        text = _("The call history {file} cannot be written ({reason}): calls are remembered until the phone stops")
        self.problem = text.format(file=self.path, reason=reason)
        return _prepared(sqlite3.connect(":memory:", isolation_level=None))


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)  # SQLite gives its -wal and -shm files the same mode
    database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        return _prepared(database)
    except BaseException:
        database.close()
        raise


def _prepared(database: sqlite3.Connection) -> sqlite3.Connection:
    """Check the file, switch to WAL and bring it to this program's version."""
    if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        error = sqlite3.DatabaseError("quick_check")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise _NewerVersionError
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA secure_delete = ON")
    for number in range(version, len(MIGRATIONS)):
        database.execute("BEGIN IMMEDIATE")
        with database:  # commits, or takes everything back
            for statement in MIGRATIONS[number]:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number + 1}")
    return database


def _record(row: tuple[Any, ...]) -> CallRecord:
    values = dict(zip(_COLUMNS.replace(" ", "").split(","), row, strict=True))
    end = values.pop("end_cause")
    values["direction"] = Direction(values["direction"])
    values["seen"] = bool(values["seen"])
    values["pauses"] = tuple((float(begin), float(end)) for begin, end in json.loads(values["pauses"]))
    figures = {name: values.pop(name) for name in _QUALITY}
    quality = QualitySummary(**figures) if any(figure is not None for figure in figures.values()) else None
    return CallRecord(**values, end=_end_cause(end) if end else None, quality=quality)


def _end_cause(text: str) -> EndCause | None:
    """The stored cause; None for one that this version does not know."""
    try:
        return _as_end_cause(json.loads(text))
    except (ValueError, KeyError):
        return None


def _as_end_cause(stored: dict[str, Any]) -> EndCause:
    return EndCause(
        by=EndedBy(stored["by"]),
        kind=EndKind(stored["kind"]),
        code=stored["code"],
        reason=stored["reason"],
        q850=stored["q850"],
        text=stored["text"],
        our_codecs=tuple(stored["our_codecs"]),
        their_codecs=tuple(stored["their_codecs"]),
        audio_problem=stored.get("audio_problem", ""),
    )


def _folded_party(record: CallRecord) -> str:
    number = Party(record.remote_uri).number
    return _storable(_folded(f"{record.remote_name}\n{number}\n{record.remote_uri}"))


def _folded(text: str) -> str:
    """Lower case without accents: what is searched and what is searched for."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def _storable(text: str) -> str:
    """The text without halves of surrogate pairs, which SQLite refuses."""
    return text.encode("utf-8", "replace").decode()
