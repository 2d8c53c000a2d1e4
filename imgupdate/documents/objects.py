"""Which Kubernetes object a place in a document belongs to."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from imgupdate.documents.events import Event, Parsed
from imgupdate.results import ObjectIdentifier

_STARTS: Final = (MappingStartEvent, SequenceStartEvent)
_ENDS: Final = (MappingEndEvent, SequenceEndEvent)
_LISTS: Final = ("List", "ResourceList")
_NULL: Final = ("", "~", "null", "Null", "NULL")


class Objects:
    """The objects of a parsed part, each looked up once."""

    __slots__ = ("_found", "_parsed")

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._found: dict[int, tuple[ObjectIdentifier, list[tuple[int, int, ObjectIdentifier]]]] = {}

    def at(self, index: int) -> ObjectIdentifier:
        """The object of the event with an index: that of its document, or of the item where this is a `kind: List`."""
        root = self._parsed.document(index)
        if root not in self._found:
            self._found[root] = _identify(self._parsed.events, root)
        whole, items = self._found[root]
        if items:
            number = bisect_right(items, index, key=lambda item: item[0]) - 1
            if number >= 0 and index < items[number][1]:
                return items[number][2]
        return whole


def _identify(events: list[Event], root: int) -> tuple[ObjectIdentifier, list[tuple[int, int, ObjectIdentifier]]]:
    """An object, and where it is a list the first event, the end and the object of each of its items."""
    fields = _values(events, root, ("apiVersion", "kind", "metadata"))
    kind = _text(events, fields.get("kind"))
    named = _values(events, fields["metadata"], ("namespace", "name")) if "metadata" in fields else {}
    whole = ObjectIdentifier(
        _text(events, fields.get("apiVersion")),
        kind,
        _text(events, named.get("namespace")),
        _text(events, named.get("name")),
    )
    if kind not in _LISTS:
        return whole, []
    position = _values(events, root, ("items",)).get("items")
    if position is None or type(events[position]) is not SequenceStartEvent:
        return whole, []
    items = []
    position += 1
    while type(events[position]) is not SequenceEndEvent:
        end = _after(events, position)
        items.append((position, end, _identify_item(events, position)))
        position = end
    return whole, items


def _identify_item(events: list[Event], root: int) -> ObjectIdentifier:
    fields = _values(events, root, ("apiVersion", "kind", "metadata"))
    named = _values(events, fields["metadata"], ("namespace", "name")) if "metadata" in fields else {}
    return ObjectIdentifier(
        _text(events, fields.get("apiVersion")),
        _text(events, fields.get("kind")),
        _text(events, named.get("namespace")),
        _text(events, named.get("name")),
    )


def _values(events: list[Event], root: int, names: tuple[str, ...]) -> dict[str, int]:
    """Where the values of some keys of a mapping are, the first of each; none if there is no mapping."""
    found: dict[str, int] = {}
    if type(events[root]) is not MappingStartEvent:
        return found
    position = root + 1
    while len(found) < len(names) and type(key := events[position]) is not MappingEndEvent:
        value = position + 1 if type(key) is ScalarEvent else _after(events, position)
        if type(key) is ScalarEvent and key.value in names:
            found.setdefault(key.value, value)
        position = value + 1 if type(events[value]) is ScalarEvent else _after(events, value)
    return found


def _after(events: list[Event], position: int) -> int:
    """The index behind the node that begins at a position."""
    if not isinstance(events[position], _STARTS):
        return position + 1
    depth = 1
    while depth:
        position += 1
        event = events[position]
        if isinstance(event, _STARTS):
            depth += 1
        elif isinstance(event, _ENDS):
            depth -= 1
    return position + 1


def _text(events: list[Event], position: int | None) -> str:
    """The characters of a scalar, as kyaml takes them whatever their type; empty for null and for what is no scalar."""
    if position is None or type(event := events[position]) is not ScalarEvent:
        return ""
    return "" if not event.style and event.value in _NULL else str(event.value)
