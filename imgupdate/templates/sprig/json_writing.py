"""Go's `encoding/json`: values as JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Final

from imgupdate.templates.floats import format_float
from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.dates import TIME, json_text
from imgupdate.templates.sprig.semver import VERSION_TYPES
from imgupdate.templates.values import STRING, Map, Slice, Struct, go_type, sorted_entries

DEEPEST: Final = 200
_ALWAYS: Final = re.compile("[\u2028\u2029\udc80-\udcff]")
_HTML: Final = re.compile("[<>&\u2028\u2029\udc80-\udcff]")


class Unwritable(FunctionFailed):
    """A value has no JSON: a map whose keys are no strings, a number without end, a value that holds itself."""


def to_json(budget: Budget, value: object, *, html: bool = True, indent: str | None = None) -> str:
    """A value as JSON, the keys of maps sorted; `html` escapes `<`, `>` and `&`. Raises Unwritable."""
    writer = _Writer(budget, html=html, indent=indent)
    writer.write(value, "\n", 0)
    return "".join(writer.parts)


class _Writer:
    def __init__(self, budget: Budget, *, html: bool, indent: str | None) -> None:
        self.budget = budget
        self.escaped = _HTML if html else _ALWAYS
        self.indent = indent
        self.parts: list[str] = []

    def write(self, value: object, margin: str, depth: int) -> None:
        """Write one value; `margin` is the end of a line and the indentation of the line that the value ends on."""
        if depth > DEEPEST:
            raise Unwritable(f"json: unsupported value: encountered a cycle via {go_type(value)}")
        match value:
            case Struct() if value.type is TIME:
                self.put(self.text(json_text(value)))
            case Struct() if value.type in VERSION_TYPES and value.type.string:
                self.put(self.text(value.type.string(value)))
            case Struct():
                self.members(fields(value), margin, depth)
            case Map(nil=False):
                self.members(_entries(value), margin, depth)
            case Slice(nil=False):
                self.elements(value.items, margin, depth)
            case _:
                self.put(self.scalar(value))

    def put(self, text: str) -> None:
        self.budget.text(len(text) + 8)
        self.parts.append(text)

    def members(self, entries: Iterator[tuple[str, object]], margin: str, depth: int) -> None:
        colon = ":" if self.indent is None else ": "
        before = "{"
        for name, value in entries:
            self.put(before + self.inner(margin) + self.text(name) + colon)
            self.write(value, margin + (self.indent or ""), depth + 1)
            before = ","
        self.put("{}" if before == "{" else self.outer(margin) + "}")

    def elements(self, items: tuple[object, ...], margin: str, depth: int) -> None:
        before = "["
        for item in items:
            self.put(before + self.inner(margin))
            self.write(item, margin + (self.indent or ""), depth + 1)
            before = ","
        self.put("[]" if before == "[" else self.outer(margin) + "]")

    def inner(self, margin: str) -> str:
        return "" if self.indent is None else margin + self.indent

    def outer(self, margin: str) -> str:
        return "" if self.indent is None else margin

    def scalar(self, value: object) -> str:
        match value:
            case None | Map() | Slice():
                return "null"
            case bool():
                return "true" if value else "false"
            case str():
                return self.text(value)
            case int():
                return str(int(value))
            case float():
                return _number(value)
        raise Unwritable(f"json: unsupported type: {go_type(value)}")

    def text(self, value: str) -> str:
        return self.escaped.sub(_escape, json.dumps(value, ensure_ascii=False))


def fields(value: Struct) -> Iterator[tuple[str, object]]:
    """The fields of a struct by name, those of an embedded one in its place."""
    for known, part in zip(value.type.fields, value.values, strict=True):
        if known.embedded and isinstance(part, Struct):
            yield from fields(part)
        elif part or not known.json:
            yield known.json or known.name, part


def _entries(value: Map) -> Iterator[tuple[str, object]]:
    if value.key != STRING:
        raise Unwritable(f"json: unsupported type: {go_type(value)}")
    return ((str(key), element) for key, element in sorted_entries(value))


def _number(value: float) -> str:
    if not isfinite(value):
        raise Unwritable(f"json: unsupported value: {format_float(value)}")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format_float(value, "f")
    return re.sub(r"e-0(\d)$", r"e-\1", format_float(value, "e"))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\\ufffd" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
