"""Text to libyaml's events, each with the role that it plays, within bounds. Nothing is ever constructed from them.

Measured for a file of two documents and 134 events: `yaml.parse` 92 µs, `CParser.get_event` in a bare `iter` 76 µs,
`CParser.raw_parse`, which makes no objects, 15 µs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from imgupdate.documents.bounds import (
    MAXIMUM_DEPTH,
    MAXIMUM_DIRECTIVES,
    MAXIMUM_EVENTS,
    MAXIMUM_PARTS,
    Places,
    TooMuchYaml,
)
from imgupdate.errors import UnparsableYaml

# The stubs leave open what libyaml always sets: marks.
Event: TypeAlias = Any

ROOT: Final = 0
KEY: Final = 1
VALUE: Final = 2
ITEM: Final = 3
IN_FLOW: Final = 4
"""The role of a node: the root of a document, a key, a value, an item; plus `IN_FLOW` inside `{}` and `[]`."""

_NEXT: Final = (ROOT, VALUE, KEY, ITEM, ROOT, VALUE | IN_FLOW, KEY | IN_FLOW, ITEM | IN_FLOW)
_SEPARATOR: Final = "\n---"
_DIRECTIVE: Final = re.compile("^\ufeff?%|[\n\r\x85\u2028\u2029]%")
_NOT_YAML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of whole documents of a file (mostly one) that can be parsed alone; `start` is its place in the text."""

    text: str
    start: int


class Parsed:
    """The events of a part; the role of each, and where its documents start, are worked out as far as they are asked.

    Most of what a role takes is skipped in this way, since markers are near the beginning of most documents.
    """

    __slots__ = ("_documents", "_open", "_role", "_roles", "events")

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self._roles: list[int] = []
        self._documents: list[int] = []
        self._open: list[int] = []
        self._role = ROOT

    def role(self, index: int) -> int:
        """The role of an event: of a scalar, an alias or the start of a collection; of others that of what follows."""
        if index >= len(self._roles):
            self._advance(index)
        return self._roles[index]

    def document(self, index: int) -> int:
        """The index of the root of the document that an event is in."""
        self.role(index)
        return self._documents[bisect_right(self._documents, index) - 1] + 1

    def _advance(self, index: int) -> None:
        role, roles, open_roles, documents = self._role, self._roles, self._open, self._documents
        for event in self.events[len(roles) : index + 1]:
            roles.append(role)
            kind = type(event)
            if kind is ScalarEvent or kind is AliasEvent:
                role = _NEXT[role]
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                open_roles.append(role)
                role = KEY if kind is MappingStartEvent else ITEM
                if event.flow_style:
                    role |= IN_FLOW
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                role = _NEXT[open_roles.pop()]
            elif kind is DocumentStartEvent:
                documents.append(len(roles) - 1)
        self._role = role


def split(text: str, path: str) -> list[Part]:
    """The parts of a file, not too many, which put together make its text, a leading byte-order mark apart.

    A line that is `---`, alone or with something after a space, ends whatever document is open, also inside quotes and
    block scalars (YAML 1.2, 9.1.2). Only a directive ties what is before such a line to what is after it.

    Raises:
        UnparsableYaml: there are so many directives that libyaml would take minutes over them.

    """
    start = 1 if text.startswith("\ufeff") else 0
    if "%" in text and (directives := _DIRECTIVE.findall(text)):
        if len(directives) > MAXIMUM_DIRECTIVES:
            raise UnparsableYaml(
                "the file has too many directives", where=path, remedy="remove lines that begin with %"
            )
        return [Part(text[start:], start)]
    parts = []
    shortest = len(text) // MAXIMUM_PARTS
    found = text.find(_SEPARATOR, start)
    while found >= 0:
        after = found + len(_SEPARATOR)
        if found - start >= shortest and (after == len(text) or text[after] in " \t\r\n"):
            parts.append(Part(text[start : found + 1], start))
            start = found + 1
        found = text.find(_SEPARATOR, after)
    parts.append(Part(text[start:], start))
    return parts


def stream(text: str, maximum: int = MAXIMUM_EVENTS) -> Iterator[Event]:
    """The events of one part, as they come, at most so many.

    Raises:
        yaml.YAMLError: it is not YAML; also while the events are taken.
        TooMuchYaml: it is beyond a bound; the message says which; also while the events are taken.

    """
    events: Iterator[Event] = iter(CParser(text).get_event, None)
    if 2 * len(text) + 10 > maximum or text.count("[") + text.count("{") > MAXIMUM_DEPTH:
        return _bounded(events, maximum)
    return events


def parse(text: str, maximum: int = MAXIMUM_EVENTS) -> Parsed:
    """Parse one part.

    Raises:
        yaml.YAMLError: it is not YAML.
        TooMuchYaml: it is beyond a bound; the message says which.

    """
    events = list(stream(text, maximum))
    if "*" in text and AliasEvent in map(type, events):
        _demand_anchors(events)
    return Parsed(events)


def _bounded(events: Iterator[Event], maximum: int) -> Iterator[Event]:
    """The same events, up to the bounds: libyaml takes time quadratic in the depth of brackets and braces."""
    depth = 0
    for number, event in enumerate(events, 1):
        if number > maximum:
            raise TooMuchYaml(f"it has more than {MAXIMUM_EVENTS} nodes")
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise TooMuchYaml(f"it is nested deeper than {MAXIMUM_DEPTH} levels")
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        yield event


def check(text: str) -> None:
    """Make sure that a part is YAML, without looking at what it says.

    Raises:
        yaml.YAMLError: it is not YAML.
        TooMuchYaml: it is beyond a bound; the message says which.

    """
    if text.count("[") + text.count("{") > MAXIMUM_DEPTH:
        for _ in stream(text):
            pass
    else:
        CParser(text).raw_parse()


def unparsable(error: Exception, whole: str, part: Part, path: str) -> UnparsableYaml:
    """The error of ours for one that `parse` or `check` raised, with its line in the whole file."""
    if isinstance(error, TooMuchYaml):
        return UnparsableYaml(f"the file is more YAML than we read: {error}", where=path, remedy="split the file")
    message, position = _problem(error, part.text)
    line, _ = Places(whole).at(part.start + position)
    return UnparsableYaml(f"the file is not valid YAML: {message}", where=path, line=line, remedy="correct the YAML")


def _problem(error: Exception, text: str) -> tuple[str, int]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark: Any = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return said, min(mark.index, len(text)) if mark else 0
    found = _NOT_YAML.search(text)
    if found is None:
        return "it cannot be read", 0
    return f"the character U+{ord(found[0]):04X} is not allowed", found.start()


def _demand_anchors(events: list[Event]) -> None:
    """Every alias follows its anchor in its own document, as every reader but libyaml's parser demands."""
    known: set[str] = set()
    for event in events:
        kind = type(event)
        if kind is DocumentStartEvent:
            known = set()
        elif kind is AliasEvent and event.anchor not in known:
            raise yaml.composer.ComposerError(None, None, f"the alias *{event.anchor} has no anchor", event.start_mark)
        elif issubclass(kind, NodeEvent) and event.anchor:
            known.add(event.anchor)
