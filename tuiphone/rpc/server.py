"""Serves the phone's API on a Unix socket (mode 0600) to any number of clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from pathlib import Path
from typing import Any

from tuiphone.controller.api import Phone
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.event import PROTOCOL
from tuiphone.rpc import jsonrpc
from tuiphone.rpc.methods import NoSuchMethod, method

log = logging.getLogger(__name__)

SLOW_CLIENT_BYTES = 1 << 20
"""How much may wait for a client that does not read before its events wait too."""


class RpcServer:
    """Listens, and answers calls of its clients; one that misbehaves hurts only itself."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._server: asyncio.Server | None = None
        self._clients: dict[_Client, asyncio.Task[Any] | None] = {}

    async def start(self, path: Path) -> None:
        """Listen on ``path``; a socket left behind there by a dead engine is replaced."""
        path.unlink(missing_ok=True)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=jsonrpc.MAX_LINE)
        finally:
            os.umask(old)
        self._path = path

    async def stop(self) -> None:
        """Close every connection after what was written has gone out; remove the socket."""
        if self._server is None:
            return
        self._server.close()
        clients = dict(self._clients)
        for client in clients:
            await client.close()
        if running := [task for task in clients.values() if task]:
            await asyncio.wait(running, timeout=1)  # each still has to read that its connection is over
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self._phone, reader, writer)
        self._clients[client] = asyncio.current_task()
        try:
            await client.run()
        finally:
            del self._clients[client]


class _Client:
    def __init__(self, phone: Phone, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._phone = phone
        self._reader = reader
        self._writer = writer
        self._subscriptions: dict[int, asyncio.Task[None]] = {}
        self._next_subscription = 1
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while line := await self._reader.readline():
                if line.strip():
                    self._received(line)
        except ValueError:
            self._send(
                jsonrpc.failure(None, PhoneError(_("The line is too long"), "protocol"), jsonrpc.INVALID_REQUEST)
            )
        except ConnectionError:
            pass
        finally:
            for task in (*self._subscriptions.values(), *self._calls):
                task.cancel()
            await self.close()

    async def close(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.drain()
        self._writer.close()

    def _received(self, line: bytes) -> None:
        # A task for each: tasks start in the order of their lines, and one that waits (a password command) blocks no other.
        task = asyncio.ensure_future(self._handle(line))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _handle(self, line: bytes) -> None:
        try:
            message = jsonrpc.decode(line)
        except PhoneError as error:
            self._send(jsonrpc.failure(None, error, jsonrpc.PARSE_ERROR))
            return
        number, name, params = message.get("id"), message.get("method"), message.get("params", {})
        if isinstance(name, str) and isinstance(params, dict):
            await self._call(number, name, params)
        else:
            refusal = PhoneError(_("A request has a method (text) and params (object)"), "protocol")
            self._send(jsonrpc.failure(number, refusal, jsonrpc.INVALID_REQUEST))

    async def _call(self, number: Any, name: str, params: dict[str, Any]) -> None:
        try:
            value = await self._dispatch(name, params)
        except PhoneError as error:
            answer = jsonrpc.failure(number, error, _code(error))
        except Exception as error:
            log.exception("%s failed", name)
            words = _("{method} failed inside the engine ({error}); its log has the details").format(
                method=name, error=type(error).__name__
            )
            answer = jsonrpc.failure(number, PhoneError(words, "internal"), jsonrpc.INTERNAL_ERROR)
        else:
            answer = jsonrpc.result(number, value)
        if number is not None:
            self._send(answer)

    async def _dispatch(self, name: str, params: dict[str, Any]) -> Any:
        match name:
            case "hello":
                return self._hello(params)
            case "subscribe":
                return self._subscribe(params)
            case "unsubscribe":
                subscription = params.get("subscription")
                task = self._subscriptions.pop(subscription, None) if isinstance(subscription, int) else None
                if task:
                    task.cancel()
                return None
        params = method(name).bind(params)
        return await getattr(self._phone, name)(**params)

    def _hello(self, params: dict[str, Any]) -> dict[str, Any]:
        theirs = params.get("protocol")
        if theirs != PROTOCOL:
            raise PhoneError(
                _(
                    "This engine speaks protocol {ours}, the program that connected speaks {theirs}: install the same "
                    "version of tuiphone on both sides, or restart the engine (tuiphone engine stop)"
                ).format(ours=PROTOCOL, theirs=theirs),
                "protocol",
            )
        return {"protocol": PROTOCOL, "pid": os.getpid()}

    def _subscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        since, readings = params.get("since"), bool(params.get("readings", False))
        if since is not None and not isinstance(since, int):
            raise PhoneError(_("subscribe: since is the number of an event, or null"), "invalid")
        number = self._next_subscription
        self._next_subscription += 1
        task = asyncio.ensure_future(self._forward(number, since, readings))
        self._subscriptions[number] = task
        task.add_done_callback(lambda done: self._subscriptions.pop(number, None))
        return {"subscription": number}

    async def _forward(self, number: int, since: int | None, readings: bool) -> None:
        try:
            async for seq, event in self._phone.subscribe(since, readings):
                self._send(jsonrpc.notification("event", jsonrpc.event_params(number, seq, event)))
                if self._writer.transport.get_write_buffer_size() > SLOW_CLIENT_BYTES:
                    await self._writer.drain()
        except PhoneError as error:
            params = {"subscription": number, "kind": error.kind, "message": str(error)}
            self._send(jsonrpc.notification("subscription_ended", params))
        except ConnectionError:
            pass

    def _send(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line)


def _code(error: PhoneError) -> int:
    if isinstance(error, NoSuchMethod):
        return jsonrpc.METHOD_NOT_FOUND
    return jsonrpc.INVALID_PARAMS if error.kind == "invalid" else jsonrpc.REFUSED
