from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pjbuild import recipe
from pjbuild.cache import Cache, Lock, default_root, key_of
from pjbuild.command import Runner
from pjbuild.module import Module
from pjbuild.progress import Progress
from pjbuild.recipe import Build, Keys, Sources, find_product, make_keys
from pjbuild.sources import Source
from pjbuild.tree import Tree

from .conftest import ROOT


def test_the_cache_is_where_the_user_wants_it(tmp_path: Path) -> None:
    assert default_root({"TUIPHONE_CACHE": str(tmp_path / "own")}) == tmp_path / "own"
    assert default_root({"XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/tuiphone")
    assert default_root({}) == Path.home() / ".cache/tuiphone"


def test_the_key_follows_contents_names_and_facts(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    key = key_of([one, two], tmp_path, ["x86_64"])
    assert key == key_of([two, one], tmp_path, ["x86_64"])
    assert key != key_of([one, two], tmp_path, ["aarch64"])
    assert key != key_of([one], tmp_path, ["x86_64"])
    two.write_text("2 changed")
    assert key != key_of([one, two], tmp_path, ["x86_64"])


def recipe_copy(to: Path) -> Path:
    for name in ("config_site.h", "patches/0001-wake-the-pump.patch", "helper/wake.c", "pjbuild/tree.py"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((ROOT / "native" / name).read_bytes())
    return to


def source(digest: str) -> Source:
    return Source(Path("x"), digest, "2.17", "debian", "")


def test_work_on_the_helper_keeps_the_compiled_libraries(tmp_path: Path) -> None:
    native = recipe_copy(tmp_path / "native")
    sources = Sources(source("aa"), None)
    before = make_keys(sources, native)
    (native / "helper/wake.c").write_text("/* changed */")
    after = make_keys(sources, native)
    assert after.tree == before.tree
    assert after.wheel != before.wheel


def test_settings_patches_and_sources_change_both_keys(tmp_path: Path) -> None:
    native = recipe_copy(tmp_path / "native")
    before = make_keys(Sources(source("aa"), None), native)
    assert make_keys(Sources(source("bb"), None), native).tree != before.tree
    assert make_keys(Sources(source("aa"), source("cc")), native).wheel != before.wheel
    (native / "config_site.h").write_text("#define PJ_HAS_IPV6 0\n")
    after = make_keys(Sources(source("aa"), None), native)
    assert after.tree != before.tree
    assert after.wheel != before.wheel


def test_nothing_is_found_in_an_empty_cache(cache: Cache) -> None:
    assert find_product(cache) is None


def test_a_wheel_that_was_cut_short_is_built_again(
    cache: Cache, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "pjsua2.py"
    made.write_text("x")
    monkeypatch.setattr(recipe, "make_keys", lambda _: Keys("t", "w"))
    monkeypatch.setattr(recipe, "link_module", lambda *_: Module(tmp_path, Path(sys.executable), False))
    monkeypatch.setattr(recipe, "check_module", lambda *_: None)
    monkeypatch.setattr("pjbuild.recipe.Shelf.find", lambda _: source("aa"))
    monkeypatch.setattr(Module, "files", [made])
    monkeypatch.setattr(Tree, "build", lambda *_: None)
    build = Build(cache, Progress(io.StringIO()))
    product = build._make(runner, Sources(source("aa"), None))
    assert find_product(cache) == product
    size = product.wheel.stat().st_size
    with product.wheel.open("r+b") as file:
        file.truncate(size // 2)
    assert find_product(cache) is None
    assert build._make(runner, Sources(source("aa"), None)).wheel.stat().st_size == size
    assert find_product(cache) == product


def test_a_recipe_edited_during_the_build_is_built_again(
    cache: Cache, runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "pjsua2.py"
    made.write_text("x")
    module = Module(tmp_path, Path(sys.executable), has_voice=False)
    keys = iter([Keys("t", "before"), Keys("t", "after"), Keys("t", "after"), Keys("t", "after")])
    linked: list[int] = []

    def link(*_: object) -> Module:
        linked.append(1)
        return module

    monkeypatch.setattr(recipe, "make_keys", lambda _: next(keys))
    monkeypatch.setattr(recipe, "link_module", link)
    monkeypatch.setattr(recipe, "check_module", lambda *_: None)
    monkeypatch.setattr(Module, "files", [made])
    monkeypatch.setattr(Tree, "build", lambda *_: None)
    build = Build(cache, Progress(io.StringIO()))
    product = build._make(runner, Sources(source("aa"), None))
    assert product.folder == cache.product("after")
    assert "kafter" in product.wheel.name
    assert len(linked) == 2
    assert not cache.product("before").exists()


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    waited = threading.Event()
    with Lock(tmp_path / "lock", waited.set):
        holder = threading.Thread(target=lambda: Lock(tmp_path / "lock", waited.set).__enter__(), daemon=True)
        holder.start()
        assert waited.wait(5)
    holder.join(5)
    assert not holder.is_alive()


def test_the_lock_is_held_by_the_last_child_of_a_killed_build(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, os\n"
        "from pathlib import Path\n"
        "from pjbuild.cache import Lock\n"
        f"with Lock(Path({str(tmp_path / 'lock')!r}), lambda: None) as lock:\n"
        "    subprocess.Popen(['sleep', '0.6'], pass_fds=[lock.fd])\n"
        "    os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT / "native", check=False)
    waited: list[bool] = []
    with Lock(tmp_path / "lock", lambda: waited.append(True)):
        assert waited
