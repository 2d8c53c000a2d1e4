"""How Sprig's `merge` puts one dict into another, as the library behind it does."""

from __future__ import annotations

from imgupdate.templates.formatting import DEEPEST
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.equality import empty
from imgupdate.templates.values import ANY, Map, Struct


class Mismatch(FunctionFailed):
    """Two values that should become one are of types that do not go together."""

    def __init__(self) -> None:
        super().__init__("src and dst must be of same type")


def merge(budget: Budget, target: Map, source: Map, *, overwrite: bool, depth: int = 0) -> None:
    """Fill what the target does not have, or has empty, from the source; with `overwrite` the source's values win.

    Dicts that both have are merged in the same way. Raises Mismatch.
    """
    if depth > DEEPEST:
        raise FunctionFailed("the dicts are nested too deeply to be merged, or hold themselves")
    for key, given in list(source.entries.items()):
        budget.items(1)
        if given is None and source.element == ANY:
            if overwrite:
                _put(target, key, source, None)
            continue
        present = target.entries.get(key)
        if isinstance(given, Map) and isinstance(present, Map):
            merge(budget, present, given, overwrite=overwrite, depth=depth + 1)
            if present.entries:
                continue
        elif not overwrite and _is_pointer(present) and isinstance(given, (Map, Struct)) and not _is_pointer(given):
            raise Mismatch
        if overwrite or empty(present):
            _put(target, key, source, given)


def _put(target: Map, key: object, source: Map, value: object) -> None:
    if target.element not in (ANY, source.element):
        raise FunctionFailed(
            f"reflect.Value.SetMapIndex: value of type {source.element} is not assignable to type {target.element}"
        )
    target.entries[key] = value


def _is_pointer(value: object) -> bool:
    return isinstance(value, Struct) and value.type.pointer
