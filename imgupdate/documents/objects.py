"""Which Kubernetes object a place in a document belongs to."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

from yaml.events import CollectionEndEvent, CollectionStartEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

from imgupdate.documents.events import Event, Parsed
from imgupdate.results import ObjectIdentifier

_LISTS: Final = ("List", "ResourceList")
_OBJECT_FIELDS: Final = frozenset(["apiVersion", "kind", "metadata"])
_METADATA_FIELDS: Final = frozenset(["namespace", "name"])
_NULL: Final = ("", "~", "null", "Null", "NULL")


class _Item(NamedTuple):
    """An object in a list: the index of its first event, the index behind its last, and what it is."""

    start: int
    end: int
    identifier: ObjectIdentifier


class Objects:
    """The objects of a parsed part, each looked up once."""

    __slots__ = ("_found", "_parsed")

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._found: dict[int, tuple[ObjectIdentifier, list[_Item]]] = {}

    def at(self, index: int) -> ObjectIdentifier:
        """The object of the event with an index: that of its document, or of the item where this is a `kind: List`."""
        root = self._parsed.document(index)
        found = self._found.get(root)
        if found is None:
            events = self._parsed.events
            identifier = _identify(events, root)
            found = (identifier, _items(events, root) if identifier.kind in _LISTS else [])
            self._found[root] = found
        whole, items = found
        number = bisect_right(items, index, key=lambda item: item.start) - 1
        return items[number].identifier if number >= 0 and index < items[number].end else whole


def _identify(events: list[Event], root: int) -> ObjectIdentifier:
    fields = _values(events, root, _OBJECT_FIELDS)
    named = _values(events, fields["metadata"], _METADATA_FIELDS) if "metadata" in fields else {}
    return ObjectIdentifier(
        _text(events, fields.get("apiVersion")),
        _text(events, fields.get("kind")),
        _text(events, named.get("namespace")),
        _text(events, named.get("name")),
    )


def _items(events: list[Event], root: int) -> list[_Item]:
    start = _values(events, root, frozenset(["items"])).get("items")
    if start is None or type(events[start]) is not SequenceStartEvent:
        return []
    items = []
    position = start + 1
    while not isinstance(events[position], CollectionEndEvent):
        end = _after(events, position)
        items.append(_Item(position, end, _identify(events, position)))
        position = end
    return items


def _values(events: list[Event], root: int, names: frozenset[str]) -> dict[str, int]:
    """Where the values of some keys of a mapping are, the first of each; none if there is no mapping."""
    found: dict[str, int] = {}
    if type(events[root]) is not MappingStartEvent:
        return found
    position = root + 1
    while not isinstance(key := events[position], CollectionEndEvent):
        value = _after(events, position)
        if type(key) is ScalarEvent and key.value in names and key.value not in found:
            found[key.value] = value
            if len(found) == len(names):
                break
        position = value + 1 if type(events[value]) is ScalarEvent else _after(events, value)
    return found


def _after(events: list[Event], position: int) -> int:
    """The index behind the node that begins at a position."""
    depth = 0
    while True:
        event = events[position]
        position += 1
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if not depth:
            return position


def _text(events: list[Event], position: int | None) -> str:
    """The characters of a scalar, as kyaml takes them whatever their type; empty for null and for what is no scalar."""
    if position is None or type(event := events[position]) is not ScalarEvent:
        return ""
    return "" if not event.style and event.value in _NULL else event.value
