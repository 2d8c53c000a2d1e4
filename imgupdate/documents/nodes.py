"""YAML as values that know where they were written, for configuration.

The hot path (markers) does not come through here. Text becomes libyaml's events, and those become nodes: typed as
Kubernetes' reader of YAML 1.1 types them, aliases shared, `<<` merged. Everything is bounded before it is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isinf

import yaml

from imgupdate.documents.bounds import MAXIMUM_DEPTH, MAXIMUM_EVENTS, Places, decode
from imgupdate.documents.events import Event, split, unparsable
from imgupdate.errors import UnparsableYaml, shown

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}
_CONSTANTS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flaw:
    """What no reader of Kubernetes takes, though the text is YAML: a `key` twice, or one that is no scalar."""

    line: int
    column: int
    message: str
    remedy: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scalar:
    """A single value: `value` as Kubernetes types it, `text` as the characters that stand for it."""

    line: int
    column: int
    value: str | int | float | bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sequence:
    """A list of nodes."""

    line: int
    column: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """A key of a mapping and its value; `textual` is false where the key was a number or a boolean."""

    line: int
    column: int
    key: str
    value: Node
    textual: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mapping:
    """Keys and values in the order of the text, merged keys last; the first of a repeated key holds."""

    line: int
    column: int
    entries: tuple[Entry, ...]
    flaws: tuple[Flaw, ...] = ()
    _by_key: dict[str, Entry] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {entry.key: entry for entry in reversed(self.entries)})

    def get(self, key: str) -> Node | None:
        """The value of a key, None where the mapping has no such key."""
        entry = self._by_key.get(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        """The key with its place and its value."""
        return self._by_key.get(key)

    def key_line(self, key: str) -> int:
        """The line of a key, that of the mapping where it has no such key."""
        entry = self._by_key.get(key)
        return entry.line if entry else self.line


Node = Mapping | Sequence | Scalar


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """One document of a file; `line` is that of its first content."""

    root: Node
    line: int


def load(text: str | bytes, path: str) -> tuple[Document, ...]:
    """Read all documents of a YAML text; `path` is for messages only.

    Raises:
        UnparsableYaml: it is not UTF-8, not YAML, or beyond the bounds (bytes, nodes after aliases, depth).

    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    whole = decode(data, path)
    composer = _Composer(path, Places(whole))
    found: list[Document] = []
    for part in split(whole, path):
        parser = yaml.CSafeLoader(part.text)
        try:
            found += composer.documents(parser.get_event, part.start)
        except yaml.YAMLError as error:
            raise unparsable(error, whole, part, path) from error
        finally:
            parser.dispose()
    return tuple(found)


def flaws(node: Node) -> Iterator[Flaw]:
    """Every flaw of a node and of what is below it, each once."""
    seen: set[int] = set()
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Mapping):
            yield from current.flaws
            waiting.extend(entry.value for entry in reversed(current.entries))
        elif isinstance(current, Sequence):
            waiting.extend(reversed(current.items))


def scalar_value(text: str) -> str | int | float | bool | None:
    """What a plain scalar means to Kubernetes' YAML reader (go-yaml v2): YAML 1.1 without base 60, dates as text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _CONSTANTS.fullmatch(text):
        return float(text.replace(".", "", 1))
    plain = text if text[0] == "." else text.replace("_", "")
    if _INTEGER.fullmatch(plain) and (whole := _integer(plain)) is not None:
        return whole
    if _FLOAT.fullmatch(plain) and not isinf(number := float(plain)):
        return number
    return text


def _integer(text: str) -> int | None:
    """A whole number, None beyond 64 bits, where Go's reader goes on to try a float."""
    digits = text.lstrip("+-").lower()
    if len(digits) > 100:
        return None
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    value = int(digits, 8 if octal else 0)
    if text[0] == "-":
        value = -value
    return value if -(2**63) <= value < 2**64 else None


def _not_yaml(message: str, path: str, line: int) -> UnparsableYaml:
    return UnparsableYaml(f"the file is not valid YAML: {message}", where=path, line=line, remedy="correct the YAML")


class _Composer:
    """Builds nodes from events, and gives up where a bound is passed."""

    def __init__(self, path: str, places: Places) -> None:
        self._path = path
        self._places = places
        self._left = MAXIMUM_EVENTS
        self._anchors: dict[str, Node | None] = {}
        self._weights: dict[int, int] = {}

    def documents(self, event_source: Callable[[], Event], start: int) -> Iterator[Document]:
        """The documents of one part of a file, which starts at a position of the file."""
        self._event = event_source
        self._start = start
        while not isinstance(event := self._event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._weights = {}, {}
                root = self._node(self._event(), 0)
                yield Document(root=root, line=root.line)

    def _node(self, event: Event, depth: int) -> Node:
        line, column = self._at(event)
        anchor = event.anchor
        before = self._spend(1, line)
        if depth > MAXIMUM_DEPTH:
            raise self._beyond(f"it nests deeper than {MAXIMUM_DEPTH} levels", line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(anchor, line)
        if anchor:
            self._anchors[anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, line, column)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(line, column, depth)
        else:
            node = self._mapping(line, column, depth)
        if anchor:
            self._anchors[anchor] = node
            self._weights[id(node)] = before - self._left
        return node

    def _at(self, event: Event) -> tuple[int, int]:
        return self._places.at(self._start + event.start_mark.index)

    def _spend(self, nodes: int, line: int) -> int:
        before = self._left
        self._left -= nodes
        if self._left < 0:
            raise self._beyond(f"it holds more than {MAXIMUM_EVENTS} values, aliases counted", line)
        return before

    def _beyond(self, message: str, line: int) -> UnparsableYaml:
        remedy = "split the file, or write out what the aliases repeat"
        return UnparsableYaml(f"the file is too large to read: {message}", where=self._path, line=line, remedy=remedy)

    def _alias(self, anchor: str, line: int) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            inside = anchor in self._anchors
            message = "an alias stands inside its own anchor" if inside else "an alias names no anchor before it"
            raise _not_yaml(message, self._path, line)
        self._spend(self._weights[id(node)], line)
        return node

    def _scalar(self, event: Event, line: int, column: int) -> Scalar:
        text: str = event.value
        value: str | int | float | bool | None = text
        tag = (event.tag or "").removeprefix(_TAG)
        if event.implicit[0]:
            value = scalar_value(text)
        elif tag in {"int", "float", "bool", "null"}:
            value = self._tagged(tag, text, line)
        return Scalar(line=line, column=column, value=value, text=text)

    def _tagged(self, tag: str, text: str, line: int) -> int | float | bool | None:
        value = scalar_value(text)
        if tag == "null" and value is None:
            return None
        if tag == "bool" and isinstance(value, bool):
            return value
        if tag == "int" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if tag == "float" and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise _not_yaml(f"a value tagged !!{tag} is none", self._path, line)

    def _sequence(self, line: int, column: int, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Sequence(line=line, column=column, items=tuple(items))

    def _mapping(self, line: int, column: int, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        found: list[Flaw] = []
        merges: list[Node] = []
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            is_merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
            where, place = self._at(event)
            key = self._node(event, depth + 1)
            value = self._node(self._event(), depth + 1)
            if is_merge:
                merges.append(value)
                continue
            if not isinstance(key, Scalar) or key.value is None:
                remedy = "quote it, or render the template first"
                found.append(Flaw(line=where, column=place, message="a key is not a string", remedy=remedy))
            elif (name := _key(key)) in entries:
                message = f"the key {shown(name)} is there twice, first in line {entries[name].line}"
                found.append(Flaw(line=where, column=place, message=message, remedy="remove one of them", key=name))
            else:
                textual = isinstance(key.value, str)
                entries[name] = Entry(line=where, column=place, key=name, value=value, textual=textual)
        for merge in merges:
            self._merge(merge, entries)
        return Mapping(line=line, column=column, entries=tuple(entries.values()), flaws=tuple(found))

    def _merge(self, merge: Node, entries: dict[str, Entry]) -> None:
        """Add what `<<` brings: what is there already holds, and so does the earlier of several mappings."""
        for source in merge.items if isinstance(merge, Sequence) else (merge,):
            if not isinstance(source, Mapping):
                raise _not_yaml("`<<` merges something that is no mapping", self._path, source.line)
            for entry in source.entries:
                if entry.key not in entries:
                    entries[entry.key] = entry


def _key(key: Scalar) -> str:
    """A key as Kubernetes' conversion to JSON writes it."""
    if isinstance(key.value, bool):
        return "true" if key.value else "false"
    return str(key.value) if isinstance(key.value, int) else key.text
