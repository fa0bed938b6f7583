from __future__ import annotations

import asyncio
import json
import select
import socket
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.controller import Bench, bench
from tuiphone.controller.api import Phone
from tuiphone.controller.ports import StackNotice
from tuiphone.errors import EngineLost, PhoneError
from tuiphone.model.account import Account, Transport
from tuiphone.model.call import CallState
from tuiphone.model.event import CallChanged, DndChanged, Notice, NoticeLevel
from tuiphone.model.media import Levels
from tuiphone.rpc.client import RpcPhone, connect
from tuiphone.rpc.server import RpcServer


@dataclass
class Served:
    desk: Bench
    server: RpcServer
    path: Path
    connection: RpcPhone

    @property
    def phone(self) -> Phone:
        return self.connection.phone


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with bench() as desk:
        server = RpcServer(desk.phone)
        path = tmp_path / "engine.sock"
        await server.start(path)
        connection = await connect(path)
        yield Served(desk, server, path, connection)
        await connection.close()
        await server.stop()


async def raw(path: Path, *lines: str) -> list[dict[str, object]]:
    reader, writer = await asyncio.open_unix_connection(path)
    for line in lines:
        writer.write(line.encode() + b"\n")
    answers = [json.loads(await asyncio.wait_for(reader.readline(), 2)) for _ in lines]
    writer.close()
    return answers


async def test_a_snapshot_crosses_the_socket_unchanged(served: Served) -> None:
    assert await served.phone.snapshot() == await served.desk.phone.snapshot()


async def test_a_call_is_made_and_its_events_arrive(served: Served) -> None:
    snapshot = await served.phone.snapshot()
    events = served.phone.subscribe(snapshot.seq)
    call = await served.phone.dial("answer")
    states = []
    async with asyncio.timeout(2):
        async for _seq, event in events:
            if isinstance(event, CallChanged):
                assert event.call.id == call
                states.append(event.call.state)
                if event.call.state is CallState.TALKING:
                    break
    assert states[0] is CallState.DIALING


async def test_a_text_that_is_no_text_costs_no_event(served: Served) -> None:
    events = served.phone.subscribe((await served.phone.snapshot()).seq)
    served.desk.stack.report(StackNotice(NoticeLevel.WARNING, "rec\udc9d.wav"))
    served.desk.stack.report(StackNotice(NoticeLevel.WARNING, "next"))
    async with asyncio.timeout(2):
        texts = [event.text for _seq, event in [await anext(events), await anext(events)] if isinstance(event, Notice)]
    assert texts == ["rec?.wav", "next"]


async def test_every_value_of_an_account_survives(served: Served) -> None:
    account = Account("tls", "sip:5@x.example", transport=Transport.TLS, codecs=("opus", "PCMA"))
    await served.phone.add_account(account, "pw", "of turn")
    assert served.desk.settings.accounts["tls"] == (account, "pw", "of turn")


async def test_a_refusal_arrives_with_its_words_and_kind(served: Served) -> None:
    with pytest.raises(PhoneError, match="No call is talking") as refused:
        await served.phone.hold()
    assert refused.value.kind == "refused"


async def test_two_clients_see_what_the_other_causes(served: Served) -> None:
    other = await connect(served.path)
    events = other.subscribe(0)
    await served.phone.set_dnd(True)
    async with asyncio.timeout(2):
        async for _seq, event in events:
            if event == DndChanged(True):
                break
    await other.close()


async def test_readings_arrive_when_asked_for(served: Served) -> None:
    events = served.phone.subscribe(readings=True)
    waiting = asyncio.ensure_future(anext(events))
    async with asyncio.timeout(2):
        while not served.desk.stack.watched[0]:
            await asyncio.sleep(0.005)
        served.desk.stack.report(Levels("c", -12.5, -30.25))
        assert await waiting == (0, Levels("c", -12.5, -30.25))


async def test_an_event_too_old_to_replay_is_refused(served: Served) -> None:
    with pytest.raises(PhoneError, match="cannot be replayed"):
        await anext(served.phone.subscribe(10_000_000))


async def test_when_the_engine_goes_everything_that_waits_is_told(served: Served) -> None:
    events = served.phone.subscribe()
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)
    await served.server.stop()
    with pytest.raises(EngineLost):
        await asyncio.wait_for(waiting, 2)
    with pytest.raises(EngineLost):
        await served.phone.snapshot()


async def test_an_engine_killed_before_it_read_all_is_told_like_any_other(tmp_path: Path) -> None:
    """The system then says "reset" instead of "closed": to a person it is the same."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine.sock"))
    listener.listen()

    def engine() -> None:
        with listener.accept()[0] as accepted:
            accepted.recv(4096)
            accepted.sendall(b'{"jsonrpc": "2.0", "id": 1, "result": {"protocol": 1}}\n')
            select.select([accepted], [], [], 5)  # the next request has come, and is not read

    serving = asyncio.create_task(asyncio.to_thread(engine))
    connection = await connect(tmp_path / "engine.sock")
    with pytest.raises(EngineLost, match=r"^The engine closed the connection$"):
        await connection.phone.accounts()
    await serving
    await connection.close()
    listener.close()


async def test_without_an_engine_connect_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(EngineLost, match=r"No engine listens at .*nothing\.sock"):
        await connect(tmp_path / "nothing.sock")


async def test_the_socket_is_private(served: Served) -> None:
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


async def test_another_protocol_version_gets_a_sentence(served: Served) -> None:
    (answer,) = await raw(served.path, '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":99}}')
    error = answer["error"]
    assert isinstance(error, dict)
    assert "speaks protocol 1, the program that connected speaks 99" in error["message"]
    assert error["data"]["kind"] == "protocol"


async def test_bad_lines_are_answered_and_the_connection_lives(served: Served) -> None:
    answers = await raw(
        served.path,
        "{nonsense",
        "[]",
        '{"id":1,"method":"nope"}',
        '{"id":2,"method":"dial"}',
        '{"id":3,"method":"dial","params":{"target":5}}',
        '{"id":4,"method":"dial","params":{"target":"1","colour":"red"}}',
        '{"id":5,"method":"dial","params":["1"]}',
        '{"id":6,"method":"_plan","params":{}}',
        '{"id":7,"method":"swapp","params":{}}',
        '{"id":8,"method":"accounts"}',
    )
    words = [a["error"]["message"] if "error" in a else "" for a in answers]  # type: ignore[index]
    assert "not JSON" in words[0]
    assert "not a JSON object" in words[1]
    assert "no method “nope”" in words[2]
    assert "needs the parameter “target”" in words[3]
    assert "parameter “target”" in words[4]
    assert "no parameter “colour”; it takes: target, account, play, record" in words[5]
    assert "params (object)" in words[6]
    assert "no method “_plan”" in words[7]
    assert "near it: swap" in words[8]
    assert "result" in answers[9]


async def test_a_client_that_vanishes_hurts_nobody(served: Served) -> None:
    for _ in range(20):
        _reader, writer = await asyncio.open_unix_connection(served.path)
        writer.write(b'{"id":1,"method":"subscribe","params":{"since":0,"readings":true}}\n')
        writer.transport.abort()
    await served.phone.set_dnd(True)
    assert (await served.phone.snapshot()).dnd


async def test_a_client_that_does_not_read_does_not_slow_the_others(served: Served) -> None:
    _reader, writer = await asyncio.open_unix_connection(served.path)
    writer.write(b'{"id":1,"method":"subscribe","params":{"since":0}}\n')
    for number in range(6000):
        await served.phone.set_dnd(number % 2 == 0)
    assert (await served.phone.snapshot()).seq >= 6000
    writer.transport.abort()


async def test_errors_have_the_codes_of_the_specification(served: Served) -> None:
    answers = await raw(
        served.path,
        '{"id":1,"method":"nope"}',
        '{"id":2,"method":"dial"}',
        '{"id":3,"method":"hold"}',
        "{nonsense",
        '{"id":4,"method":5}',
        '{"id":5,"method":"unsubscribe","params":{"subscription":"x"}}',
    )
    codes = [a["error"]["code"] if "error" in a else 0 for a in answers]  # type: ignore[index]
    assert codes == [-32601, -32602, -32000, -32700, -32600, 0]


async def test_a_server_that_stops_leaves_nobody_behind(served: Served) -> None:
    _reader, writer = await asyncio.open_unix_connection(served.path)
    await served.phone.snapshot()  # by now the server has both connections
    await served.server.stop()
    assert not [task for task in asyncio.all_tasks() if "RpcServer._serve" in repr(task.get_coro())]
    writer.close()
