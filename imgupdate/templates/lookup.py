"""Fields and methods of values, and the two nils of a template."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.templates.functions import Function
from imgupdate.templates.values import ANY, REFLECT_VALUE, Struct, StructField


class InterfaceNil:
    """The nil that an item of a list or dict can be: Go lets it be passed on, but has no field of it."""


INTERFACE_NIL = InterfaceNil()


def element(value: object, declared: str) -> object:
    """An item of a list or dict as the evaluator sees it."""
    return INTERFACE_NIL if value is None and declared == ANY else value


def bare(value: object) -> object:
    """A value without the interface around it."""
    return None if isinstance(value, InterfaceNil) else value


def has_nil(declared: str) -> bool:
    """Whether a parameter of a type can be nil."""
    return declared in {ANY, REFLECT_VALUE} or declared.startswith(("[]", "map[", "*"))


def find_field(value: Struct, name: str) -> tuple[StructField, object] | None:
    """A field of a struct or, level by level, of those embedded in it."""
    level = [value]
    while level:
        for struct in level:
            for known, part in zip(struct.type.fields, struct.values, strict=True):
                if known.name == name:
                    return known, part
        level = embedded(level)
    return None


def find_method(value: Struct, name: str) -> tuple[Struct, Function] | None:
    """A method of a struct or, level by level, of those embedded in it, and whose it is."""
    level = [value]
    while level:
        for struct in level:
            if name in struct.type.methods:
                return struct, struct.type.methods[name]
        level = embedded(level)
    return None


def embedded(level: Sequence[Struct]) -> list[Struct]:
    """The structs embedded in some."""
    return [
        part
        for struct in level
        for known, part in zip(struct.type.fields, struct.values, strict=True)
        if known.embedded and isinstance(part, Struct)
    ]


def known_names(value: Struct) -> list[str]:
    """What a template can ask a struct for."""
    names: list[str] = []
    level = [value]
    while level:
        for struct in level:
            names += [known.name for known in struct.type.fields if not known.embedded and known.name[0].isupper()]
            names += struct.type.methods
        level = embedded(level)
    return names
