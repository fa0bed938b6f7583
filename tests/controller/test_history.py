"""The call history: what is kept is found again, whatever happens to the process or the file."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tuiphone.controller import history as module
from tuiphone.controller.history import History
from tuiphone.errors import PhoneError
from tuiphone.model.call import Direction, EndCause, EndedBy, EndKind, new_call_id
from tuiphone.model.quality import QualitySummary
from tuiphone.model.record import CallRecord

NOW = time.time()
HANGUP = EndCause(EndedBy.THEM, EndKind.HANGUP, 200, "OK", 16, "Normal", ("opus",), ("PCMU", "PCMA"))


def record(
    uri: str = "sip:2044@pbx.example",
    name: str = "Ana Souza",
    *,
    ago: float = 0.0,
    direction: Direction = Direction.INCOMING,
    answered: bool = True,
    seen: bool = True,
) -> CallRecord:
    start = NOW - ago
    answer = start + 2 if answered else None
    duration = 8.0 if answered else 0.0
    return CallRecord(
        new_call_id(), "desk", direction, uri, name, start, answer, start + 10, duration, "opus", HANGUP, seen
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.sqlite3"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    opened = History(path)
    assert opened.problem == ""
    yield opened
    opened.close()


def test_a_call_is_found_again_exactly_as_it_was(history: History, path: Path) -> None:
    kept = record()
    history.add(kept)
    assert history.search() == (kept,)
    history.close()
    again = History(path)
    assert again.search() == (kept,)
    again.close()


def test_the_quality_of_a_call_is_kept_with_it(history: History) -> None:
    measured = replace(record(), quality=QualitySummary(4.31, 3.02, 0.4, 7.5, 6.2, 31.0, 41.0, None, 0.0))
    history.add(measured)
    history.add(record(ago=60))
    assert [row.quality for row in history.search()] == [measured.quality, None]


def test_what_was_wrong_with_the_sound_is_kept_with_the_end(history: History) -> None:
    silent = replace(record(), end=replace(HANGUP, audio_problem="nothing is sent to the far end"))
    history.add(silent)
    assert history.search() == (silent,)


def test_rows_of_the_first_version_have_no_quality(path: Path) -> None:
    kept = record()
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as old:
        for statement in module.MIGRATIONS[0]:
            old.execute(statement)
        old.execute(
            "INSERT INTO calls VALUES (1, ?, 'desk', 'incoming', ?, 'Ana Souza', ?, ?, ?, 8.0, 'opus', ?, 1, 'ana')",
            (
                kept.call_id,
                kept.remote_uri,
                kept.started_at,
                kept.answered_at,
                kept.ended_at,
                '{"by": "them", "kind": "hangup", "code": 200, "reason": "OK", "q850": 16, "text": "Normal",'
                ' "our_codecs": ["opus"], "their_codecs": ["PCMU", "PCMA"]}',
            ),
        )
        old.execute("PRAGMA user_version = 1")
        old.commit()
    history = History(path)
    assert history.problem == ""
    assert history.search() == (kept,)
    history.close()


def test_the_same_call_is_kept_once(history: History) -> None:
    kept = record()
    history.add(kept)
    history.add(kept)
    assert len(history.search()) == 1


def test_newest_first_with_limit_and_paging(history: History) -> None:
    rows = [record(ago=n * 60) for n in range(5)]
    for row in rows:
        history.add(row)
    first = history.search(limit=2)
    assert first == tuple(rows[:2])
    assert history.search(limit=2, before=first[-1].started_at) == tuple(rows[2:4])


@pytest.mark.parametrize(
    "text",
    ["ana", "ANA", "souza ana", "204", "2044@pbx", "aná", "pbx.example"],
)
def test_search_finds_name_number_and_address(history: History, text: str) -> None:
    history.add(record())
    history.add(record("sip:300@pbx.example" if "pbx.ex" not in text else "sip:300@other.example", "Door"))
    assert [row.remote_name for row in history.search(text)] == ["Ana Souza"]


def test_a_number_is_found_however_it_is_written(history: History) -> None:
    history.add(record("sip:+442079460018@gw.example", ""))
    for text in ("+44 20 7946-0018", "(0018)", "79460018"):
        assert len(history.search(text)) == 1, text
    assert history.search("+44 20 1111") == ()


def test_accents_and_quotes_of_a_name_do_no_harm(history: History) -> None:
    history.add(record(name="Ño'ñó \"%_; DROP TABLE calls"))
    assert len(history.search("nono")) == 0
    assert len(history.search("no'no")) == 1
    assert len(history.search("%_;")) == 1
    assert history.search("50%") == ()


def test_half_a_surrogate_pair_is_stored_as_a_replacement(history: History) -> None:
    history.add(record(name="bad \ud83d name"))
    assert history.search("bad")[0].remote_name == "bad ? name"


def test_what_was_declined_by_hand_or_answered_elsewhere_is_not_missed(history: History) -> None:
    unanswered = record(answered=False, seen=False)
    rows = {
        (by, kind): replace(unanswered, call_id=new_call_id(), end=EndCause(by, kind, 486))
        for by, kind in (
            (EndedBy.US, EndKind.BUSY),
            (EndedBy.US, EndKind.DECLINED),
            (EndedBy.THEM, EndKind.ELSEWHERE),
            (EndedBy.PHONE, EndKind.DND),
            (EndedBy.THEM, EndKind.CANCELLED),
        )
    }
    for row in rows.values():
        history.add(row)
    missed = {(EndedBy.PHONE, EndKind.DND), (EndedBy.THEM, EndKind.CANCELLED)}
    assert {key for key, row in rows.items() if row.missed} == missed
    assert {row.call_id for row in history.search(missed=True)} == {rows[key].call_id for key in missed}
    assert history.count_missed() == 2


def test_missed_are_incoming_unanswered_and_counted_until_seen(history: History) -> None:
    missed = record(answered=False, seen=False)
    for row in (missed, record(), record(direction=Direction.OUTGOING, answered=False)):
        history.add(row)
    assert history.search(missed=True) == (missed,)
    assert history.count_missed() == 1
    history.mark_seen()
    assert history.count_missed() == 0
    assert history.search(missed=True)[0].seen


def test_last_dialled_is_the_newest_outgoing(history: History) -> None:
    assert history.last_dialled() is None
    old, new = (record(ago=ago, direction=Direction.OUTGOING) for ago in (100, 50))
    for row in (new, old, record()):
        history.add(row)
    assert history.last_dialled() == new


def test_clear_leaves_nothing_in_the_file(history: History, path: Path) -> None:
    history.add(record(name="Somebody Private"))
    history.clear()
    assert history.search() == ()
    history.close()
    assert all(b"Private" not in file.read_bytes() for file in path.parent.iterdir())


def test_old_rows_go_after_keep_days(path: Path) -> None:
    history = History(path)
    history.add(record(ago=40 * 86400))
    fresh = record(ago=20 * 86400)
    history.add(fresh)
    history.close()
    for keep_days, left in ((0, 2), (30, 1)):
        history = History(path, keep_days)
        assert len(history.search()) == left
        history.close()


def test_nobody_else_may_read_the_files(history: History, path: Path) -> None:
    history.add(record())
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"history.sqlite3", "history.sqlite3-wal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    History(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


WRITER = """
import sys, time
from pathlib import Path
from tests.controller.test_history import record
from tuiphone.controller.history import History
history = History(Path(sys.argv[1]))
for number in range(1000):
    history.add(record(name=f"caller {number}"))
    print(number, flush=True)
"""


def test_every_row_survives_a_killed_engine(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= 50:
                break
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout] or [50]
    history = History(path)
    assert history.problem == ""
    names = {row.remote_name for row in history.search(limit=2000)}
    assert names >= {f"caller {number}" for number in range(told[-1] + 1)}
    history.close()


def test_a_file_that_is_no_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database" * 100)
    history = History(path)
    history.add(record())
    assert len(history.search()) == 1
    aside = [file for file in path.parent.iterdir() if ".broken-" in file.name]
    assert len(aside) == 1
    assert aside[0].name in history.problem
    assert aside[0].read_bytes().startswith(b"this is not")
    history.close()


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(data)


def test_a_damaged_database_is_set_aside_at_the_start(path: Path) -> None:
    history = History(path)
    for _ in range(200):
        history.add(record())
    history.close()
    _damage(path)
    history = History(path)
    assert "damaged" in history.problem
    assert history.search() == ()
    history.close()


def test_damage_found_later_is_told_once_and_the_history_goes_on(path: Path) -> None:
    history = History(path)
    for _ in range(2000):
        history.add(record())
    history._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    history._db.execute("PRAGMA cache_size = 1")
    _damage(path)
    with pytest.raises(PhoneError, match="damaged"):
        history.search("souza", limit=5000)
    history.add(record())
    assert len(history.search()) == 1
    history.close()


def test_a_database_of_a_newer_version_is_set_aside_not_touched(path: Path) -> None:
    history = History(path)
    history.add(record())
    history._db.execute("PRAGMA user_version = 99")
    history.close()
    history = History(path)
    assert "newer version" in history.problem
    assert history.search() == ()
    history.close()
    (aside,) = (file for file in path.parent.iterdir() if ".newer-" in file.name)
    with sqlite3.connect(aside) as kept:
        assert kept.execute("SELECT count(*) FROM calls").fetchone() == (1,)


def test_a_migration_keeps_the_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(path)
    kept = record()
    history.add(kept)
    history.close()
    monkeypatch.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, ("ALTER TABLE calls ADD COLUMN note TEXT",)))
    history = History(path)
    assert history.search() == (kept,)
    assert history._db.execute("SELECT note FROM calls").fetchone() == (None,)
    assert history._db.execute("PRAGMA user_version").fetchone() == (len(module.MIGRATIONS),)
    history.close()


def test_a_migration_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(path)
    history.add(record())
    history.add(record())
    history.close()
    broken = ("ALTER TABLE calls ADD COLUMN note TEXT", "CREATE UNIQUE INDEX one_each ON calls (codec)")
    with monkeypatch.context() as patched:
        patched.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, broken))
        failed = History(path)
        assert "cannot be written" in failed.problem
        failed.close()
    history = History(path)
    assert history.problem == ""
    assert len(history.search()) == 2
    history.close()


def test_a_place_that_cannot_be_written_leaves_a_history_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    history = History(blocked / "history.sqlite3")
    assert "calls are remembered until the phone stops" in history.problem
    history.add(record())
    assert len(history.search()) == 1
    history.close()


def test_a_database_locked_by_another_program_is_an_error_in_words(history: History, path: Path) -> None:
    history.add(record())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(PhoneError, match="locked"):
        history.add(record())
    other.execute("ROLLBACK")
    other.close()
    history.add(record())
    assert len(history.search()) == 2


def test_20000_rows_are_searched(history: History) -> None:
    history._db.execute("BEGIN")
    for number in range(20_000):
        history.add(record(f"sip:{number:05}@pbx.example", f"Caller {number}", ago=number, answered=bool(number % 3)))
    history._db.execute("COMMIT")
    for text, missed, found in (("caller 19999", False, 1), ("nobody", False, 0), ("", True, 100), ("199", False, 100)):
        assert len(history.search(text, missed)) == found
