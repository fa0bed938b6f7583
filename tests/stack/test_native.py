from __future__ import annotations

import sys
from types import ModuleType

import pytest

pytest.importorskip("pjsua2", reason="pjsua2 is not installed: run make setup")

from tuiphone.stack.pjsua.native import extension


class _Lazy(ModuleType):
    """As a wheel's package is: nothing is loaded until a name of it is used."""

    def __getattr__(self, name: str) -> object:
        if name != "Endpoint":
            raise AttributeError(name)
        sys.modules["pjsua2._pjsua2"] = ModuleType("pjsua2._pjsua2")
        return object


def test_the_binary_module_of_a_wheel_is_found_before_anything_of_it_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pjsua2", _Lazy("pjsua2"))
    monkeypatch.setitem(sys.modules, "pjsua2._pjsua2", ModuleType("other"))
    monkeypatch.delitem(sys.modules, "pjsua2._pjsua2")
    assert extension().__name__ == "pjsua2._pjsua2"


def test_the_binary_module_of_our_own_build_is_found() -> None:
    assert extension().__name__ in {"_pjsua2", "pjsua2._pjsua2"}
