"""The device panel beyond choosing: headset, mute at the device, trial of the microphone, several bells."""

from __future__ import annotations

from dataclasses import replace

from tests.support.controller import DESK, SALES
from tests.tui.support import desk
from tuiphone.config.schema import AudioSection, Config, UiSection
from tuiphone.controller.ports import MicTestReport
from tuiphone.model.device import Device, DeviceRole, MicTest
from tuiphone.model.media import Levels
from tuiphone.stack.fake import FakeStack

HEADSET = Config(accounts=(SALES, DESK), audio=AudioSection(codecs=("PCMU",), headset=("Jabra",), use_headset=True))


async def test_a_mute_of_the_device_itself_shows_on_panel_and_call() -> None:
    async with desk() as d:
        await d.talking()
        await d.press("v", "M")
        await d.until(lambda: d.store.devices.role(DeviceRole.INPUT).device_muted, "the mute")
        assert d.given("mute_device")[-1] == ("mute_device", "Headset", True)
        rows = d.picture().splitlines()
        assert any(" in " in row and "DEVICE MUTED" in row for row in rows)
        assert any("mic " in row and "DEVICE MUTED" in row and "live" not in row for row in rows)
        d.app.run_command("mute_microphone")
        await d.until(lambda: not d.store.devices.role(DeviceRole.INPUT).device_muted, "the end of the mute")
        assert "DEVICE MUTED" not in d.picture()


async def test_a_mute_of_the_role_is_no_live_microphone() -> None:
    async with desk() as d:
        await d.talking()
        await d.press("v", "space")
        await d.until(lambda: d.store.devices.role(DeviceRole.INPUT).muted, "the mute")
        assert any("mic " in row and "MUTED" in row for row in d.picture().splitlines())


async def test_what_is_not_there_cannot_be_muted() -> None:
    stack = FakeStack()
    stack.available = ()
    async with desk(stack=stack) as d:
        d.app.run_command("mute_ear")
        assert d.message() == "There is no device in use that could be muted"


async def test_the_microphone_is_tried_by_key_and_the_panel_says_what_to_do() -> None:
    async with desk() as d:
        await d.press("v", "p")
        await d.until(lambda: d.given("test_mic"), "the trial")
        assert d.given("test_mic")[-1][1] == 5.0
        await d.until(lambda: "recording: speak" in d.picture(), "the prompt")
        d.stack.report(MicTestReport(MicTest.PLAYING))
        await d.until(lambda: "playing what you said" in d.picture(), "the sound")
        await d.press("p")
        await d.until(lambda: d.given("test_mic")[-1][1] == 0.0, "the end by key")
        await d.until(lambda: "p tries it out" in d.picture(), "the panel as it was")


async def test_the_panel_shows_live_levels_beside_what_is_chosen_while_it_has_the_focus() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.until(lambda: d.stack.watched[0], "readings are wanted")
        d.store.read(Levels(call, -15.0, -45.0))

        def beside(word: str) -> int:
            (line,) = (line for line in d.picture().splitlines() if f" {word}   Headset" in line)
            return line.count("▮")

        await d.press("v")
        await d.until(lambda: (beside("in "), beside("out")) == (6, 2), "both levels")
        await d.press("tab")
        await d.until(lambda: (beside("in "), beside("out")) == (0, 0), "no levels where nobody looks")


async def test_a_device_that_comes_while_one_chooses_is_offered_and_the_cursor_stays() -> None:
    async with desk() as d:
        await d.press("v", "down", "enter")
        await d.until(lambda: d.is_open("Device for the ear"), "the choice")
        await d.press("end")
        d.stack.available = (Device("Jabra", "fake", 1, 2), *d.stack.available)
        d.stack.refresh_devices()
        await d.until(lambda: " Jabra  fake" in d.picture(), "the new device")
        await d.press("up", "enter")
        await d.until(lambda: d.store.devices.role(DeviceRole.OUTPUT).in_use == "Speakers", "the device above “none”")


async def test_the_headset_has_a_row_once_it_is_chosen() -> None:
    async with desk() as d:
        assert " head " not in d.picture()
        d.app.run_command("use_headset")
        assert "No headset has been chosen yet" in d.message()
        d.app.run_command("choose_headset")
        await d.until(lambda: d.is_open("Headset"), "the choice")
        await d.press("enter")
        await d.until(lambda: d.store.devices.headset.present == "Headset", "the headset")
        assert any("head" in row and "not alone" in row for row in d.picture().splitlines())
        await d.press("v", "down", "down", "down", "space")
        await d.until(lambda: d.store.devices.headset.used, "the use of it")
        assert "ALONE" in d.picture()
        assert d.bench.settings.values["audio.use_headset"] is True


async def test_a_headset_that_is_two_devices_is_offered_once() -> None:
    stack = FakeStack()
    stack.available = (Device("Jabra", "fake", 1, 0), Device("Jabra", "fake", 0, 2), Device("Speakers", "fake", 0, 2))
    async with desk(stack=stack) as d:
        d.app.run_command("choose_headset")
        await d.until(lambda: d.is_open("Headset"), "the choice")
        await d.press("down", "enter")
        await d.until(lambda: d.store.devices.headset.present == "Jabra", "the headset")
        stack.available = (Device("Speakers", "fake", 0, 2),)
        await d.bench.phone.devices(refresh=True)
        await d.until(lambda: not d.store.devices.headset.present, "its absence")
        d.app.run_command("choose_headset")
        await d.until(lambda: "No device here is microphone and ear at once" in d.message(), "the reason")


async def test_a_missing_headset_is_told_with_what_follows() -> None:
    async with desk(config=HEADSET) as d:
        assert any("head" in row and "Jabra is missing" in row for row in d.picture().splitlines())
        assert "The headset “Jabra” is missing" in d.picture()
        d.stack.available = (*d.stack.available, Device("Jabra", "fake", 1, 2))
        d.stack.refresh_devices()
        await d.until(lambda: d.store.devices.headset.present == "Jabra", "the headset")
        assert "missing" not in "".join(row for row in d.picture().splitlines() if "head" in row)


async def test_calls_refused_for_want_of_a_headset_are_told_and_nobody_is_called_ready() -> None:
    audio = replace(HEADSET.audio, refuse_without_headset=True)
    async with desk(config=replace(HEADSET, audio=audio)) as d:
        assert "NO HEADSET" in d.picture().splitlines()[0]
        assert "READY" not in d.picture()
        assert d.message() == "The headset “Jabra” is missing: calls are refused with 480"
        d.stack.far_calls("sales", "2044", "Ana Souza")
        words = "The headset was missing: the call from Ana Souza was rejected"
        await d.until(lambda: d.message().startswith(words), "the sentence")
        d.stack.available = (*d.stack.available, Device("Jabra", "fake", 1, 2))
        d.stack.refresh_devices()
        await d.until(lambda: "READY" in d.picture().splitlines()[0], "the headset")


async def test_several_devices_ring_by_key() -> None:
    async with desk() as d:
        d.app.run_command("bells")
        await d.until(lambda: d.is_open("Bells"), "the dialog")
        await d.press("down", "enter")
        await d.until(lambda: d.store.devices.role(DeviceRole.RING).also == ("Speakers",), "the second bell")
        assert sum("rings" in row for row in d.picture().splitlines()) == 3  # with the frame's own word
        await d.press("t")
        await d.until(lambda: d.stack.tones, "the tone")
        await d.press("escape")
        await d.until(lambda: not d.stack.tones, "the end of the tone")
        assert any(" ring " in row and "Headset +1" in row for row in d.picture().splitlines())


async def test_plain_signs_for_plain_terminals() -> None:
    async with desk(config=replace(HEADSET), ui=UiSection(glyphs="ascii")) as d:
        await d.press("v", "p")
        await d.until(lambda: "recording: speak" in d.picture(), "the prompt")
        assert d.picture().isascii()
