"""Clean sound on devices: echo, noise, whisper and shout, shrieks, gains; each switched while the call goes on."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.support.audio import Samples, correlate, find, level_db, read_wav, resample, speech, tone, write_wav
from tests.support.phone import Phone
from tests.support.process import until
from tests.support.pulse import RATE, Pulse, espeak
from tuiphone.model.call import CallId, CallState
from tuiphone.model.device import DeviceRole

pytestmark = [pytest.mark.sound, pytest.mark.pjsua]

FAR = (
    "Thank you very much for calling. I have been waiting for the delivery of my washing machine since the beginning"
    " of last month, and nobody answers my letters."
)
NEAR = "Good morning. This is the sales department, my name is Anna. Please tell me the number of your contract."
FRAME = RATE // 50


@dataclass(frozen=True)
class Desk:
    """A call: what is said into Anna's microphone is heard at Bert's ear, and back."""

    anna: Phone
    bert: Phone
    pulse: Pulse
    folder: Path
    call: CallId

    async def say(self, *sources: tuple[Path, str], ear: str = "head") -> Samples:
        """Play files into microphones at once; what an ear hears meanwhile."""
        target = self.folder / "heard.wav"
        target.unlink(missing_ok=True)
        async with self.pulse.record(target, ear):
            players = [self.pulse.play(path, feed) for path, feed in sources]
            for player in players:
                player.start()
            for player in players:
                assert await player.until_end() == 0
            await asyncio.sleep(0.5)
        samples, rate = read_wav(target)
        assert rate == RATE
        return samples


@asynccontextmanager
async def desk(folder: Path, **audio: object) -> AsyncIterator[Desk]:
    """Two phones that talk; everything that changes sound is off unless Anna is told otherwise."""
    plain: dict[str, object] = {"echo_canceller": "off", "noise_suppression": False, "null_audio": False}
    anna_has = {**plain, "input": "mic", "output": "spk", "ring": "none", **audio}
    bert_has = {**plain, "input": "mic2", "output": "head", "ring": "none", "ear_limit_db": 0}
    async with Pulse(folder / "pulse") as pulse:
        anna = Phone(folder / "a", sections={"audio": anna_has}, environment=pulse.environment)
        bert = Phone(folder / "b", sections={"audio": bert_has}, environment=pulse.environment)
        async with anna, bert:
            call = await anna.api.dial(bert.address)
            await bert.incoming()
            await bert.api.answer()
            await anna.until(call, CallState.TALKING)
            yield Desk(anna, bert, pulse, folder, call)


def frames_db(samples: Samples) -> Samples:
    """The level of every 20 ms, in dBFS."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(10 * np.log10((frames**2).mean(axis=1) + 1e-12))


def voice_db(samples: Samples) -> float:
    """The level of a voice without its pauses: the mean power of what lies within 25 dB of its loudest."""
    levels = frames_db(samples)
    return float(10 * np.log10((10 ** (levels[levels > levels.max() - 25] / 10)).mean()))


async def test_echo_is_taken_away_as_soon_as_the_canceller_is_switched_on_and_both_may_talk(tmp_path: Path) -> None:
    far, near = espeak(FAR, tmp_path / "far.wav"), espeak(NEAR, tmp_path / "near.wav")
    async with desk(tmp_path) as both:
        both.pulse.control("load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=30")
        echo = await both.say((far, "mic2feed"))
        assert voice_db(echo) > -35, "the loudspeaker is not heard by the microphone: nothing to cancel"
        await both.anna.api.set_processing(echo_canceller="webrtc")
        await both.say((far, "mic2feed"))  # the canceller learns the path
        # A machine that is busy with other things makes the path longer and shorter: it must be learnt again then.
        rest = [level_db(await both.say((far, "mic2feed")))]
        while level_db(echo) - rest[-1] < 35 and len(rest) < 3:
            rest.append(level_db(await both.say((far, "mic2feed"))))
        assert level_db(echo) - rest[-1] >= 35
        alone = await both.say((near, "micfeed"))
        together = await both.say((near, "micfeed"), (far, "mic2feed"))
        assert voice_db(together) > voice_db(alone) - 6
        assert likeness_of_loudness(near, together) > 0.7
        await both.anna.api.set_processing(echo_canceller="off")
        assert level_db(await both.say((far, "mic2feed"))) > level_db(echo) - 3


async def test_a_call_has_no_echo_from_its_first_word_on_and_who_talks_into_it_is_heard(tmp_path: Path) -> None:
    far, near = espeak(FAR, tmp_path / "far.wav"), espeak(NEAR, tmp_path / "near.wav")
    path = ("load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=30")
    async with desk(tmp_path / "1", echo_canceller="webrtc") as both:
        both.pulse.control(*path)
        rest = await both.say((far, "mic2feed"))
        await both.anna.api.set_processing(echo_canceller="off")
        echo = await both.say((far, "mic2feed"))
        assert level_db(echo) - level_db(rest) >= 35
    async with desk(tmp_path / "2", echo_canceller="webrtc") as both:
        both.pulse.control(*path)
        together = await both.say((near, "micfeed"), (far, "mic2feed"))
        alone = await both.say((near, "micfeed"))
        assert voice_db(together) > voice_db(alone) - 6
        assert likeness_of_loudness(near, together) > 0.7


def likeness_of_loudness(said: Path, heard: Samples) -> float:
    """How alike the loudness over time is, where they fit best: 1 is equal."""
    samples, rate = read_wav(said)
    source = resample(samples, rate, RATE)
    begin = max(0, round(find(source, heard, RATE).offset_s * RATE))
    part = heard[begin : begin + len(source)]
    curves = [10 ** (frames_db(one[: len(part)]) / 20) for one in (source, part)]
    return correlate(*curves)


def in_noise(folder: Path) -> Path:
    """A voice between two pauses, in steady noise."""
    said, rate = read_wav(espeak(NEAR, folder / "near.wav"))
    voice = np.concatenate([np.zeros(2 * RATE), resample(said, rate, RATE), np.zeros(2 * RATE)])
    noise = np.random.default_rng(1).standard_normal(len(voice)) * 10 ** (-45 / 20)
    return write_wav(folder / "noisy.wav", voice + noise, RATE)


async def test_speex_takes_off_the_echo_and_leaves_noise_and_level_to_their_own_switches(tmp_path: Path) -> None:
    noisy, far = in_noise(tmp_path), espeak(FAR, tmp_path / "far.wav")
    async with desk(tmp_path) as both:
        before = await both.say((noisy, "micfeed"))
        await both.anna.api.set_processing(echo_canceller="speex")
        await both.say((noisy, "micfeed"))
        after = await both.say((noisy, "micfeed"))
        pause = slice(RATE, 2 * RATE)
        assert level_db(before[pause]) - level_db(after[pause]) < 2
        assert abs(voice_db(before) - voice_db(after)) < 2
        await both.anna.api.set_processing(echo_canceller="off")
        both.pulse.control("load-module", "module-loopback", "source=spk.monitor", "sink=micfeed", "latency_msec=30")
        echo = await both.say((far, "mic2feed"))
        await both.anna.api.set_processing(echo_canceller="speex")
        for _learning in range(2):
            await both.say((far, "mic2feed"))
        assert (
            level_db(echo) - level_db(await both.say((far, "mic2feed"))) > 6
        )  # where clocks drift apart it does no better


async def test_steady_noise_goes_and_speech_stays(tmp_path: Path) -> None:
    noisy = in_noise(tmp_path)
    async with desk(tmp_path) as both:
        before = await both.say((noisy, "micfeed"))
        await both.anna.api.set_processing(noise_suppression=True)
        await both.say((noisy, "micfeed"))
        after = await both.say((noisy, "micfeed"))
    pause = slice(RATE, 2 * RATE)
    assert level_db(before[pause]) - level_db(after[pause]) >= 12
    assert abs(voice_db(before) - voice_db(after)) < 2


async def test_a_whisper_and_a_shout_are_equally_loud_with_gain_control(tmp_path: Path) -> None:
    said, rate = read_wav(espeak(f"{NEAR} {NEAR}", tmp_path / "said.wav"))
    voice = resample(said, rate, RATE)
    voice /= 10 ** (voice_db(voice) / 20)
    whisper = write_wav(tmp_path / "whisper.wav", voice * 10 ** (-45 / 20), RATE)
    shout = write_wav(tmp_path / "shout.wav", voice * 10 ** (-12 / 20), RATE)
    async with desk(tmp_path) as both:
        plain = [voice_db(await both.say((one, "micfeed"))) for one in (whisper, shout)]
        assert plain[1] - plain[0] > 25
        await both.anna.api.set_processing(gain_control=True, noise_suppression=True)
        levels = []
        for one in (whisper, shout):
            heard = await both.say((one, "micfeed"))
            levels.append(voice_db(heard[len(heard) // 2 :]))
    assert abs(levels[0] - levels[1]) < 6
    assert min(levels) > -30


async def test_no_shriek_reaches_the_ear_above_the_limit_and_speech_below_it_is_left_alone(tmp_path: Path) -> None:
    shriek = write_wav(tmp_path / "shriek.wav", np.concatenate([np.zeros(RATE), tone((2800.0,), 2, RATE, 0.99)]), RATE)
    said = write_wav(tmp_path / "said.wav", speech(3, RATE) * 0.2, RATE)
    async with desk(tmp_path, ear_limit_db=0) as both:
        assert peak_db(await both.say((shriek, "mic2feed"), ear="spk")) > -4
        loud = voice_db(await both.say((said, "mic2feed"), ear="spk"))
        await both.anna.api.set_processing(ear_limit_db=-18)
        assert -24 < peak_db(await both.say((shriek, "mic2feed"), ear="spk")) < -18
        assert abs(voice_db(await both.say((said, "mic2feed"), ear="spk")) - loud) < 1.5
        kept = both.anna.folder / "config" / "settings.toml"
        await until(lambda: kept.exists() and "ear_limit_db" in kept.read_text(), 5, "the limit is kept")
        assert tomllib.loads(kept.read_text())["audio"]["ear_limit_db"] == -18


async def test_no_sound_of_the_phone_itself_reaches_the_ear_above_the_limit(tmp_path: Path) -> None:
    ring = write_wav(tmp_path / "ring.wav", tone((2800.0,), 2, RATE, 0.99))
    audio = {"ring_tone": f"{ring} 200%", "ring": "spk", "ring_level": 200, "tone_level": 200, "output_level": 200}
    async with desk(tmp_path, ear_limit_db=-30, **audio) as both:
        anna, pulse = both.anna, both.pulse
        heard = {}

        async def hear(name: str, seconds: float) -> None:
            target = tmp_path / f"{name}.wav"
            async with pulse.record(target, "spk"):
                await asyncio.sleep(seconds)
            heard[name] = peak_db(read_wav(target)[0])

        await asyncio.sleep(1.0)  # the last of the ringback
        await hear("silence", 0.3)
        async with Phone(tmp_path / "c") as carl:
            knocking = await carl.api.dial(anna.address)
            await until(lambda: len([c for c in anna.calls.values() if c.is_ringing]) == 1, 5, "a second call")
            await hear("call waiting", 4.5)
            await carl.api.hang_up(knocking)
            await anna.api.hang_up(both.call)
            await until(lambda: all(call.is_over for call in anna.calls.values()), 5, "no call any more")
            await carl.api.dial(anna.address)
            await until(lambda: any(call.is_ringing for call in anna.calls.values()), 5, "a call")
            await hear("ring", 2)
            await anna.api.decline()
            await until(lambda: all(call.is_over for call in anna.calls.values()), 5, "no call any more")
            out = await anna.api.dial(carl.address)
            await carl.incoming()
            await hear("ringback", 5)
            await carl.api.decline()
            await anna.until_ended(out)
            await hear("busy", 2)
            await anna.api.test_tone(DeviceRole.OUTPUT, True)
            await hear("test tone", 1)
            await anna.api.test_tone(DeviceRole.OUTPUT, False)
        assert heard.pop("silence") < -80
        assert {name: level for name, level in heard.items() if not -60 < level <= -30} == {}


def peak_db(samples: Samples) -> float:
    """The highest sample in dBFS."""
    return float(20 * np.log10(np.abs(samples).max() + 1e-12))


async def test_the_gains_of_one_call(tmp_path: Path) -> None:
    said = write_wav(tmp_path / "said.wav", speech(3, RATE) * 0.5, RATE)
    async with desk(tmp_path, ear_limit_db=0) as both:
        sent = voice_db(await both.say((said, "micfeed")))
        heard = voice_db(await both.say((said, "mic2feed"), ear="spk"))
        await both.anna.api.set_call_gain(both.call, mic=25, ear=50)
        assert voice_db(await both.say((said, "micfeed"))) - sent == pytest.approx(-12, abs=2)
        assert voice_db(await both.say((said, "mic2feed"), ear="spk")) - heard == pytest.approx(-6, abs=2)
        assert (both.anna.calls[both.call].mic_level, both.anna.calls[both.call].ear_level) == (25, 50)
