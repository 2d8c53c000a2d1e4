"""What an image says of itself in annotations of its index and manifest, and in labels (spec/registry.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imgupdate.registry.manifests import Json, Manifests, usual_entry
from imgupdate.report.links import REVISION, SOURCE

Labels = Mapping[str, str]

INDEXES = 2
"""How many indexes may stand one inside the other before there is a manifest."""

_ENOUGH = frozenset({SOURCE, REVISION})
_MOST = 500
_LONGEST_NAME, _LONGEST_VALUE = 256, 4096


def find_labels(manifests: Manifests, identifier: str, known: Callable[[str], Labels | None]) -> tuple[Labels, str]:
    """The annotations and labels of a tag or a digest, and the digest that it has; `known` is what some digests have.

    Where several places have one name, the index comes before its entry for the platform, that before the manifest, and
    that before the configuration. Once source and revision are known no more is read: that is one to three requests.

    Raises:
        ScanError: the registry refuses or fails, or what it sends is not what its digest says.

    """
    found: dict[str, str] = {}
    document, digest = manifests.manifest(identifier)
    if (already := known(digest)) is not None:
        return already, digest
    for _ in range(INDEXES):
        add_texts(found, document.get("annotations"))
        entry = usual_entry(document)
        if entry is None or _is_enough(found):
            break
        add_texts(found, entry.get("annotations"))
        if _is_enough(found):
            break
        document, _ = manifests.manifest(str(entry["digest"]))
        add_texts(found, document.get("annotations"))
    if not _is_enough(found):
        add_texts(found, labels_of(manifests.config(document)))
    return found, digest


def labels_of(configuration: Mapping[str, Json]) -> Json:
    """The labels in the configuration of an image."""
    settings = configuration.get("config")
    return settings.get("Labels") if isinstance(settings, dict) else None


def add_texts(found: dict[str, str], more: Json) -> None:
    """Take over what is not known yet, if it is text of a size that labels have."""
    if not isinstance(more, dict):
        return
    for name, value in more.items():
        if len(found) >= _MOST:
            return
        if isinstance(value, str) and len(name) <= _LONGEST_NAME and len(value) <= _LONGEST_VALUE:
            found.setdefault(name, value)


def _is_enough(found: Labels) -> bool:
    return found.keys() >= _ENOUGH
