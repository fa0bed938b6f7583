"""Accounts and their registrations: who is known, who is registered, when the next attempt is due."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from tuiphone.controller.clock import Clock, Timer
from tuiphone.controller.ports import Credentials, NatReport, RegistrationReport, SipStack
from tuiphone.errors import PhoneError
from tuiphone.i18n import _
from tuiphone.model.account import Account, AccountStatus, Registration, RegistrationState
from tuiphone.model.address import parse_uri
from tuiphone.model.event import AccountChanged, AccountRemoved, Event, Notice, NoticeLevel

log = logging.getLogger(__name__)

WRONG_CREDENTIALS = frozenset({401, 403, 407})
"""Answers after which trying again by itself could lock the account at the registrar."""

SecretSource = Callable[[Account], Awaitable[Credentials]]
"""Fetches an account's passwords (keyring, command, environment, file); raises PhoneError with a sentence."""


@dataclass(slots=True)
class _Entry:
    status: AccountStatus
    failures: int = 0
    retry: Timer | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Accounts:
    """The only writer of account and registration state."""

    def __init__(self, stack: SipStack, clock: Clock, secret: SecretSource, publish: Callable[[Event], None]) -> None:
        self._stack = stack
        self._clock = clock
        self._secret = secret
        self._publish = publish
        self._entries: dict[str, _Entry] = {}
        self.default_id = ""

    def all(self) -> tuple[AccountStatus, ...]:
        """Every account, in the order in which they were added."""
        return tuple(entry.status for entry in self._entries.values())

    def get(self, account_id: str) -> Account:
        """A known account. Raises PhoneError when there is none of that name."""
        return self._entry(account_id).status.account

    def choose(self, account_id: str = "") -> Account:
        """The account to call from: the one named, else the default, else the first one in use."""
        if account_id:
            account = self.get(account_id)
            if not account.enabled:
                raise PhoneError(_("Account “{id}” is switched off: set enabled = true").format(id=account_id))
            return account
        usable = [entry.status for entry in self._entries.values() if entry.status.account.enabled]
        if not usable:
            raise PhoneError(_("There is no account to call from: add one in config.toml or on the accounts screen"))
        for status in usable:
            if status.account.id == self.default_id:
                return status.account
        return usable[0].account

    async def put(self, account: Account, stored: str) -> None:
        """Add or replace an account, hand it to the stack, and register it if it wants that."""
        old = self._entries.get(account.id)
        if old:
            self._stop_retry(old)
        registers = account.enabled and account.register and bool(account.registrar)
        # Looking for the password may take its time, and belongs to it.
        begun = Registration(RegistrationState.REGISTERING) if registers else Registration()
        entry = _Entry(AccountStatus(account, begun, stored))
        self._entries[account.id] = entry
        self._publish(AccountChanged(entry.status))
        if not account.enabled:
            if old:
                self._stack.remove_account(account.id)
            return
        try:
            credentials = await self._secret(account)
        except PhoneError as error:
            self._set(entry, Registration(RegistrationState.REJECTED, 0, str(error)))
            self._publish(Notice(NoticeLevel.ERROR, f"{account.title}: {error}"))
            return
        if self._entries.get(account.id) is not entry:
            return
        self._stack.add_account(
            account, replace(credentials, username=account.username or parse_uri(account.address).user)
        )
        if registers:
            self._attempt(entry)

    def remove(self, account_id: str) -> None:
        """Forget an account; its registration is given up."""
        entry = self._entry(account_id)
        self._stop_retry(entry)
        del self._entries[account_id]
        self._stack.remove_account(account_id)
        self._publish(AccountRemoved(account_id))

    def register(self, account_id: str = "") -> None:
        """Try now, whatever the state; empty: every account that has a registrar."""
        if account_id:
            entry = self._entry(account_id)
            if not entry.status.account.registrar:
                raise PhoneError(_("Account “{id}” has no registrar to register at").format(id=account_id))
            self._attempt_by_wish(entry)
            return
        for entry in self._entries.values():
            if entry.status.account.registrar and entry.status.account.enabled and entry.status.account.register:
                self._attempt_by_wish(entry)

    def unregister(self, account_id: str) -> None:
        """Give the registration up until somebody registers again."""
        entry = self._entry(account_id)
        self._stop_retry(entry)
        self._stack.unregister(account_id)
        self._set(entry, Registration(RegistrationState.UNREGISTERED))

    def reported(self, report: RegistrationReport) -> None:
        """Take in the outcome of a REGISTER."""
        entry = self._entries.get(report.account_id)
        if entry is None or not entry.status.account.enabled:
            return
        wanted = entry.status.registration.state is not RegistrationState.UNREGISTERED
        if report.code == 200 and report.expires_s > 0:
            if not wanted:
                return
            self._stop_retry(entry)
            entry.failures = 0
            expires_at = self._clock.now() + report.expires_s
            self._set(entry, Registration(RegistrationState.REGISTERED, 200, report.reason, expires_at))
        elif report.code == 200 or not wanted:
            self._set(entry, Registration(RegistrationState.UNREGISTERED, report.code, report.reason))
        else:
            self._failed(entry, report)

    def nat_reported(self, report: NatReport) -> None:
        """Take in what an account's STUN and TURN servers said, and tell what is wrong, or is well again."""
        entry = self._entries.get(report.account_id)
        if entry is None:
            return
        before = entry.status.nat
        entry.status = replace(entry.status, nat=report.nat)
        self._publish(AccountChanged(entry.status))
        for problem in report.nat.problems:
            if problem not in before.problems:
                self._publish(Notice(NoticeLevel.WARNING, _nat_warning(entry.status, problem)))
        if before.problems and not report.nat.problems:
            words = _("{account}: STUN and TURN work again")
            self._publish(Notice(NoticeLevel.INFO, words.format(account=entry.status.account.title)))

    def warnings(self) -> tuple[str, ...]:
        """What is wrong with STUN and TURN servers, for a screen that comes later than the notice of it."""
        statuses = [entry.status for entry in self._entries.values()]
        return tuple(_nat_warning(status, problem) for status in statuses for problem in status.nat.problems)

    def close(self) -> None:
        """Cancel every pending attempt."""
        for entry in self._entries.values():
            self._stop_retry(entry)

    def _failed(self, entry: _Entry, report: RegistrationReport) -> None:
        account = entry.status.account
        self._stop_retry(entry)
        if report.code in WRONG_CREDENTIALS:
            self._set(entry, Registration(RegistrationState.REJECTED, report.code, report.reason))
            return
        pause = min(account.retry_max_s, account.retry_s * 2**entry.failures)
        pause *= random.uniform(0.9, 1.1)
        entry.failures = min(entry.failures + 1, 16)
        entry.retry = self._clock.later(pause, lambda: self._attempt(entry))
        retry_at = self._clock.now() + pause
        self._set(entry, Registration(RegistrationState.WAITING, report.code, report.reason, None, retry_at))

    def _attempt_by_wish(self, entry: _Entry) -> None:
        account = entry.status.account
        if not account.enabled:
            raise PhoneError(_("Account “{id}” is switched off: set enabled = true").format(id=account.id))
        entry.failures = 0
        if entry.status.registration.state is RegistrationState.REJECTED:
            # The password may have been mended since: fetch it anew.
            task = asyncio.ensure_future(self.put(account, entry.status.stored))
            entry.tasks.add(task)
            task.add_done_callback(entry.tasks.discard)
            return
        self._attempt(entry)

    def _attempt(self, entry: _Entry) -> None:
        self._stop_retry(entry)
        old = entry.status.registration
        if old.state is not RegistrationState.REGISTERED:
            self._set(entry, Registration(RegistrationState.REGISTERING, old.code, old.reason))
        self._stack.register(entry.status.account.id)

    def _set(self, entry: _Entry, registration: Registration) -> None:
        if entry.status.registration != registration:
            entry.status = replace(entry.status, registration=registration)
            self._publish(AccountChanged(entry.status))

    def _stop_retry(self, entry: _Entry) -> None:
        if entry.retry:
            entry.retry.cancel()
            entry.retry = None

    def _entry(self, account_id: str) -> _Entry:
        entry = self._entries.get(account_id)
        if entry is None:
            known = ", ".join(self._entries) or _("none")
            raise PhoneError(
                _("There is no account “{id}” (known: {known})").format(id=account_id, known=known), "unknown"
            )
        return entry


def _nat_warning(status: AccountStatus, problem: str) -> str:
    words = _("{account}: {problem}; calls go on without it")
    return words.format(account=status.account.title, problem=problem)
