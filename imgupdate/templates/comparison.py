"""How `eq`, `lt` and their like compare values: by kind, and integers whatever their size."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.templates.functions import FunctionFailed
from imgupdate.templates.values import (
    Map,
    SizedInteger,
    Slice,
    Struct,
    go_type,
    kind,
    to_bytes,
)


def basic_kind(value: object) -> str:  # noqa: PLR0911 - one line a kind
    """What a value is compared as: `bool`, `int`, `uint`, `float`, `complex`, `string`; empty for all others."""
    match value:
        case bool():
            return "bool"
        case SizedInteger() if not value.signed:
            return "uint"
        case int():
            return "int"
        case float():
            return "float"
        case complex():
            return "complex"
        case str():
            return "string"
    return ""


def is_nil(value: object) -> bool:
    """Whether a value is nil: nothing at all, or a nil slice or map."""
    return value is None or (isinstance(value, (Slice, Map)) and value.nil)


def equal(first: object, others: Sequence[object]) -> bool:
    """Whether a value equals one of the others; raises FunctionFailed where Go cannot compare them."""
    if not others:
        raise FunctionFailed("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: object, other: object) -> bool:
    kinds = {basic_kind(first), basic_kind(other)}
    if kinds == {"int", "uint"}:
        return first == other
    if len(kinds) == 2:
        if first is None or other is None:
            return False
        raise FunctionFailed(f"incompatible types for comparison: {go_type(first)} and {go_type(other)}")
    if kinds != {""}:
        return first == other
    return _equal_composites(first, other)


def _equal_composites(first: object, other: object) -> bool:
    if first is not None and other is not None and kind(first) != kind(other):
        raise FunctionFailed(f"non-comparable types {go_type(first)} and {go_type(other)}")
    if is_nil(first) or is_nil(other):
        return is_nil(first) == is_nil(other)
    if isinstance(other, (Slice, Map)):
        raise FunctionFailed(f"non-comparable type {go_type(other)}")
    if isinstance(other, Struct) and other.type.pointer:
        return first is other
    if not is_comparable(other):
        raise FunctionFailed(f"non-comparable type {go_type(other)}")
    return first == other


def is_comparable(value: object) -> bool:
    """Whether a struct's fields can all be compared with `==`."""
    if isinstance(value, Struct):
        return all(is_comparable(part) for part in value.values)
    return not isinstance(value, (Slice, Map))


def less(first: object, other: object) -> bool:
    """Whether a value is below another one; raises FunctionFailed where they have no order."""
    kinds = (basic_kind(first), basic_kind(other))
    if "" in kinds:
        raise FunctionFailed("invalid type for comparison")
    if kinds[0] != kinds[1] and set(kinds) != {"int", "uint"}:
        raise FunctionFailed(f"incompatible types for comparison: {go_type(first)} and {go_type(other)}")
    if isinstance(first, str) and isinstance(other, str):
        return to_bytes(first) < to_bytes(other)
    if isinstance(first, int | float) and isinstance(other, int | float) and not isinstance(first, bool):
        return first < other
    raise FunctionFailed("invalid type for comparison")
