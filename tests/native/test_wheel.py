from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from pjbuild.wheel import wheel_tag, wheel_version, write_wheel

PYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("soabi", "platform", "tag"),
    [
        ("cpython-311-x86_64-linux-gnu", "linux-x86_64", f"{PYTHON}-cp311-linux_x86_64"),
        ("cpython-313t-aarch64-linux-gnu", "linux-aarch64", f"{PYTHON}-cp313t-linux_aarch64"),
    ],
)
def test_the_tag_names_python_abi_and_platform(soabi: str, platform: str, tag: str) -> None:
    assert wheel_tag(soabi, platform) == tag


def test_another_build_is_another_version() -> None:
    assert wheel_version("2.17", "0123456789abcdef") == "2.17+k0123456789ab"
    assert wheel_version("2.17", "f" * 16) != wheel_version("2.17", "0" * 16)


def test_a_wheel_holds_the_module_and_a_complete_record(tmp_path: Path) -> None:
    files = [tmp_path / "pjsua2.py", tmp_path / "_pjsua2.so"]
    for file in files:
        file.write_text(file.name)
    wheel = write_wheel(files, "2.17+k1", wheel_tag(), tmp_path)
    assert wheel.name == f"tuiphone_pjsua2-2.17+k1-{wheel_tag()}.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        record = archive.read("tuiphone_pjsua2-2.17+k1.dist-info/RECORD").decode()
        assert b"Name: tuiphone-pjsua2" in archive.read("tuiphone_pjsua2-2.17+k1.dist-info/METADATA")
        assert archive.getinfo("_pjsua2.so").external_attr >> 16 == 0o755
    assert {line.split(",")[0] for line in record.splitlines()} == set(names)
    assert "_pjsua2.so,sha256=" in record


def test_the_same_content_makes_the_same_wheel(tmp_path: Path) -> None:
    file = tmp_path / "pjsua2.py"
    file.write_text("x")
    wheels = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        wheels.append(write_wheel([file], "2.17+k1", "t", tmp_path / name).read_bytes())
    assert wheels[0] == wheels[1]
