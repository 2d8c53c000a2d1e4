"""Go's `encoding/json`: JSON text as values, every number a float64, and what is wrong in Go's words."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.quoting import quoted
from imgupdate.templates.sprig.casting import parse_float
from imgupdate.templates.values import Map, Slice, to_bytes

DEEPEST: Final = 200
_SPACE: Final = b" \t\r\n"
_LITERALS: Final[dict[bytes, tuple[bytes, object]]] = {
    b"t": (b"true", True),
    b"f": (b"false", False),
    b"n": (b"null", None),
}
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')
_ESCAPES: Final = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}
_HEXADECIMAL: Final = b"0123456789abcdefABCDEF"
_DIGITS: Final = b"0123456789"


class Unreadable(FunctionFailed):
    """A text is not JSON."""


def from_json(budget: Budget, text: str) -> tuple[object, FunctionFailed | None]:
    """The value of a JSON text, and what keeps it from being the whole of it: a number beyond float64 is nil.

    Raises:
        Unreadable: it is not JSON, or nested too deeply.

    """
    reader = _Reader(budget, to_bytes(text))
    value = reader.value("looking for beginning of value", 0)
    reader.skip()
    if reader.position < len(reader.data):
        reader.wrong("after top-level value")
    return value, reader.problem


class _Reader:
    def __init__(self, budget: Budget, data: bytes) -> None:
        self.budget = budget
        self.data = data
        self.position = 0
        self.problem: FunctionFailed | None = None

    def wrong(self, where: str, *, inside: bool = False) -> NoReturn:
        """Say that the character at the position does not belong there; `inside` a word, the end counts as a space."""
        if self.position >= len(self.data) and not inside:
            raise Unreadable("unexpected end of JSON input")
        character = chr((self.data + b" ")[self.position])
        shown = {"'": r"'\''", '"': "'\"'"}.get(character) or f"'{quoted(character)[1:-1]}'"
        raise Unreadable(f"invalid character {shown} {where}")

    def peek(self) -> bytes:
        return self.data[self.position : self.position + 1]

    def skip(self) -> None:
        while self.peek() and self.peek() in _SPACE:
            self.position += 1

    def value(self, context: str, depth: int) -> object:
        if depth > DEEPEST:
            raise Unreadable("exceeded max depth")
        self.skip()
        self.budget.items(3)
        first = self.peek()
        if first == b"{":
            return self.members(depth)
        if first == b"[":
            return self.elements(depth)
        if first == b'"':
            return self.string()
        if first in _LITERALS:
            return self.literal(*_LITERALS[first])
        if not first or first not in b"-0123456789":
            self.wrong(context)
        return self.number()

    def members(self, depth: int) -> Map:
        entries: dict[object, object] = {}
        self.position += 1
        self.skip()
        if self.peek() == b"}":
            self.position += 1
            return Map()
        while True:
            self.skip()
            if self.peek() != b'"':
                self.wrong("looking for beginning of object key string")
            name = self.string()
            self.skip()
            if self.peek() != b":":
                self.wrong("after object key")
            self.position += 1
            entries[name] = self.value("looking for beginning of value", depth + 1)
            if self.ends(b"}", "after object key:value pair"):
                return Map(entries=entries)

    def elements(self, depth: int) -> Slice:
        items: list[object] = []
        self.position += 1
        self.skip()
        if self.peek() == b"]":
            self.position += 1
            return Slice()
        while True:
            items.append(self.value("looking for beginning of value", depth + 1))
            if self.ends(b"]", "after array element"):
                return Slice.of(items)

    def ends(self, close: bytes, context: str) -> bool:
        self.skip()
        if self.peek() not in (close, b","):
            self.wrong(context)
        self.position += 1
        return self.data[self.position - 1 : self.position] == close

    def literal(self, word: bytes, value: object) -> object:
        for index, expected in enumerate(word):
            if self.peek() != word[index : index + 1]:
                self.wrong(f"in literal {word.decode()} (expecting '{chr(expected)}')", inside=True)
            self.position += 1
        return value

    def number(self) -> object:
        start = self.position
        if self.peek() == b"-":
            self.position += 1
        if self.peek() == b"0":
            self.position += 1
        else:
            self.digits("in numeric literal")
        if self.peek() == b".":
            self.position += 1
            self.digits("after decimal point in numeric literal")
        if self.peek() in (b"e", b"E"):
            self.position += 1
            if self.peek() in (b"+", b"-"):
                self.position += 1
            self.digits("in exponent of numeric literal")
        written = self.data[start : self.position].decode()
        number = parse_float(written)
        if number is None and self.problem is None:
            self.problem = FunctionFailed(f"json: cannot unmarshal number {written} into Go value of type float64")
        return number

    def digits(self, context: str) -> None:
        if not self.peek() or self.peek() not in _DIGITS:
            self.wrong(context, inside=True)
        while self.peek() and self.peek() in _DIGITS:
            self.position += 1

    def string(self) -> str:
        self.position += 1
        parts: list[str] = []
        while True:
            found = _PLAIN.match(self.data, self.position)
            assert found  # noqa: S101 - the expression matches the empty text too
            parts.append(_decoded(found[0]))
            self.position = found.end()
            if self.peek() == b'"':
                self.position += 1
                return "".join(parts)
            if self.peek() != b"\\":
                self.wrong("in string literal")
            self.position += 1
            parts.append(self.escape())

    def escape(self) -> str:
        name = self.peek()
        if name in _ESCAPES:
            self.position += 1
            return _ESCAPES[name]
        if name != b"u":
            self.wrong("in string escape code", inside=True)
        self.position += 1
        first = self.unit()
        if not 0xD800 <= first < 0xE000:
            return chr(first)
        mark = self.position
        if first < 0xDC00 and self.data[mark : mark + 2] == b"\\u":
            self.position += 2
            second = self.unit()
            if 0xDC00 <= second < 0xE000:
                return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            self.position = mark
        return "\ufffd"

    def unit(self) -> int:
        """The number of four hexadecimal digits."""
        start = self.position
        while self.position < start + 4:
            if not self.peek() or self.peek() not in _HEXADECIMAL:
                self.wrong(r"in \u hexadecimal character escape", inside=True)
            self.position += 1
        return int(self.data[start : self.position], 16)


def _decoded(data: bytes) -> str:
    """The text of bytes, each that is not UTF-8 as U+FFFD."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))
