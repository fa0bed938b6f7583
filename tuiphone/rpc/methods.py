"""The method table: what can be called, with which parameters. Made from ``PhoneApi``, the one page that says it."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import msgspec

from tuiphone.controller.api import PhoneApi
from tuiphone.errors import PhoneError
from tuiphone.i18n import _

REQUIRED = inspect.Parameter.empty
_SIMPLE: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    type(None): "null",
}


class NoSuchMethod(PhoneError):
    """The table has no method of that name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named parameter; ``default`` is REQUIRED where none is given."""

    name: str
    type: Any
    default: Any

    @property
    def type_name(self) -> str:
        """The type as documentation shows it."""
        return type_name(self.type)


@dataclass(frozen=True, slots=True)
class Method:
    """One callable method."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Any
    doc: str

    def bind(self, given: Mapping[str, Any], strict: bool = True) -> dict[str, Any]:
        """Parameters converted to their types.

        ``strict=False`` also takes numbers and truth values written as text, for a shell. Raises PhoneError of kind
        "invalid" that names the method, the parameter and what is allowed.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                sentence = _("{method} has no parameter “{name}”; it takes: {known}")
                takes = ", ".join(known) or "-"
                raise PhoneError(sentence.format(method=self.name, name=name, known=takes), "invalid")
        bound: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.name in given:
                bound[parameter.name] = self._convert(parameter, given[parameter.name], strict)
            elif parameter.default is REQUIRED:
                sentence = _("{method} needs the parameter “{name}”")
                raise PhoneError(sentence.format(method=self.name, name=parameter.name), "invalid")
        return bound

    def _convert(self, parameter: Parameter, value: Any, strict: bool) -> Any:
        try:
            return msgspec.convert(value, parameter.type, strict=strict)
        except msgspec.ValidationError as error:
            name, found = parameter.name, json.dumps(value, ensure_ascii=False)
            if allowed := _allowed(parameter.type):
                text = _("{method}: parameter “{name}” is {found}; allowed: {allowed}")
                sentence = text.format(method=self.name, name=name, found=found, allowed=allowed)
            else:
                sentence = _("{method}: parameter “{name}”: {error}").format(method=self.name, name=name, error=error)
            raise PhoneError(sentence, "invalid") from None


@cache
def methods() -> Mapping[str, Method]:
    """Every method of the phone by its name on the wire."""
    table: dict[str, Method] = {}
    for name, function in vars(PhoneApi).items():
        if name.startswith("_") or not inspect.iscoroutinefunction(function):
            continue
        hints = typing.get_type_hints(function)
        parameters = tuple(
            Parameter(parameter.name, hints[parameter.name], parameter.default)
            for parameter in inspect.signature(function).parameters.values()
            if parameter.name != "self"
        )
        table[name] = Method(name, parameters, hints["return"], inspect.getdoc(function) or "")
    return table


def method(name: str) -> Method:
    """A method by name. Raises NoSuchMethod with the nearest names."""
    found = methods().get(name)
    if found is None:
        import difflib

        near = difflib.get_close_matches(name, methods(), 3)
        sentence = (
            _("There is no method “{name}”; near it: {near}")
            if near
            else _("There is no method “{name}”; there are: {all}")
        )
        raise NoSuchMethod(sentence.format(name=name, near=", ".join(near), all=", ".join(methods())), "unknown")
    return found


def _allowed(kind: Any) -> str:
    """What may stand for a simple type, in words; empty for objects, whose fields msgspec names itself."""
    parts = typing.get_args(kind)
    if parts and typing.get_origin(kind) is not tuple:
        words = [_allowed(part) for part in parts]
        return _(" or ").join(words) if all(words) else ""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _(" or ").join(f"“{member.value}”" for member in kind)
    return type_name(kind) if kind in _SIMPLE else ""


def type_name(kind: Any) -> str:
    """A type in the words of JSON."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if typing.get_origin(kind) is tuple:
        return f"list of {type_name(typing.get_args(kind)[0])}"
    if typing.get_args(kind):
        return " or ".join(type_name(part) for part in typing.get_args(kind))
    return str(getattr(kind, "__name__", kind))
