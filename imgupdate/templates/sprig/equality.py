"""Go's `reflect.DeepEqual` and Sprig's `empty`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from imgupdate.templates.formatting import DEEPEST
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.values import Map, Slice, Struct, go_type, truth

_COMPARISON: Final = 16


def empty(value: object) -> bool:
    """Whether a value is nil, zero or has nothing in it; a struct never is."""
    return not truth(value)


def deep_equal(budget: Budget, left: object, right: object, depth: int = 0) -> bool:
    """Whether two values are of one type and equal in all their parts; a nil slice is not an empty one."""
    budget.spend(_COMPARISON)
    if depth > DEEPEST:
        raise FunctionFailed("the values are nested too deeply to be compared, or hold themselves")
    if left is None or right is None or go_type(left) != go_type(right):
        return left is right
    if isinstance(left, str):
        budget.spend(len(left))
    if not isinstance(left, (Slice, Map, Struct)):
        return left == right
    if left is right and not isinstance(left, Struct):
        return True
    parts = _parts(left, right)
    return parts is not None and all(deep_equal(budget, *pair, depth + 1) for pair in parts)


def _parts(left: object, right: object) -> Iterable[tuple[object, object]] | None:
    """The parts of two values of one type that have to be equal each; None where the values differ anyway."""
    match left, right:
        case Slice(), Slice() if left.nil == right.nil and len(left.items) == len(right.items):
            return zip(left.items, right.items, strict=True)
        case Map(), Map() if left.nil == right.nil and left.entries.keys() == right.entries.keys():
            return ((element, right.entries[key]) for key, element in left.entries.items())
        case Struct(), Struct() if left.inner == right.inner:
            return zip(left.values, right.values, strict=True)
    return None
