"""settings.toml: what is saved is read again, nothing else is lost, and nothing leaves half a file."""

from __future__ import annotations

import multiprocessing
import stat
import threading
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from tuiphone.config.load import Loaded, load
from tuiphone.config.passwords import password_for, turn_password_for
from tuiphone.config.save import SettingsStore
from tuiphone.errors import PhoneError
from tuiphone.model.account import Account, DtmfMethod, TlsSettings, Transport

DESK = Account(
    "desk",
    "sip:2001@pbx.example",
    label="sales “north”",
    registrar="pbx.example",
    transport=Transport.TLS,
    dtmf=DtmfMethod.INFO,
    codecs=("opus", "PCMU"),
    tls=TlsSettings(verify=False, ca_file="/etc/ca.pem"),
)


class MemoryKeyring(KeyringBackend):
    """A keyring that works."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


class NoKeyring(MemoryKeyring):
    """What a machine without a desktop has."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("no keyring here")


@pytest.fixture(params=[MemoryKeyring, NoKeyring])
def any_keyring(request: pytest.FixtureRequest) -> Iterator[MemoryKeyring]:
    yield from _use(request.param())


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    yield from _use(MemoryKeyring())


@pytest.fixture
def no_keyring() -> Iterator[MemoryKeyring]:
    yield from _use(NoKeyring())


def _use(backend: MemoryKeyring) -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "tuiphone" / "settings.toml")


def read(store: SettingsStore) -> Loaded:
    loaded = load(store.path.with_name("config.toml"), store.path, {})
    assert loaded.warnings == ()
    return loaded


def read_despite_warnings(store: SettingsStore) -> Loaded:
    return load(store.path.with_name("config.toml"), store.path, {})


def test_what_is_set_is_loaded_again_and_nothing_else_is_written(store: SettingsStore) -> None:
    store.set("audio.input", 'Jabra "75" ü')
    store.update({"audio.input_level": 70, "phone.dnd": True, "audio.codecs": ("opus", "PCMU")})
    loaded = read(store)
    assert loaded.config.audio.input == 'Jabra "75" ü'
    assert (loaded.config.audio.input_level, loaded.config.phone.dnd) == (70, True)
    assert loaded.config.audio.codecs == ("opus", "PCMU")
    assert set(loaded.origins) == {"audio.input", "audio.input_level", "phone.dnd", "audio.codecs"}


def test_unset_goes_back(store: SettingsStore) -> None:
    store.update({"ui.theme": "nord", "audio.ring": "x"})
    store.unset("ui.theme")
    store.unset("ui.theme")
    assert set(read(store).origins) == {"audio.ring"}
    assert "[ui]" not in store.path.read_text()


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("audio.inptu", "x", "There is no setting audio.inptu"),
        ("audio.input_level", 500, "audio.input_level is 500; allowed is a whole number from 0 to 200"),
        ("phone.dnd", "yes", "true or false"),
    ],
)
def test_what_the_schema_does_not_allow_is_not_saved(
    store: SettingsStore, key: str, value: object, sentence: str
) -> None:
    with pytest.raises(PhoneError, match=sentence):
        store.set(key, value)
    assert not store.path.exists()


def test_nobody_else_may_read_it(store: SettingsStore) -> None:
    store.path.parent.mkdir()
    store.path.touch(mode=0o644)
    store.set("phone.dnd", True)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_unknown_keys_of_another_version_stay(store: SettingsStore) -> None:
    store.path.parent.mkdir()
    store.path.write_text("[audio]\nfuture = 1\n[headset]\nx = [1, 2]\n")
    store.set("audio.input", "x")
    text = store.path.read_text()
    assert "future = 1" in text
    assert "[headset]" in text


def test_a_link_stays_a_link(store: SettingsStore, tmp_path: Path) -> None:
    store.path.parent.mkdir()
    real = tmp_path / "dotfiles.toml"
    real.touch()
    store.path.symlink_to(real)
    store.set("phone.dnd", True)
    assert store.path.is_symlink()
    assert "dnd = true" in real.read_text()


def test_a_broken_file_is_not_overwritten(store: SettingsStore) -> None:
    store.path.parent.mkdir()
    store.path.write_text("[audio")
    with pytest.raises(PhoneError, match="Nothing was saved"):
        store.set("phone.dnd", True)
    assert store.path.read_text() == "[audio"


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PhoneError, match="cannot be written"):
        SettingsStore(tmp_path / "file" / "settings.toml").set("phone.dnd", True)


def test_a_crash_while_writing_leaves_the_old_file(store: SettingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set("audio.input", "old")

    def power_cut(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", power_cut)
        with pytest.raises(KeyboardInterrupt):
            store.set("audio.input", "new")
    assert read(store).config.audio.input == "old"
    store.set("audio.input", "newer")
    assert read(store).config.audio.input == "newer"
    assert {path.name for path in store.path.parent.iterdir()} == {"settings.toml", ".settings.toml.lock"}


def _write_many(path: Path, name: str) -> None:
    store = SettingsStore(path)
    for number in range(10):
        store.put_account(Account(f"{name}-{number}", "sip:1@pbx.example"))


def test_two_programs_and_two_threads_lose_nothing(store: SettingsStore) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_write_many, args=(store.path, "process"))
    threads = [threading.Thread(target=_write_many, args=(store.path, f"thread{n}")) for n in range(2)]
    runners: list[BaseProcess | threading.Thread] = [process, *threads]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert process.exitcode == 0
    assert len(read(store).config.accounts) == 30


def test_an_account_comes_back_as_it_was_given(store: SettingsStore, any_keyring: MemoryKeyring) -> None:
    store.put_account(DESK, "hunter2")
    (configured,) = read_despite_warnings(store).config.accounts
    assert configured.account() == DESK
    assert password_for(configured) == "hunter2"


@pytest.mark.parametrize("registrar", ["", "pbx.example", "other.example:5070"])
def test_the_registrar_comes_back_too(store: SettingsStore, registrar: str) -> None:
    account = Account("desk", "sip:2001@pbx.example", registrar=registrar, register=bool(registrar))
    store.put_account(account)
    assert read(store).config.accounts[0].account() == account


def test_a_password_is_in_the_keyring_where_there_is_one(store: SettingsStore, memory_keyring: MemoryKeyring) -> None:
    store.put_account(DESK, "hunter2")
    assert memory_keyring.kept == {("tuiphone", "desk"): "hunter2"}
    assert "hunter2" not in store.path.read_text()
    store.remove_account("desk")
    assert memory_keyring.kept == {}
    assert "desk" not in store.path.read_text()


def test_without_a_keyring_it_is_in_the_private_file(store: SettingsStore, no_keyring: MemoryKeyring) -> None:
    store.put_account(DESK, "hunter2")
    assert "hunter2" in store.path.read_text()
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_changing_an_account_without_a_password_keeps_the_old_one(
    store: SettingsStore, any_keyring: MemoryKeyring
) -> None:
    store.put_account(Account("door", "sip:300@pbx.example"), "first")
    store.put_account(DESK, "hunter2")
    store.put_account(Account("door", "sip:301@pbx.example"))
    loaded = read_despite_warnings(store)
    assert [(a.id, a.address, password_for(a)) for a in loaded.config.accounts] == [
        ("door", "sip:301@pbx.example", "first"),
        ("desk", "sip:2001@pbx.example", "hunter2"),
    ]


def test_the_turn_password_is_kept_and_changed_apart(store: SettingsStore, any_keyring: MemoryKeyring) -> None:
    store.put_account(DESK, "hunter2", "of turn")
    store.put_account(DESK, "hunter3")
    (desk,) = read_despite_warnings(store).config.accounts
    assert (password_for(desk), turn_password_for(desk)) == ("hunter3", "of turn")
    store.put_account(DESK, "", "of turn, newer")
    (desk,) = read_despite_warnings(store).config.accounts
    assert (password_for(desk), turn_password_for(desk)) == ("hunter3", "of turn, newer")
    store.remove_account("desk")
    assert any_keyring.kept == {}


def test_an_account_that_is_not_there_cannot_be_removed(store: SettingsStore) -> None:
    with pytest.raises(PhoneError, match="has no account nobody"):
        store.remove_account("nobody")


def test_removing_the_default_account_leaves_no_dead_name(store: SettingsStore) -> None:
    store.put_account(Account("desk", "sip:2001@pbx.example"))
    store.set("phone.default_account", "desk")
    store.remove_account("desk")
    assert read(store).config.phone.default_account == ""


def test_an_account_with_a_wrong_value_is_refused(store: SettingsStore) -> None:
    with pytest.raises(PhoneError, match="Account desk: address is"):
        store.put_account(Account("desk", "nobody"))
    assert not store.path.exists()
