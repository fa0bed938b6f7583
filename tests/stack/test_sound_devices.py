"""The sound server's devices as ALSA's, names that people read, and hearing of changes."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pj = pytest.importorskip("pjsua2")

from tuiphone.model.device import Device, DeviceRole  # noqa: E402 (needs the module)
from tuiphone.stack.pjsua import soundserver  # noqa: E402
from tuiphone.stack.pjsua.devices import SILENCE, DeviceList  # noqa: E402
from tuiphone.stack.pjsua.devicewatch import DeviceWatch  # noqa: E402
from tuiphone.stack.pjsua.soundserver import DEFAULT_ALIAS, AlsaConfig, Entry, Server  # noqa: E402

pytestmark = pytest.mark.pjsua

HEAD = Entry("alsa_output.usb-GN_Jabra.analog-stereo", "Jabra Evolve Stereo", False)
HEAD_MIC = Entry("alsa_input.usb-GN_Jabra.mono", "Jabra Evolve Mono", True, muted=True)
ONE = Entry("sink.one", "Null Output", False)
OTHER = Entry("sink.other", "Null Output", False)
SERVER = Server((HEAD, ONE, OTHER, HEAD_MIC), HEAD.key, HEAD_MIC.key)

# pactl as a program: answers from files beside it, and tells of changes that a test writes into a pipe.
PACTL = """#!/bin/sh
case "$*" in
  subscribe) exec cat "$(dirname "$0")/changes" ;;
  *"list sinks") cat "$(dirname "$0")/sinks.json" ;;
  *"list sources") cat "$(dirname "$0")/sources.json" ;;
  *info) cat "$(dirname "$0")/info.json" ;;
  *) exit 1 ;;
esac
"""


def entry(key: str, description: str, kind: str = "sound", mute: bool = False) -> dict[str, object]:
    return {"name": key, "description": description, "mute": mute, "properties": {"device.class": kind}}


@pytest.fixture
def pactl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files say what the sound server has."""
    program = tmp_path / "pactl"
    program.write_text(PACTL)
    program.chmod(0o755)
    (tmp_path / "sinks.json").write_text(json.dumps([entry("spk", "Büro 🔊"), entry("old", "(null)")]))
    sources = [entry("mic", "Mic", mute=True), entry("spk.monitor", "Monitor of Büro", "monitor")]
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    (tmp_path / "info.json").write_text(json.dumps({"default_sink_name": "spk", "default_source_name": "mic"}))
    os.mkfifo(tmp_path / "changes")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    yield tmp_path


def test_a_sound_server_is_asked_for_its_devices(pactl: Path) -> None:
    assert soundserver.ask() == Server(
        (Entry("spk", "Büro 🔊", False), Entry("old", "old", False), Entry("mic", "Mic", True, True)), "spk", "mic"
    )


@pytest.mark.parametrize("answer", ["", "Connection refused", "{", "[1]", '[{"name": "x"}]'])
def test_a_server_that_answers_nonsense_counts_as_absent(pactl: Path, answer: str) -> None:
    (pactl / "sinks.json").write_text(answer)
    assert soundserver.ask() is None


def test_devices_that_are_called_the_same_say_which_they_are() -> None:
    devices = SERVER.devices()
    assert devices[HEAD.alias] == Device("Jabra Evolve Stereo", "PulseAudio", 0, 1, HEAD.key)
    assert devices[HEAD_MIC.alias] == Device("Jabra Evolve Mono", "PulseAudio", 1, 0, HEAD_MIC.key, True)
    assert [devices[e.alias].name for e in (ONE, OTHER)] == ["Null Output (sink.one)", "Null Output (sink.other)"]


def test_alsa_is_told_each_device_and_no_name_can_break_its_syntax() -> None:
    odd = Entry('x" } pcm.!default { type null', "odd", False)
    text = Server((odd,), "", "").alsa()
    assert text.splitlines()[0] == (
        f'pcm.{odd.alias} {{ type asym playback.pcm {{ type pulse device "x\\" }} pcm.!default {{ type null" }} '
        "hint { show on } }"
    )
    assert odd.alias.replace("_", "").isalnum()


def test_our_configuration_replaces_the_machine_s_but_not_somebody_s_own(
    pactl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = AlsaConfig("auto", null=False)
    path = Path(os.environ["ALSA_CONFIG_PATH"])
    before = path.stat().st_ino
    assert "pulse" in path.read_text()
    config.use(SERVER)
    assert Path(os.environ["ALSA_CONFIG_PATH"]) == path
    assert path.stat().st_ino != before, "ALSA would not see that it changed"
    assert HEAD.alias in path.read_text()
    config.use(None)
    assert "ALSA_CONFIG_PATH" not in os.environ
    config.close()
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/somebody/s")
    theirs = AlsaConfig("auto", null=False)
    assert (theirs.server, theirs.names_of_server) == (None, False)
    theirs.close()
    assert os.environ["ALSA_CONFIG_PATH"] == "/somebody/s"


def test_alsa_s_own_devices_can_be_wished_for(pactl: Path) -> None:
    config = AlsaConfig("alsa", null=False)
    assert (config.server, "ALSA_CONFIG_PATH" in os.environ) == (None, False)


class Manager:
    """pjsua2's list of devices, as ALSA has them."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def refreshDevs(self) -> None:  # noqa: N802 (pjsua2's name)
        pass

    def enumDev2(self) -> list[object]:  # noqa: N802
        def info(name: str) -> object:
            return type("Info", (), {"name": name, "driver": "ALSA", "inputCount": 1, "outputCount": 1})

        return [info(name) for name in self.names]


def listed(server: Server | None, *names: str) -> DeviceList:
    found = DeviceList()
    found.refresh(Manager(*names), True, server)  # type: ignore[arg-type]  # as much of it as is used
    return found


ALIASES = (DEFAULT_ALIAS, *(e.alias for e in SERVER.entries))


def test_names_and_keys_lead_to_devices_and_the_default_to_the_server_s() -> None:
    found = listed(SERVER, *ALIASES)
    by_name, by_key = (found.candidates(DeviceRole.OUTPUT, (n,)) for n in ("Jabra Evolve Stereo", HEAD.key))
    assert by_name == by_key
    (default,) = found.candidates(DeviceRole.OUTPUT, ("",))
    assert (default.index, default.name, default.is_same(by_name[0])) == (0, "Jabra Evolve Stereo", True)
    assert found.candidates(DeviceRole.INPUT, ("Jabra Evolve Mono",))[0].index == ALIASES.index(HEAD_MIC.alias)


def test_what_is_absent_is_passed_over_and_silence_ends_the_list() -> None:
    found = listed(SERVER, *ALIASES)
    candidates = found.candidates(DeviceRole.OUTPUT, ("gone", "Null Output (sink.one)", "", "none", HEAD.key))
    assert [c.name for c in candidates] == ["Null Output (sink.one)", "Jabra Evolve Stereo", "none"]
    (instead,) = found.candidates(DeviceRole.OUTPUT, ("gone", "too"))
    assert (instead.index, instead.problem) == (0, "“gone” is not there: using “Jabra Evolve Stereo”")
    assert found.candidates(DeviceRole.OUTPUT, ("none",)) == [SILENCE]


def test_a_machine_without_devices_is_silent_and_says_so() -> None:
    for role in DeviceRole:
        (found,) = listed(None).candidates(role, ("Jabra",))
        assert found.index is None
        assert found.problem


def test_alsa_s_default_is_called_default() -> None:
    found = listed(None, "hw:CARD=PCH", "default")
    assert found.candidates(DeviceRole.INPUT, ("",))[0].name == "default"
    assert found.candidates(DeviceRole.INPUT, ("hw:CARD=PCH",))[0].index == 0


def test_changes_are_heard_of_and_nothing_is_asked_while_nothing_changes(pactl: Path) -> None:
    seen: list[Server | None] = []
    news = threading.Event()

    def changed(server: Server | None, by_kernel: bool) -> None:
        seen.append(server)
        news.set()

    watch = DeviceWatch(changed)
    try:
        with (pactl / "changes").open("wb", buffering=0) as changes:
            assert news.wait(5), "what was there when it began"
            news.clear()
            changes.write(b"Event 'new' on client #7\nEvent 'change' on sink-input #3\n")
            assert not news.wait(0.4), "other programs' business"
            (pactl / "sinks.json").write_text("[]")
            changes.write(b"Event 'remove' on sink #1\n")
            changes.write(b"Event 'change' on server #4294967295\n")
            assert news.wait(5)
            assert seen[-1] == Server((Entry("mic", "Mic", True, True),), "spk", "mic")
            count = len(seen)
            news.clear()
            assert not news.wait(0.4)
            assert len(seen) == count, "a burst of changes is one"
            (pactl / "sinks.json").write_text("gone")
        assert news.wait(5), "the server went away"
        assert seen[len(seen) - 1] is None
    finally:
        watch.close()
    assert threading.active_count() < 20
