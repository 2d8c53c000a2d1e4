"""Sprig's functions on dicts. A dict is changed in place by `set`, `unset`, `merge` and `mergeOverwrite`, as in Go."""

from __future__ import annotations

from typing import Final

from imgupdate.templates.formatting import text_of
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.copying import deep_copy
from imgupdate.templates.sprig.declare import Table, costly, named, plain, variadic, wrong_conversion
from imgupdate.templates.sprig.merging import Mismatch, merge
from imgupdate.templates.values import ANY, ANY_MAP, STRING, Map, Slice, go_type, sorted_entries


def _dict(budget: Budget, *values: object) -> Map:
    """A dict of keys and values in turn; a last key without value has the empty text."""
    made = Map()
    for index in range(0, len(values), 2):
        made.entries[text_of(values[index], budget)] = values[index + 1] if index + 1 < len(values) else ""
    return made


def _get(entries: Map, key: str) -> object:
    return entries.entries.get(key, "")


def _set(entries: Map, key: str, value: object) -> Map:
    if entries.nil:
        raise FunctionFailed("assignment to entry in nil map")
    entries.entries[key] = value
    return entries


def _unset(entries: Map, key: str) -> Map:
    entries.entries.pop(key, None)
    return entries


def _has_key(entries: Map, key: str) -> bool:
    return key in entries.entries


def _pluck(_budget: Budget, key: str, *dicts: Map) -> Slice:
    return Slice.of(entries.entries[key] for entries in dicts if key in entries.entries)


def _keys(budget: Budget, *dicts: Map) -> Slice:
    """The keys of one dict after the other, sorted within each; Go's order is random."""
    budget.items(sum(len(entries.entries) for entries in dicts))
    return Slice.of((key for entries in dicts for key, _ in sorted_entries(entries)), STRING)


def _values(entries: Map) -> Slice:
    """The values in the order of their keys; Go's order is random."""
    return Slice.of(value for _, value in sorted_entries(entries))


def _pick(budget: Budget, entries: Map, *keys: str) -> Map:
    budget.items(len(keys))
    return Map(entries={key: entries.entries[key] for key in keys if key in entries.entries})


def _omit(budget: Budget, entries: Map, *keys: str) -> Map:
    budget.items(len(entries.entries))
    left_out = set(keys)
    return Map(entries={key: value for key, value in entries.entries.items() if key not in left_out})


def _dig(_budget: Budget, *arguments: object) -> object:
    """The value that keys lead to through nested dicts; arguments are the keys, the default and the dict."""
    if len(arguments) < 3:
        raise FunctionFailed("dig needs at least three arguments")
    *keys, default, value = arguments
    _as_dict(value)
    for key in keys:
        if not isinstance(key, str):
            raise wrong_conversion(key, STRING)
    for key in keys:
        entries = _as_dict(value).entries
        if key not in entries:
            return default
        value = entries[key]
    return value


def _as_dict(value: object) -> Map:
    if isinstance(value, Map) and go_type(value) == ANY_MAP:
        return value
    raise wrong_conversion(value, ANY_MAP)


def _merge(budget: Budget, target: Map, *sources: Map) -> object:
    return _merged(budget, target, sources, overwrite=False)


def _merge_overwrite(budget: Budget, target: Map, *sources: Map) -> object:
    return _merged(budget, target, sources, overwrite=True)


def _merged(budget: Budget, target: Map, sources: tuple[Map, ...], *, overwrite: bool) -> object:
    """The target with the sources merged into it; the empty text where their types do not go together."""
    try:
        return _must(budget, target, sources, overwrite=overwrite)
    except Mismatch:
        return ""


def _must_merge(budget: Budget, target: Map, *sources: Map) -> Map:
    return _must(budget, target, sources, overwrite=False)


def _must_merge_overwrite(budget: Budget, target: Map, *sources: Map) -> Map:
    return _must(budget, target, sources, overwrite=True)


def _must(budget: Budget, target: Map, sources: tuple[Map, ...], *, overwrite: bool) -> Map:
    for source in sources:
        merge(budget, target, source, overwrite=overwrite)
    return target


FUNCTIONS: Final[Table] = (
    variadic("dict", ANY, call=_dict),
    plain("get", ANY_MAP, STRING, call=_get),
    plain("set", ANY_MAP, STRING, ANY, call=_set),
    plain("unset", ANY_MAP, STRING, call=_unset),
    plain("hasKey", ANY_MAP, STRING, call=_has_key),
    variadic("pluck", STRING, ANY_MAP, call=_pluck),
    variadic("keys", ANY_MAP, call=_keys),
    plain("values", ANY_MAP, call=_values),
    variadic("pick", ANY_MAP, STRING, call=_pick),
    variadic("omit", ANY_MAP, STRING, call=_omit),
    variadic("dig", ANY, call=_dig),
    variadic("merge", ANY_MAP, ANY_MAP, call=_merge),
    variadic("mergeOverwrite", ANY_MAP, ANY_MAP, call=_merge_overwrite),
    variadic("mustMerge", ANY_MAP, ANY_MAP, call=_must_merge),
    variadic("mustMergeOverwrite", ANY_MAP, ANY_MAP, call=_must_merge_overwrite),
    *named(("deepCopy", "mustDeepCopy"), costly, ANY, call=deep_copy),
)
