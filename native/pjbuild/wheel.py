"""Writes a wheel: a zip of the module with the metadata pip wants."""

import base64
import hashlib
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from pathlib import Path

DISTRIBUTION = "tuiphone_pjsua2"


def wheel_tag(soabi: str | None = None, platform: str | None = None) -> str:
    """The tag of a wheel for this interpreter, as in cp311-cp311-linux_x86_64."""
    soabi = soabi or str(sysconfig.get_config_var("SOABI"))
    platform = platform or sysconfig.get_platform()
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    abi = "cp" + soabi.split("-")[1] if soabi.startswith("cpython-") else "none"
    return f"{python}-{abi}-{platform.replace('-', '_').replace('.', '_')}"


def wheel_version(release: str, key: str) -> str:
    """The release with the build's key: another build is another version to pip."""
    return f"{release}+k{key[:12]}"


def write_wheel(files: Iterable[Path], version: str, tag: str, folder: Path) -> Path:
    """Writes the wheel into `folder` and returns its path."""
    info = f"{DISTRIBUTION}-{version}.dist-info"
    entries = {path.name: path.read_bytes() for path in files}
    entries[f"{info}/METADATA"] = _metadata(version)
    entries[f"{info}/WHEEL"] = _wheel_file(tag)
    record = "".join(f"{name},{_digest(data)},{len(data)}\n" for name, data in entries.items())
    entries[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    target = folder / f"{DISTRIBUTION}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            member = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            member.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return target


def _metadata(version: str) -> bytes:
    lines = [
        "Metadata-Version: 2.1",
        "Name: tuiphone-pjsua2",
        f"Version: {version}",
        "Summary: pjsua2 with tuiphone's helper, built on this machine",
        "License: GPL-3.0-or-later",
        f"Requires-Python: >={sys.version_info.major}.{sys.version_info.minor}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _wheel_file(tag: str) -> bytes:
    return (f"Wheel-Version: 1.0\nGenerator: tuiphone\nRoot-Is-Purelib: false\nTag: {tag}\n").encode()


def _digest(data: bytes) -> str:
    code = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={code}"
