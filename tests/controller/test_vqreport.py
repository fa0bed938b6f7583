"""The voice quality report against the grammar of RFC 6035 (``tests/support/vqgrammar.py``), and when it is sent."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tests.support.vqgrammar import parse
from tuiphone.config.schema import Config, QualitySection
from tuiphone.controller.vqreport import Alert, ReportedCall, alert_report, session_report
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallId, CallState, Direction
from tuiphone.model.event import Notice
from tuiphone.model.media import MediaStream, StreamStats, VoipMetrics
from tuiphone.model.quality import Flow, Quality, QualitySummary

# --- the text -----------------------------------------------------------------------------------------------------------

MEDIA = MediaStream(
    "PCMU",
    8000,
    ptime_ms=20,
    remote="203.0.113.9:4000",
    local="[2001:db8::7]:8000",
    payload_type=0,
    local_ssrc=0x1A3B5C7D,
    remote_ssrc=0x2468ABCD,
)
CALL = Call(
    "0abc",
    "desk",
    Direction.OUTGOING,
    CallState.ENDED,
    Party("sip:bill@example.net", 'Bill "B" O\\Neil'),
    1,
    1_128_968_620.0,
    answered_at=1_128_968_623.0,
    ended_at=1_128_968_762.4,
    media=MEDIA,
    sip_call_id="6dg37f1890463@alice.example.org",
)
QUALITY = Quality(
    "0abc",
    "PCMU",
    8000,
    Flow(6900, 64.0, 0.5, 0.2, 3.4, -24.14, 4.3),
    Flow(6950, 64.0, 1.0, None, 5.5, -20.0, 4.2),
    40.0,
    46.0,
    83.3,
    88.6,
    4.33,
    4.29,
)
SUMMARY = QualitySummary(4.21, 3.4, 0.7, 4.0, 3.2, 9.9, 44.0, 60.0, 1.2)
REPORTED = ReportedCall(CALL, "sip:alice@example.org", "tuiphone", 1_128_968_762.4, QUALITY, SUMMARY, 0.5, 0.2)


def test_a_report_of_a_whole_call_follows_the_grammar_and_holds_its_figures() -> None:
    body = session_report(REPORTED)
    assert body.startswith("VQSessionReport: CallTerm\r\nCallID: 6dg37f1890463@alice.example.org\r\n")
    assert "LocalAddr: IP=2001:db8::7 PORT=8000 SSRC=0x1a3b5c7d\r\n" in body
    assert "RemoteAddr: IP=203.0.113.9 PORT=4000 SSRC=0x2468abcd\r\n" in body
    report = parse(body)
    assert report.local == {
        "Timestamps": {"START": "2005-10-10T18:23:43Z", "STOP": "2005-10-10T18:26:02Z"},
        "SessionDesc": {
            "PT": "0",
            "PD": "PCMU",
            "SR": "8000",
            "PPS": "50",
            "FD": "20",
            "FO": "160",
            "FPP": "1",
            "PLC": "3",
            "SSUP": "off",
        },
        "JitterBuffer": {"JBA": "3", "JBN": "40"},
        "PacketLoss": {"NLR": "0.5", "JDR": "0.2"},
        "Delay": {"RTD": "44", "ESD": "60", "IAJ": "3"},
        "Signal": {"SL": "-21"},
        "QualityEst": {"RCQ": "89", "MOSLQ": "4.3", "MOSCQ": "4.2", "QoEEstAlg": "G.107"},
    }
    assert report.remote["PacketLoss"] == {"NLR": "1.2"}
    assert report.remote["Delay"] == {"IAJ": "6"}


def test_what_the_far_end_tells_of_itself_is_in_the_report() -> None:
    far = VoipMetrics(
        2.3, 0.4, 50.0, 0.8, 120, 9000, 16, 46, 95, -21, -60, 55, 82, 4.1, 3.9, 40, 80, 300, 3, 7, concealment=2
    )
    own = VoipMetrics(0.5, 0.2, 25.0, 0.4, 80, 60000)
    report = parse(session_report(replace(REPORTED, quality=replace(QUALITY, far=far, own=own))))
    assert report.local["BurstGapLoss"] == {
        "BLD": "25.0",
        "BD": "80",
        "GLD": "0.4",
        "GD": "60000",
        "GMIN": "16",
    }
    remote = report.remote
    del remote["Timestamps"]
    assert remote == {
        "JitterBuffer": {"JBA": "3", "JBR": "7", "JBN": "40", "JBM": "80", "JBX": "300"},
        "PacketLoss": {"NLR": "2.3", "JDR": "0.4"},
        "BurstGapLoss": {"BLD": "50.0", "BD": "120", "GLD": "0.8", "GD": "9000", "GMIN": "16"},
        "Delay": {"RTD": "46", "ESD": "95", "IAJ": "6"},
        "Signal": {"SL": "-21", "NL": "-60", "RERL": "55"},
        "QualityEst": {"RCQ": "82", "MOSLQ": "4.1", "MOSCQ": "3.9"},
    }


def test_a_far_end_that_rates_nothing_is_not_given_a_rating() -> None:
    report = parse(session_report(replace(REPORTED, quality=replace(QUALITY, far=VoipMetrics()))))
    assert {"QualityEst", "Signal"}.isdisjoint(report.remote)


def test_the_source_that_was_heard_counts_and_else_the_one_of_the_sdp() -> None:
    heard = session_report(replace(REPORTED, quality=replace(QUALITY, source=0xFEED)))
    assert parse(heard).session["RemoteAddr"].endswith("SSRC=0xfeed")
    assert parse(session_report(REPORTED)).session["RemoteAddr"].endswith("SSRC=0x2468abcd")


def test_who_called_is_the_originator() -> None:
    theirs = session_report(replace(REPORTED, call=replace(CALL, direction=Direction.INCOMING)))
    assert "OrigID: <sip:alice@example.org>\r\n" in session_report(REPORTED)
    assert 'OrigID: "Bill \\"B\\" O\\\\Neil" <sip:bill@example.net>\r\n' in theirs
    parse(theirs)


@pytest.mark.parametrize(
    "reported",
    [
        ReportedCall(replace(CALL, media=None, answered_at=None), "sip:alice@example.org", "", 0.0),
        ReportedCall(CALL, "sip:alice@example.org", "tuiphone", 5.0, Quality("0abc"), QualitySummary()),
        replace(REPORTED, quality=replace(QUALITY, mos_cq=None, rtt_ms=None, delay_ms=None, r=93.2)),
        replace(REPORTED, quality=replace(QUALITY, rx=replace(QUALITY.rx, level_db=-90.0), buffer_ms=99999.0)),
        replace(REPORTED, lost_pct=100.0, discarded_pct=123.0),
        replace(REPORTED, call=replace(CALL, remote=Party("sip:ü b\r\n@x.example", "Eve\r\nVQAlertReport: x"))),
        replace(REPORTED, call=replace(CALL, remote=Party("tel:+442079460018"), sip_call_id="")),
        replace(REPORTED, call=replace(CALL, media=replace(MEDIA, codec="x y\r\n", payload_type=-1, ptime_ms=0))),
        replace(REPORTED, call=replace(CALL, sip_call_id='1;x=y,"z"@a@b\r\nLocalID: <sip:eve@x.example>')),
        replace(REPORTED, group='"call centre" \r\n ü'),
        replace(
            REPORTED,
            quality=replace(
                QUALITY,
                far=VoipMetrics(
                    gap_minimum=0, signal_db=-128, noise_db=126, echo_loss_db=255, buffer_kind=1, mos_lq=5.0
                ),
                own=VoipMetrics(gap_minimum=0, burst_ms=70_000),
            ),
        ),
    ],
)
def test_whatever_is_missing_or_malicious_the_grammar_holds(reported: ReportedCall) -> None:
    parse(session_report(reported).encode("ascii", "replace").decode())


def test_nothing_that_was_not_measured_is_in_the_report() -> None:
    report = parse(session_report(ReportedCall(CALL, "sip:alice@example.org", "x", 1_128_968_762.0)))
    assert not report.remote
    assert set(report.local) == {"Timestamps", "SessionDesc"}


@pytest.mark.parametrize(
    ("alert", "line"),
    [
        (Alert("RCQ"), "VQAlertReport: Type=RCQ Severity=Warning Dir=local"),
        (Alert("RLQ", critical=True), "VQAlertReport: Type=RLQ Severity=Critical Dir=local"),
        (Alert("RCQ", clear=True), "VQAlertReport: Type=RCQ Severity=Clear Dir=local"),
    ],
)
def test_an_alert_names_its_figure_and_how_bad_it_is(alert: Alert, line: str) -> None:
    body = alert_report(REPORTED, alert)
    assert body.startswith(f"{line}\r\n")
    parse(body)


@pytest.mark.parametrize(
    ("codec", "clock_hz", "ptime_ms", "framing"),
    [
        ("PCMA", 8000, 30, {"PPS": "33", "FD": "30", "FO": "240", "FPP": "1"}),
        ("G722", 16000, 20, {"PPS": "50", "FD": "20", "FO": "160", "FPP": "1"}),
        ("G729", 8000, 20, {"PPS": "50", "FD": "10", "FO": "10", "FPP": "2"}),
        ("iLBC", 8000, 30, {"PPS": "33", "FD": "30", "FO": "50", "FPP": "1"}),
        ("iLBC", 8000, 40, {"PPS": "25", "FD": "20", "FO": "38", "FPP": "2"}),
        ("iLBC", 8000, 60, {"PPS": "17"}),  # two of 30 ms or three of 20
        ("iSAC", 16000, 60, {"PPS": "17", "FD": "60", "FPP": "1"}),
        ("opus", 48000, 20, {"PPS": "50", "FD": "20", "FPP": "1"}),
        ("GSM", 8000, 20, {"PPS": "50", "FD": "20", "FO": "33", "FPP": "1"}),
        ("x-new", 8000, 20, {"PPS": "50"}),
    ],
)
def test_frames_are_told_as_each_codec_has_them(
    codec: str, clock_hz: int, ptime_ms: int, framing: dict[str, str]
) -> None:
    media = replace(MEDIA, codec=codec, clock_hz=clock_hz, ptime_ms=ptime_ms)
    described = parse(session_report(replace(REPORTED, call=replace(CALL, media=media)))).local["SessionDesc"]
    assert {part: described[part] for part in ("PPS", "FD", "FO", "FPP") if part in described} == framing
    assert (described["PD"], described["SR"]) == (codec, str(clock_hz))


WHOLE = """VQIntervalReport
CallID: 1@a.example
LocalID: Alice <sip:alice@a.example>
RemoteID: sip:bob@b.example
OrigID: "Al" <sip:alice@a.example>
LocalAddr: IP=192.0.2.1 PORT=4000 SSRC=0x1
RemoteAddr: IP=2001:db8::1 PORT=5002 SSRC=0x2468ABCD
LocalGroup: the third floor
RemoteGroup: gateway-7
LocalMAC: 00:00:5e:00:53:01
LocalMetrics:
Timestamps:START=2026-01-02T03:04:05Z STOP=2026-01-02T03:05:05Z
SessionDesc:PT=18 PD="G.729 A" SR=8000 PPS=50 FD=10 FO=10 FPP=2 FMTP="annexb=no" PLC=3 SSUP=on
JitterBuffer:JBA=3 JBR=15 JBN=40 JBM=80 JBX=65535
PacketLoss:NLR=5.0 JDR=100
BurstGapLoss:BLD=0 BD=0 GLD=2.25 GD=3600000 GMIN=16
Delay:RTD=200 ESD=140 OWD=100 SOWD=200 IAJ=2 MAJ=10
Signal:SL=-21 NL=-50 RERL=55
QualityEst:RLQ=90 RLQEstAlg=x RCQ=120 EXTRI=90 MOSLQ=4.2 MOSCQ=4.305 QoEEstAlg=P.564
RemoteMetrics:
Timestamps:START=2026-01-02T03:04:05Z STOP=2026-01-02T03:05:05Z
DialogID:1@a.example;to-tag=8472761;from-tag=9123dh311
""".replace("\n", "\r\n")
"""Every line and nearly every part that there is."""


def test_the_grammar_takes_all_that_the_rfc_has() -> None:
    report = parse(WHOLE)
    assert report.session["LocalGroup"] == "the third floor"
    assert report.local["SessionDesc"]["FMTP"] == '"annexb=no"'
    assert list(report.remote) == ["Timestamps"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("VQIntervalReport", "VQIntervalReport: Over"),
        ("VQIntervalReport", "VQAlertReport: Type=MOS Severity=Warning Dir=local"),
        ("PT=18 PD", "PD=1 PT"),
        ("PT=18", "PT=128"),
        ("PPS=50 FD=10", "FD=10 PPS=50"),
        ("SSUP=on", "SSUP=yes"),
        ("JBR=15", "JBR=16"),
        ("JBX=65535", "JBX=65536"),
        ("NLR=5.0", "NLR=5,0"),
        ("NLR=5.0", "NLR=100.5"),
        ("GD=3600000", "GD=3600001"),
        ("GMIN=16", "GMIN=0"),
        ("SL=-21", "SL=-121"),
        ("RCQ=120", "RCQ=121"),
        ("RCQ=120", "RCQ=88.6"),
        ("MOSLQ=4.2", "MOSLQ=5.0"),
        ("LocalGroup: the third floor\r\n", ""),
        (
            "LocalGroup: the third floor\r\nRemoteGroup: gateway-7",
            "RemoteGroup: gateway-7\r\nLocalGroup: the third floor",
        ),
        ("SSRC=0x2468ABCD", "SSRC=2468ABCD"),
        ("IP=192.0.2.1 ", "IP=host.example "),
        ("PORT=4000", "PORT=65536"),
        ("RemoteID: sip:bob@b.example", "RemoteID: bob"),
        ("CallID: 1@a.example", "CallID: 1@a@example"),
        ("STOP=2026-01-02T03:05:05Z", "STOP=2026-01-02 03:05:05"),
        ("STOP=2026-01-02T03:05:05Z", "STOP=2026-01-01T03:05:05Z"),
        ("Delay:", "Delay:IAJ=3\r\nDelay:"),
        ("Signal:SL=-21 NL=-50 RERL=55", "Signal:"),
        ("RTD=200 ESD=140", "RTD=200,ESD=140"),
        ("RTD=200 ESD=140", "RTD=200  ESD=140"),
        ("LocalMetrics:\r\n", "LocalMetrics:\r\n\r\n"),
        ("\r\n", "\n"),
    ],
)
def test_the_grammar_finds_mistakes(wrong: tuple[str, str]) -> None:
    assert wrong[0] in WHOLE
    with pytest.raises(AssertionError):
        parse(WHOLE.replace(*wrong))


# --- when it is sent ----------------------------------------------------------------------------------------------------

COLLECTOR = "sip:quality@pbx.example"
REPORTING = Config(accounts=(SALES, DESK), quality=QualitySection(COLLECTOR, 70))


def published(b: Bench) -> list[str]:
    """The bodies so far; addressed, typed and told apart as they must be."""
    sent = [given for given in b.stack.commands if given[0] == "publish"]
    assert all(given[1:5] == ("sales", COLLECTOR, "vq-rtcpxr", "application/vq-rtcpxr") for given in sent)
    return [str(given[5]) for given in sent]


async def feed(b: Bench, call_id: CallId, seconds: range, loss: int = 0) -> None:
    """Figures of a call second by second, ``loss`` packets of 50 lost in each."""
    for second in seconds:
        b.clock.advance(1)
        lost = loss * (second - seconds.start + 1)
        stats = StreamStats(
            call_id,
            rx_packets=50 * second,
            rx_lost=lost,
            tx_packets=50 * second,
            rtt_ms=40.0,
            rx_buffer_ms=40.0,
            rx_level_db=-20.0,
        )
        b.stack.report(stats)
        await b.settle()


async def test_a_report_follows_each_call() -> None:
    async with bench(REPORTING) as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        await feed(b, call_id, range(1, 9))
        assert published(b) == []
        await b.phone.hang_up()
        await b.settle()
        (body,) = published(b)
        assert body.startswith("VQSessionReport: CallTerm\r\n")
        assert parse(body).local["PacketLoss"] == {"NLR": "0.0", "JDR": "0.0"}
        assert "LocalID: <sip:2001@pbx.example>" in body


async def test_a_call_nobody_answered_has_no_report() -> None:
    async with bench(REPORTING) as b:
        await b.phone.dial("busy")
        await b.settle()
        assert published(b) == []


async def test_nothing_is_sent_without_a_collector() -> None:
    async with bench() as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        await feed(b, call_id, range(1, 15), loss=20)
        await b.phone.hang_up()
        await b.settle()
        assert published(b) == []


async def test_an_alarm_is_raised_once_and_cleared_once() -> None:
    async with bench(REPORTING) as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        await feed(b, call_id, range(1, 7))
        assert published(b) == []
        await feed(b, call_id, range(7, 20), loss=12)
        (raised,) = published(b)
        assert re.match(r"VQAlertReport: Type=RCQ Severity=(Warning|Critical) Dir=local\r\n", raised)
        parse(raised)
        await feed(b, call_id, range(20, 40))
        _raised, cleared = published(b)
        assert "Severity=Clear" in cleared
        parse(cleared)


async def test_a_bad_moment_is_no_alarm() -> None:
    async with bench(Config(accounts=(SALES, DESK), quality=QualitySection(COLLECTOR, 0))) as b:
        call_id = await b.phone.dial("answer")
        await b.settle()
        await feed(b, call_id, range(1, 30), loss=25)
        assert published(b) == [], "a threshold of 0 never alarms"


async def test_a_collector_that_refuses_is_told_once() -> None:
    async with bench(REPORTING) as b:
        b.stack.publish_answer = (489, "Bad Event")
        for _ in range(2):
            call_id = await b.phone.dial("answer")
            await b.settle()
            await feed(b, call_id, range(1, 3))
            await b.phone.hang_up()
            await b.settle()
        notices = [e.text for e in b.events if isinstance(e, Notice)]
        assert notices == [f"The quality report was not taken by {COLLECTOR}: 489 Bad Event"]
