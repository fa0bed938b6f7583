"""A phone that is told an IPv6 address: registration at Kamailio, a call with sound both ways."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.support.audio import likeness_of_files, speech, write_wav
from tests.support.kamailio import Kamailio
from tests.support.phone import Phone, complete_wav, registered_account
from tuiphone.model.account import RegistrationState
from tuiphone.model.call import CallState

USERS = {"alice": "secret", "bob": "hidden"}
IPV6 = {"network": {"bind_address": "::1"}}


def has_ipv6() -> bool:
    """Whether this machine has the loopback of IPv6."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


pytestmark = [
    pytest.mark.peer,
    pytest.mark.pjsua,
    pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6"),
]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_registers_and_is_called_with_sound_both_ways(tmp_path: Path, transport: str) -> None:
    ours, theirs = (write_wav(tmp_path / f"{n}.wav", speech(3, seed=n)) for n in (1, 2))
    heard, heard_there = tmp_path / "heard.wav", tmp_path / "heard there.wav"
    async with Kamailio(tmp_path / "kamailio", USERS, address="[::1]") as registrar:
        a = registered_account("alice", registrar.host, "secret", transport=transport)
        b = registered_account("bob", registrar.host, "hidden", transport=transport)
        async with Phone(tmp_path / "a", [a], IPV6) as alice, Phone(tmp_path / "b", [b], IPV6) as bob:
            await alice.until_account("alice", RegistrationState.REGISTERED)
            await bob.until_account("bob", RegistrationState.REGISTERED)
            call = await alice.api.dial("bob", play=str(ours), record=str(heard))
            ringing = await bob.incoming()
            await bob.api.answer()
            talking = await bob.until(ringing.id, lambda c: c.state is CallState.TALKING and c.media is not None)
            assert talking.media is not None
            assert talking.media.remote.startswith("[::1]:")
            await bob.api.record(str(heard_there))
            await bob.api.play(str(theirs))
            await asyncio.sleep(3.6)  # the speech
            await alice.api.hang_up()
            await alice.until_ended(call)
    assert likeness_of_files(theirs, await complete_wav(heard)) > 0.9
    assert likeness_of_files(ours, await complete_wav(heard_there)) > 0.9
