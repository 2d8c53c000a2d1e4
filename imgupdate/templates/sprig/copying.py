"""Copies of values that share nothing with the original."""

from __future__ import annotations

from imgupdate.templates.formatting import DEEPEST
from imgupdate.templates.functions import ITEM, Budget, FunctionFailed
from imgupdate.templates.sprig.semver import VERSION, ZERO_VERSION
from imgupdate.templates.values import Map, Slice, Struct


def deep_copy(budget: Budget, value: object) -> object:
    """A copy of a value and all its parts; a version loses what it holds, as its fields are not public in Go."""
    if value is None:
        raise FunctionFailed("reflect: call of reflect.Value.Type on zero Value")
    return _copy(budget, value, 0)


def _copy(budget: Budget, value: object, depth: int) -> object:
    budget.spend(ITEM)
    if depth > DEEPEST:
        raise FunctionFailed("the value is nested too deeply to be copied, or holds itself")
    match value:
        case Slice():
            return Slice(value.element, tuple(_copy(budget, item, depth + 1) for item in value.items), nil=value.nil)
        case Map():
            copied = {key: _copy(budget, element, depth + 1) for key, element in value.entries.items()}
            return Map(value.key, value.element, copied, nil=value.nil)
        case Struct():
            if value.type is VERSION:
                return ZERO_VERSION
            parts = tuple(_copy(budget, part, depth + 1) for part in value.values)
            return Struct(value.type, parts, value.inner)
    return value
