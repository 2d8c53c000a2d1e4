"""The Go values that a template sees, as Python values.

    bool -> bool          string -> str (bytes that are not UTF-8 as surrogates)        nil -> None
    int  -> int           other integer kinds -> Int64, Uint8, ... (an int that knows its kind)
    float64 -> float      complex128 -> complex
    slice -> Slice        map -> Map (shared and changeable, as in Go)        struct, pointer to struct -> Struct

A Go type is the text that `%T` prints: `[]interface {}`, `map[string]string`, `source.TemplateData`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

ANY = "interface {}"
BOOL = "bool"
STRING = "string"
INT = "int"
INT64 = "int64"
FLOAT64 = "float64"
ERROR = "error"
REFLECT_VALUE = "reflect.Value"
"""The type of a built-in's parameter that takes every value, nil included."""

ANY_SLICE = "[]interface {}"
STRING_SLICE = "[]string"
INT_SLICE = "[]int"
ANY_MAP = "map[string]interface {}"
STRING_MAP = "map[string]string"

SURROGATES = frozenset(chr(code) for code in range(0xDC80, 0xDD00))


def to_bytes(text: str) -> bytes:
    """The bytes of a Go string."""
    return text.encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """The Go string with these bytes."""
    return data.decode("utf-8", "surrogateescape")


def joined(*parts: str) -> str:
    """Go strings put together; halves of a character on both sides of a seam become that character."""
    text = "".join(parts)
    return text if text.isascii() or SURROGATES.isdisjoint(text) else from_bytes(to_bytes(text))


class SizedInteger(int):
    """An integer of a Go kind other than `int`; a number out of its range wraps around, as a Go conversion does."""

    name: ClassVar[str]
    bits: ClassVar[int]
    signed: ClassVar[bool]

    def __new__(cls, value: int = 0) -> Self:
        """The integer, wrapped around into the kind's range."""
        return super().__new__(cls, wrapped(int(value), cls.bits, signed=cls.signed))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"


def wrapped(value: int, bits: int = 64, *, signed: bool = True) -> int:
    """The number that a Go integer of so many bits holds when it is given this one."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


class Int32(SizedInteger):
    """Go's `int32`: a rune."""

    name, bits, signed = "int32", 32, True


class Int64(SizedInteger):
    """Go's `int64`: what most of Sprig's arithmetic gives."""

    name, bits, signed = "int64", 64, True


class Uint8(SizedInteger):
    """Go's `uint8`: a byte."""

    name, bits, signed = "uint8", 8, False


class Uint32(SizedInteger):
    """Go's `uint32`."""

    name, bits, signed = "uint32", 32, False


class Uint64(SizedInteger):
    """Go's `uint64`: a part of a version."""

    name, bits, signed = "uint64", 64, False


SIZED: Mapping[str, type[SizedInteger]] = {kind.name: kind for kind in (Int32, Int64, Uint8, Uint32, Uint64)}


@dataclass(frozen=True, slots=True)
class Slice:
    """A Go slice. `nil` marks the nil slice, which differs from the empty one only in `%#v` and in JSON."""

    element: str = ANY
    items: tuple[object, ...] = ()
    nil: bool = field(default=False, kw_only=True)

    @classmethod
    def of(cls, items: Iterable[object], element: str = ANY) -> Slice:
        """A slice of these items."""
        return cls(element, tuple(items))


@dataclass(slots=True, eq=False)
class Map:
    """A Go map. It is a reference: who holds it sees what others put into `entries`; equal only to itself."""

    key: str = STRING
    element: str = ANY
    entries: dict[Any, object] = field(default_factory=dict)
    nil: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class StructField:
    """A field of a struct type; the fields and methods of an embedded one are reached from outside too.

    `json` is its name in JSON where Go's type gives it one; such a field is left out of JSON when it is empty.
    """

    name: str
    type: str
    embedded: bool = False
    json: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StructType:
    """A Go struct type, or with `pointer` the type of a pointer to one.

    `methods` are those that a template may call, as functions (`functions.Function`) whose `call` takes the
    receiver before the arguments; `string` is what `String()` (or `Error()`) prints, where there is one; `removed`
    are the fields that the type had once, with the error that says so and its remedy.
    """

    name: str
    fields: tuple[StructField, ...] = ()
    methods: Mapping[str, Any] = field(default_factory=dict)
    string: Callable[[Struct], str] | None = None
    pointer: bool = False
    removed: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Struct:
    """A value of a struct type: one value for each field, and what a type of ours keeps out of sight in `inner`."""

    type: StructType
    values: tuple[object, ...] = ()
    inner: object = None

    def get(self, name: str) -> object:
        """The value of a field of the type itself; KeyError where there is none."""
        for known, value in zip(self.type.fields, self.values, strict=True):
            if known.name == name:
                return value
        raise KeyError(name)


def go_type(value: object) -> str:  # noqa: PLR0911 - one line a type
    """What `%T` prints for a value; `<nil>` for nil."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return BOOL
        case str():
            return STRING
        case SizedInteger():
            return value.name
        case int():
            return INT
        case float():
            return FLOAT64
        case complex():
            return "complex128"
        case Slice():
            return f"[]{value.element}"
        case Map():
            return f"map[{value.key}]{value.element}"
        case Struct():
            return f"*{value.type.name}" if value.type.pointer else value.type.name
    raise TypeError(f"{type(value).__name__} is not a value of a template")


def kind(value: object) -> str:
    """The name of the value's `reflect.Kind`; `invalid` for nil."""
    match value:
        case None:
            return "invalid"
        case Slice():
            return "slice"
        case Map():
            return "map"
        case Struct():
            return "ptr" if value.type.pointer else "struct"
    return go_type(value)


def is_integer(value: object) -> bool:
    """Whether a value is of one of Go's integer kinds."""
    return isinstance(value, int) and not isinstance(value, bool)


def truth(value: object) -> bool:
    """Whether `if`, `with`, `and` and `or` take a value for true: not nil, zero or empty; every struct is true."""
    match value:
        case Slice():
            return bool(value.items)
        case Map():
            return bool(value.entries)
        case Struct():
            return True
    return bool(value)


def sort_key(value: object) -> tuple[object, ...]:
    """The key by which Go's printing and `range` order the keys of a map: strings by bytes, structs by their fields."""
    match value:
        case str():
            return (2, to_bytes(value))
        case bool() | int() | float():
            return (1, value)
        case Struct():
            return (3, *(sort_key(part) for part in value.values))
    return (0,)


def sorted_entries(value: Map) -> list[tuple[object, object]]:
    """The keys and elements of a map in the order that Go prints and ranges over them."""
    return sorted(value.entries.items(), key=lambda entry: sort_key(entry[0]))


def zero(declared: str) -> object:
    """The zero value of a type, as a map gives it for a key that it does not have."""
    if declared in SIZED:
        return SIZED[declared](0)
    if declared.startswith("[]"):
        return Slice(declared[2:], nil=True)
    if declared.startswith("map["):
        key, _, element = declared[4:].partition("]")
        return Map(key, element, nil=True)
    return {STRING: "", BOOL: False, INT: 0, FLOAT64: 0.0}.get(declared)
