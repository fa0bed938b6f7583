"""Starting and stopping, more than once, and where it cannot work."""

from __future__ import annotations

import asyncio
import sys

from tests.support.stackprocess import StackProcess, Start

SCRIPT = """
import asyncio
from tuiphone.controller.ports import StackSettings
from tuiphone.errors import PhoneError
from tuiphone.stack.pjsua import PjsuaStack

def settings(address):
    return StackSettings(bind_address=address, null_audio=True)

async def main():
    try:
        await PjsuaStack().start(settings("192.0.2.1"), print)
    except PhoneError as error:
        print("refused:", error)
    for _round in range(2):
        stack = PjsuaStack()
        await stack.start(settings("127.0.0.1"), print)
        print("started:", stack.name)
        await stack.stop()
        await stack.stop()
asyncio.run(main())
"""


async def test_an_address_that_is_not_ours_is_refused_in_words_and_another_start_succeeds() -> None:
    """192.0.2.1 is for documentation (RFC 5737): no machine has it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _err = await asyncio.wait_for(process.communicate(), 40)
    lines = [line for line in out.decode().splitlines() if ":" in line]
    assert process.returncode == 0
    assert lines[0].startswith("refused: The SIP engine does not start: Cannot assign requested address")
    assert [line.startswith("started: pjsua2 2.") for line in lines[1:]] == [True, True]


async def test_a_port_in_use_gives_way_to_a_free_one_with_a_notice(start: Start, alice: StackProcess) -> None:
    second = await start("second", udp_port=alice.port)
    second.rewind()
    notice = await second.wait("StackNotice")
    assert str(alice.port) in notice.text
    assert notice.level == "warning"
    call = second.dial(alice.uri)
    await alice.wait("IncomingReport")
    second.do("hang_up", call)
    await second.wait("EndedReport", call_id=call)
