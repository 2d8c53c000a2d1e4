"""Sprig's functions on lists. A list is any slice; what they make is `[]interface {}` unless said otherwise."""

from __future__ import annotations

from math import floor, fmod
from typing import Final

from imgupdate.templates.formatting import text_of
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.casting import to_int
from imgupdate.templates.sprig.declare import NIL_DEREFERENCE, Table, costly, named, plain, variadic
from imgupdate.templates.sprig.equality import deep_equal, empty
from imgupdate.templates.values import (
    ANY,
    ANY_SLICE,
    INT,
    STRING,
    Map,
    Slice,
    Struct,
    from_bytes,
    go_type,
    joined,
    kind,
    to_bytes,
)

NIL_LIST: Final = Slice(nil=True)


def items_of(value: object, problem: str) -> tuple[object, ...]:
    """The items of a slice; for anything else Sprig's error, which ends in its kind."""
    if isinstance(value, Slice):
        return value.items
    raise FunctionFailed(NIL_DEREFERENCE if value is None else f"{problem.format(kind(value))}")


def string_items(budget: Budget, value: object) -> tuple[str, ...]:
    """The items of a slice, or the value itself, as texts; nil is left out."""
    if value is None:
        return ()
    if not isinstance(value, Slice):
        return (text_of(value, budget),)
    return tuple(text_of(item, budget) for item in value.items if item is not None)


def _list(*values: object) -> Slice:
    return Slice(items=values)


def _append(values: object, value: object) -> Slice:
    return Slice(items=(*items_of(values, "Cannot push on type {}"), value))


def _prepend(values: object, value: object) -> Slice:
    return Slice(items=(value, *items_of(values, "Cannot prepend on type {}")))


def _first(values: object) -> object:
    items = items_of(values, "Cannot find first on type {}")
    return items[0] if items else None


def _last(values: object) -> object:
    items = items_of(values, "Cannot find last on type {}")
    return items[-1] if items else None


def _rest(values: object) -> Slice:
    items = items_of(values, "Cannot find rest on type {}")
    return Slice(items=items[1:]) if items else NIL_LIST


def _initial(values: object) -> Slice:
    items = items_of(values, "Cannot find initial on type {}")
    return Slice(items=items[:-1]) if items else NIL_LIST


def _reverse(values: object) -> Slice:
    return Slice(items=items_of(values, "Cannot find reverse on type {}")[::-1])


def _compact(values: object) -> Slice:
    return Slice.of(item for item in items_of(values, "Cannot compact on type {}") if not empty(item))


def _uniq(budget: Budget, values: object) -> Slice:
    kept: list[object] = []
    # What can be looked up is not compared with everything before it.
    seen: set[tuple[str, object]] = set()
    others: list[object] = []
    for item in items_of(values, "Cannot find uniq on type {}"):
        if _is_plain(item):
            key = (go_type(item), item)
            is_new = key not in seen
            seen.add(key)
        else:
            is_new = not _among(budget, item, others)
            others += [item] * is_new
        kept += [item] * is_new
    return Slice.of(kept)


def _is_plain(value: object) -> bool:
    """Whether two values of this one's type are equal where Python finds them so, and can be looked up."""
    if isinstance(value, Struct):
        return value.inner is None and all(isinstance(part, str) for part in value.values)
    return value is None or isinstance(value, (str, int))


def _without(budget: Budget, values: object, *left_out: object) -> Slice:
    items = items_of(values, "Cannot find without on type {}")
    return Slice.of(item for item in items if not _among(budget, item, left_out))


def _has(budget: Budget, value: object, values: object) -> bool:
    return values is not None and _among(budget, value, items_of(values, "Cannot find has on type {}"))


def _among(budget: Budget, value: object, items: tuple[object, ...] | list[object]) -> bool:
    return any(deep_equal(budget, value, item) for item in items)


def _slice(budget: Budget, values: object, *indices: object) -> Slice | None:
    """The items from the first index to the second; nil of an empty list."""
    items = items_of(values, "list should be type of slice or array but {}")
    if not items or not isinstance(values, Slice):
        return None
    start = to_int(indices[0]) if indices else 0
    end = to_int(indices[1]) if len(indices) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise FunctionFailed("reflect.Value.Slice: slice index out of bounds")
    budget.items(end - start)
    return Slice(values.element, items[start:end])


def _concat(budget: Budget, *lists: object) -> Slice:
    joined_items: list[object] = []
    for values in lists:
        items = items_of(values, "Cannot concat type {} as list")
        budget.items(len(items))
        joined_items += items
    return Slice.of(joined_items) if joined_items else NIL_LIST


def _chunk(budget: Budget, size: int, values: object) -> Slice:
    """Lists of at most so many items; a size of zero is Go's panic, and so is what a negative one comes to."""
    items = items_of(values, "Cannot chunk type {}")
    count = floor((len(items) - 1) / size) + 1 if size else -1
    if count < 0:
        raise FunctionFailed("runtime error: makeslice: len out of range")
    budget.items(count + len(items))
    chunks = []
    for index in range(count):
        length = size
        if index == count - 1:
            length = floor(fmod(len(items), size)) or size
        if length < 0:
            raise FunctionFailed("runtime error: makeslice: len out of range")
        chunks.append(Slice(items=items[index * size : index * size + length]))
    return Slice(ANY_SLICE, tuple(chunks))


def _join(budget: Budget, separator: str, values: object) -> str:
    texts = string_items(budget, values)
    budget.text(len(separator) * len(texts))
    return joined(separator.join(texts))


def _sort_alpha(budget: Budget, values: object) -> Slice:
    if not isinstance(values, Slice):
        return Slice(STRING, (text_of(values, budget),))
    texts = tuple(sorted(string_items(budget, values), key=to_bytes))
    if values.element != STRING:
        return Slice(STRING, texts)
    # Go sorts a list of texts in place, and who still holds that list sees it.
    object.__setattr__(values, "items", texts)
    return values


def _to_strings(budget: Budget, values: object) -> Slice:
    return Slice(STRING, string_items(budget, values))


def split(budget: Budget, separator: str, text: str, count: int = -1) -> list[str]:
    """Go's `strings.SplitN`: at most so many parts, all with a negative count; between characters without separator."""
    if count == 0:
        return []
    if not separator:
        count = len(text) if count < 0 else min(count, len(text))
        budget.items(count)
        return [*text[: count - 1], text[count - 1 :]] if count else []
    data, part = to_bytes(text), to_bytes(separator)
    budget.items(data.count(part))
    return [from_bytes(piece) for piece in data.split(part, count - 1 if count > 0 else -1)]


def _split_list(budget: Budget, separator: str, text: str) -> Slice:
    return Slice.of(split(budget, separator, text), STRING)


def _split(budget: Budget, separator: str, text: str) -> Map:
    return _numbered(split(budget, separator, text))


def _split_n(budget: Budget, separator: str, count: int, text: str) -> Map:
    return _numbered(split(budget, separator, text, count))


def _numbered(parts: list[str]) -> Map:
    return Map(element=STRING, entries={f"_{index}": part for index, part in enumerate(parts)})


FUNCTIONS: Final[Table] = (
    *named(("list", "tuple"), variadic, ANY, call=lambda _budget, *values: _list(*values)),
    *named(("append", "push", "mustAppend", "mustPush"), plain, ANY, ANY, call=_append),
    *named(("prepend", "mustPrepend"), plain, ANY, ANY, call=_prepend),
    *named(("first", "mustFirst"), plain, ANY, call=_first),
    *named(("last", "mustLast"), plain, ANY, call=_last),
    *named(("rest", "mustRest"), plain, ANY, call=_rest),
    *named(("initial", "mustInitial"), plain, ANY, call=_initial),
    *named(("reverse", "mustReverse"), plain, ANY, call=_reverse),
    *named(("compact", "mustCompact"), plain, ANY, call=_compact),
    *named(("uniq", "mustUniq"), costly, ANY, call=_uniq),
    *named(("without", "mustWithout"), variadic, ANY, ANY, call=_without),
    *named(("has", "mustHas"), costly, ANY, ANY, call=_has),
    *named(("slice", "mustSlice"), variadic, ANY, ANY, call=_slice),
    *named(("chunk", "mustChunk"), costly, INT, ANY, call=_chunk),
    variadic("concat", ANY, call=_concat),
    costly("join", STRING, ANY, call=_join),
    costly("sortAlpha", ANY, call=_sort_alpha),
    costly("toStrings", ANY, call=_to_strings),
    costly("splitList", STRING, STRING, call=_split_list),
    costly("split", STRING, STRING, call=_split),
    costly("splitn", STRING, INT, STRING, call=_split_n),
)
