"""The grammar of a voice quality report (RFC 6035 section 4.6.1) as tables, and a parser that follows them.

Names are the RFC's. Each part of a line has a form and, where the RFC gives one, a range. Two things that the text of the RFC
leaves open are decided here as its examples have them: every line ends in one CRLF, the last included, and none is folded.
Where the examples and the grammar disagree, the grammar counts: addresses before groups, PPS before FD, 0x before an SSRC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

HCOLON = r"[ \t]*:[ \t]*"
_WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?]+"
_WORD_PLUS = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\/\[\]?{}=]+(?: +[A-Za-z0-9\-.!%*_+`'~()<>:\\/\[\]?{}=]+)*"
_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
_NAME_ADDR = r"""(?:"(?:[^"\\]|\\.)*"[ \t]*|(?:[A-Za-z0-9\-.!%*_+`'~]+ )*)<(?:sip|sips|tel):[^<>\s]+>"""
_ADDR_SPEC = r"(?:sip|sips|tel):[^<>\s,;?]+"
_DATE_TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z"
_ENDPOINT = r"IP=(\S+) PORT=(\d+) SSRC=0x[0-9A-Fa-f]{1,8}"
_MAC = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"


@dataclass(frozen=True)
class Part:
    """The value of a part of a line: its form, and the range of its number."""

    form: str
    lowest: float | None = None
    highest: float | None = None

    def fits(self, value: str) -> bool:
        """Whether the value is one that the grammar has."""
        if not re.fullmatch(self.form, value):
            return False
        if self.lowest is None or self.highest is None:
            return True
        return self.lowest <= float(value) <= self.highest


def _number(digits: int, lowest: int, highest: int) -> Part:
    return Part(rf"\d{{1,{digits}}}", lowest, highest)


_PERCENT = Part(r"\d{1,3}(?:\.\d{1,2})?", 0, 100)
_MILLISECONDS = _number(5, 0, 65535)
_DURATION = _number(7, 0, 3_600_000)
_LEVEL = Part(r"-?\d{1,2}")
_RATING = _number(3, 0, 120)
_SCORE = Part(r"\d(?:\.\d{1,3})?", 0, 4.9)
_ALGORITHM = Part(_WORD)

METRICS: dict[str, dict[str, Part]] = {
    "Timestamps": {"START": Part(_DATE_TIME), "STOP": Part(_DATE_TIME)},
    "SessionDesc": {
        "PT": _number(3, 0, 127),
        "PD": Part(rf'{_WORD}|"{_WORD_PLUS}"'),
        "SR": _number(6, 1, 999_999),
        "PPS": _number(5, 1, 99_999),
        "FD": _number(4, 1, 9999),
        "FO": _number(5, 1, 99_999),
        "FPP": _number(2, 1, 99),
        "FMTP": Part(rf'"{_WORD_PLUS}"'),
        "PLC": Part("[0-3]"),
        "SSUP": Part("on|off"),
    },
    "JitterBuffer": {
        "JBA": Part("[0-3]"),
        "JBR": _number(2, 0, 15),
        "JBN": _MILLISECONDS,
        "JBM": _MILLISECONDS,
        "JBX": _MILLISECONDS,
    },
    "PacketLoss": {"NLR": _PERCENT, "JDR": _PERCENT},
    "BurstGapLoss": {
        "BLD": _PERCENT,
        "BD": _DURATION,
        "GLD": _PERCENT,
        "GD": _DURATION,
        "GMIN": _number(3, 1, 255),
    },
    "Delay": dict.fromkeys(("RTD", "ESD", "OWD", "SOWD", "IAJ", "MAJ"), _MILLISECONDS),
    "Signal": {"SL": _LEVEL, "NL": _LEVEL, "RERL": _number(3, 0, 127)},
    "QualityEst": {
        "RLQ": _RATING,
        "RLQEstAlg": _ALGORITHM,
        "RCQ": _RATING,
        "RCQEstAlg": _ALGORITHM,
        "EXTRI": _RATING,
        "ExtRIEstAlg": _ALGORITHM,
        "EXTRO": _RATING,
        "ExtROEstAlg": _ALGORITHM,
        "MOSLQ": _SCORE,
        "MOSLQEstAlg": _ALGORITHM,
        "MOSCQ": _SCORE,
        "MOSCQEstAlg": _ALGORITHM,
        "QoEEstAlg": _ALGORITHM,
    },
}
"""The lines of a set of metrics in their order, each with its parts in theirs. Only Timestamps must be there, with both."""

SESSION_INFO: tuple[tuple[str, str, bool], ...] = (
    ("CallID", rf"{_WORD}(?:@{_WORD})?", True),
    ("LocalID", rf"{_NAME_ADDR}|{_ADDR_SPEC}", True),
    ("RemoteID", rf"{_NAME_ADDR}|{_ADDR_SPEC}", True),
    ("OrigID", rf"{_NAME_ADDR}|{_ADDR_SPEC}", True),
    ("LocalAddr", _ENDPOINT, True),
    ("RemoteAddr", _ENDPOINT, True),
    ("LocalGroup", _WORD_PLUS, True),
    ("RemoteGroup", _WORD_PLUS, True),
    ("LocalMAC", _MAC, False),
    ("RemoteMAC", _MAC, False),
)
"""The lines that say whose report it is: name, form, and whether it must be there."""

_ALARM_OF = "RLQ|RCQ|EXTR|MOSLQ|MOSCQ|BD|NLR|JDR|RTD|ESD|IAJ|RERL|SL|NL"
_FIRST = (
    rf"VQSessionReport(?:{HCOLON}CallTerm)?",
    rf"VQIntervalReport(?:{HCOLON}CallTerm)?",
    rf"VQAlertReport{HCOLON}Type=(?:{_ALARM_OF}) Severity=(?:Warning|Critical|Clear) Dir=(?:local|remote)",
)
_DIALOG = rf"DialogID{HCOLON}{_WORD}(?:@{_WORD})?(?:;(?:to-tag|from-tag)={_TOKEN})*"

Metrics = dict[str, dict[str, str]]
"""By line, then by part."""


@dataclass
class Report:
    """What a report says."""

    first: str
    session: dict[str, str] = field(default_factory=dict)
    local: Metrics = field(default_factory=dict)
    remote: Metrics = field(default_factory=dict)


def parse(body: str) -> Report:
    """The report in a body; AssertionError with the line where it leaves the grammar."""
    assert body.endswith("\r\n"), "the last line ends as well"
    assert body.isascii(), "a display name may hold more; everything else may not"
    lines = body[:-2].split("\r\n")
    assert not any("\r" in line or "\n" in line for line in lines), "lines end in CRLF"
    assert all(lines), "an empty line"
    report = Report(lines.pop(0))
    assert any(re.fullmatch(form, report.first) for form in _FIRST), report.first
    _session(lines, report.session)
    report.local = _metrics(lines, "LocalMetrics", required=True)
    report.remote = _metrics(lines, "RemoteMetrics", required=False)
    if lines and re.fullmatch(_DIALOG, lines[0]):
        lines.pop(0)
    assert not lines, f"nothing may follow: {lines[0]}"
    return report


def _session(lines: list[str], session: dict[str, str]) -> None:
    for name, form, required in SESSION_INFO:
        found = re.fullmatch(rf"{name}{HCOLON}({form})", lines[0]) if lines else None
        if found is None:
            assert not required, f"{name} is missing, out of its place or malformed: {lines[:1]}"
            continue
        session[name] = found.group(1)
        lines.pop(0)
    for name in ("LocalAddr", "RemoteAddr"):
        endpoint = re.fullmatch(_ENDPOINT, session[name])
        assert endpoint
        assert _is_address(endpoint.group(1)), session[name]
        assert int(endpoint.group(2)) <= 65535


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _metrics(lines: list[str], head: str, required: bool) -> Metrics:
    if not lines or not re.fullmatch(rf"{head}{HCOLON}", lines[0]):
        assert not required, f"{head} is missing: {lines[:1]}"
        return {}
    lines.pop(0)
    metrics: Metrics = {}
    for name, parts in METRICS.items():
        line = re.fullmatch(rf"{name}{HCOLON}(.*)", lines[0]) if lines else None
        if line is None:
            assert name != "Timestamps", f"{head} begins with Timestamps: {lines[:1]}"
            continue
        lines.pop(0)
        metrics[name] = _parts(name, parts, line.group(1))
    times = metrics["Timestamps"]
    assert list(times) == ["START", "STOP"]
    assert times["START"] <= times["STOP"], "a call ends after it began"
    return metrics


def _parts(name: str, rules: dict[str, Part], text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    order = list(rules)
    for key, value in re.findall(r'([^= ]+)=("[^"]*"|[^ ]*)', text):
        assert key in rules, f"{name} has no {key}"
        assert not found or order.index(key) > order.index(list(found)[-1]), f"{name}: {key} out of its place"
        assert rules[key].fits(value), f"{name}: {key}={value}"
        found[key] = value
    assert found, f"{name} is empty"
    assert " ".join(f"{key}={value}" for key, value in found.items()) == text, f"{name}: {text}"
    return found
