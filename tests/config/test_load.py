"""Reading, checking and merging: mistakes are named with their place, each value knows where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiphone.config.document import ConfigError
from tuiphone.config.load import Loaded, Origin, load, load_alone
from tuiphone.config.schema import Config
from tuiphone.model.account import DtmfMethod, TlsSettings, Transport


class Files:
    """A folder with the two files; ``load`` reads them in an empty environment unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        self.settings = folder / "settings.toml"

    def load(self, config: str = "", settings: str = "", **environment: str) -> Loaded:
        for path, text in ((self.config, config), (self.settings, settings)):
            path.write_text(text, encoding="utf-8")
            path.chmod(0o600)
        return load(self.config, self.settings, environment)

    def problems(self, config: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(config)
        return [problem.replace(str(self.config), "config.toml") for problem in caught.value.problems]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


ACCOUNT = '[[account]]\nid = "desk"\naddress = "sip:2001@pbx.example"\n'


def test_without_files_everything_is_a_default(tmp_path: Path) -> None:
    loaded = load(tmp_path / "none.toml", tmp_path / "none-either.toml", {})
    assert loaded.config == Config()
    assert loaded.warnings == ()
    assert loaded.origin("phone.max_lines") == Origin("default", "default")


def test_an_account_with_everything(files: Files) -> None:
    loaded = files.load(
        """
        [[account]]
        id = "desk"
        address = "sip:2001@pbx.example:5070"
        label = "sales"
        transport = "tls"
        dtmf = "info"
        codecs = ["opus", "speex/16000"]
        tls_verify = false
        tls_pin_sha256 = "PIN"
        """.replace("PIN", ":".join(["ab"] * 32))
    )
    (configured,) = loaded.config.accounts
    account = configured.account()
    assert (account.title, account.transport, account.dtmf) == ("sales", Transport.TLS, DtmfMethod.INFO)
    assert account.codecs == ("opus", "speex/16000")
    assert account.tls == TlsSettings(verify=False, pin_sha256="ab" * 32)
    assert account.registrar == "pbx.example:5070"
    assert configured.auth_username == "2001"


def test_an_account_that_does_not_register_has_no_registrar(files: Files) -> None:
    loaded = files.load(ACCOUNT + 'register = false\nregistrar = "elsewhere.example"')
    assert loaded.config.accounts[0].account().registrar == ""


# mistakes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[phone]\nmax_line = 3", "config.toml:2: there is no key max_line in [phone]; did you mean max_lines?"),
        ("[phnoe]", "config.toml:1: there is no section [phnoe]; did you mean [phone]?"),
        ("\n\nmax_lines = 3", "config.toml:3: max_lines stands before any section; it belongs under [phone]"),
        ("[ui]\ncodecs = []", "config.toml:2: there is no key codecs in [ui]; it belongs under [audio]"),
        ("[phone]\nzzz = 3", "config.toml:2: there is no key zzz in [phone]"),
        ("[accounts]\nid = 'x'", "config.toml:1: there is no section [accounts]; did you mean [[account]]?"),
        ("transport = 'tls'", "config.toml:1: transport stands before any section; it belongs under [[account]]"),
        (
            "[network]\npassword = 'p'",
            "config.toml:2: there is no key password in [network]; it belongs under [[account]]",
        ),
        ("[phone]\n'\\u001b[31mx' = 3".replace("'", '"'), 'config.toml:2: there is no key "\\u001b[31mx" in [phone]'),
        ("phone = 3", "config.toml:1: phone is 3; it is a section: [phone]"),
        ("[[phone]]\ndnd = true", "config.toml:1: [[phone]] is a section of which there is one: [phone]"),
        (
            "[phone]\n# comment\nmax_lines = 99",
            "config.toml:3: phone.max_lines is 99; allowed is a whole number from 1 to 32",
        ),
        (
            "phone.max_lines = true",
            "config.toml:1: phone.max_lines is true; allowed is a whole number from 1 to 32",
        ),
        ("[phone]\ndnd = 'yes'", 'config.toml:2: phone.dnd is "yes"; allowed is true or false'),
        (
            '[phone]\nringback = """\nx"""',
            'config.toml:2: phone.ringback is "x"; allowed is "auto", "always" or "never"',
        ),
        (
            "[phone]\ndecline_code = 500",
            "config.toml:2: phone.decline_code is 500; allowed is 486, 480, 603, 404 or 403",
        ),
        (
            "[network]\nbind_address = 'here'",
            'config.toml:2: network.bind_address is "here"; allowed is an IP address such as 192.0.2.10, or nothing',
        ),
        (
            "[audio]\ncodecs = [\n'opus',\n'so so']",
            'config.toml:2: audio.codecs is ["opus", "so so"]; allowed is a list of codec names or'
            ' patterns such as "opus", "speex/16000" or "PCM*"',
        ),
        (
            "[keys]\ndial = 5",
            'config.toml:2: keys.dial is 5; allowed is a key such as "f3", or a list of keys',
        ),
        (
            "[account]\nid = 'x'",
            "config.toml:1: account is a list of accounts: each begins with the line [[account]]",
        ),
        (
            '[[account]]\nid = "x"',
            'config.toml:1: this account has no address; give it one, such as address = "sip:2001@pbx.example"',
        ),
        (
            '[[account]]\nid = "x"\naddress = "2001@pbx"',
            'config.toml:3: account.address is "2001@pbx"; allowed is an address such as sip:2001@pbx.example',
        ),
        (
            ACCOUNT + ACCOUNT,
            'config.toml:5: account "desk" exists already at config.toml:2; ids are unique',
        ),
        (
            ACCOUNT + "retry_s = 60\nretry_max_s = 30",
            'config.toml:5: account "desk": retry_max_s is 30; it must not be below retry_s, which is 60',
        ),
        (
            ACCOUNT + 'turn_password_env = "x"\nturn_keyring = "tuiphone"',
            'config.toml:5: account "desk" has turn_password_env and turn_keyring; give only one of them',
        ),
        (
            '[network]\ndns_servers = ["192.0.2.53", "ns.example"]',
            'config.toml:2: network.dns_servers is ["192.0.2.53", "ns.example"]; allowed is a list of IP addresses such'
            " as 192.0.2.53, with a port if wanted (192.0.2.53:5353)",
        ),
        (
            ACCOUNT + 'password = "x"\nkeyring = "tuiphone"',
            'config.toml:5: account "desk" has password and keyring; give only one of them',
        ),
        (
            ACCOUNT + 'tls_cert_file = "x"',
            'config.toml:4: account "desk": tls_cert_file and tls_key_file belong together; one of them is missing',
        ),
        (
            ACCOUNT.replace("sip:", "sips:"),
            'config.toml:3: account "desk": an address that begins with sips: needs transport = "tls"',
        ),
        (
            "[network]\nrtp_port_min = 9500",
            "config.toml:2: network.rtp_port_max is 9000; it must be above rtp_port_min, which is 9500",
        ),
        (
            "[network]\nrtp_port_max = 8003",
            "config.toml:2: network.rtp_port_min to rtp_port_max has room for 2; phone.max_lines is 6, a call needs 2"
            " ports",
        ),
        (
            "[audio]\njitter_min_ms = 200\njitter_max_ms = 240",
            "config.toml:2: audio.jitter_min_ms is 200; it must be at most four fifths of jitter_max_ms, which is 240",
        ),
        (
            "[network]\ntcp_port = 5061\ntls_port = 5061",
            "config.toml:3: network.tls_port and network.tcp_port are both 5061; TLS needs a port of its own",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(files: Files, text: str, sentence: str) -> None:
    assert files.problems(text) == [sentence]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(files: Files) -> None:
    problems = files.problems("[ui]\nbel = 1\nmeter_hz = 0\n[[account]]\nidd = 1\n[audio]\nvad = 1")
    assert [problem.split(":")[1] for problem in problems] == ["2", "3", "4", "4", "5", "7"]


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = = 2\n", 2), ('[phone\nx = "', 1), ("a = 1\na = 2", 2), ("x = [\n1,\n", 3)]
)
def test_what_is_not_toml_is_named_with_file_and_line(files: Files, text: str, line: int) -> None:
    (problem,) = files.problems(text)
    assert problem.startswith(f"config.toml:{line}: not valid TOML at column ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[phone]\n[ui]\n[phone]\n", "3: not valid TOML at column 7: [phone] stands here a second time"),
        ("[phone]\ndnd = true\ndnd = false\n", "3: not valid TOML at column 12: this key has been given before"),
        (
            "[ui]\ntheme = dark",
            "2: not valid TOML at column 9: there is no value that can be read; texts stand in quotes",
        ),
        ("[ui]\ntheme = “dark”", "U+201C, left double quotation mark"),
        ("[ui]\n\u00a0mouse = true", "U+00A0, no-break space"),
        ("[ui]\rmouse = true", "U+000D, a control character"),
        ('[ui]\ntheme = "dark\n', "2: not valid TOML at column 14: the closing quote is missing"),
        ('[ui]\ntheme = "C:\\dark"', "“\\” begins a special character"),
        ("phone:\n  dnd: true", "1: not valid TOML at column 6: “=” is missing after the key"),
        ("[ui]\nmeter_hz = " + "9" * 5000, "2: not valid TOML: a number with too many digits"),
        ("[ui]\ntheme = " + "[" * 3000 + "]" * 3000, "too many brackets"),
        ("[ui]\ntheme = " + "{a=" * 3000 + "1" + "}" * 3000, "too many brackets"),
        ("#" * 1_000_001, "is larger than 1000 kB"),
    ],
)
def test_what_is_not_toml_is_told_in_plain_words(files: Files, text: str, words: str) -> None:
    (problem,) = files.problems(text)
    assert words in problem


def test_a_device_without_an_end_is_no_configuration() -> None:
    with pytest.raises(ConfigError, match="/dev/zero is larger than"):
        load_alone(Path("/dev/zero"))


def test_utf16_is_named(files: Files) -> None:
    files.config.write_bytes("[phone]\ndnd = true\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="is UTF-16; save it as UTF-8"):
        load(files.config, files.settings, {})


def test_what_is_not_utf8_is_named_with_its_line(files: Files) -> None:
    files.config.write_bytes(b"# fine\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"config\.toml:2: the file is not UTF-8 text"):
        load(files.config, files.settings, {})


def test_a_windows_editor_does_no_harm(files: Files) -> None:
    files.config.write_bytes(b"\xef\xbb\xbf[phone]\r\nmax_lines = 4\r\n")
    loaded = load(files.config, files.settings, {})
    assert loaded.config.phone.max_lines == 4
    assert loaded.origin("phone.max_lines").place == "config.toml:2"


def test_a_folder_in_place_of_the_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, tmp_path / "settings.toml", {})


def test_a_wrong_password_value_is_not_repeated(files: Files) -> None:
    (problem,) = files.problems(ACCOUNT + "password = 4711")
    assert "4711" not in problem


def test_secrets_do_not_show(files: Files) -> None:
    loaded = files.load(ACCOUNT + 'password = "hunter2"')
    assert "hunter2" not in f"{loaded} {loaded.config.accounts[0].password} {loaded.config.accounts[0].password:>9}"
    assert loaded.config.accounts[0].password.reveal() == "hunter2"


# merging


def test_later_sources_win_and_are_named(files: Files) -> None:
    loaded = files.load(
        '[audio]\ninput = "A"\nring = "R"\ninput_level = 50',
        '[audio]\ninput = "B"',
        TUIPHONE_AUDIO_INPUT_LEVEL="70",
    )
    assert (loaded.config.audio.input, loaded.config.audio.ring, loaded.config.audio.input_level) == ("B", "R", 70)
    assert loaded.origin("audio.input") == Origin("settings", "settings.toml:2", "config.toml:2")
    assert loaded.origin("audio.ring") == Origin("config", "config.toml:3")
    assert loaded.origin("audio.input_level").place == "TUIPHONE_AUDIO_INPUT_LEVEL"
    assert loaded.origin("audio.output").source == "default"


def test_accounts_of_both_files_and_where_they_live(files: Files) -> None:
    mine = ACCOUNT.replace("desk", "door")
    loaded = files.load(ACCOUNT, mine + ACCOUNT.replace("2001", "6666"))
    assert [account.id for account in loaded.config.accounts] == ["desk", "door"]
    assert loaded.config.accounts[0].address == "sip:2001@pbx.example"
    assert (loaded.stored("desk"), loaded.stored("door")) == ("config", "settings")
    assert any('account "desk" of settings.toml:5 is ignored' in warning for warning in loaded.warnings)


def test_keys_may_be_one_or_many_and_bare_dots_are_part_of_the_name(files: Files) -> None:
    loaded = files.load('[keys]\nhold = "o"\ncall.mute = ["m", "f4"]\n"a.b" = []')
    assert loaded.config.keys == {"hold": ("o",), "call.mute": ("m", "f4"), "a.b": ()}
    assert loaded.origin("keys.call.mute").place == "config.toml:3"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TUIPHONE_PHONE_DND", "Yes", ("phone", "dnd", True)),
        ("TUIPHONE_NETWORK_UDP_PORT", "5062", ("network", "udp_port", 5062)),
        ("TUIPHONE_PHONE_DECLINE_CODE", "603", ("phone", "decline_code", 603)),
        ("TUIPHONE_AUDIO_CODECS", "opus, PCMU", ("audio", "codecs", ("opus", "PCMU"))),
        ("TUIPHONE_LOG_LEVEL", "debug", ("log", "level", "debug")),
        ("TUIPHONE_LOG_LEVEL", "", ("log", "level", "info")),
    ],
)
def test_the_environment_sets_values(files: Files, name: str, value: str, expected: tuple[str, str, object]) -> None:
    section, key, result = expected
    assert getattr(getattr(files.load(**{name: value}).config, section), key) == result


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TUIPHONE_LOG_LEVL", "x", "TUIPHONE_LOG_LEVL sets nothing; did you mean TUIPHONE_LOG_LEVEL?"),
        ("TUIPHONE_LOG_LEVEL", "loud", 'TUIPHONE_LOG_LEVEL is "loud"; allowed is'),
        ("TUIPHONE_UI_METER_HZ", "many", 'TUIPHONE_UI_METER_HZ is "many"; allowed is a whole number from 1 to 10'),
        ("TUIPHONE_NETWORK_RTP_PORT_MIN", "9000", "TUIPHONE_NETWORK_RTP_PORT_MIN: network.rtp_port_max is 9000"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(files: Files, name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        files.load(**{name: value})
    assert sentence in str(caught.value)


def test_variables_that_are_not_of_a_section_are_left_alone(files: Files) -> None:
    assert files.load(TUIPHONE_HOME="/x", TUIPHONE_SOCKET="/y").warnings == ()


def test_paths_start_at_the_file_they_are_written_in(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = files.config.parent
    (folder / "ca.pem").touch()
    monkeypatch.setenv("HOME", str(folder / "home"))
    loaded = files.load('[network]\ntls_ca_file = "ca.pem"\n' + ACCOUNT + 'tls_ca_file = "~/my.pem"')
    assert loaded.config.network.tls_ca_file == str(folder / "ca.pem")
    assert loaded.config.accounts[0].tls_ca_file == str(folder / "home/my.pem")
    (warning,) = loaded.warnings
    assert warning.startswith("config.toml:6: account.desk.tls_ca_file names")


def test_a_default_account_that_does_not_exist_is_a_warning(files: Files) -> None:
    loaded = files.load(ACCOUNT + '[phone]\ndefault_account = "dsk"')
    (warning,) = loaded.warnings
    assert warning.endswith('phone.default_account is "dsk"; there is no such account; did you mean desk?')


# modes


@pytest.mark.parametrize("name", ["config", "settings"])
@pytest.mark.parametrize("key", ["password", "turn_password"])
def test_a_file_with_a_password_that_others_may_read_is_a_warning(files: Files, name: str, key: str) -> None:
    text = ACCOUNT + f'{key} = "x"'
    assert files.load(**{name: text}).warnings == ()
    path: Path = getattr(files, name)
    path.chmod(0o640)
    (warning,) = load(files.config, files.settings, {}).warnings
    assert f"chmod 600 {path}" in warning
    assert "0640" in warning


def test_without_a_password_the_mode_does_not_matter(files: Files) -> None:
    files.load(ACCOUNT + 'password = ""\npassword_env = "X"')
    files.config.chmod(0o644)
    assert load(files.config, files.settings, {}).warnings == ()


# a broken settings.toml


def test_settings_that_are_not_toml_are_set_aside_and_the_phone_starts(files: Files) -> None:
    loaded = files.load("[phone]\nmax_lines = 3", "[audio\ninput=")
    assert loaded.config.phone.max_lines == 3
    assert loaded.config.audio.input == ""
    assert not files.settings.exists()
    (aside,) = files.settings.parent.glob("settings.toml.broken-*")
    assert aside.read_text() == "[audio\ninput="
    assert any(aside.name in warning for warning in loaded.warnings)


def test_a_folder_in_place_of_the_settings_is_set_aside_too(files: Files) -> None:
    files.settings.mkdir()
    loaded = load(files.config, files.settings, {})
    assert "Is a directory" in loaded.warnings[0]
    assert "was set aside as settings.toml.broken-" in loaded.warnings[1]
    assert not files.settings.exists()


def test_what_is_set_aside_is_private(files: Files) -> None:
    files.settings.write_text("password = hunter2")
    files.settings.chmod(0o644)
    load(files.config, files.settings, {})
    (aside,) = files.settings.parent.glob("settings.toml.broken-*")
    assert aside.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "settings", ["[audio", "x = " + "9" * 5000, "x = " + "[" * 3000 + "]" * 3000, "#" * 1_000_001, "a\0b"]
)
def test_no_settings_whatever_is_in_them_stop_the_phone(files: Files, settings: str) -> None:
    loaded = files.load(ACCOUNT, settings)
    assert [account.id for account in loaded.config.accounts] == ["desk"]
    assert "was set aside as settings.toml.broken-" in loaded.warnings[-1]
    assert not files.settings.exists()


def test_a_look_at_the_configuration_sets_nothing_aside(files: Files) -> None:
    files.settings.write_text("[audio")
    loaded = load(files.config, files.settings, {}, set_aside=False)
    assert files.settings.exists()
    assert any("is not used" in warning for warning in loaded.warnings)


def test_a_wrong_value_in_settings_is_left_out_and_the_rest_counts(files: Files) -> None:
    loaded = files.load("", '[audio]\ninput = "B"\ninput_level = 999\nfuture = 1\n[[account]]\nid = "x"\n' + ACCOUNT)
    assert (loaded.config.audio.input, loaded.config.audio.input_level) == ("B", 100)
    assert [account.id for account in loaded.config.accounts] == ["desk"]
    assert len(loaded.warnings) == 3
    assert all(warning.endswith("(ignored)") for warning in loaded.warnings)
    assert files.settings.exists()


def test_settings_that_contradict_the_users_file_are_left_out(files: Files) -> None:
    loaded = files.load("[network]\nrtp_port_min = 8500", "[network]\nrtp_port_max = 8400")
    assert loaded.config.network.rtp_port_max == 9000
    assert any("(settings.toml:2 ignored)" in warning for warning in loaded.warnings)


# one file alone


def test_a_file_alone_is_read_without_settings_and_environment(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUIPHONE_LOG_LEVEL", "debug")
    files.load("[phone]\nmax_lines = 3", "[audio")
    loaded = load_alone(files.config)
    assert (loaded.config.phone.max_lines, loaded.config.log.level) == (3, "info")
    with pytest.raises(ConfigError, match="does not exist"):
        load_alone(files.config.with_name("other.toml"))
