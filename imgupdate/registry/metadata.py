"""Platforms, time of creation, labels and annotations of an image, by the fewest requests (spec/registry.md 5)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from imgupdate.images import Digest
from imgupdate.registry.labels import INDEXES, add_texts, labels_of
from imgupdate.registry.manifests import Document, Json, Manifests, entries_of, named_platform, platform_of, usual_entry
from imgupdate.results import Facet, ImageMetadata

CREATED = "org.opencontainers.image.created"

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
REPRODUCIBLE = datetime(1980, 1, 3, tzinfo=UTC).timestamp()
"""Builds whose bytes are to be the same at any time say that they are of the first day of 1970 or 1980."""

_MOST_PLATFORMS = 200
_LONGEST_PLATFORM = 100


@dataclass(slots=True)
class _Found:
    """What is known so far, and of what nothing more is to be learned."""

    platforms: tuple[str, ...] = ()
    created: float | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    done: set[Facet] = field(default_factory=set)

    def annotate(self, more: Json) -> None:
        """Take annotations in, with the time that may be among them."""
        add_texts(self.annotations, more)
        if self.created is None:
            self.created = instant(self.annotations.get(CREATED))
        if self.created is not None:
            self.done.add(Facet.CREATED)

    def configure(self, configuration: Document) -> None:
        """Take in what the configuration of an image says; outer places have said it better."""
        add_texts(self.labels, labels_of(configuration))
        self.created = instant(configuration.get("created")) if self.created is None else self.created
        if Facet.PLATFORMS not in self.done:
            self.platforms = _platforms([named_platform(configuration)])


def find_metadata(manifests: Manifests, identifier: str, wanted: Collection[Facet]) -> ImageMetadata:
    """What an image says of itself, as far as it is wanted; the rest is what was met on the way.

    An index tells its platforms, and annotations may tell the time: one request. The manifest, for linux/amd64 where
    there is a choice, has further annotations, the configuration has labels and the time: one request each.

    Raises:
        ScanError: the registry refuses or fails, or what it sends is not what its digest says.

    """
    found = _Found()
    missing = set(wanted)
    document, digest = manifests.manifest(identifier)
    found.annotate(document.get("annotations"))
    if isinstance(document.get("manifests"), list):
        found.platforms = _platforms([platform_of(entry) for entry in entries_of(document)])
        found.done.add(Facet.PLATFORMS)
    entry = usual_entry(document)
    for _ in range(INDEXES):
        if entry is None:
            break
        found.annotate(entry.get("annotations"))
        if missing <= found.done:
            break
        document, _ = manifests.manifest(str(entry["digest"]))
        found.annotate(document.get("annotations"))
        entry = usual_entry(document)
    if entry is None:
        found.done.add(Facet.ANNOTATIONS)
    if not missing <= found.done:
        found.configure(manifests.config(document))
    return ImageMetadata(
        digest=Digest(digest),
        platforms=found.platforms,
        created=found.created,
        labels=found.labels,
        annotations=found.annotations,
    )


def instant(text: Json) -> float | None:
    """The seconds since 1970 of a time in the form of RFC 3339; None where it is none, or one that tells nothing.

    >>> instant("2024-05-01T12:00:00Z")
    1714564800.0
    >>> instant("1970-01-01T00:00:00Z") is None
    True
    """
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        seconds = datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= REPRODUCIBLE else None


def _platforms(named: Collection[tuple[str, str, str]]) -> tuple[str, ...]:
    texts = ("/".join(part for part in parts if part) for parts in named if parts[0] and parts[1])
    usable = (text for text in texts if len(text) <= _LONGEST_PLATFORM and text.isprintable())
    return tuple(dict.fromkeys(usable))[:_MOST_PLATFORMS]
