"""The history that is searched while sound is measured."""

from __future__ import annotations

from pathlib import Path

from bench.glitch import fill
from tuiphone.controller.history import History


def test_the_history_has_as_many_rows_as_wanted_and_they_are_found(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.sqlite3"
    fill(path, 40)
    history = History(path)
    try:
        assert len(history.search(limit=100)) == 40
        assert [row.remote_name for row in history.search("Eve 12")] == ["Eve 12"]
        assert history.search("nobody 1") == ()
    finally:
        history.close()
