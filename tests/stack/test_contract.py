"""What the controller may rely on, whichever stack it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stack.bench import Bench, FakeBench, PjsuaBench, until
from tuiphone.model.call import LEGAL_MOVES, CallState
from tuiphone.model.device import DeviceRole


@pytest.fixture(params=["fake", pytest.param("pjsua", marks=pytest.mark.pjsua)])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    ready: Bench = await (FakeBench() if request.param == "fake" else PjsuaBench(tmp_path)).start()
    yield ready
    await ready.close()


def about(bench: Bench, call_id: str) -> list[str]:
    """The kinds of reports about one call, in their order; a progress with its code."""
    return [
        f"Progress {fields['code']}" if kind == "ProgressReport" else kind.removesuffix("Report")
        for kind, fields in bench.heard()
        if fields.get("call_id") == call_id
    ]


async def talk(bench: Bench) -> str:
    call_id = await bench.dial()
    await bench.far_answers(call_id)
    await until(bench, "ConfirmedReport", lambda f: f["call_id"] == call_id)
    return call_id


async def answered(bench: Bench) -> str:
    call_id = await bench.far_calls()
    bench.do("ring", call_id)
    bench.do("answer", call_id)
    await until(bench, "ConfirmedReport", lambda f: f["call_id"] == call_id)
    return call_id


async def ended(bench: Bench, call_id: str) -> dict[str, object]:
    fields = await until(bench, "EndedReport", lambda f: f["call_id"] == call_id)
    cause: dict[str, object] = fields["cause"]
    return cause


async def test_an_outgoing_call_is_reported_in_the_order_of_its_states(bench: Bench) -> None:
    call_id = await talk(bench)
    bench.do("hang_up", call_id)
    cause = await ended(bench, call_id)
    assert (cause["by"], cause["kind"]) == ("us", "hangup")
    kinds = about(bench, call_id)
    order = [kinds.index(step) for step in ("Progress 100", "Progress 180", "Progress 200", "Confirmed", "Ended")]
    assert order == sorted(order)
    assert kinds.index("Media") < kinds.index("Ended")
    assert kinds[-1] == "Ended"


async def test_an_incoming_call_names_both_ends_and_its_call_id(bench: Bench) -> None:
    call_id = await answered(bench)
    fields = await until(bench, "IncomingReport", lambda f: f["call_id"] == call_id)
    assert fields["account_id"] == "main"
    assert fields["remote"]["uri"].startswith("sip:")
    assert fields["local"]["uri"].startswith("sip:")
    assert fields["sip_call_id"]
    assert about(bench, call_id)[0] == "Incoming"
    await bench.far_hangs_up(call_id)
    cause = await ended(bench, call_id)
    assert (cause["by"], cause["kind"]) == ("them", "hangup")


async def test_a_refusal_and_a_giving_up_end_without_an_answer(bench: Bench) -> None:
    refused = await bench.dial()
    await bench.far_declines(refused)
    cause = await ended(bench, refused)
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", "busy", 486)
    given_up = await bench.dial()
    bench.do("hang_up", given_up)
    cause = await ended(bench, given_up)
    assert (cause["by"], cause["kind"]) == ("us", "cancelled")
    missed = await bench.far_calls()
    bench.do("ring", missed)
    await bench.far_hangs_up(missed)
    cause = await ended(bench, missed)
    assert (cause["by"], cause["kind"]) == ("them", "cancelled")
    for call_id in (refused, given_up, missed):
        assert "Confirmed" not in about(bench, call_id)


async def test_declining_keeps_the_code(bench: Bench) -> None:
    call_id = await bench.far_calls()
    bench.do("hang_up", call_id, 480)
    cause = await ended(bench, call_id)
    assert (cause["by"], cause["code"]) == ("us", 480)


async def test_hold_by_either_side_is_told_apart(bench: Bench) -> None:
    call_id = await talk(bench)

    async def media(local: bool, remote: bool) -> None:
        """The newest report is so, within a while."""
        end = time.monotonic() + 8
        while True:
            reports = [f for kind, f in bench.heard() if kind == "MediaReport"]
            if reports:
                hears_nobody = reports[-1]["stream"]["direction"] in {"sendonly", "inactive"}
                if (hears_nobody, reports[-1]["remote_hold"]) == (local, remote):
                    break
            assert time.monotonic() < end, reports
            await asyncio.sleep(0.005)
        assert reports[-1]["stream"]["codec"] == "PCMU"

    bench.do("hold", call_id)
    await media(local=True, remote=False)
    bench.do("resume", call_id)
    await media(local=False, remote=False)
    await bench.far_holds(call_id, True)
    await media(local=False, remote=True)
    bench.do("hold", call_id)
    await media(local=True, remote=True)
    await bench.far_holds(call_id, False)
    await media(local=True, remote=False)


async def test_digits_of_the_far_end_are_reported_one_by_one(bench: Bench) -> None:
    call_id = await talk(bench)
    await bench.far_sends(call_id, "7")
    fields = await until(bench, "DtmfReport", lambda f: f["call_id"] == call_id)
    assert (fields["digit"], fields["method"]) == ("7", "rfc4733")


async def test_a_call_ends_once_and_what_comes_too_late_is_ignored(bench: Bench) -> None:
    call_id = await talk(bench)
    await bench.far_hangs_up(call_id)
    await ended(bench, call_id)
    for method in ("hang_up", "hold", "resume"):
        bench.do(method, call_id)
    bench.do("mute", call_id, True)
    bench.do("send_dtmf", call_id, "1", "info")
    bench.do("play", call_id, "")
    bench.do("record", call_id, "")
    await talk(bench)
    assert about(bench, call_id).count("Ended") == 1
    assert about(bench, call_id)[-1] == "Ended"


async def test_what_is_reported_never_asks_for_an_illegal_move(bench: Bench) -> None:
    call_id = await talk(bench)
    bench.do("hang_up", call_id)
    await ended(bench, call_id)
    state = CallState.DIALING
    for kind, fields in bench.heard():
        if fields.get("call_id") != call_id:
            continue
        move = {"ConfirmedReport": CallState.TALKING, "EndedReport": CallState.ENDED}.get(kind)
        if kind == "ProgressReport" and fields["code"] > 100:
            move = CallState.CONNECTING if fields["code"] == 200 else CallState.RINGING
        if move and move is not state:
            assert move in LEGAL_MOVES[state], f"{state} to {move}"
            state = move
    assert state is CallState.ENDED


async def test_chosen_devices_are_answered_for_every_role(bench: Bench) -> None:
    bench.do("choose_devices", [["input", "none"], ["output", "none"], ["ring", "none"]])
    fields = await until(bench, "DevicesReport")
    assert {str(role) for role in fields["in_use"]} == {str(role) for role in DeviceRole}
    assert set(fields["in_use"].values()) == {"none"}
    assert fields["problems"] == {}


async def test_an_account_without_a_registrar_unregisters_at_once(bench: Bench) -> None:
    bench.do("unregister", "main")
    fields = await until(bench, "RegistrationReport")
    assert (fields["account_id"], fields["code"], fields["expires_s"]) == ("main", 200, 0)
