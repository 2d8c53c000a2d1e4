"""Declarations that the types of a message's data share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imgupdate.results import ObjectKey
from imgupdate.templates import well_formed
from imgupdate.templates.functions import Function
from imgupdate.templates.values import STRING, Struct, StructField, StructType


def fields(*named: tuple[str, str]) -> tuple[StructField, ...]:
    """Fields by name and type."""
    return tuple(StructField(name, kind) for name, kind in named)


def method(name: str, call: Callable[[Struct], object]) -> Mapping[str, Function]:
    """A method without arguments."""
    return {name: Function(name=name, call=call)}


def _with_slash(value: Struct) -> str:
    return f"{value.get('Namespace')}/{value.get('Name')}"


NAMESPACED_NAME = StructType(
    name="types.NamespacedName",
    fields=fields(("Namespace", STRING), ("Name", STRING)),
    methods=method("String", _with_slash),
    string=_with_slash,
)


def namespaced_name(key: ObjectKey) -> Struct:
    """The name of an object of the cluster."""
    return Struct(NAMESPACED_NAME, (well_formed(key.namespace), well_formed(key.name)))
