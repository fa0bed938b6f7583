"""The codecs of the endpoint: which are on, in what order, and what each account may use of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pjsua2 as pj

from tuiphone.controller.ports import StackSettings
from tuiphone.model.account import Account
from tuiphone.model.codec import Codec, CodecSettings, names_codec
from tuiphone.stack.pjsua import codecs
from tuiphone.stack.pjsua.codecparams import OPUS, set_parameters
from tuiphone.stack.pjsua.native import Native


class CodecSet:
    """The endpoint has one order of codecs; what is not for an account is taken out of its descriptions."""

    def __init__(self, endpoint: pj.Endpoint, native: Native, settings: StackSettings) -> None:
        self._set_priority: Callable[[str, int], None] = endpoint.codecSetPriority
        self._own_build = bool(native.features)
        infos = endpoint.codecEnum2()
        every = [infos[i].codecId for i in range(len(infos))]
        self._ids = [codec_id for codec_id in every if not _is_stereo(codec_id)]
        for codec_id in set(every) - set(self._ids):
            endpoint.codecSetPriority(codec_id, 0)
        self._accounts: dict[str, tuple[str, ...]] = {}
        self._claims: Counter[tuple[str, ...]] = Counter()
        self._wanted: tuple[str, ...] = ()
        self.names: tuple[str, ...] = ()
        """Of calls in general, by preference."""
        self.listing: tuple[Codec, ...] = ()
        native.comfort_noise(settings.comfort_noise)
        self._apply_settings: Callable[[CodecSettings], None] = partial(
            _set_all, endpoint, native, self._ids, settings.vad
        )
        self.set_parameters(settings.codec_settings)
        self.order(settings.codecs)

    def set_parameters(self, settings: CodecSettings) -> None:
        """Use these from the next offer or answer on."""
        self._apply_settings(settings)

    def order(self, wanted: tuple[str, ...]) -> None:
        """Calls that begin from now on use these, by name or pattern, the best first; all others are off."""
        self._wanted = wanted
        order = codecs.priorities(self._ids, wanted)
        self.listing = codecs.listing(order, self._own_build)
        on = sorted((i for i in self._ids if order[i]), key=lambda i: -order[i])
        self.names = tuple(dict.fromkeys(codecs.label(*codecs.split_id(i)) for i in on))
        self._apply()

    def know(self, account: Account) -> None:
        """An account may have codecs of its own, among them some that are off in general."""
        if self._accounts.get(account.id, ()) != account.codecs:
            self._accounts[account.id] = account.codecs
            self._apply()

    def forget(self, account_id: str) -> None:
        """The account is gone."""
        if self._accounts.pop(account_id, ()):
            self._apply()

    def of(self, account: Account) -> tuple[str, ...]:
        """What the account's calls use, the best first."""
        return account.codecs or self.names

    def claim(self, account: Account) -> tuple[str, ...]:
        """The codecs of a call that begins: its own until they are released, whatever is chosen meanwhile."""
        names = self.of(account)
        self._claims[names] += 1
        return names

    def release(self, names: tuple[str, ...]) -> None:
        """A call is over."""
        self._claims[names] -= 1
        if not self._claims[names]:
            del self._claims[names]
            if names != self.names:
                self._apply()

    def let_go(self) -> None:
        """The library goes down; the listing stays."""
        self._set_priority = lambda codec_id, priority: None
        self._apply_settings = lambda settings: None

    def lacking(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Which known codecs among the wanted ones this build does not have."""
        missing = (c.label for w in wanted for c in self.listing if c.remedy and names_codec(w, c.name, c.clock_hz))
        return tuple(dict.fromkeys(missing))

    def _apply(self) -> None:
        more = (name for own in (*self._accounts.values(), *self._claims) for name in own)
        for codec_id, priority in codecs.priorities(self._ids, (*self._wanted, *more)).items():
            self._set_priority(codec_id, priority)


def _set_all(endpoint: pj.Endpoint, native: Native, ids: list[str], vad: bool, settings: CodecSettings) -> None:
    native.set_answer_order(settings.answer_order)
    set_parameters(endpoint, ids, settings, vad)


def _is_stereo(codec_id: str) -> bool:
    # The bridge is mono, and pjmedia ends with a segmentation fault when stereo L16 joins it. Opus only says that it has
    # two channels (RFC 7587 section 4.1): it is opened with one.
    return codec_id != OPUS and not codec_id.endswith("/1")
