from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.config.schema import Config, RecordingSection
from tuiphone.controller.ports import RecordingReport
from tuiphone.errors import PhoneError
from tuiphone.model.event import Notice


@pytest.fixture
async def desk() -> AsyncIterator[Bench]:
    async with bench() as made:
        yield made


async def talking(desk: Bench, number: str = "answer") -> str:
    call = await desk.phone.dial(number)
    await desk.settle()
    return call


async def test_a_recording_names_its_file_after_time_direction_and_number(desk: Bench) -> None:
    call = await talking(desk)
    path = Path(await desk.phone.start_recording())
    await desk.settle()
    assert path.name.endswith("-outgoing-answer.wav")
    assert desk.last("start_recording") == ("start_recording", call, str(path), 0)
    assert desk.call(call).recording == str(path)


async def test_pauses_are_kept_in_the_history(desk: Bench) -> None:
    call = await talking(desk)
    path = await desk.phone.start_recording()
    desk.clock.advance(10)
    assert await desk.phone.pause_recording() is True
    desk.clock.advance(4)
    assert await desk.phone.pause_recording() is False
    desk.clock.advance(3)
    await desk.phone.pause_recording(on=True)
    desk.clock.advance(2)
    desk.stack.far_hangs_up(call)
    await desk.settle()
    row = desk.history.rows[0]
    assert (row.recording, row.pauses) == (path, ((10.0, 14.0), (17.0, 19.0)))


async def test_the_screen_sees_that_a_recording_pauses(desk: Bench) -> None:
    call = await talking(desk)
    await desk.phone.start_recording()
    await desk.phone.pause_recording()
    await desk.settle()
    assert desk.call(call).recording_paused
    await desk.phone.stop_recording()
    await desk.settle()
    assert not desk.call(call).recording and not desk.call(call).recording_paused


async def test_every_call_is_recorded_from_its_answer_where_configured() -> None:
    config = Config(recording=RecordingSection(always=True, beep_s=15), accounts=(SALES, DESK))
    async with bench(config) as desk:
        ringing = await desk.phone.dial("2044")
        await desk.settle()
        assert not [command for command in desk.stack.commands if command[0] == "start_recording"]
        desk.stack.far_answers(ringing)
        await desk.settle()
        assert desk.last("start_recording")[1] == ringing
        assert desk.last("start_recording")[3] == 15


async def test_a_full_disk_ends_the_recording_and_nothing_else(desk: Bench) -> None:
    call = await talking(desk)
    path = await desk.phone.start_recording()
    desk.stack.report(RecordingReport(call, path, "The recording ended: no space left on device; the call goes on"))
    await desk.settle()
    assert desk.call(call).is_talking
    assert not desk.call(call).recording
    assert any(isinstance(event, Notice) and "no space left" in event.text for event in desk.events)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [("pause_recording", "Line 1 is not being recorded"), ("stop_recording", "Line 1 is not being recorded")],
)
async def test_what_is_not_recorded_can_neither_pause_nor_stop(desk: Bench, command: str, sentence: str) -> None:
    await talking(desk)
    with pytest.raises(PhoneError, match=sentence):
        await getattr(desk.phone, command)()


async def test_a_call_is_recorded_once_and_only_when_answered(desk: Bench) -> None:
    call = await desk.phone.dial("2044")
    await desk.settle()
    with pytest.raises(PhoneError, match="not answered yet"):
        await desk.phone.start_recording()
    desk.stack.far_answers(call)
    await desk.settle()
    await desk.phone.start_recording()
    with pytest.raises(PhoneError, match="is being recorded already"):
        await desk.phone.start_recording()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with bench(recordings=tmp_path / "file" / "below") as desk:
        await talking(desk)
        with pytest.raises(PhoneError, match=r"file/below, cannot be made: .*\(recording\.folder\)"):
            await desk.phone.start_recording()
