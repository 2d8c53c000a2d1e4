"""The images of a message's data before Flux's v1: what `.Updated.Images` lists (spec/flux.md, appendix C)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from imgupdate.errors import InvalidReference
from imgupdate.images import Reference, parse_reference
from imgupdate.report.message_types import method, namespaced_name
from imgupdate.results import Change, ObjectKey, Part
from imgupdate.templates import well_formed
from imgupdate.templates.functions import Function
from imgupdate.templates.values import Struct, StructType


@dataclass(frozen=True, slots=True)
class Image:
    """The image as it is written, and the name of the policy that chose it."""

    text: str
    policy: Struct


def _text(image: Struct) -> str:
    return image.inner.text if isinstance(image.inner, Image) else ""


def _policy(image: Struct) -> object:
    return image.inner.policy if isinstance(image.inner, Image) else None


def _part(name: str, part: Callable[[Reference], str]) -> Mapping[str, Function]:
    """A method that gives a part of the reference; empty where the text is none."""

    def read(image: Struct) -> str:
        try:
            return part(parse_reference(_text(image)))
        except InvalidReference:
            return ""

    return method(name, read)


IMAGE = StructType(
    name="update.ImageRef",
    methods={
        **method("String", _text),
        **method("Policy", _policy),
        **_part("Identifier", lambda reference: reference.identifier),
        **_part("Repository", lambda reference: reference.repository),
        **_part("Registry", lambda reference: reference.registry),
        **_part("Name", lambda reference: reference.name),
    },
    string=_text,
)


class Images:
    """The images that changes set or set a part of.

    `images` are the policies' images with their tags. For a policy that is not there, the image is put together from
    what the changes of the policy set; where that does not suffice, it is the new value alone.
    """

    def __init__(self, changes: Iterable[Change], images: Mapping[ObjectKey, str]) -> None:
        self._images = images
        self._parts: dict[ObjectKey, dict[Part, str]] = {}
        for change in changes:
            self._parts.setdefault(change.marker.policy, {})[change.marker.part] = change.new

    def of(self, change: Change) -> Struct:
        """The image of a change."""
        policy = change.marker.policy
        return Struct(IMAGE, (), Image(well_formed(self._text(policy, change)), namespaced_name(policy)))

    def _text(self, policy: ObjectKey, change: Change) -> str:
        if policy in self._images:
            return self._images[policy]
        parts = self._parts[policy]
        if change.marker.part is Part.REFERENCE:
            return change.new
        if Part.REFERENCE in parts:
            return parts[Part.REFERENCE]
        both = Part.NAME in parts and Part.TAG in parts
        return f"{parts[Part.NAME]}:{parts[Part.TAG]}" if both else change.new
