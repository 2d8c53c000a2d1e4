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


def image_of(change: Change, changes: Iterable[Change], images: Mapping[ObjectKey, str]) -> Struct:
    """The image that a change sets or sets a part of.

    `images` are the policies' images with their tags. For a policy that is not there, the image is put together from
    what the other changes of the policy set; where that does not suffice, it is the new value alone.
    """
    policy = change.marker.policy
    text = images.get(policy) or change.new
    if policy not in images and change.marker.part is not Part.REFERENCE:
        parts = {other.marker.part: other.new for other in changes if other.marker.policy == policy}
        text = parts.get(Part.REFERENCE) or text
        if Part.REFERENCE not in parts and Part.NAME in parts and Part.TAG in parts:
            text = f"{parts[Part.NAME]}:{parts[Part.TAG]}"
    return Struct(IMAGE, (), Image(well_formed(text), namespaced_name(policy)))
