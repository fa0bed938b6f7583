"""Debian's Kamailio as a registrar and proxy with digest authentication over UDP, TCP and TLS, on loopback."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.certificates import Certificate
from tests.support.ports import LOOPBACK, free_port
from tests.support.process import Process, until

REALM = "pbx.test"

_CONFIG = """\
debug=1
log_stderror=yes
children=1
tcp_children=1
listen=udp:{address}:{port}
listen=tcp:{address}:{port}
{tls_listen}
auto_aliases=no
alias="localhost"
dns=no
rev_dns=no
server_header="Server: Kamailio"
tcp_connection_lifetime=120

loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
{tls_module}

modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 1)
modparam("registrar", "max_expires", {max_expires})
modparam("registrar", "default_expires", {expires})
modparam("registrar", "max_contacts", 4)
modparam("auth", "nonce_expire", 300)
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", {ring_ms})

route[PASSWORD] {{
    $var(password) = "";
{passwords}
}}

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("REGISTER")) {{
        route(PASSWORD);
        if ($var(password) == "" || !pv_www_authenticate("{realm}", "$var(password)", "0")) {{
            if ($au == $null) {{
                xlog("L_ALERT", "@@ challenge $fU $proto $TV(Sn) $ci-$cs\\n");
            }} else {{
                xlog("L_ALERT", "@@ refused $fU $proto $TV(Sn) $ci-$cs\\n");
            }}
            if ($var(password) == "") {{ sl_send_reply("403", "Unknown User"); exit; }}
            www_challenge("{realm}", "1");
            exit;
        }}
        save("location");
        xlog("L_ALERT", "@@ registered $fU $proto $TV(Sn) $ci-$cs expires=$hdr(Expires) tls={tls_version} contact=$ct\\n");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
        if (!is_method("ACK")) sl_send_reply("404", "Not Here");
        exit;
    }}
    if (is_method("INVITE") && {auth_calls}) {{
        route(PASSWORD);
        if (!pv_proxy_authenticate("{realm}", "$var(password)", "0")) {{ proxy_challenge("{realm}", "1"); exit; }}
        consume_credentials();
        xlog("L_ALERT", "@@ call $fU $rU\\n");
    }}
    if (is_method("INVITE|SUBSCRIBE|MESSAGE")) record_route();
    if (is_method("OPTIONS") && $rU == $null) {{ sl_send_reply("200", "OK"); exit; }}
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}

event_route[core:worker-one-init] {{
    xlog("L_ALERT", "@@ ready\n");
}}
"""

_TLS_CONFIG = """\
[server:default]
method = {method}
verify_certificate = no
require_certificate = no
private_key = {key}
certificate = {cert}
"""

_LINE = re.compile(
    r"@@ (challenge|refused|registered) (\S+) (\w+) ([\d.]+) (\S+)(?: expires=(\S*) tls=(\S*) contact=(.*))?"
)


@dataclass(frozen=True, slots=True)
class Registering:
    """One REGISTER as the registrar saw it: ``what`` is challenge, refused or registered; ``at`` is epoch seconds."""

    what: str
    user: str
    transport: str
    at: float
    expires: int | None
    contact: str
    tls_version: str


@dataclass
class Kamailio:
    """One registrar. ``users`` maps names to passwords; ``certificate`` switches TLS on.

    ``max_expires_s`` is the longest registration it grants, ``ring_s`` how long it lets a call ring (then 408).
    ``auth_calls`` asks for the password with every call too (407).
    ``tls_method`` is Kamailio's word for the versions offered, such as "TLSv1.2" (only that) or "TLSv1.2+".
    """

    folder: Path
    users: dict[str, str]
    certificate: Certificate | None = None
    tls_method: str = "TLSv1.2+"
    max_expires_s: int = 3600
    ring_s: int = 30
    auth_calls: bool = False
    address: str = LOOPBACK
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_config()
        self.process = Process(
            [
                shutil.which("kamailio") or "/usr/sbin/kamailio",
                "-DD",
                "-E",
                "-f",
                self.folder / "kamailio.cfg",
                "-Y",
                self.folder,
                "-m",
                "32",
                "-M",
                "4",
            ],
            self.folder / "log",
        )

    @property
    def host(self) -> str:
        """``address:port`` for UDP and TCP."""
        return f"{self.address}:{self.port}"

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Who called whom with the right password (``auth_calls``)."""
        return re.findall(r"@@ call (\S+) (\S+)", self.process.text)

    @property
    def registers(self) -> list[Registering]:
        """Every REGISTER so far, in order, over restarts too; one that was sent again unchanged counts once."""
        found = []
        known: set[tuple[str, str]] = set()
        for match in _LINE.finditer(self.process.text):
            what, user, transport, at, number, expires, version, contact = match.groups()
            if (what, number) in known:
                continue
            known.add((what, number))
            seconds = int(expires) if (expires or "").isdigit() else None
            found.append(Registering(what, user, transport, float(at), seconds, contact or "", version or ""))
        return found

    def accepted(self, user: str) -> list[Registering]:
        """The successful ones of a user."""
        return [r for r in self.registers if r.what == "registered" and r.user == user]

    async def until_registered(self, user: str, times: int = 1, timeout_s: float = 10.0) -> list[Registering]:
        """Wait until a user has registered so many times."""
        try:
            await until(lambda: len(self.accepted(user)) >= times, timeout_s, f"{user} registers {times} times")
        except TimeoutError as error:
            raise AssertionError(f"{error}; seen: {self.registers}\n{self.process.tail()}") from None
        return self.accepted(user)

    async def start(self) -> None:
        """Start, or start again on the same ports; registrations made before are forgotten."""
        begin = len(self.process.text)
        self.process.start()
        await self.process.until_output(r"@@ ready", start=begin)

    async def stop(self) -> None:
        """Go away; nothing listens on the ports any more."""
        await self.process.stop()

    def use_certificate(self, certificate: Certificate) -> None:
        """Show another certificate from the next start on."""
        self.certificate = certificate
        self._write_config()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _write_config(self) -> None:
        passwords = "\n".join(
            f'    if ($fU == "{user}") {{ $var(password) = "{password}"; }}' for user, password in self.users.items()
        )
        tls_module = tls_listen = ""
        if self.certificate:
            tls_listen = f"enable_tls=yes\nlisten=tls:{self.address}:{self.tls_port}"
            tls_module = f'loadmodule "tls.so"\nmodparam("tls", "config", "{self.folder}/tls.cfg")'
            (self.folder / "tls.cfg").write_text(
                _TLS_CONFIG.format(method=self.tls_method, key=self.certificate.key, cert=self.certificate.cert)
            )
        config = _CONFIG.format(
            address=self.address,
            port=self.port,
            tls_listen=tls_listen,
            tls_version="$tls_version" if self.certificate else "",
            tls_module=tls_module,
            expires=min(self.max_expires_s, 60),
            max_expires=self.max_expires_s,
            ring_ms=self.ring_s * 1000,
            passwords=passwords,
            auth_calls="1 == 1" if self.auth_calls else "1 == 0",
            realm=REALM,
        )
        (self.folder / "kamailio.cfg").write_text(config)
