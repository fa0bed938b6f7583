"""Voice quality reports on the wire (RFC 6035, RFC 3903): a collector gets one after a call, and may ask who sends it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.loopback.farend import FarEnd, sdp
from tests.loopback.test_oneway import SPEECH, SSRC, rtp_of, wire
from tests.support.phone import Phone, direct_account
from tests.support.ports import LOOPBACK, free_port
from tests.support.vqgrammar import parse
from tuiphone.model.call import CallState
from tuiphone.model.quality import Quality

ACCOUNT = {"username": "alice", "password": "secret"}


@pytest.fixture
async def collector() -> AsyncIterator[FarEnd]:
    async with FarEnd() as end:
        yield end


@pytest.fixture
async def phone(tmp_path: Path, collector: FarEnd) -> AsyncIterator[Phone]:
    port = free_port()
    account = direct_account(port, **ACCOUNT)
    sections = {"quality": {"vq_report_collector": f"sip:vq@{LOOPBACK}:{collector.port}"}}
    async with Phone(tmp_path / "phone", accounts=[account], sections=sections, port=port) as made:
        yield made


async def short_call(phone: Phone, far: FarEnd) -> str:
    """A call of a second and a half with speech; its Call-ID."""
    port = free_port()
    call_id = await phone.api.dial(far.uri)
    dialog = await far.take()
    assert dialog.invite is not None
    await far.answer(dialog, sdp(port))
    await phone.until(call_id, CallState.TALKING)
    async with wire(port, dialog.invite.audio_port, rtp_of(SPEECH)):
        await phone.until_event(Quality, lambda q: q.mos_lq is not None, 8)
    await phone.api.hang_up(call_id)
    far.respond(dialog, await far.wait("BYE"), 200, "OK")
    await phone.until_ended(call_id)
    return dialog.call_id


async def test_the_collector_gets_a_report_that_follows_the_grammar(
    phone: Phone, far: FarEnd, collector: FarEnd
) -> None:
    call_id = await short_call(phone, far)
    publish = await collector.wait("PUBLISH")
    collector.respond(None, publish, 200, "OK", SIP_ETag="x1")
    assert publish.start == f"PUBLISH sip:vq@{LOOPBACK}:{collector.port} SIP/2.0"
    assert publish.header("Event") == "vq-rtcpxr"
    assert publish.header("Content-Type") == "application/vq-rtcpxr"
    assert f"CallID: {call_id}\r\n" in publish.body
    report = parse(publish.body)
    told = report.local
    assert told["SessionDesc"]["PD"] == "PCMU"
    assert float(told["QualityEst"]["MOSLQ"]) > 4
    assert report.session["RemoteAddr"].endswith(f" SSRC=0x{SSRC:x}"), "the SDP did not name it, the packets did"
    assert re.fullmatch(rf"IP={LOOPBACK} PORT=\d+ SSRC=0x[1-9a-f][0-9a-f]*", report.session["LocalAddr"])
    assert not [text for text in phone.notices if "report" in text]


@pytest.mark.parametrize(
    ("code", "asks", "answers"),
    [(401, "WWW_Authenticate", "Authorization"), (407, "Proxy_Authenticate", "Proxy-Authorization")],
)
async def test_a_collector_that_asks_for_a_name_gets_it(
    phone: Phone, far: FarEnd, collector: FarEnd, code: int, asks: str, answers: str
) -> None:
    await short_call(phone, far)
    asked = await collector.wait("PUBLISH")
    challenge = 'Digest realm="vq", nonce="n1", algorithm=MD5, qop="auth"'
    collector.respond(None, asked, code, "Who are you", **{asks: challenge})
    publish = await collector.wait("PUBLISH", where=lambda m: bool(m.header(answers)))
    collector.respond(None, publish, 200, "OK")
    assert publish.body == asked.body
    assert _is_right(publish.header(answers), "alice", "secret")


async def test_an_alarm_does_not_wait_for_the_end(tmp_path: Path, far: FarEnd, collector: FarEnd) -> None:
    rules = {"vq_report_collector": f"sip:vq@{LOOPBACK}:{collector.port}", "vq_alarm_threshold": 70}
    async with Phone(tmp_path / "phone", sections={"quality": rules}) as phone:
        port = free_port()
        call_id = await phone.api.dial(far.uri)
        dialog = await far.take()
        assert dialog.invite is not None
        await far.answer(dialog, sdp(port))
        await phone.until(call_id, CallState.TALKING)
        whole = rtp_of(SPEECH)
        async with wire(port, dialog.invite.audio_port, lambda n: None if n % 5 == 1 else whole(n)):
            publish = await collector.wait("PUBLISH", timeout=12)
        collector.respond(None, publish, 200, "OK")
        assert phone.calls[call_id].is_talking
    report = parse(publish.body)
    assert re.fullmatch(r"VQAlertReport: Type=R[LC]Q Severity=(Warning|Critical) Dir=local", report.first)
    assert float(report.local["PacketLoss"]["NLR"]) == pytest.approx(20, abs=5)


async def test_a_wrong_password_is_said_and_not_tried_for_ever(phone: Phone, far: FarEnd, collector: FarEnd) -> None:
    await short_call(phone, far)
    challenge = 'Digest realm="vq", nonce="n1", algorithm=MD5, qop="auth"'
    for _ in range(2):
        asked = await collector.wait("PUBLISH")
        collector.respond(None, asked, 401, "Unauthorized", WWW_Authenticate=challenge)
    await phone.until_event(object, lambda e: "was not taken by" in getattr(e, "text", ""), 5)
    assert len({m.text for m in collector.messages if m.is_request and m.method == "PUBLISH"}) == 2


def _is_right(credentials: str, user: str, password: str) -> bool:
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', credentials.partition(" ")[2]))

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    who, what = md5(user, fields["realm"], password), md5("PUBLISH", fields["uri"])
    expected = md5(who, fields["nonce"], fields["nc"], fields["cnonce"], fields["qop"], what)
    return bool(fields["username"] == user and fields["response"] == expected)
