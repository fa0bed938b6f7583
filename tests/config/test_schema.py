"""What each key takes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiphone.config.layer import ACCOUNT_OPTIONS, SECTION_OPTIONS
from tuiphone.config.option import Kind, Option
from tuiphone.config.schema import AccountConfig, Config
from tuiphone.config.values import WrongValueError, allowed, convert

OPTIONS = {f"account.{key}": option for key, option in ACCOUNT_OPTIONS.items()} | {
    f"{section}.{key}": option for section, keys in SECTION_OPTIONS.items() for key, option in keys.items()
}


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("account.id", ["desk", "2001", "a-b_c"], ["", "a b", "ü", "x" * 33, "a.b"]),
        (
            "account.address",
            ["sip:2001@pbx.example", "sips:a@[2001:db8::1]:5061", "sip:a@h;x=y"],
            ["", "2001", "sip:h"],
        ),
        (
            "account.registrar",
            ["", "pbx.example", "pbx.example:5070", "192.0.2.1:5060", "[2001:db8::1]", "[2001:db8::1]:5060"],
            ["sip:pbx.example", "pbx.example:0", "pbx.example:99999", "a b", "user@host"],
        ),
        (
            "account.proxy",
            ["", "proxy.example", "proxy.example:5070", "sip:proxy.example;transport=tcp;lr", "sips:proxy.example"],
            ["a b", "sip:", "sip:h:0"],
        ),
        ("account.tls_pin_sha256", ["", "ab" * 32, ":".join(["AB"] * 32)], ["ab", "xy" * 32]),
        (
            "account.codecs",
            [[], ["opus"], ["speex/16000", "L16/44100/2"], ["speex/*", "PCM?"]],
            [["so so"], [1], "opus"],
        ),
        ("account.password_command", ["", "pass x", ["pass", "x"]], [1, ["pass", 1]]),
        ("network.bind_address", ["", "192.0.2.1", "::1"], ["localhost", "1.2.3"]),
        ("network.user_agent", ["tuiphone", "ACME phone/1.0"], ["", "a\nb", "x" * 121]),
        ("network.rtp_port_min", [1024, 65535], [1023, 65536, "8000", 8000.0, True]),
        ("phone.max_lines", [1, 32], [0, 33, -1]),
        ("phone.decline_code", [486, 480, 603, 404, 403], [200, "486", True]),
        ("audio.input_level", [0, 200], [201]),
        ("ui.meter_hz", [1, 10], [0, 11, 2.5]),
        ("ui.theme", ["", "anything"], [1, "nul\0"]),
    ],
)
def test_what_is_taken_and_what_is_refused(key: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        convert(OPTIONS[key], value, Path("/"))
    for value in bad:
        with pytest.raises(WrongValueError):
            convert(OPTIONS[key], value, Path("/"))


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS.keys())
def test_a_default_is_allowed_and_what_is_allowed_can_be_told(option: Option) -> None:
    assert allowed(option)
    if option.required or option.kind is Kind.SECRET:
        return
    written = list(option.default) if isinstance(option.default, tuple) else option.default
    assert convert(option, written, Path("/")) == option.default


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS.keys())
def test_another_kind_of_value_is_refused(option: Option) -> None:
    wrong: list[object] = [{}, None, 1.5, [[]]]
    for value in wrong:
        with pytest.raises(WrongValueError):
            convert(option, value, Path("/"))


def test_the_defaults_agree_with_what_the_stack_and_an_account_assume() -> None:
    from dataclasses import fields

    from tuiphone.controller.ports import StackSettings
    from tuiphone.model.account import Account

    config, stack = Config(), StackSettings()
    for field in fields(StackSettings):
        for section in (config.network, config.audio):
            if hasattr(section, field.name):
                assert getattr(section, field.name) == getattr(stack, field.name), field.name
    account = Account("desk", "sip:2001@pbx.example", registrar="pbx.example")
    assert AccountConfig("desk", "sip:2001@pbx.example").account() == account
