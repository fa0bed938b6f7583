"""History, devices, accounts, messages, palette, help, jump, themes, leaving."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.support import desk
from tuiphone.config.schema import PhoneSection
from tuiphone.controller.ports import NatReport
from tuiphone.model.account import MediaEncryption, NatServers, RegistrationState, SrtpKeying, Transport
from tuiphone.model.device import DeviceRole
from tuiphone.model.media import Levels
from tuiphone.stack.fake import FakeStack


async def test_history_is_searched_and_redialled() -> None:
    async with desk() as d:
        for number, name in (("2044", "Ana Souza"), ("2090", "Rui Alves")):
            await d.missed(number, name)
        await d.press("r")
        assert "2090 Rui Alves" in d.picture()
        await d.press("slash", "a", "n", "a", "enter")
        await d.until(lambda: "2090 Rui Alves" not in d.picture(), "the filter")
        await d.press("enter")
        await d.until(lambda: d.store.calls, "the call")
        assert d.given("make_call")[-1][3] == "sip:2044@pbx.example"
        assert d.app.screen is d.app.main


async def test_history_has_a_place_of_its_own_in_a_big_terminal() -> None:
    async with desk((120, 40)) as d:
        await d.missed("2044", "Ana Souza")
        await d.press("f2")
        assert d.app.screen is d.app.main
        assert d.app.main.focused_panel() == "history"
        await d.press("exclamation_mark")
        await d.until(lambda: "missed only" in d.picture(), "the filter")


async def test_the_number_of_a_row_is_copied() -> None:
    async with desk() as d:
        await d.missed("2044", "Ana Souza")
        await d.press("r", "y")
        assert d.app.clipboard == "2044"
        assert "Copied 2044" in d.message()


async def test_the_history_is_deleted_only_after_a_question() -> None:
    async with desk() as d:
        await d.missed("2044", "Ana Souza")
        d.app.run_command("clear_history")
        await d.until(lambda: d.is_open("Delete the whole history?"), "the question")
        await d.press("enter")
        assert d.bench.history.rows
        d.app.run_command("clear_history")
        await d.until(lambda: d.is_open("Delete the whole history?"), "the question")
        await d.press("down", "enter")
        await d.until(lambda: not d.store.history, "the empty history")


async def test_devices_are_chosen_by_key_also_in_a_call() -> None:
    async with desk() as d:
        await d.talking()
        await d.press("v", "down", "enter")
        await d.until(lambda: d.is_open("Device for the ear"), "the choice")
        await d.press("down", "down", "enter")
        await d.until(lambda: d.store.devices.role(DeviceRole.OUTPUT).in_use == "Speakers", "the device")
        assert d.bench.settings.values["audio.output"] == "Speakers"


async def test_levels_and_mute_of_a_role() -> None:
    async with desk() as d:
        await d.press("f7", "left", "left")
        await d.until(lambda: d.store.devices.role(DeviceRole.INPUT).level == 80, "the level")
        await d.press("space")
        await d.until(lambda: d.store.devices.role(DeviceRole.INPUT).muted, "mute")
        assert "MUTED" in d.picture()


async def test_tone_and_meter_end_when_the_panel_is_left() -> None:
    async with desk() as d:
        await d.press("v", "end", "enter")
        await d.until(lambda: d.stack.watched[2], "the open microphone")
        d.stack.report(Levels("", -20.0, -90.0))
        await d.until(lambda: "-20 dB" in d.picture(), "the meter")
        await d.press("up", "enter")
        await d.until(lambda: d.stack.tones, "the tone")
        await d.press("tab")
        await d.until(lambda: not d.stack.tones and not d.stack.watched[2], "the end of both")


async def test_a_device_that_is_not_there_is_told_on_the_panel() -> None:
    stack = FakeStack()
    stack.available = ()
    async with desk(stack=stack) as d:
        assert "no sound" in d.picture()


async def test_accounts_show_why_and_when_and_register_by_key() -> None:
    stack = FakeStack()
    stack.registrar["desk"] = (503, "Service Unavailable")
    async with desk(stack=stack) as d:
        assert "2002 desk 503 retry" in d.picture().splitlines()[0]
        await d.press("g", "down")
        await d.until(lambda: "503 Service Unavailable from pbx.example, next try in" in d.picture(), "the sentence")
        stack.registrar.clear()
        await d.press("enter")
        registered = RegistrationState.REGISTERED
        await d.until(lambda: d.store.accounts["desk"].registration.state is registered, "the registration")
        assert "registered at pbx.example" in d.message()


async def test_an_account_is_added_changed_and_removed_on_the_screen() -> None:
    async with desk((80, 30)) as d:
        await d.press("g", "plus")
        await d.until(lambda: d.is_open("Add an account"), "the form")
        await d.press(*"7@other.example", "down", *"secret")
        assert "secret" not in d.picture()
        await d.press("enter")
        await d.until(lambda: "7" in d.store.accounts, "the account")
        assert d.bench.settings.accounts["7"][1] == "secret"
        assert d.store.accounts["7"].account.registrar == "other.example"
        await d.until(lambda: " 7: registered at other.example" in d.picture(), "the sentence about the new account")
        await d.press("e")
        await d.until(lambda: d.is_open("Change account"), "the form")
        await d.press("down", "down", "down", "down", "down", *"night", "enter")
        await d.until(lambda: d.store.accounts["7"].account.label == "night", "the label")
        await d.press("delete", "down", "enter")
        await d.until(lambda: "7" not in d.store.accounts, "the removal")


async def test_encryption_and_the_way_through_nats_are_changed_on_the_screen() -> None:
    async with desk((80, 24)) as d:
        await d.press("g", "plus", *"7@other.example", "enter")
        await d.until(lambda: "7" in d.store.accounts, "the account")
        await d.press("end", "m")
        await d.until(lambda: d.is_open("Encryption and NAT"), "the form")
        await d.press("right", "right", "down", "right", "down", "right", "down", *"stun.example")
        await d.press("down", *"sip:no", "enter")
        await d.until(lambda: "The TURN server is a host or host:port" in d.picture(), "the reason")
        await d.press("home", "delete", "delete", "delete", "delete", *"turn.", "down", "left", "down", *"me", "down")
        await d.press(*"hidden", "enter")
        await d.until(lambda: d.store.accounts["7"].account.turn_server == "turn.no", "the account's change")
        assert "hidden" not in d.picture()
        account, password, turn_password = d.bench.settings.accounts["7"]
        assert account == d.store.accounts["7"].account
        assert (password, turn_password) == ("", "hidden")
        assert account.media_encryption is MediaEncryption.MANDATORY
        assert account.srtp_keying == (SrtpKeying.DTLS, SrtpKeying.SDES)
        assert (account.ice, account.stun_server) == (True, "stun.example")
        assert (account.turn_transport, account.turn_username) == (Transport.TLS, "me")


async def test_what_is_wrong_with_a_turn_server_is_in_the_message_line_and_at_the_account() -> None:
    async with desk() as d:
        d.stack.report(NatReport("sales", NatServers(turn_problem="TURN server t.example: it does not answer")))
        await d.until(lambda: "it does not answer; calls go on without it" in d.message(), "the notice")
        await d.press("g")
        assert "TURN server t.example: it does not answer; calls go on" in d.picture()
        d.stack.report(NatReport("sales", NatServers(mapped="203.0.113.7", relayed="198.51.100.1")))
        await d.until(lambda: "STUN sees us at 203.0.113.7, TURN relays at" in d.picture(), "what it says now")


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 40)], ids=str)
async def test_a_wrong_address_keeps_the_form_open_with_the_reason(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.press("g", "plus", *"nonsense", "enter")
        await d.until(lambda: "needs a user" in d.picture(), "the reason")
        assert d.is_open("Add an account")


async def test_an_account_of_the_users_file_is_not_changed_here() -> None:
    async with desk() as d:
        await d.press("g", "e")
        assert "config.toml" in d.message()


async def test_the_menu_finds_and_runs_a_command_and_tells_why_one_is_off() -> None:
    async with desk() as d:
        await d.press("ctrl+p", *"hold")
        assert "There is no call" in d.picture()
        await d.press("escape")
        call = await d.talking()
        await d.press("ctrl+p", *"mute", "enter")
        await d.until(lambda: d.store.calls[call].muted, "mute by menu")


async def test_help_begins_with_the_focused_panel() -> None:
    async with desk() as d:
        await d.press("v", "question_mark")
        await d.until(lambda: d.is_open("Help"), "help")
        assert "What microphone, ear and bell use" in d.picture()
        await d.press("f1")
        assert d.app.screen is d.app.main


async def test_the_footer_shows_letters_again_when_a_dialog_is_closed() -> None:
    async with desk() as d:
        assert " d Dial" in d.picture().splitlines()[-1]
        await d.press("question_mark")
        assert " F5 Dial" in d.picture().splitlines()[-1]
        await d.press("escape")
        assert " d Dial" in d.picture().splitlines()[-1]


async def test_jump_labels_go_to_panels() -> None:
    async with desk() as d:
        await d.press("ctrl+o", "4")
        await d.until(lambda: d.focused() == "devices", "the devices")
        await d.press("ctrl+o", "3")
        await d.until(lambda: d.focused() == "number", "the number")


async def test_a_theme_is_previewed_kept_or_given_back() -> None:
    async with desk() as d:
        before = d.app.theme
        await d.press("ctrl+t", "home", "down")
        await d.until(lambda: d.app.theme != before, "the preview")
        await d.press("escape")
        await d.until(lambda: d.app.theme == before, "the old theme")
        await d.press("ctrl+t", "home", "enter")
        await d.until(lambda: d.bench.settings.values.get("ui.theme"), "the kept theme")
        assert d.app.theme == d.bench.settings.values["ui.theme"]


async def test_leaving_asks_detaching_keeps_the_calls() -> None:
    async with desk() as d:
        call = await d.talking()
        await d.press("ctrl+q")
        await d.until(lambda: "1 call is going on" in d.picture(), "the warning")
        await d.press("enter")
        await d.until(lambda: not d.app.is_running or d.app.return_value, "the end of the screen")
        assert d.app.return_value == "detached"
        assert d.bench.call(call).is_talking
        assert d.bench.shutdowns == 0


async def test_stopping_the_phone_is_a_choice_when_leaving() -> None:
    async with desk() as d:
        await d.press("f12", "down", "enter")
        await d.until(lambda: d.app.return_value, "the end of the screen")
        assert d.app.return_value == "stopped"
        assert d.bench.shutdowns == 1


async def test_leaving_can_be_configured_to_detach_without_a_question() -> None:
    async with desk(phone=replace(PhoneSection(), ui_exit="detach")) as d:
        await d.press("f12")
        await d.until(lambda: d.app.return_value, "the end of the screen")
        assert d.app.return_value == "detached"


async def test_messages_are_read_in_full() -> None:
    async with desk() as d:
        sentence = "a long message, " * 12 + "its very end"
        d.store.say(sentence)
        await d.rest()
        assert "its very end" not in d.picture()
        assert d.picture().splitlines()[-2].endswith("⋯ l"), "the key that shows it in full"
        await d.press("l")
        assert "its very end" in d.picture()


async def test_a_fault_in_a_command_is_a_sentence_and_the_screen_goes_on() -> None:
    async with desk() as d:

        async def broken() -> None:
            raise RuntimeError("secret detail")

        d.app.start(broken())
        await d.until(lambda: "fault in the screen" in d.message(), "the sentence")
        assert "secret detail" not in d.picture()
        assert "Traceback" not in d.picture()
        await d.press("n")
        await d.until(lambda: d.store.dnd, "the next command")
