"""Which field of one tree is which of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from imgupdate.results import Marker, ObjectIdentifier


@dataclass(frozen=True, slots=True)
class FieldId:
    """A marked field by what stays when lines move: file, object, marker, and which of those that share all three."""

    path: str
    object: ObjectIdentifier
    setter: str
    number: int


def identified(markers: Iterable[Marker]) -> dict[FieldId, Marker]:
    """Each marker by its identity, in the given order, which is that of a document."""
    seen: Counter[tuple[str, ObjectIdentifier, str]] = Counter()
    found: dict[FieldId, Marker] = {}
    for marker in markers:
        alike = marker.location.path, marker.object, marker.setter
        found[FieldId(*alike, seen[alike])] = marker
        seen[alike] += 1
    return found
