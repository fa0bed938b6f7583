"""System packages: which are needed, which are missing, their installation."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

from pjbuild.command import Runner
from pjbuild.errors import BuildError
from pjbuild.progress import Progress

# ALSA reaches PulseAudio and PipeWire through a plug-in; pactl tells which devices they have.
RUN = ("libasound2-plugins", "libportaudio2", "pulseaudio-utils")
BUILD = (
    "gcc",
    "g++",
    "make",
    "patch",
    "pkg-config",
    "swig",
    "xz-utils",
    "libasound2-dev",
    "libbcg729-dev",
    "libgsm1-dev",
    "libopus-dev",
    "libspeex-dev",
    "libspeexdsp-dev",
    "libsrtp2-dev",
    "libssl-dev",
    "uuid-dev",
)
# A fresh machine updates itself for some minutes after its start, and holds the locks: that passes.
_PATIENTLY = """\
patiently() {
    tries=0
    while :; do
        { "$@" 2>&1 && code=0 || code=$?; echo $code >"$scratch/code"; } | tee "$scratch/said"
        code=$(cat "$scratch/code")
        [ $code -ne 0 ] || return 0
        grep -qE "Could not get lock|lock was locked|locked by another process" "$scratch/said" || return $code
        tries=$((tries + 1))
        [ $tries -le ${TUIPHONE_LOCK_TRIES:-100} ] || return $code
        sleep ${TUIPHONE_LOCK_PAUSE:-3}
    done
}"""
# Packages that cannot stand beside what a desktop may have, which must stay; the tests that need them are skipped.
RIVALS = {"pulseaudio": ("pipewire-alsa", "pipewire-audio")}
# Packages that would start a daemon, with their unit.
DAEMONS = {"coturn": "coturn.service", "kamailio": "kamailio.service"}


def needed_packages(root: Path, purpose: str, engine: str) -> list[str]:
    """Names of the packages for a purpose ("demo", "test") and an engine ("native", "wheel")."""
    names = [*RUN, *_python_packages(engine)]
    if engine == "native":
        names += BUILD
    if purpose == "test":
        names += read_list(root / "tests/support/PACKAGES")
    return sorted(set(names))


def read_list(path: Path) -> list[str]:
    """Package names of a file, one a line; none when there is no such file."""
    if not path.exists():
        return []
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _python_packages(engine: str) -> list[str]:
    """What a distribution's Python leaves to packages of their own."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    names = []
    if importlib.util.find_spec("ensurepip") is None:
        names.append(f"{version}-venv")
    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if engine == "native" and not headers.exists():
        names.append(f"{version}-dev")
    return names


def installed_packages() -> set[str]:
    """Names of installed packages and of what they provide. Empty without dpkg."""
    if not shutil.which("dpkg-query"):
        return set()
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f=${db:Status-Status}\t${Package}\t${Provides}\n"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return parse_installed(listing)


def parse_installed(listing: str) -> set[str]:
    """Reads lines of status, package and provided names, tab-separated."""
    names: set[str] = set()
    for line in listing.splitlines():
        status, package, provides = line.split("\t")
        if status == "installed":
            names.add(package)
            names.update(re.findall(r"(?:^|, )([a-z0-9.+-]+)", provides))
    return names


def as_root() -> list[str] | None:
    """The prefix that makes a command run as root; None when there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    return None


def ensure_packages(needed: Sequence[str], runner: Runner, progress: Progress) -> None:
    """Installs the missing ones, and says which. Raises BuildError with the remedy."""
    present = installed_packages()
    missing = [name for name in needed if name not in present]
    for name, rivals in RIVALS.items():
        if name in missing and (here := present.intersection(rivals)):
            progress.say(f"{name} is left out, it cannot be beside {min(here)}: tests that need it are skipped")
            missing.remove(name)
    if not missing:
        return
    command = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if not shutil.which("apt-get"):
        progress.say("this machine has no apt; the phone needs what Debian calls: " + " ".join(missing))
        return
    prefix = as_root()
    if prefix is None:
        raise BuildError(
            f"{len(missing)} system packages are missing, and neither root nor sudo is at hand",
            f"have an administrator run: {command}",
        )
    progress.say(f"installing {len(missing)} system packages (full log in {runner.log_path}): {' '.join(missing)}")
    if prefix:
        subprocess.run([*prefix, "true"], check=False)
    with progress.step("system packages"):
        runner.run(
            "apt",
            [*prefix, "sh", "-c", install_script(missing)],
            Path("/"),
            remedy=_remedy(prefix, command),
            own_group=not prefix,
        )


def _remedy(prefix: Sequence[str], command: str) -> str:
    by_hand = f"sudo {command}" if prefix else command
    if "-n" in prefix:
        return f"sudo cannot ask for a password here: run make in a terminal, or first: {by_hand}"
    return f"look why this fails: {by_hand}; then the same command again"


def install_script(missing: Iterable[str]) -> str:
    """A shell script, run as root, that installs packages and starts no daemon.

    Nothing that is installed is removed for it, a configuration file of the machine's
    own stays as it is (dpkg cannot ask here), and a dpkg that was interrupted is put
    right first.
    """
    names = list(missing)
    units = [unit for name, unit in DAEMONS.items() if name in names]
    lines = [
        "set -e",
        "export DEBIAN_FRONTEND=noninteractive LC_ALL=C",
        "scratch=$(mktemp -d)",
        "policy=/usr/sbin/policy-rc.d",
        'trap "rm -rf $scratch" EXIT',
        # One that a killed set-up left behind must not keep the user's daemons down.
        'if grep -qs "made by tuiphone" $policy; then rm -f $policy; fi',
        "if [ ! -e $policy ]; then",
        '    trap "rm -rf $scratch $policy" EXIT',
        '    printf "#!/bin/sh\\n# made by tuiphone\\nexit 101\\n" >$policy',
        "    chmod 755 $policy",
        "fi",
        _PATIENTLY,
        "patiently dpkg --force-confdef --force-confold --configure -a",
        "patiently apt-get update -q",
        "patiently apt-get install -q -y --no-install-recommends --no-remove "
        f"-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold {shlex.join(names)}",
    ]
    if units:
        lines.append(f"if [ -d /run/systemd/system ]; then systemctl disable {shlex.join(units)}; fi")
    return "\n".join(lines)
