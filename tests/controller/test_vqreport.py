"""The voice quality report against the grammar of RFC 6035 section 4.6.1, and when it is sent."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support.controller import DESK, SALES, Bench, bench
from tuiphone.config.schema import Config, QualitySection
from tuiphone.controller.vqreport import Alert, ReportedCall, alert_report, session_report
from tuiphone.model.address import Party
from tuiphone.model.call import Call, CallId, CallState, Direction
from tuiphone.model.event import Notice
from tuiphone.model.media import MediaStream, StreamStats, VoipMetrics
from tuiphone.model.quality import Flow, Quality, QualitySummary

# --- the grammar: one pattern a rule, named as in the RFC ---------------------------------------------------------------

HCOLON = r"[ \t]*:[ \t]*"
WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]+"
PERCENT = r"(?:100(?:\.0{1,2})?|\d{1,2}(?:\.\d{1,2})?)"
UINT16 = r"\d{1,5}"
SCORE = r"[0-4](?:\.\d{1,3})?"
RATING = r"(?:\d{1,2}|1[01]\d|120)"
ADDRESS = r"""(?:"(?:[^"\\]|\\.)*"[ \t]*)?<(?:sip|sips|tel):[^<>\s]+>"""
DATE_TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"
ENDPOINT = rf"IP=(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[0-9A-Fa-f:.]+) PORT={UINT16} SSRC=0x[0-9A-Fa-f]{{1,8}}"
METRIC_TYPE = r"(?:RLQ|RCQ|EXTR|MOSLQ|MOSCQ|BD|NLR|JDR|RTD|ESD|IAJ|RERL|SL|NL)"

FIRST = re.compile(
    rf"(?:VQSessionReport(?:{HCOLON}CallTerm)?"
    rf"|VQAlertReport{HCOLON}Type={METRIC_TYPE} Severity=(?:Warning|Critical|Clear) Dir=(?:local|remote))"
)
SESSION_INFO = [
    ("CallID", rf"{WORD}(?:@{WORD})?"),
    ("LocalID", ADDRESS),
    ("RemoteID", ADDRESS),
    ("OrigID", ADDRESS),
    ("LocalGroup", WORD),
    ("RemoteGroup", WORD),
    ("LocalAddr", ENDPOINT),
    ("RemoteAddr", ENDPOINT),
]
METRICS: dict[str, list[tuple[str, str]]] = {
    "Timestamps": [("START", DATE_TIME), ("STOP", DATE_TIME)],
    "SessionDesc": [
        ("PT", r"\d{1,3}"),
        ("PD", WORD),
        ("SR", r"\d{1,6}"),
        ("FD", r"\d{1,4}"),
        ("FO", UINT16),
        ("FPP", r"\d{1,2}"),
        ("PPS", UINT16),
        ("FMTP", r'"[^"]*"'),
        ("PLC", "[0-3]"),
        ("SSUP", "on|off"),
    ],
    "JitterBuffer": [("JBA", "[0-3]"), ("JBR", r"\d{1,2}"), ("JBN", UINT16), ("JBM", UINT16), ("JBX", UINT16)],
    "PacketLoss": [("NLR", PERCENT), ("JDR", PERCENT)],
    "BurstGapLoss": [("BLD", PERCENT), ("BD", UINT16), ("GLD", PERCENT), ("GD", UINT16), ("GMIN", r"\d{1,3}")],
    "Delay": [("RTD", UINT16), ("ESD", UINT16), ("OWD", UINT16), ("SOWD", UINT16), ("IAJ", UINT16), ("MAJ", UINT16)],
    "Signal": [("SL", r"-?\d{1,3}"), ("NL", r"-?\d{1,3}"), ("RERL", r"\d{1,3}")],
    "QualityEst": [
        ("RLQ", RATING),
        ("RLQEstAlg", WORD),
        ("RCQ", RATING),
        ("RCQEstAlg", WORD),
        ("EXTRI", RATING),
        ("EXTRO", RATING),
        ("MOSLQ", SCORE),
        ("MOSLQEstAlg", WORD),
        ("MOSCQ", SCORE),
        ("MOSCQEstAlg", WORD),
        ("QoEEstAlg", WORD),
    ],
}
"""The lines of Metrics in their order; each has at least one of its items, in their order."""


def parsed(body: str) -> dict[str, dict[str, dict[str, str]]]:
    """Check a report against the grammar; its metrics by set ("LocalMetrics"), line and item."""
    assert body.endswith("\r\n")
    assert body.isascii()
    assert "\n" not in body.replace("\r\n", "")
    lines = body[:-2].split("\r\n")
    assert FIRST.fullmatch(lines.pop(0))
    for name, value in SESSION_INFO:
        line = lines.pop(0)
        assert re.fullmatch(rf"{name}{HCOLON}{value}", line), line
    sets: dict[str, dict[str, dict[str, str]]] = {}
    assert re.fullmatch(rf"LocalMetrics{HCOLON}", lines[0])
    for line in lines:
        if re.fullmatch(rf"(?:Local|Remote)Metrics{HCOLON}", line):
            sets[line.rstrip(": \t")] = {}
            continue
        head, _colon, items = line.partition(":")
        name = head.strip()
        current = sets[list(sets)[-1]]
        assert name in METRICS, line
        assert not current or list(METRICS).index(name) > list(METRICS).index(list(current)[-1]), "order of lines"
        current[name] = _items(name, items.strip())
    assert list(sets) in (["LocalMetrics"], ["LocalMetrics", "RemoteMetrics"])
    assert all(next(iter(metrics)) == "Timestamps" for metrics in sets.values())
    return sets


def _items(name: str, text: str) -> dict[str, str]:
    rules = METRICS[name]
    keys = [key for key, _rule in rules]
    found: dict[str, str] = {}
    for item in text.split(" "):
        key, equal, value = item.partition("=")
        assert equal, item
        assert key in keys, item
        assert not found or keys.index(key) > keys.index(list(found)[-1]), "order of items"
        assert re.fullmatch(dict(rules)[key], value), item
        found[key] = value
    assert found
    return found


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
    sets = parsed(body)
    assert sets["LocalMetrics"] == {
        "Timestamps": {"START": "2005-10-10T18:23:43Z", "STOP": "2005-10-10T18:26:02Z"},
        "SessionDesc": {"PT": "0", "PD": "PCMU", "SR": "8000", "FD": "20", "PPS": "50", "PLC": "3", "SSUP": "off"},
        "JitterBuffer": {"JBA": "3", "JBN": "40"},
        "PacketLoss": {"NLR": "0.5", "JDR": "0.2"},
        "Delay": {"RTD": "44", "ESD": "60", "IAJ": "3"},
        "Signal": {"SL": "-21"},
        "QualityEst": {"RCQ": "89", "MOSLQ": "4.3", "MOSCQ": "4.2", "QoEEstAlg": "G.107"},
    }
    assert sets["RemoteMetrics"]["PacketLoss"] == {"NLR": "1.2"}
    assert sets["RemoteMetrics"]["Delay"] == {"IAJ": "6"}


def test_what_the_far_end_tells_of_itself_is_in_the_report() -> None:
    far = VoipMetrics(
        2.3, 0.4, 50.0, 0.8, 120, 9000, 16, 46, 95, -21, -60, 55, 82, 4.1, 3.9, 40, 80, 300, 3, 7, concealment=2
    )
    own = VoipMetrics(0.5, 0.2, 25.0, 0.4, 80, 60000)
    sets = parsed(session_report(replace(REPORTED, quality=replace(QUALITY, far=far, own=own))))
    assert sets["LocalMetrics"]["BurstGapLoss"] == {
        "BLD": "25.0",
        "BD": "80",
        "GLD": "0.4",
        "GD": "60000",
        "GMIN": "16",
    }
    remote = sets["RemoteMetrics"]
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
    sets = parsed(session_report(replace(REPORTED, quality=replace(QUALITY, far=VoipMetrics()))))
    assert {"QualityEst", "Signal"}.isdisjoint(sets["RemoteMetrics"])


def test_who_called_is_the_originator() -> None:
    theirs = session_report(replace(REPORTED, call=replace(CALL, direction=Direction.INCOMING)))
    assert "OrigID: <sip:alice@example.org>\r\n" in session_report(REPORTED)
    assert 'OrigID: "Bill \\"B\\" O\\\\Neil" <sip:bill@example.net>\r\n' in theirs
    parsed(theirs)


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
    ],
)
def test_whatever_is_missing_or_malicious_the_grammar_holds(reported: ReportedCall) -> None:
    parsed(session_report(reported).encode("ascii", "replace").decode())


def test_nothing_that_was_not_measured_is_in_the_report() -> None:
    sets = parsed(session_report(ReportedCall(CALL, "sip:alice@example.org", "x", 1_128_968_762.0)))
    assert set(sets) == {"LocalMetrics"}
    assert set(sets["LocalMetrics"]) == {"Timestamps", "SessionDesc"}


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
    parsed(body)


@pytest.mark.parametrize(
    "wrong",
    [
        ("VQSessionReport: CallTerm", "VQSessionReport: Over"),
        ("PT=0 PD=PCMU", "PD=PCMU PT=0"),
        ("NLR=0.5", "NLR=0,5"),
        ("MOSLQ=4.3", "MOSLQ=5.3"),
        ("LocalGroup: tuiphone\r\n", ""),
        ("SSRC=0x2468abcd", "SSRC=2468abcd"),
        ("STOP=2005-10-10T18:26:02Z", "STOP=2005-10-10 18:26:02"),
        ("\r\n", "\n"),
    ],
)
def test_the_grammar_check_itself_finds_mistakes(wrong: tuple[str, str]) -> None:
    body = session_report(REPORTED)
    assert wrong[0] in body
    with pytest.raises(AssertionError):
        parsed(body.replace(*wrong))


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
        assert parsed(body)["LocalMetrics"]["PacketLoss"] == {"NLR": "0.0", "JDR": "0.0"}
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
        parsed(raised)
        await feed(b, call_id, range(20, 40))
        _raised, cleared = published(b)
        assert "Severity=Clear" in cleared
        parsed(cleared)


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
