"""What is done to the sound, changed on the screen."""

from __future__ import annotations

from tests.tui.support import desk


async def test_echo_noise_gain_and_limit_are_changed_by_key_and_kept() -> None:
    async with desk() as d:
        before = d.store.devices.processing
        await d.press("V")
        await d.until(lambda: d.is_open("Sound"), "the dialog")
        assert "this call" not in d.picture()
        await d.press("right")
        await d.until(lambda: d.store.devices.processing.echo_canceller != before.echo_canceller, "the canceller")
        assert d.store.devices.processing.echo_canceller in d.picture()
        await d.press("down", "space")
        await d.until(lambda: d.store.devices.processing.noise_suppression is not before.noise_suppression, "noise")
        await d.press("down", "enter")
        await d.until(lambda: d.store.devices.processing.gain_control is not before.gain_control, "gain control")
        await d.press("down", "left")
        await d.until(lambda: d.store.devices.processing.ear_limit_db == before.ear_limit_db - 3, "the limit")
        await d.until(lambda: f"{before.ear_limit_db - 3} dBFS" in d.picture(), "the limit on the screen")
        assert any(key.startswith("audio.") for key in d.bench.settings.values)


async def test_the_gains_of_a_call_are_its_own() -> None:
    async with desk() as d:
        first = await d.talking("2044", "Ana Souza")
        second = await d.talking("2090", "Rui Alves")
        await d.press("V", "end", "left", "left")
        await d.until(lambda: d.store.calls[second].ear_level == 80, "softer")
        await d.press("up", "right")
        await d.until(lambda: d.store.calls[second].mic_level == 110, "louder there")
        assert d.store.calls[first].ear_level == 100
        await d.until(lambda: "80%" in d.picture() and "110%" in d.picture(), "the gains on the screen")
