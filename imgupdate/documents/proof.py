"""The proof that an edit changed the scalars that it was to change, to what they were to become, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from yaml.events import AliasEvent, CollectionStartEvent, ScalarEvent

from imgupdate.documents.events import Event
from imgupdate.documents.scalars import Spelling

_QUOTES: Final = ('"', "'", "|", ">")


class Outline(NamedTuple):
    """All that a reader makes of some events: their structure, values, quotes, anchors, tags and aliases.

    It is a tenth of the size of the events, and comparing two takes a tenth of the time of parsing.
    """

    values: list[object]
    """The kind of each event; of a scalar its value behind its quote or block indicator, as no plain one begins."""
    properties: dict[int, tuple[str | None, str | None]]
    """Anchor and tag by the index of the event, where there are any; of an alias its anchor."""


def outline(events: Sequence[Event], text: str) -> Outline:
    """What a reader makes of the events of a text."""
    values: list[object] = [
        (event.style + event.value if event.style else event.value) if type(event) is ScalarEvent else type(event)
        for event in events
    ]
    return Outline(values, _properties(events) if "&" in text or "!" in text else {})


def first_difference(before: Outline, after: Outline, wanted: Mapping[int, Spelling]) -> int | None:
    """The index of the first event that is not what it must be after an edit, None if there is none.

    `wanted` holds the edited scalars by the index of their events: value and tag must be as said there, their quoting
    is free. All else must be as before.
    """
    expected, found = before.values.copy(), after.values
    properties = before.properties.copy()
    for index, spelling in wanted.items():
        says_it = index < len(found) and _says(found[index], spelling.value)
        expected[index] = found[index] if says_it else None  # as no event is
        if index in properties:
            _retag(properties, index, spelling.tag)
    if expected == found and properties == after.properties:
        return None
    differences = [index for index, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]]
    named = {*properties, *after.properties}
    differences += (index for index in named if properties.get(index) != after.properties.get(index))
    return min(differences, default=min(len(expected), len(found)))


def _says(found: object, value: str) -> bool:
    """Whether an entry of an outline is a scalar with a value, in quotes or not."""
    if not isinstance(found, str):
        return False
    return found[1:] == value if found.startswith(_QUOTES) else found == value != ""


def _retag(properties: dict[int, tuple[str | None, str | None]], index: int, tag: str | None) -> None:
    anchor, _ = properties.pop(index)
    if anchor is not None or tag is not None:
        properties[index] = (anchor, tag)


def _properties(events: Sequence[Event]) -> dict[int, tuple[str | None, str | None]]:
    found: dict[int, tuple[str | None, str | None]] = {}
    for index, event in enumerate(events):
        if isinstance(event, ScalarEvent | CollectionStartEvent):
            if event.anchor is not None or event.tag is not None:
                found[index] = (event.anchor, event.tag)
        elif isinstance(event, AliasEvent):
            found[index] = (event.anchor, None)
    return found
