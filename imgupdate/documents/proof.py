"""The proof that an edit changed the scalars that it was to change, to what they were to become, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from imgupdate.documents.events import Event, Parsed
from imgupdate.documents.scalars import Spelling

_SCALAR: Final = attrgetter("value", "style", "tag", "anchor", "implicit")
_COLLECTION: Final = attrgetter("anchor", "tag", "implicit", "flow_style")
_REST: Final = {
    AliasEvent: attrgetter("anchor"),
    DocumentStartEvent: attrgetter("explicit", "version", "tags"),
    DocumentEndEvent: attrgetter("explicit"),
    MappingStartEvent: _COLLECTION,
    SequenceStartEvent: _COLLECTION,
}


def first_difference(before: Parsed, after: Parsed, wanted: Mapping[int, Spelling]) -> int | None:
    """The index of the first event that is not what it must be after an edit, None if all are.

    `wanted` holds the edited scalars by the index of their events; their quoting is free, their value, tag and anchor
    are not.
    """
    old, new = before.events, after.events
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        kind = type(one)
        if kind is not type(other):
            return index
        if kind is ScalarEvent:
            if _SCALAR(one) != _SCALAR(other) and not _is_wanted(one, other, wanted.get(index)):
                return index
        elif kind in _REST and _REST[kind](one) != _REST[kind](other):
            return index
    for index, spelling in wanted.items():
        if index < len(new) and not _is_wanted(old[index], new[index], spelling):
            return index
    return None if len(old) == len(new) else min(len(old), len(new))


def _is_wanted(old: Event, new: Event, wanted: Spelling | None) -> bool:
    return wanted is not None and new.value == wanted.value and new.tag == wanted.tag and new.anchor == old.anchor
