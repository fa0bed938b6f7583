"""Encrypted audio with Debian's baresip: keys in the SDP and by handshake, both ways; what is said when it has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.audio import likeness_of_files, speech, write_wav
from tests.support.baresip import Baresip
from tests.support.phone import Phone, complete_wav, direct_account
from tests.support.ports import free_port
from tuiphone import texts
from tuiphone.model.call import CallState, Direction, EndedBy, EndKind
from tuiphone.model.event import CallChanged

pytestmark = [pytest.mark.peer, pytest.mark.pjsua]

KEYINGS = [("sdes", "srtp-mand"), ("dtls", "dtls_srtp")]


def insisting(folder: Path, keying: str) -> Phone:
    """A phone whose account takes encrypted audio only."""
    port = free_port()
    account = direct_account(port, "alice", media_encryption="mandatory", srtp_keying=[keying])
    return Phone(folder, [account], port=port)


@pytest.mark.parametrize(("keying", "theirs"), KEYINGS)
async def test_dials_baresip_and_both_hear_each_other(tmp_path: Path, keying: str, theirs: str) -> None:
    ours, said = (write_wav(tmp_path / f"{n}.wav", speech(3, seed=n)) for n in (1, 2))
    # Packets that came during the handshake fill the jitter buffer, which then comes down bit by bit.
    later = write_wav(tmp_path / "later.wav", np.concatenate((np.zeros(4 * 8000), speech(3, seed=2))))
    heard = tmp_path / "heard.wav"
    async with (
        Baresip(tmp_path / "baresip", speech=later, answer="auto", encryption=theirs) as baresip,
        insisting(tmp_path / "phone", keying) as alice,
    ):
        call = await alice.api.dial(baresip.address, play=str(ours), record=str(heard))
        await alice.until(call, lambda c: c.media is not None and "AES" in c.media.encryption, what="encrypted")
        await baresip.until_heard(9)
        await alice.api.hang_up()
        await alice.until_ended(call)
        assert likeness_of_files(ours, await baresip.heard()) > 0.9
        assert likeness_of_files(said, await complete_wav(heard)) > 0.9


@pytest.mark.parametrize(("keying", "theirs"), KEYINGS)
async def test_is_called_by_baresip_with_encryption(tmp_path: Path, keying: str, theirs: str) -> None:
    ours = write_wav(tmp_path / "ours.wav", speech(3, seed=3))
    async with (
        Baresip(tmp_path / "baresip", encryption=theirs) as baresip,
        insisting(tmp_path / "phone", keying) as alice,
    ):
        await baresip.dial(alice.address)
        ringing = await alice.incoming()
        await alice.api.answer()
        await alice.until(ringing.id, lambda c: c.media is not None and "AES" in c.media.encryption, what="encrypted")
        await alice.until(ringing.id, CallState.TALKING)
        await alice.api.play(str(ours))
        await baresip.until_heard(4)
        await baresip.hang_up()
        await alice.until_ended(ringing.id)
        assert likeness_of_files(ours, await baresip.heard()) > 0.9


async def test_a_baresip_without_encryption_is_refused_in_words_both_ways(tmp_path: Path) -> None:
    async with (
        Baresip(tmp_path / "baresip", answer="auto") as baresip,
        insisting(tmp_path / "phone", "sdes") as alice,
    ):
        ended = await alice.until_ended(await alice.api.dial(baresip.address))
        assert ended.end is not None
        assert (ended.end.by, ended.end.kind) == (EndedBy.THEM, EndKind.ENCRYPTION_REFUSED)
        assert "this account insists on it (media_encryption = mandatory)" in texts.end_sentence(ended)
        await baresip.dial(alice.address)
        incoming = await alice.until_event(
            CallChanged, lambda event: event.call.direction is Direction.INCOMING and event.call.is_over
        )
        row = incoming.call
        assert row.end is not None
        assert row.end.kind is EndKind.NOT_ENCRYPTED
        assert "offers no encrypted audio" in texts.end_sentence(row)
