"""Which codecs are offered and how: what configuration and people ask for, checked against what the engine has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path

from tuiphone.config.option import options
from tuiphone.config.schema import CodecsSection, Config
from tuiphone.config.values import WrongValueError, convert
from tuiphone.controller.ports import SipStack
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.codec import Codec, CodecSettings, names_codec

_ALLOWED = {option.key: option for option in options(CodecsSection)}


def unmatched(wanted: Iterable[str], codecs: Iterable[Codec]) -> tuple[str, ...]:
    """Names and patterns that name no codec at all, present or missing."""
    known = list(codecs)
    return tuple(name for name in wanted if not any(names_codec(name, c.name, c.clock_hz) for c in known))


def check(wanted: Iterable[str], codecs: Iterable[Codec]) -> None:
    """Raises PhoneError, with a list of what there is, for a name that matches nothing or a codec that is missing."""
    known = list(codecs)
    here = [codec for codec in known if not codec.remedy]
    for name in wanted:
        if any(names_codec(name, codec.name, codec.clock_hz) for codec in here):
            continue
        lacking = next((codec for codec in known if names_codec(name, codec.name, codec.clock_hz)), None)
        if lacking:
            raise PhoneError(
                _("This engine has no {codec}: {remedy}").format(codec=lacking.label, remedy=lacking.remedy)
            )
        raise PhoneError(no_such(name, known), "invalid")


def no_such(name: str, codecs: Iterable[Codec]) -> str:
    """The sentence for a name or pattern that matches nothing."""
    there = ", ".join(codec.label for codec in codecs if not codec.remedy)
    return _("“{name}” names no codec; there are: {codecs}").format(name=name, codecs=there)


def complaints(config: Config, codecs: Iterable[Codec]) -> tuple[str, ...]:
    """A sentence for each name or pattern in [audio] and in accounts that matches nothing."""
    known = list(codecs)
    general = [no_such(name, known) for name in unmatched(config.audio.codecs, known)]
    own = [
        _("Account {account}: {problem}").format(account=account.id, problem=no_such(name, known))
        for account in config.accounts
        for name in unmatched(account.codecs, known)
    ]
    return (*general, *own)


def codec_settings_of(section: CodecsSection) -> CodecSettings:
    """The parameters that are configured."""
    return CodecSettings(**{one.name: getattr(section, one.name) for one in fields(CodecSettings)})


class Codecs:
    """The codecs of the stack and their parameters, as the API shows them.

    ``vad`` is silence suppression in every codec; ``persist`` keeps a value under a key of the configuration.
    """

    def __init__(
        self, stack: SipStack, settings: CodecSettings, vad: bool, persist: Callable[[str, object], None]
    ) -> None:
        self._stack = stack
        self._vad = vad
        self._persist = persist
        self.settings = settings

    def all(self) -> tuple[Codec, ...]:
        """On, off, missing."""
        return self._stack.codecs

    def choose(self, wanted: tuple[str, ...]) -> None:
        """Use these from now on and keep them. Raises PhoneError when one is not to be had, or none is named."""
        if not wanted:
            raise PhoneError(_("A call needs at least one codec"), "invalid")
        check(wanted, self.all())
        self._stack.set_codecs(wanted)
        self._persist("audio.codecs", wanted)

    def check_account(self, wanted: Iterable[str]) -> None:
        """Raises PhoneError, with a list of what there is, when one of an account's names matches nothing."""
        for name in unmatched(wanted, self.all()):
            raise PhoneError(no_such(name, self.all()), "invalid")

    def set(self, changes: dict[str, str | int | bool]) -> CodecSettings:
        """Change some of CodecSettings' fields and keep them. Raises PhoneError for a value that is not allowed."""
        for name, value in changes.items():
            try:
                convert(_ALLOWED[name], value, Path())
            except WrongValueError as error:
                raise PhoneError(f"{name} {error}", "invalid") from None
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # they are checked
        self._stack.set_codec_settings(self.settings)
        for name, value in changes.items():
            self._persist(f"codecs.{name}", value)
        return self.settings

    def suppresses_silence(self, codec: str) -> bool:
        """Whether the phone sends nothing, or next to nothing, in a codec (by its SDP name) while nobody speaks."""
        own = {"opus": self.settings.opus_dtx, "g729": self.settings.g729_annexb}
        return self._vad or own.get(codec.lower(), False)

    def complaints(self, config: Config) -> tuple[str, ...]:
        """What is wrong with the configured lists, each a sentence."""
        return complaints(config, self.all())
