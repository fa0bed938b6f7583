"""Which codecs are offered: what configuration and people ask for, checked against what the engine has."""

from __future__ import annotations

from collections.abc import Iterable

from tuiphone.config.schema import Config
from tuiphone.controller.ports import SipStack
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.codec import Codec, names_codec


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


class Codecs:
    """The codecs of the stack, as the API shows them."""

    def __init__(self, stack: SipStack) -> None:
        self._stack = stack

    def all(self) -> tuple[Codec, ...]:
        """On, off, missing."""
        return self._stack.codecs

    def choose(self, wanted: tuple[str, ...]) -> None:
        """Use these from now on. Raises PhoneError when one is not to be had, or none is named."""
        if not wanted:
            raise PhoneError(_("A call needs at least one codec"), "invalid")
        check(wanted, self.all())
        self._stack.set_codecs(wanted)

    def complaints(self, config: Config) -> tuple[str, ...]:
        """What is wrong with the configured lists, each a sentence."""
        return complaints(config, self.all())
