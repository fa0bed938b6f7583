"""A call's life between two phones."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.loopback.steps import hang_up, ring, talk
from tests.support.stackprocess import StackProcess, Start


async def test_the_caller_hears_of_each_step_and_the_callee_who_calls(alice: StackProcess, bob: StackProcess) -> None:
    out = alice.dial(bob.uri)
    incoming = await bob.wait("IncomingReport")
    assert incoming.remote["uri"].startswith("sip:alice@127.0.0.1")
    assert incoming.local["uri"].startswith("sip:bob@127.0.0.1")
    assert incoming.codecs == ["PCMU"]
    bob.do("ring", incoming.call_id)
    ringing = await alice.wait("ProgressReport", call_id=out, code=180)
    assert not ringing.early_media
    assert ringing.sip_call_id == incoming.sip_call_id
    bob.do("answer", incoming.call_id)
    await alice.wait("ConfirmedReport", call_id=out)
    media = next(h for h in alice.reports if h.kind == "MediaReport")
    assert media.stream["codec"] == "PCMU"
    assert media.stream["clock_hz"] == 8000
    assert media.stream["ptime_ms"] == 20
    assert media.stream["direction"] == "sendrecv"
    assert not media.remote_hold


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_whoever_hangs_up_ends_it_for_both(alice: StackProcess, bob: StackProcess, who: str) -> None:
    call = await talk(alice, bob)
    (ours, our_id), (theirs, their_id) = call.ends() if who == "caller" else call.ends()[::-1]
    ours.do("hang_up", our_id)
    mine = (await ours.wait("EndedReport", call_id=our_id)).cause
    other = (await theirs.wait("EndedReport", call_id=their_id)).cause
    assert (mine["by"], mine["kind"]) == ("us", "hangup")
    assert (other["by"], other["kind"]) == ("them", "hangup")


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (486, "busy", "Busy Here"),
        (603, "declined", "Decline"),
        (480, "unavailable", "Temporarily Unavailable"),
        (404, "not_found", "Not Found"),
        (403, "forbidden", "Forbidden"),
    ],
)
async def test_a_declined_call_says_how(
    alice: StackProcess, bob: StackProcess, code: int, kind: str, reason: str
) -> None:
    out, back = await ring(alice, bob)
    bob.do("hang_up", back, code)
    cause = (await alice.wait("EndedReport", call_id=out)).cause
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", kind, code)
    assert reason in cause["reason"]
    own = (await bob.wait("EndedReport", call_id=back)).cause
    assert (own["by"], own["kind"], own["code"]) == ("us", "busy" if code == 486 else "declined", code)


async def test_a_caller_who_gives_up_cancels(alice: StackProcess, bob: StackProcess) -> None:
    out, back = await ring(alice, bob)
    alice.do("hang_up", out)
    own = (await alice.wait("EndedReport", call_id=out)).cause
    assert (own["by"], own["kind"]) == ("us", "cancelled")
    cause = (await bob.wait("EndedReport", call_id=back)).cause
    assert (cause["by"], cause["kind"]) == ("them", "cancelled")


async def test_giving_up_before_anything_came_back_ends_at_once(alice: StackProcess) -> None:
    out = alice.dial("sip:nobody@127.0.0.1:9")
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    alice.do("hang_up", out)
    cause = (await alice.wait("EndedReport", call_id=out)).cause
    assert time.monotonic() - begin < 2.5
    assert cause["kind"] in {"cancelled", "unreachable"}


async def test_an_address_that_is_none_ends_the_call_with_words(alice: StackProcess) -> None:
    out = alice.dial("sip:")
    cause = (await alice.wait("EndedReport", call_id=out)).cause
    assert cause["kind"] == "bad_address"


async def test_an_unknown_name_ends_the_call_with_the_name(alice: StackProcess) -> None:
    out = alice.dial("sip:ana@no-such-host.invalid")
    cause = (await alice.wait("EndedReport", call_id=out, timeout=15)).cause
    assert (cause["by"], cause["kind"]) == ("network", "unreachable")
    assert "no-such-host.invalid" in cause["reason"]


async def test_hanging_up_twice_or_a_call_that_is_over_does_no_harm(alice: StackProcess, bob: StackProcess) -> None:
    call = await talk(alice, bob)
    alice.do("hang_up", call.out)
    alice.do("hang_up", call.out)
    bob.do("hang_up", call.back)
    await alice.wait("EndedReport", call_id=call.out)
    await bob.wait("EndedReport", call_id=call.back)
    for method in ("hold", "resume", "answer", "ring", "hang_up"):
        alice.do(method, call.out)
    await hang_up(await talk(alice, bob))
    assert len(alice.all("EndedReport", call_id=call.out)) == 1


async def test_what_is_left_of_an_ended_call_does_not_touch_the_next_one(start: Start, bob: StackProcess) -> None:
    # The library has a slot for each call. A transaction lives on after its call: that of a BYE for 5 s (timer K).
    carol = await start("carol", max_calls=1)
    before = await talk(carol, bob)
    for wish, held in (("hold", True), ("resume", False)):
        carol.do(wish, before.out)
        await bob.wait("MediaReport", call_id=before.back, remote_hold=held)
    await hang_up(before)
    call = await talk(carol, bob)
    await asyncio.sleep(5 + 2)
    assert not carol.all("EndedReport", call_id=call.out)
    await hang_up(call)


async def test_several_calls_at_a_time(alice: StackProcess, bob: StackProcess) -> None:
    calls = [await talk(alice, bob) for _ in range(4)]
    calls += [await talk(bob, alice) for _ in range(2)]
    assert len({call.out for call in calls}) == 6
    for call in calls:
        await hang_up(call)


async def test_fifty_quick_calls_lose_none(alice: StackProcess, bob: StackProcess) -> None:
    """Ended and new calls overlap, so that slots of the engine are used again at once."""

    async def one(number: int) -> None:
        out = alice.dial(bob.uri.replace("sip:bob", f"sip:bob{number}"))
        back = await _arrived(bob, f"bob{number}")
        bob.do("ring", back)
        bob.do("answer", back)
        await _reported(alice, "ConfirmedReport", out)
        (alice if number % 2 else bob).do("hang_up", out if number % 2 else back)
        await _reported(alice, "EndedReport", out)
        await _reported(bob, "EndedReport", back)

    for first in range(0, 50, 5):
        await asyncio.gather(*(one(number) for number in range(first, first + 5)))
    kinds = [report.cause["kind"] for phone in (alice, bob) for report in phone.all("EndedReport")]
    assert kinds == ["hangup"] * 100


async def _arrived(phone: StackProcess, user: str) -> str:
    return await _poll(
        lambda: next((r.call_id for r in phone.all("IncomingReport") if f":{user}@" in r.local["uri"]), ""), phone
    )


async def _reported(phone: StackProcess, kind: str, call_id: str) -> str:
    return await _poll(lambda: call_id if phone.all(kind, call_id=call_id) else "", phone)


async def _poll(check: object, phone: StackProcess) -> str:
    assert callable(check)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = check()
        if found:
            return str(found)
        await asyncio.sleep(0.01)
    raise AssertionError(phone.tail())


async def test_stopping_the_phone_says_goodbye(start: Start, bob: StackProcess) -> None:
    carol = await start("carol")
    call = await talk(carol, bob)
    assert await carol.stop() < 4
    assert carol.exit_code == 0
    cause = (await bob.wait("EndedReport", call_id=call.back)).cause
    assert (cause["by"], cause["kind"]) == ("them", "hangup")
    own = carol.all("EndedReport", call_id=call.out)[0].cause
    assert (own["by"], own["kind"]) == ("phone", "engine_stopped")


async def test_no_common_codec_shows_both_lists(start: Start, bob: StackProcess) -> None:
    carol = await start("carol", codecs=["G722"])
    out = carol.dial(bob.uri)
    cause = (await carol.wait("EndedReport", call_id=out)).cause
    assert (cause["by"], cause["kind"], cause["code"]) == ("them", "no_common_codec", 488)
    assert cause["our_codecs"] == ["G722"]
    arrived = await bob.wait("IncomingReport")
    own = (await bob.wait("EndedReport", call_id=arrived.call_id)).cause
    assert (own["by"], own["kind"], own["code"]) == ("phone", "no_common_codec", 488)
    assert (own["our_codecs"], own["their_codecs"]) == (["PCMU"], ["G722"])
