"""The phone on the other side of a socket: the same API, carried by JSON-RPC."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from tuiphone.controller.api import Phone
from tuiphone.errors import EngineLost, PhoneError
from tuiphone.i18n import _
from tuiphone.model.event import PROTOCOL, Event, Reading
from tuiphone.rpc import jsonrpc
from tuiphone.rpc.methods import method

CONNECT_TIMEOUT_S = 3.0


class RpcPhone:
    """A connection to an engine; ``phone`` has the API. Open one with ``connect``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._subscriptions: dict[int, asyncio.Queue[dict[str, Any] | PhoneError]] = {}
        self._newest = 0
        self._early: dict[int, list[dict[str, Any] | PhoneError]] = {}
        self._lost: EngineLost | None = None
        self._task = asyncio.ensure_future(self._read())

    @property
    def phone(self) -> Phone:
        """The phone at the other end."""
        return cast(Phone, _Proxy(self))

    async def call(self, name: str, params: dict[str, Any]) -> Any:
        """Call a method with JSON values; returns JSON. Raises PhoneError, or EngineLost when the connection ends."""
        if self._lost:
            raise self._lost
        self._number += 1
        number = self._number  # the counter moves on while this call waits
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._writer.write(jsonrpc.request(number, name, params))
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    async def subscribe(
        self, since: int | None = None, readings: bool = False
    ) -> AsyncIterator[tuple[int, Event | Reading]]:
        """Events, as ``PhoneEvents.subscribe``. Raises EngineLost when the connection ends."""
        async for params in self.raw_events(since, readings):
            yield jsonrpc.read_event(params)

    async def raw_events(self, since: int | None = None, readings: bool = False) -> AsyncIterator[dict[str, Any]]:
        """Events as they are on the wire: an object with seq, type and value."""
        asked = asyncio.ensure_future(self.call("subscribe", {"since": since, "readings": readings}))
        try:
            answer = await asyncio.shield(asked)
        except asyncio.CancelledError:
            # The engine does not know that nobody listens any more, and would send for as long as we are connected.
            asked.add_done_callback(self._give_up)
            raise
        number = int(answer["subscription"])
        queue: asyncio.Queue[dict[str, Any] | PhoneError] = asyncio.Queue()
        self._subscriptions[number] = queue
        self._newest = max(self._newest, number)
        for item in self._early.pop(number, []):
            queue.put_nowait(item)
        if self._lost:
            queue.put_nowait(self._lost)
        try:
            while True:
                received = await queue.get()
                if isinstance(received, PhoneError):
                    raise received
                yield received
        finally:
            self._unsubscribe(number)

    async def close(self) -> None:
        """End the connection."""
        self._task.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await self._writer.wait_closed()

    def _give_up(self, asked: asyncio.Future[Any]) -> None:
        if not asked.cancelled() and asked.exception() is None:
            number = int(asked.result()["subscription"])
            self._newest = max(self._newest, number)
            self._early.pop(number, None)
            self._unsubscribe(number)

    def _unsubscribe(self, number: int) -> None:
        self._subscriptions.pop(number, None)
        if not self._lost:
            self._number += 1
            self._writer.write(jsonrpc.request(self._number, "unsubscribe", {"subscription": number}))

    async def _read(self) -> None:
        reason = _("The engine closed the connection")
        try:
            while line := await self._reader.readline():
                self._received(jsonrpc.decode(line))
        except ConnectionError:
            pass  # what a killed engine leaves when it had not read all of ours
        except (OSError, ValueError, PhoneError) as error:
            reason = _("The connection to the engine broke: {error}").format(error=error)
        finally:
            self._end(EngineLost(reason))

    def _received(self, message: dict[str, Any]) -> None:
        if "method" in message:
            params = message["params"]
            number = params["subscription"]
            ended = message["method"] == "subscription_ended"
            item = PhoneError(params["message"], params["kind"]) if ended else params
            if number in self._subscriptions:
                self._subscriptions[number].put_nowait(item)
            elif number > self._newest:
                # Arrived in the same breath as the answer that names the subscription, before anybody awaits it.
                self._early.setdefault(number, []).append(item)
            return
        future = self._waiting.get(message.get("id", 0))
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(jsonrpc.read_error(message["error"]))
        else:
            future.set_result(message.get("result"))

    def _end(self, lost: EngineLost) -> None:
        self._lost = lost
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(lost)
        for queue in self._subscriptions.values():
            queue.put_nowait(lost)


class _Proxy:
    """Turns attribute access into methods of the wire."""

    def __init__(self, connection: RpcPhone) -> None:
        self.connection = connection
        self.subscribe = connection.subscribe

    def __getattr__(self, name: str) -> Any:
        described = method(name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            names = [parameter.name for parameter in described.parameters]
            params = dict(zip(names, args, strict=False)) | kwargs
            return jsonrpc.convert(await self.connection.call(name, params), described.result)

        setattr(self, name, call)
        return call


async def connect(path: Path, any_protocol: bool = False) -> RpcPhone:
    """Connect to the engine that listens on ``path``.

    Raises EngineLost when none does, PhoneError of kind "protocol" when it speaks another version; with
    ``any_protocol`` that is accepted, for ``shutdown`` alone, which is the same in all of them.
    """
    connection: RpcPhone | None = None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=jsonrpc.MAX_LINE)
            connection = RpcPhone(reader, writer)
            try:
                await connection.call("hello", {"protocol": PROTOCOL})
            except PhoneError as error:
                if error.kind != "protocol" or not any_protocol:
                    raise
            return connection
    except BaseException as error:
        if connection:
            await connection.close()
        if isinstance(error, TimeoutError):
            sentence = _("The engine at {path} does not answer; stop it with: tuiphone engine stop")
            raise EngineLost(sentence.format(path=path)) from None
        if isinstance(error, OSError):
            sentence = _("No engine listens at {path} ({reason})")
            raise EngineLost(sentence.format(path=path, reason=error.strerror or error)) from None
        raise
