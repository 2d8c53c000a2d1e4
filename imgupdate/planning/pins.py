"""Digests that a tree holds already (spec/flux.md 4.7; design, section 5)."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.errors import InvalidReference
from imgupdate.images import Digest, Reference, is_digest, parse_digest, parse_reference, parse_repository
from imgupdate.results import Marker, Part, Selection


def present_reference(value: str) -> Reference | None:
    """The image that a field has now, None where it has something else."""
    try:
        return parse_reference(value)
    except InvalidReference:
        return None


def present_tag(part: Part, value: str) -> str:
    """The tag that a marked field has now, empty where it has none."""
    if part is Part.TAG:
        return value
    if part is Part.REFERENCE and (reference := present_reference(value)):
        return reference.tag or ""
    return ""


def written_tag(part: Part, value: str) -> str:
    """What `present_tag` is if the field has an image at all; much faster."""
    if part is Part.TAG:
        return value
    if part is not Part.REFERENCE:
        return ""
    tag = value.partition("@")[0].rpartition(":")[2]
    return "" if "/" in tag else tag


def present_digest(selection: Selection, markers: Sequence[Marker]) -> Digest | None:
    """The digest that all marked fields of a policy agree on, if all of them stand for the chosen image and tag.

    A digest alone does not count: without a tag beside it nothing says which image it pins.
    """
    images: set[str] = set()
    tags: set[str] = set()
    digests: set[str] = set()
    for marker in markers:
        match marker.part:
            case Part.NAME:
                images.add(_canonical(marker.value))
            case Part.TAG:
                tags.add(marker.value)
            case Part.DIGEST:
                digests.add(marker.value)
            case _:
                reference = present_reference(marker.value)
                images.add(f"{reference.registry}/{reference.repository}" if reference else "")
                tags.add((reference.tag if reference else None) or "")
                digests.add((reference.digest if reference else None) or "")
    if tags != {selection.tag} or len(digests) != 1 or not images <= {_canonical(selection.image)}:
        return None
    (digest,) = digests
    return parse_digest(digest) if is_digest(digest) else None


def _canonical(image: str) -> str:
    try:
        return parse_repository(image).canonical
    except InvalidReference:
        return ""
