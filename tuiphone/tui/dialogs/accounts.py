"""The accounts: state, time of the next try, register again; add, change and remove those made on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tuiphone import texts
from tuiphone.i18n import _
from tuiphone.model.account import AccountStatus, RegistrationState
from tuiphone.tui.dialogs.account_form import AccountForm
from tuiphone.tui.dialogs.base import Dialog
from tuiphone.tui.dialogs.media_form import MediaForm
from tuiphone.tui.dialogs.pick import Choice, Pick
from tuiphone.tui.listing import Listing
from tuiphone.tui.paint import cut, fit, row
from tuiphone.tui.panels.status import registration_sign
from tuiphone.tui.rows import Rows
from tuiphone.tui.store import Topic
from tuiphone.tui.view import View


class AccountList(Listing[AccountStatus]):
    """The accounts with a word for each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "unregister", show=False),
        Binding("s", "make_default", show=False),
        Binding("plus_sign,plus,insert", "add", show=False),
        Binding("e", "edit", show=False),
        Binding("m", "media", show=False),
        Binding("delete", "remove", show=False),
    ]
    TOPICS: ClassVar[Topic] = Topic.ACCOUNTS

    def draw(self, item: AccountStatus, width: int, here: bool) -> Content:
        """One account."""
        sign, style = registration_sign(item, self.signs)
        word = texts.registration_word(item.registration) if item.account.enabled else _("DISABLED")
        default = self.store.account_to_dial_from()
        star = self.signs.on if default and default.id == item.account.id else " "
        address = cut(texts.short_uri(item.account.address), max(4, width - 46), self.signs.cut)
        text = row(
            (f" {star} ", "$text-accent"),
            (f"{sign} ", "" if here else style),
            fit(item.account.title, 16, self.signs.cut),
            f" {fit(word, 22, self.signs.cut)}",
        )
        return row(text, (address, "" if here else "$muted"))

    def empty(self) -> str:
        """Without accounts."""
        return " " + _("no accounts yet: + adds one")

    def follow(self, topics: Topic) -> None:
        """Accounts changed; the cursor goes to one that was just added."""
        statuses = tuple(self.store.accounts.values())
        known = {status.account.id for status in self.items}
        new = [index for index, status in enumerate(statuses) if status.account.id not in known]
        self.set_items(statuses, new[-1] if known and new else None)

    async def action_add(self) -> None:
        """A new account."""
        self.app.push_screen(AccountForm(self.view))

    async def action_edit(self) -> None:
        """Change one, if it is ours to change."""
        if self.item and self._ours(self.item):
            self.app.push_screen(AccountForm(self.view, self.item.account))

    async def action_media(self) -> None:
        """Change its encryption and its way through NATs."""
        if self.item and self._ours(self.item):
            self.app.push_screen(MediaForm(self.view, self.item.account))

    async def action_remove(self) -> None:
        """Forget one, after a question."""
        status = self.item
        if status is None or not self._ours(status):
            return

        def removed(answer: str | None) -> None:
            if answer == "remove":
                self.view.desk.start(self.view.desk.phone.remove_account(status.account.id))

        title = _("Remove account {title}?").format(title=status.account.title)
        choices = (Choice("", _("Keep it")), Choice("remove", _("Remove it")))
        self.app.push_screen(Pick(self.view, title, choices), removed)

    def action_unregister(self) -> None:
        """Give the registration up."""
        if self.item:
            self.view.desk.start(self.view.desk.phone.unregister(self.item.account.id))

    def action_make_default(self) -> None:
        """Dial from this one when none is chosen."""
        if self.item:
            account_id = self.item.account.id
            self.store.dial_from("")
            self.view.desk.start(self.view.desk.phone.set_default_account(account_id))

    def _ours(self, status: AccountStatus) -> bool:
        if status.stored == "settings":
            return True
        text = _("Account {title} is in config.toml, which is yours: change it there")
        self.store.say(text.format(title=status.account.title))
        return False


class AccountDetail(Rows):
    """The sentence about the account under the cursor."""

    TOPICS: ClassVar[Topic] = Topic.ACCOUNTS | Topic.MINUTE

    def __init__(self, view: View, accounts: AccountList) -> None:
        super().__init__(view, id="detail")
        self._accounts = accounts

    def rows(self, width: int, height: int) -> list[Content]:
        """Registration and address."""
        status = self._accounts.item
        if status is None:
            return []
        sentence = texts.registration_sentence(status, self.store.clock())
        bad = status.registration.state in {RegistrationState.WAITING, RegistrationState.REJECTED}
        where = f"{status.account.transport.value.upper()}, {texts.dtmf_method(status.account.dtmf)}"
        kept = _("kept in config.toml") if status.stored == "config" else _("added on the screen")
        lines = Content.styled(sentence, "$text-warning" if bad else "").wrap(width)
        if nat := texts.nat_sentence(status):
            lines += Content.styled(nat, "$text-warning" if status.nat.problems else "$muted").wrap(width)
        return [*lines, Content.styled(f"{where}, {kept}", "$muted")][:height]


class Accounts(Dialog[None]):
    """The dialog."""

    def __init__(self, view: View) -> None:
        keys = _("Enter register  u unregister  s default  + add  e edit  m media  Del drop")
        super().__init__(view, _("Accounts"), keys, "-accounts")
        self._list = AccountList(view)
        self._detail = AccountDetail(view, self._list)

    def body(self) -> Iterable[Widget]:
        """List and sentence."""
        yield self._list
        yield self._detail

    def on_mount(self) -> None:
        """Show what there is."""
        self._list.follow(Topic.ACCOUNTS)
        self._list.focus()
        # While one looks, the time to the next try counts down.
        self.set_interval(1.0, self._detail.repaint)

    def on_key(self) -> None:
        """The sentence follows the cursor."""
        self.call_after_refresh(self._detail.repaint)

    @on(Listing.Chosen)
    def _register(self, event: Listing.Chosen[AccountStatus]) -> None:
        event.stop()
        status = event.item
        self.view.desk.start(self.view.desk.phone.register(status.account.id))
