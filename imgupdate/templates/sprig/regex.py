"""Sprig's functions on regular expressions. A bad pattern is an error in all of them but `regexMatch`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from imgupdate.errors import InvalidPattern, shown
from imgupdate.patterns import Pattern
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.declare import Table, costly, named, plain
from imgupdate.templates.values import INT, STRING, SURROGATES, Slice, from_bytes, to_bytes

Spans = Sequence[tuple[int, int]]

_COMPILING: Final = 1024
_META: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


def compiled(budget: Budget, text: str) -> Pattern:
    """The pattern of a text; raises FunctionFailed where it has none."""
    budget.spend(_COMPILING + 16 * len(text))
    try:
        return _compile(text)
    except InvalidPattern as error:
        raise FunctionFailed(error.message) from error


@lru_cache(maxsize=32)
def _compile(text: str) -> Pattern:
    if not SURROGATES.isdisjoint(text):
        raise InvalidPattern(f"the regular expression {shown(text)} is not valid: it is not UTF-8")
    return Pattern(text)


def _find_from(budget: Budget, pattern: Pattern, data: bytes, position: int) -> Spans | None:
    budget.spend(32 + (len(data) - position) // 8)
    return pattern.find(data, position)


def _width(data: bytes, position: int) -> int:
    """How many bytes the character at a position takes; 0 at the end."""
    if position >= len(data):
        return 0
    return len(data[position : position + 4].decode("utf-8", "surrogateescape")[0].encode("utf-8", "surrogateescape"))


def all_matches(budget: Budget, pattern: Pattern, data: bytes, count: int) -> Iterator[Spans]:
    """The matches one after the other, at most so many; none that is empty just behind another."""
    position, before = 0, -1
    left = count if count >= 0 else len(data) + 1
    while left and position <= len(data):
        spans = _find_from(budget, pattern, data, position)
        if spans is None:
            return
        start, end = spans[0]
        is_new = True
        if end == position:
            is_new = start != before
            position += _width(data, position) or 1
        else:
            position = end
        before = end
        if is_new:
            left -= 1
            yield spans


def _match(budget: Budget, pattern: str, text: str) -> bool:
    try:
        return _must_match(budget, pattern, text)
    except FunctionFailed as error:
        if isinstance(error.__cause__, InvalidPattern):
            return False
        raise


def _must_match(budget: Budget, pattern: str, text: str) -> bool:
    return _find_from(budget, compiled(budget, pattern), to_bytes(text), 0) is not None


def _find(budget: Budget, pattern: str, text: str) -> str:
    data = to_bytes(text)
    spans = _find_from(budget, compiled(budget, pattern), data, 0)
    return from_bytes(data[slice(*spans[0])]) if spans else ""


def _find_all(budget: Budget, pattern: str, text: str, count: int) -> Slice:
    data = to_bytes(text)
    found = [
        from_bytes(data[slice(*spans[0])]) for spans in all_matches(budget, compiled(budget, pattern), data, count)
    ]
    return Slice.of(found, STRING) if found else Slice(STRING, nil=True)


def _split(budget: Budget, pattern: str, text: str, count: int) -> Slice:
    """The texts between the matches, at most so many; none with a count of zero."""
    expression = compiled(budget, pattern)
    if count == 0:
        return Slice(STRING, nil=True)
    data = to_bytes(text)
    if pattern and not data:
        return Slice(STRING, ("",))
    parts: list[str] = []
    start = end = 0
    for spans in all_matches(budget, expression, data, count):
        if 0 < count == len(parts) + 1:
            break
        end = spans[0][0]
        if spans[0][1]:
            parts.append(from_bytes(data[start:end]))
        start = spans[0][1]
    if end != len(data):
        parts.append(from_bytes(data[start:]))
    return Slice.of(parts, STRING)


def _replace_all(budget: Budget, pattern: str, text: str, template: str) -> str:
    """Every match by a template in which `$1`, `${1}` and `${name}` stand for groups."""
    expression = compiled(budget, pattern)
    parts = [to_bytes(part) if isinstance(part, str) else part for part in expression.parts(template)]
    return _replaced(budget, expression, text, parts)


def _replace_all_literal(budget: Budget, pattern: str, text: str, replacement: str) -> str:
    return _replaced(budget, compiled(budget, pattern), text, [to_bytes(replacement)])


def _replaced(budget: Budget, pattern: Pattern, text: str, parts: Sequence[bytes | tuple[int, ...]]) -> str:
    """The text with its matches replaced, but for an empty one just behind another."""
    data = to_bytes(text)
    written: list[bytes] = []
    copied = position = 0
    while position <= len(data):
        spans = _find_from(budget, pattern, data, position)
        if spans is None:
            break
        start, end = spans[0]
        written.append(data[copied:start])
        if end > copied or start == 0:
            filled = b"".join(part if isinstance(part, bytes) else _group(data, spans, part) for part in parts)
            budget.text(len(filled))
            written.append(filled)
        copied = end
        position = max(end, position + (_width(data, position) or 1))
    written.append(data[copied:])
    return from_bytes(b"".join(written))


def _group(data: bytes, spans: Spans, groups: tuple[int, ...]) -> bytes:
    """What the first of some groups that took part has matched."""
    return next((data[slice(*spans[group])] for group in groups if spans[group][0] >= 0), b"")


def _quote_meta(text: str) -> str:
    return _META.sub(r"\\\g<0>", text)


FUNCTIONS: Final[Table] = (
    costly("regexMatch", STRING, STRING, call=_match),
    costly("mustRegexMatch", STRING, STRING, call=_must_match),
    *named(("regexFind", "mustRegexFind"), costly, STRING, STRING, call=_find),
    *named(("regexFindAll", "mustRegexFindAll"), costly, STRING, STRING, INT, call=_find_all),
    *named(("regexSplit", "mustRegexSplit"), costly, STRING, STRING, INT, call=_split),
    *named(("regexReplaceAll", "mustRegexReplaceAll"), costly, STRING, STRING, STRING, call=_replace_all),
    *named(
        ("regexReplaceAllLiteral", "mustRegexReplaceAllLiteral"),
        costly,
        STRING,
        STRING,
        STRING,
        call=_replace_all_literal,
    ),
    plain("regexQuoteMeta", STRING, call=_quote_meta),
)
