"""The far ends work with each other before any phone of ours is blamed."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.audio import find_file, speech, write_wav
from tests.support.baresip import Baresip
from tests.support.certificates import Authority
from tests.support.kamailio import Kamailio
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import Process, ProcessFailed, until
from tests.support.pulse import Pulse, espeak
from tests.support.scenario import Scenario, answering, sdp
from tests.support.sipp import Sipp
from tuiphone.stack.natprobe import trust_of


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_process_takes_its_children_with_it(tmp_path: Path) -> None:
    script = "import subprocess, time; p = subprocess.Popen(['sleep', '60']); print('child', p.pid, flush=True); time.sleep(60)"
    async with Process([sys.executable, "-c", script], tmp_path / "log") as process:
        child = int((await process.until_output(r"child (\d+)")).group(1))
        assert _alive(child)
    await until(lambda: not _alive(child), 2, "the child ends")


async def test_a_process_that_ends_too_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    async with Process(
        [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], tmp_path / "log"
    ) as process:
        with pytest.raises(ProcessFailed, match="no such port"):
            await process.until_output("ready", timeout_s=5)


async def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    process = Process([sys.executable, "-c", script], tmp_path / "log", stop_signal=signal.SIGTERM)
    process.start()
    await process.until_output("up")
    pid = process.pid
    await process.stop(0.2)
    assert not _alive(pid)


def test_ports_are_given_once() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200
    # Another process on this machine does not get them either, although nothing is bound to them.
    script = "import tests.support.ports as p; print(*(n for n in map(int, input().split()) if p._reserve(n)))"
    others = subprocess.run(
        [sys.executable, "-c", script], input=" ".join(map(str, ports)), capture_output=True, text=True, check=True
    )
    assert others.stdout.split() == []


@pytest.mark.peer
async def test_sipp_registers_at_kamailio_over_udp_and_tcp(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", {"alice": "secret"}) as registrar:
        for transport in ("u1", "t1"):
            async with Sipp(
                tmp_path / transport,
                Scenario().register(),
                registrar.host,
                "alice",
                password="secret",
                transport=transport,
            ) as sipp:
                await sipp.finish()
        assert [(r.what, r.transport, r.expires) for r in registrar.registers] == [
            ("challenge", "udp", None),
            ("registered", "udp", 300),
            ("challenge", "tcp", None),
            ("registered", "tcp", 300),
        ]


@pytest.mark.peer
async def test_kamailio_refuses_a_wrong_password_and_comes_back_on_the_same_port(tmp_path: Path) -> None:
    async with Kamailio(tmp_path / "kamailio", {"alice": "secret"}) as registrar:
        async with Sipp(tmp_path / "wrong", Scenario().register(), registrar.host, "alice", password="wrong") as sipp:
            await until(lambda: len(sipp.received("SIP/2.0 401")) > 1, 5, "a second 401")
        assert [r.what for r in registrar.registers[:2]] == ["challenge", "refused"]
        await registrar.stop()
        await registrar.start()
        async with Sipp(tmp_path / "right", Scenario().register(), registrar.host, "alice", password="secret") as sipp:
            await sipp.finish()
        assert len(await registrar.until_registered("alice")) == 1


@pytest.mark.peer
async def test_kamailio_speaks_tls_with_the_certificate_it_is_given(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    good = authority.server("good", (f"IP:{LOOPBACK}",))
    async with Kamailio(tmp_path / "kamailio", {"alice": "secret"}, certificate=good) as registrar:
        assert _tls_handshake(registrar.tls_port, authority.ca.cert) == good.sha256
        registrar.use_certificate(authority.server("old", (f"IP:{LOOPBACK}",), expired=True))
        await registrar.stop()
        await registrar.start()
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            _tls_handshake(registrar.tls_port, authority.ca.cert)


def _tls_handshake(port: int, ca: Path) -> str:
    import hashlib
    import socket

    with (
        socket.create_connection((LOOPBACK, port), timeout=5) as raw,
        trust_of(str(ca), verify=True).wrap_socket(raw, server_hostname=LOOPBACK) as secure,
    ):
        return hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()


@pytest.mark.peer
async def test_baresip_calls_baresip_and_hears_speech_and_digits(tmp_path: Path) -> None:
    said = write_wav(tmp_path / "said.wav", speech(2.5))
    async with (
        Baresip(tmp_path / "anna", "anna", speech=said) as anna,
        Baresip(tmp_path / "bert", "bert", answer="auto") as bert,
    ):
        await anna.dial(bert.address)
        await bert.until_event("CALL_RTPESTAB")
        await bert.until_heard(4)
        await anna.send_digits("15#D")
        await until(lambda: bert.digits == "15#D", 3, "the digits")
        await anna.hang_up()
        await bert.until_event("CALL_CLOSED")
        assert find_file(said, await bert.heard()).correlation > 0.98


@pytest.mark.peer
async def test_baresip_calls_sipp(tmp_path: Path) -> None:
    async with Sipp(tmp_path / "sipp", answering().until_bye()) as sipp, Baresip(tmp_path / "baresip") as baresip:
        await baresip.dial(sipp.address)
        await baresip.until_event("CALL_ESTABLISHED")
        await baresip.hang_up()
        await sipp.finish()


@pytest.mark.peer
async def test_sipp_calls_baresip_holds_it_and_resumes(tmp_path: Path) -> None:
    scenario = (
        Scenario()
        .invite(sdp())
        .answered(200)
        .ack()
        .pause(200)
        .invite(sdp("sendonly", version=2))
        .answered(200, expect="a=recvonly")
        .ack()
        .pause(200)
        .invite(sdp(version=3))
        .answered(200, expect="a=sendrecv")
        .ack()
        .bye("Reason: Q.850;cause=16")
    )
    async with Baresip(tmp_path / "baresip", answer="auto") as baresip:
        remote = f"{LOOPBACK}:{baresip.port}"
        async with Sipp(tmp_path / "sipp", scenario, remote, target=baresip.user) as sipp:
            await sipp.finish()


@pytest.mark.peer
async def test_an_unexpected_message_fails_the_scenario_at_once(tmp_path: Path) -> None:
    refusing = Scenario().receive("INVITE").reply(486, "Busy Here").receive("ACK")
    async with (
        Sipp(tmp_path / "far", refusing, user="far") as far,
        Sipp(tmp_path / "near", Scenario().invite(sdp()).answered(200), f"{LOOPBACK}:{far.port}", target="far") as near,
    ):
        with pytest.raises(ProcessFailed, match="486 Busy Here"):
            await near.finish(5)


@pytest.mark.sound
async def test_speech_travels_through_the_virtual_microphone(tmp_path: Path) -> None:
    said = espeak("Hello, this is the telephone. Who is speaking, please?", tmp_path / "said.wav")
    async with Pulse(tmp_path / "pulse") as pulse:
        async with pulse.record(tmp_path / "heard.wav", "micfeed"), pulse.play(said) as player:
            assert await player.until_end() == 0
        assert find_file(said, tmp_path / "heard.wav").correlation > 0.98
