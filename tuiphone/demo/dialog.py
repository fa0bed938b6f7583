"""A dialog: what two ends remember of each other between requests (RFC 3261 section 12)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuiphone.demo.fields import Address
from tuiphone.demo.sip import Headers, Request, Response, token
from tuiphone.demo.transport import Flow

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER"
SERVER = "tuiphone-demo-exchange"


@dataclass(slots=True)
class Dialog:
    """Our end of a dialog. ``target`` is the far end's Contact, ``routes`` its route set, ``flow`` the way there."""

    call_id: str
    local: Address
    remote: Address
    target: str
    contact: str
    flow: Flow
    routes: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int = -1

    @classmethod
    def called(cls, request: Request, tag: str, contact: str, flow: Flow) -> Dialog:
        """The dialog that our answer to this INVITE makes. Raises ValueError without a usable Contact."""
        local = request.to
        local.params["tag"] = tag
        return cls(
            call_id=request.call_id,
            local=local,
            remote=request.from_,
            target=_contact(request),
            contact=contact,
            flow=flow,
            routes=request.headers.all("record-route"),
            local_cseq=1,
            remote_cseq=request.cseq[0],
        )

    @classmethod
    def calling(cls, caller: Address, callee: str, target: str, contact: str, flow: Flow) -> Dialog:
        """The dialog that an INVITE of ours may make."""
        caller.params["tag"] = token(8)
        return cls(f"{token(12)}@demo", caller, Address(callee), target, contact, flow)

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag: unique, for the tag is random."""
        return self.call_id, self.local.tag

    def established(self, response: Response) -> None:
        """Take the far end's tag, Contact and routes from a response to our INVITE (section 12.1.2)."""
        self.remote = response.to
        if "contact" in response.headers:
            self.target = _contact(response)
        if response.headers.all("record-route"):
            self.routes = response.headers.all("record-route")[::-1]

    def refreshed(self, message: Request | Response) -> None:
        """A re-INVITE or UPDATE may move the far end (section 12.2)."""
        if "contact" in message.headers:
            self.target = _contact(message)

    def request(self, method: str, body: bytes = b"", content_type: str = "application/sdp") -> Request:
        """The next request of ours in this dialog."""
        self.local_cseq += 1
        return self._make(method, self.local_cseq, body, content_type)

    def ack(self, cseq: int) -> Request:
        """The ACK for a 2xx to our INVITE with this number."""
        return self._make("ACK", cseq, b"", "")

    def _make(self, method: str, cseq: int, body: bytes, content_type: str) -> Request:
        headers = Headers([("max-forwards", "70"), *(("route", route) for route in self.routes)])
        headers.add("from", str(self.local))
        headers.add("to", str(self.remote))
        headers.add("call-id", self.call_id)
        headers.add("cseq", f"{cseq} {method}")
        headers.add("user-agent", SERVER)
        if method in {"INVITE", "UPDATE"}:
            headers.add("contact", f"<{self.contact}>")
            headers.add("allow", ALLOW)
        if body:
            headers.add("content-type", content_type)
        return Request(headers, body, method=method, uri=self.target)

    def is_in_order(self, request: Request) -> bool:
        """Whether the request is newer than all before (section 12.2.2); remembers its number."""
        number = request.cseq[0]
        if number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True


def _contact(message: Request | Response) -> str:
    values = message.headers.all("contact")
    if len(values) != 1:
        raise ValueError("a dialog needs exactly one Contact")
    return Address.parse(values[0]).uri
