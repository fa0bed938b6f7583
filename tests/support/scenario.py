"""What SIPp plays: a call told step by step in Python, written as SIPp's XML.

One scenario is one dialog. It begins with ``receive("INVITE")`` where SIPp is called, with ``invite`` where it calls.
"""

from __future__ import annotations

from typing import Self
from xml.sax.saxutils import quoteattr

from tests.support.ports import LOOPBACK

_CONTACT = "Contact: <sip:[service]@[local_ip]:[local_port];transport=[transport]>"
_OWN_TAG = "tag=[pid]sipp[call_number]"


def sdp(
    direction: str = "sendrecv",
    address: str = LOOPBACK,
    codecs: tuple[str, ...] = ("0 PCMU/8000", "101 telephone-event/8000"),
    version: int = 1,
) -> str:
    """A session of one audio stream to the scenario's RTP port; ``codecs`` are "payload type, space, rtpmap"."""
    types = " ".join(codec.split()[0] for codec in codecs)
    lines = [
        "v=0",
        f"o=sipp 1 {version} IN IP4 {LOOPBACK}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio [rtp_port] RTP/AVP {types}",
        *(f"a=rtpmap:{codec}" for codec in codecs),
        f"a={direction}",
    ]
    return "\n".join(lines)


class Scenario:
    """Steps in the order in which they happen."""

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._cseq = 1
        self._calling = False
        self._invite_at = 0
        self._refused = False
        self._label = 1

    def receive(self, method: str, expect: str = "") -> Self:
        """Wait for a request, with a text that matches ``expect`` (a regular expression) somewhere in it."""
        actions = (
            []
            if not expect
            else [f'<ereg regexp={quoteattr(expect)} search_in="msg" check_it="true" assign_to="matched"/>']
        )
        if not self._steps and method == "INVITE":
            actions += [
                '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/>',
                '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="self"/>',
                '<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>',
            ]
        # Only what refreshes the target has a Contact; of an ACK, SIPp 3.7 would take that there is no target any more.
        route = ' rrs="true"' if method == "INVITE" else ""
        return self._add(f'<recv request="{method}"{route}>{_action(actions)}</recv>')

    def reply(self, code: int, phrase: str, *headers: str, sdp: str = "", invite: bool = False) -> Self:
        """Answer the request received last, or with ``invite`` the INVITE that a CANCEL came after."""
        lines = [
            f"SIP/2.0 {code} {phrase}",
            *("[last_Via:]", "[last_Record-Route:]", "[last_From:]"),
            # The first INVITE's To has no tag yet, later requests carry ours.
            f"[last_To:];{_OWN_TAG}" if invite or not self._in_dialog else "[last_To:]",
            "[last_Call-ID:]",
            "CSeq: [$cseq]" if invite else "[last_CSeq:]",
            *(_CONTACT, *headers),
        ]
        return self._send(lines, sdp, retransmit=code >= 200 and (invite or self._expects_ack))

    def invite(self, sdp: str = "", *headers: str) -> Self:
        """Call, or change the session of the call that is up (re-INVITE)."""
        if not self._steps:
            self._calling = True
        return self.request("INVITE", *headers, body=sdp)

    def register(self, expires_s: int = 300) -> Self:
        """Register with digest authentication; for a scenario of its own."""
        self._calling = True
        lines = [
            "REGISTER sip:[remote_ip]:[remote_port] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            f"From: <sip:[service]@[remote_ip]:[remote_port]>;{_OWN_TAG}",
            "To: <sip:[service]@[remote_ip]:[remote_port]>",
            "Call-ID: [call_id]",
        ]
        rest = [_CONTACT, "Max-Forwards: 70", f"Expires: {expires_s}"]
        self._send([*lines, "CSeq: 1 REGISTER", *rest], "", retransmit=True)
        self._add('<recv response="401" auth="true"/>')
        self._send([*lines, "CSeq: 2 REGISTER", "[authentication]", *rest], "", retransmit=True)
        return self._add('<recv response="200"/>')

    def request(self, method: str, *headers: str, body: str = "", kind: str = "application/sdp") -> Self:
        """Send a request of the dialog."""
        if self._steps and method != "CANCEL":
            self._cseq += 1
        return self._request(method, headers, body, kind)

    def ack(self, sdp: str = "") -> Self:
        """Acknowledge the answer to an INVITE."""
        return self._request("ACK", (), sdp, "application/sdp", retransmit=False)

    def answered(self, code: int, expect: str = "") -> Self:
        """Wait for a response; provisional ones before a final one are allowed."""
        actions = ['<ereg regexp=".*" search_in="hdr" header="To:" assign_to="peer"/>'] if self._calling else []
        if expect:
            actions += [f'<ereg regexp={quoteattr(expect)} search_in="msg" check_it="true" assign_to="matched"/>']
        self._refused = code >= 300
        for early in (100, 180, 183) if code >= 200 else (100,):
            self._add(f'<recv response="{early}" optional="true"/>')
        return self._add(f'<recv response="{code}" rrs="true">{_action(actions)}</recv>')

    def any_answer(self) -> Self:
        """Wait for any final response to a request that is not an INVITE: it may refuse, but not stay silent."""
        for code in (400, 415, 420, 481, 488, 500, 501):
            self._add(f'<recv response="{code}" optional="true" next="{self._label}"/>')
        self._add('<recv response="200"/>')
        self._add(f'<label id="{self._label}"/>')
        self._label += 1
        return self

    def pause(self, milliseconds: int) -> Self:
        """Wait."""
        return self._add(f'<pause milliseconds="{milliseconds}"/>')

    def bye(self, *headers: str) -> Self:
        """End the call and wait for the answer."""
        return self.request("BYE", *headers).answered(200)

    def until_bye(self) -> Self:
        """Wait for BYE and answer it."""
        return self.receive("BYE").reply(200, "OK")

    @property
    def xml(self) -> str:
        """The scenario as SIPp reads it."""
        steps = "\n".join(self._steps)
        used = [name for name in ("peer", "self", "cseq", "matched") if f'assign_to="{name}"' in steps]
        reference = f'<Reference variables="{",".join(used)}"/>' if used else ""
        return f'<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="test">\n{steps}\n{reference}\n</scenario>\n'

    @property
    def _in_dialog(self) -> bool:
        return self._calling or sum('<recv request="' in step for step in self._steps) > 1

    @property
    def _expects_ack(self) -> bool:
        last = next((step for step in reversed(self._steps) if '<recv request="' in step), "")
        return 'request="INVITE"' in last

    def _request(self, method: str, headers: tuple[str, ...], body: str, kind: str, retransmit: bool = True) -> Self:
        branch = "[branch]"
        if method == "INVITE":
            self._invite_at = len(self._steps)
        elif method == "CANCEL" or (method == "ACK" and self._refused):
            # Of the INVITE's own transaction (RFC 3261 sections 9.1 and 17.1.1.3).
            branch = f"[branch-{len(self._steps) - self._invite_at}]"
        target = "sip:[target]@[remote_ip]:[remote_port]"
        own, peer, uri = f"[$self];{_OWN_TAG}", "[$peer]", "[next_url]"
        if self._calling:
            own = f"<sip:[service]@[local_ip]:[local_port]>;{_OWN_TAG}"
            if method == "CANCEL" or not any("<recv response" in step for step in self._steps):
                peer, uri = f"<{target}>", target
            elif method == "ACK" and self._refused:
                uri = target
        lines = [
            f"{method} {uri} SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=" + branch,
            f"From: {own}",
            f"To: {peer}",
            "Call-ID: [call_id]",
            f"CSeq: {self._cseq} {method}",
            _CONTACT,
            "Max-Forwards: 70",
            *headers,
        ]
        return self._send(lines, body, kind, retransmit)

    def _send(self, lines: list[str], body: str, kind: str = "application/sdp", retransmit: bool = False) -> Self:
        lines = [*lines, f"Content-Type: {kind}"] if body else list(lines)
        text = "\n".join([*lines, "Content-Length: [len]", "", body])
        attribute = ' retrans="500"' if retransmit else ""
        return self._add(f"<send{attribute}><![CDATA[\n{text}\n]]></send>")

    def _add(self, step: str) -> Self:
        self._steps.append(step)
        return self


def _action(actions: list[str]) -> str:
    return f"<action>{''.join(actions)}</action>" if actions else ""


def answering(*, offer: str = "") -> Scenario:
    """Ring, answer, wait for the ACK."""
    return Scenario().receive("INVITE").reply(180, "Ringing").reply(200, "OK", sdp=offer or sdp()).receive("ACK")
