"""Markers in YAML files: what they name, which scalars they mark, and new values for these (spec/flux.md 5.4, 5.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from imgupdate.documents.source import Annotated, Field, Source, Stray
from imgupdate.results import ObjectIdentifier, Severity

TOKEN: Final = b'"$imagepolicy"'
"""What the bytes of a file must hold for markers to be looked for in it."""

_KEY: Final = "$imagepolicy"
_REFERENCE: Final = "#/definitions/io.k8s.cli.setters."
_CONSTANT: Final = "x-k8s-cli"
_NEEDLES: Final = (_KEY, _REFERENCE, _CONSTANT)
_MAXIMUM_COMMENT: Final = 4096

_BEHIND: Final = "put the marker behind the value, on the same line"
_MISPLACED: Final[Mapping[Stray, tuple[str, str]]] = {
    Stray.KEY: ("it belongs to a key, and keys are not set", _BEHIND),
    Stray.ALIAS: ("it belongs to an alias, which follows its anchor", "put the marker where the anchor is defined"),
    Stray.EMPTY: ("there is no value before it", 'write a value before the marker, if only ""'),
    Stray.BEFORE_VALUE: ("it is between a key and what the key holds", "put the marker at the end of the value's line"),
    Stray.ABOVE: ("on a line of its own a marker only serves an item of a list, directly above it", _BEHIND),
    Stray.COLLECTION: (
        "it belongs to a list or a mapping, not to a value in it",
        "put the marker behind the value; inside brackets or braces, start a new line after the marker",
    ),
    Stray.ROOT: ("the document is nothing but this value", "mark a field of a mapping"),
    Stray.NOT_ALONE: ("it is one of several comments above a value", _BEHIND),
    Stray.SECOND: ("the value has another comment that counts", "leave one comment at the value, the marker"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMarker:
    """A marked scalar: where it is (counted from 1), its object, its decoded value, and what its marker names.

    `index` is its number among the markers of the file, from 0.
    """

    line: int
    column: int
    object: ObjectIdentifier
    setter: str
    value: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A comment that looks like a marker and marks nothing."""

    line: int
    column: int
    message: str
    remedy: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkedFile:
    """The markers of a file in the order of its text, and what is wrong with others.

    It holds the parsed documents: some hundred times the size of the file. Keep it no longer than it takes.
    """

    path: str
    markers: tuple[FoundMarker, ...]
    faults: tuple[Fault, ...]
    _source: Source | None
    _fields: tuple[Field, ...]

    def rewrite(self, values: Mapping[int, str]) -> bytes:
        """The bytes of the file with the marked scalars of some indexes set to new decoded values.

        Every other byte stays. A scalar that says its value already stays as it is written, unless readers take it for
        a number or the like (`tag: 1.10`): then it gets quotes, as in a file that Flux writes (spec/flux.md 5.6).

        Raises:
            ManifestError: the edit would have changed anything else, or cannot be written.
            IndexError: there is no marker with an index.

        """
        if self._source is None:
            raise IndexError("the file has no markers")
        return self._source.set([(self._fields[index], value) for index, value in sorted(values.items())])


def scan(data: bytes, path: str) -> MarkedFile:
    """Find the markers of a file.

    Raises:
        UnparsableYaml: it holds the token and is not UTF-8, not YAML, or beyond the bounds.

    """
    markers: list[FoundMarker] = []
    faults: list[Fault] = []
    fields: list[Field] = []
    if TOKEN not in data:
        return MarkedFile(path=path, markers=(), faults=(), _source=None, _fields=())
    source = Source(data, path)
    for found in source.comments(_needles(data)):
        setter = _setter(found.comment)
        if type(setter) is str and type(found.owner) is Field:
            line, column = source.place(found.position)
            markers.append(
                FoundMarker(
                    line=line,
                    column=column,
                    object=found.object,
                    setter=setter,
                    value=found.value,
                    index=len(markers),
                )
            )
            fields.append(found.owner)
        elif fault := _fault(found, setter, *source.place(found.comment_position)):
            faults.append(fault)
    return MarkedFile(path=path, markers=tuple(markers), faults=tuple(faults), _source=source, _fields=tuple(fields))


def _needles(data: bytes) -> tuple[str, ...]:
    return tuple(needle for needle in _NEEDLES if needle.encode() in data)


@dataclass(frozen=True, slots=True)
class NotAMarker:
    """Why a comment is no marker."""

    reason: str
    is_constant: bool = False


def _setter(comment: str) -> str | NotAMarker:
    """What the marker in a comment names, or why it is none."""
    content = comment.lstrip("#").strip(" \t\r\n")
    if len(content) > _MAXIMUM_COMMENT:
        return NotAMarker(f"it is longer than {_MAXIMUM_COMMENT} characters")
    return _read(content)


@lru_cache(maxsize=1024)  # a tree has few markers that differ, each in many places
def _read(content: str) -> str | NotAMarker:
    if not content.startswith("{"):
        return NotAMarker("there is text before the JSON object")
    try:
        marker = json.loads(content)
    except (ValueError, RecursionError) as error:
        follows = str(error).startswith("Extra data")
        return NotAMarker(
            "there is text after the JSON object" if follows else "it is not a JSON object with double quotes"
        )
    return _named(marker)


def _named(marker: Mapping[str, object]) -> str | NotAMarker:
    setter = marker.get(_KEY)
    if setter is None:
        reference = marker.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REFERENCE):
            setter = reference.removeprefix(_REFERENCE)
        elif _CONSTANT in marker:
            return NotAMarker("it sets a constant", is_constant=True)
    elif not all(isinstance(value, str | None) for value in marker.values()):
        return NotAMarker("a value in it is not a string")
    if not isinstance(setter, str) or not setter:
        return NotAMarker("it names no policy")
    return setter if setter.isprintable() else NotAMarker("the name in it has a control character")


def _fault(found: Annotated, setter: str | NotAMarker, line: int, column: int) -> Fault | None:
    if isinstance(setter, str):
        assert isinstance(found.owner, Stray)  # noqa: S101
        reason, remedy = _MISPLACED[found.owner]
        return Fault(
            line=line,
            column=column,
            message=f"the marker {setter} sets nothing: {reason}",
            remedy=remedy,
            severity=Severity.ERROR,
        )
    if setter.is_constant:
        return Fault(
            line=line,
            column=column,
            message="a comment that sets a constant (x-k8s-cli) is not supported",
            remedy="write the value itself and remove the comment",
            severity=Severity.ERROR,
        )
    if found.trailing and _KEY in found.comment:
        return Fault(
            line=line,
            column=column,
            message=f"the comment holds {_KEY} but is not a marker: {setter.reason}",
            remedy='write # {"$imagepolicy": "namespace:policy"} and nothing else in the comment',
            severity=Severity.WARNING,
        )
    return None
