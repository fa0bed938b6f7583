"""JSON-RPC 2.0 messages, one a line; values of the model as JSON. Knows no socket.

Errors: the code of the specification where it has one, else -32000; ``data.kind`` is PhoneError's kind.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.event import EVENT_TYPES, READING_TYPES, Event, Reading

MAX_LINE = 4 * 1024 * 1024
"""Longest message in bytes."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
REFUSED = -32000

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def encode(message: dict[str, Any]) -> bytes:
    """A message as one line with its newline; values of the model are written as objects.

    What cannot be written as UTF-8 (a file's name may be any bytes) becomes a question mark: it must not cost the reader
    the events after it.
    """
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:
        import json

        text = json.dumps(msgspec.to_builtins(message), ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """One line as a message. Raises PhoneError of kind "protocol"."""
    try:
        message = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PhoneError(_("The line is not JSON: {error}").format(error=error), "protocol") from None
    if not isinstance(message, dict):
        raise PhoneError(_("The line is not a JSON object"), "protocol")
    return message


def request(number: int, method: str, params: dict[str, Any]) -> bytes:
    """A call that wants an answer."""
    return encode({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def result(number: Any, value: Any) -> bytes:
    """The answer to a call."""
    return encode({"jsonrpc": "2.0", "id": number, "result": value})


def failure(number: Any, error: PhoneError, code: int = REFUSED) -> bytes:
    """The answer to a call that was refused."""
    body = {"code": code, "message": str(error), "data": {"kind": error.kind}}
    return encode({"jsonrpc": "2.0", "id": number, "error": body})


def notification(method: str, params: dict[str, Any]) -> bytes:
    """A message nobody answers."""
    return encode({"jsonrpc": "2.0", "method": method, "params": params})


def event_params(subscription: int, seq: int, event: Event | Reading) -> dict[str, Any]:
    """What an ``event`` notification carries."""
    return {"subscription": subscription, "seq": seq, "type": type(event).__name__, "value": event}


def read_event(params: dict[str, Any]) -> tuple[int, Event | Reading]:
    """The event of a notification. Raises PhoneError of kind "protocol" for a type this program does not know."""
    kind = EVENT_TYPES.get(params["type"]) or READING_TYPES.get(params["type"])
    if kind is None:
        sentence = _("The engine sent an unknown event “{type}”")
        raise PhoneError(sentence.format(type=params["type"]), "protocol")
    return params["seq"], convert(params["value"], kind)


def convert(value: Any, kind: Any) -> Any:
    """A JSON value as a value of the model. Raises PhoneError of kind "protocol"."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        sentence = _("The engine sent something this program cannot read: {error}")
        raise PhoneError(sentence.format(error=error), "protocol") from None


def read_error(error: dict[str, Any]) -> PhoneError:
    """The exception that an ``error`` member stands for."""
    data = error.get("data")
    kind = str(data.get("kind", "refused")) if isinstance(data, dict) else "refused"
    return PhoneError(str(error.get("message", "refused")), kind)
