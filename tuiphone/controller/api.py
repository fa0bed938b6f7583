"""The phone as a front end sees it: commands, snapshot, events. One page; the RPC method table is made from it.

A command returns as soon as it is accepted, or raises PhoneError with the reason in words; what comes of it are
events. The controller implements this in the engine's process, ``tuiphone.rpc.client`` on the other side of a socket.
Where a call is named, an empty id means: the one a person would mean (the talking call; for ``answer`` the oldest
ringing one; for ``hang_up`` the talking, else the dialling, else the ringing one).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from tuiphone.model.account import Account, AccountStatus, DtmfMethod
from tuiphone.model.address import DialPlan
from tuiphone.model.call import CallId
from tuiphone.model.codec import Codec, CodecSettings
from tuiphone.model.device import DeviceRole, Devices
from tuiphone.model.event import Event, Reading, Snapshot
from tuiphone.model.media import Processing
from tuiphone.model.record import CallRecord


class PhoneApi(Protocol):
    """Commands of the phone."""

    async def snapshot(self) -> Snapshot:
        """The whole state and the number of the last event it includes."""
        ...

    # calls

    async def dial(self, target: str, account: str = "", play: str = "", record: str = "") -> CallId:
        """Call a number or address from an account (empty: the default one); the talking call goes on hold.

        ``play`` and ``record`` name WAV files used instead of microphone and ear.
        """
        ...

    async def preview(self, target: str, account: str = "") -> DialPlan:
        """What ``dial`` would dial, without dialling."""
        ...

    async def redial(self, account: str = "") -> CallId:
        """Call the last dialled number again."""
        ...

    async def answer(self, call: CallId = "") -> None:
        """Take an incoming call; the talking call goes on hold."""
        ...

    async def decline(self, call: CallId = "", code: int = 0) -> None:
        """Refuse an incoming call: 486 (busy here), 480 (unavailable), 603 (decline everywhere), 404 or 403.

        Code 0 is the configured one (phone.decline_code).
        """
        ...

    async def hang_up(self, call: CallId = "") -> None:
        """End a call in whatever state it is."""
        ...

    async def hang_up_all(self) -> None:
        """End every call."""
        ...

    async def hold(self, call: CallId = "") -> None:
        """Put a call on hold."""
        ...

    async def resume(self, call: CallId = "") -> None:
        """Take a call off hold; the talking call goes on hold. Empty id: the only, or last, held call."""
        ...

    async def swap(self) -> None:
        """Hold the talking call and resume the call held last."""
        ...

    async def mute(self, call: CallId = "", on: bool | None = None) -> bool:
        """Mute or unmute the microphone of a call; without ``on``: the other way. Returns what it is now."""
        ...

    async def set_call_gain(self, call: CallId = "", mic: int | None = None, ear: int | None = None) -> None:
        """Gains of one call in percent (0 to 200), on top of the devices': what is sent, and what is heard of it."""
        ...

    async def send_dtmf(self, digits: str, call: CallId = "", method: DtmfMethod | None = None) -> None:
        """Send digits (0-9 * # A-D, comma for a pause of 500 ms) by the call's method or another."""
        ...

    async def set_dtmf_method(self, method: DtmfMethod, call: CallId = "") -> None:
        """Change how a call sends digits."""
        ...

    async def play(self, path: str, call: CallId = "", loop: bool = False) -> None:
        """Send a WAV file instead of the microphone; an empty path goes back to the microphone."""
        ...

    async def record(self, path: str, call: CallId = "") -> None:
        """Write what the far end says to a WAV file; an empty path ends it."""
        ...

    async def start_recording(self, call: CallId = "") -> str:
        """Record both sides of a call to a stereo WAV file in the folder of [recording]; returns its path."""
        ...

    async def pause_recording(self, call: CallId = "", on: bool | None = None) -> bool:
        """Leave a part out (card numbers), or go on; without ``on``: the other way. Returns whether it pauses now."""
        ...

    async def stop_recording(self, call: CallId = "") -> None:
        """Complete the file."""
        ...

    # accounts

    async def accounts(self) -> tuple[AccountStatus, ...]:
        """All accounts with their registrations."""
        ...

    async def add_account(self, account: Account, password: str = "", turn_password: str = "") -> None:
        """Add an account, or change one that was added on the screen; it is kept in settings.toml."""
        ...

    async def remove_account(self, account: str) -> None:
        """Forget an account that was added on the screen."""
        ...

    async def register(self, account: str = "") -> None:
        """Register again now (empty: all accounts)."""
        ...

    async def unregister(self, account: str) -> None:
        """Give the registration up until ``register``."""
        ...

    async def set_default_account(self, account: str) -> None:
        """The account that ``dial`` uses when none is named."""
        ...

    # phone

    async def set_dnd(self, on: bool) -> None:
        """Do-not-disturb: new calls are rejected with 486 while on."""
        ...

    async def set_theme(self, theme: str) -> None:
        """Keep the theme that was chosen on the screen."""
        ...

    # codecs

    async def codecs(self) -> tuple[Codec, ...]:
        """Every codec of this engine: those that are on first and in their order, then those that are off or missing."""
        ...

    async def set_codecs(self, codecs: tuple[str, ...]) -> None:
        """Use these codecs in this order ("opus", "iSAC/16000", "speex/*"), from the next call on; kept in settings.toml.

        Refused when a name or pattern matches nothing, with a list of what there is.
        """
        ...

    async def codec_settings(self) -> CodecSettings:
        """The parameters of single codecs."""
        ...

    async def set_codec_settings(
        self,
        *,
        answer_order: str | None = None,
        opus_fec: bool | None = None,
        opus_dtx: bool | None = None,
        opus_bit_rate: int | None = None,
        opus_complexity: int | None = None,
        ilbc_mode_ms: int | None = None,
        isac_frame_ms: int | None = None,
        g729_annexb: bool | None = None,
    ) -> CodecSettings:
        """Change parameters from the next call on and keep them; returns what they are now.

        docs/config.md has their meaning and what is allowed, under [codecs].
        """
        ...

    # devices

    async def devices(self, refresh: bool = False) -> Devices:
        """Devices and roles; ``refresh`` looks for new ones first."""
        ...

    async def choose_device(self, role: DeviceRole, name: str) -> None:
        """Use a device ("" is the system's default, "none" is silence) for a role, now and from now on.

        It is put first in the role's list; a bell takes the list's place.
        """
        ...

    async def add_bell(self, name: str, on: bool) -> None:
        """Let a further device ring too, or no longer."""
        ...

    async def use_headset(self, on: bool) -> None:
        """Talk through the headset only, whatever the roles say; the headset is the first of its list that is there."""
        ...

    async def choose_headset(self, name: str) -> None:
        """Put a device first in the list of headsets."""
        ...

    async def set_level(self, role: DeviceRole, level: int) -> None:
        """Volume of a role in percent, 0 to 200."""
        ...

    async def mute_device(self, role: DeviceRole, on: bool) -> None:
        """Mute a role for all calls."""
        ...

    async def set_processing(
        self,
        echo_canceller: str | None = None,
        noise_suppression: bool | None = None,
        gain_control: bool | None = None,
        ear_limit_db: int | None = None,
    ) -> Processing:
        """Change what is done to the sound, in a running call too, and keep it; returns what is done now.

        ``echo_canceller`` is webrtc, speex or off; ``ear_limit_db`` is the loudest that reaches the ear, -40 to 0 dBFS.
        """
        ...

    async def mute_at_device(self, role: DeviceRole, on: bool) -> None:
        """Mute the device in use for a role itself, for every program, as its own button does."""
        ...

    async def test_tone(self, role: DeviceRole, on: bool, device: str = "") -> None:
        """Play a tone on the output or ring device, or on another one by its name; it ends by itself after 10 s."""
        ...

    async def test_mic(self, on: bool) -> None:
        """Record the microphone for 5 s, then play that in the ear; ``Devices.mic_test`` says where it stands."""
        ...

    async def watch_mic(self, on: bool) -> None:
        """Keep the microphone open without a call so that Levels with an empty call id arrive.

        Ends with ``on`` false, or when nobody subscribes to readings any more.
        """
        ...

    # history

    async def history(
        self, text: str = "", missed: bool = False, limit: int = 100, before: float | None = None
    ) -> tuple[CallRecord, ...]:
        """Newest first: rows whose number or name contains ``text``, started before ``before`` (epoch seconds)."""
        ...

    async def mark_seen(self) -> None:
        """Missed calls have been looked at."""
        ...

    async def clear_history(self) -> None:
        """Delete every row."""
        ...

    # engine

    async def shutdown(self, force: bool = False) -> None:
        """Stop the engine; refused while calls exist unless forced."""
        ...


class PhoneEvents(Protocol):
    """The event side of the phone."""

    def subscribe(self, since: int | None = None, readings: bool = False) -> AsyncIterator[tuple[int, Event | Reading]]:
        """Events with their numbers, from ``since + 1`` on (None: from now on); readings carry number 0.

        Raises PhoneError of kind "unknown" when ``since`` is too old to replay: take a new snapshot then. While at
        least one subscriber asks for ``readings``, levels (10 Hz) and statistics (1 Hz) are measured.
        """
        ...


class Phone(PhoneApi, PhoneEvents, Protocol):
    """Both sides: what a front end is given."""
