"""A YAML file as text with spans: its comments and their scalars can be found, and scalars be set, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yaml import YAMLError

from imgupdate.documents.bounds import Places, decode
from imgupdate.documents.comments import Comment, Stray, comments, content_start
from imgupdate.documents.events import Parsed, Part, check, parse, split, unparsable
from imgupdate.documents.objects import Objects
from imgupdate.documents.proof import first_difference
from imgupdate.documents.scalars import Spelling, spell
from imgupdate.errors import ManifestError
from imgupdate.results import ObjectIdentifier

__all__ = ["Annotated", "Field", "Source", "Stray"]

_NOWHERE: Final = ObjectIdentifier()
_UNPROVEN: Final = "report it with the file; set this value by hand until then"


@dataclass(frozen=True, slots=True, order=True)
class Field:
    """A scalar of a source; made by it and understood by it alone."""

    part: int
    event: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """A comment of a source and the scalar that it belongs to, or why there is none.

    Line and column are those of the scalar, or else those of the comment. `trailing` is whether the comment has
    something before it on its line.
    """

    comment: str
    trailing: bool
    owner: Field | Stray
    line: int
    column: int
    value: str = ""
    object: ObjectIdentifier = _NOWHERE


class Source:
    """One file. It holds the events of the documents that were looked at, so let it go when it is done with."""

    __slots__ = ("_parsed", "_parts", "_path", "_places", "_text")

    def __init__(self, data: bytes, path: str) -> None:
        """Decode the bytes.

        Raises:
            UnparsableYaml: they are not UTF-8, or too many.

        """
        self._path = path
        self._text = decode(data, path)
        self._parts: list[Part] = split(self._text, path)
        self._parsed: dict[int, Parsed] = {}
        self._places = Places(self._text)

    def comments(self, needles: Sequence[str]) -> Iterator[Annotated]:
        """The comments that hold one of the needles, in the order of the text.

        All documents must be YAML, while only those with a needle are looked into.

        Raises:
            UnparsableYaml: one is not, or goes beyond the bounds.

        """
        for number, part in enumerate(self._parts):
            try:
                if not any(needle in part.text for needle in needles):
                    check(part.text)
                    continue
                parsed = self._parsed[number] = parse(part.text)
            except (YAMLError, OverflowError) as error:
                raise unparsable(error, self._text, part, self._path) from error
            objects = Objects(parsed)
            taken = -1
            for comment in comments(parsed, part.text, needles):
                owner = comment.owner
                if owner == taken:
                    owner = Stray.SECOND
                if isinstance(owner, Stray):
                    line, column = self._places.at(part.start + comment.start)
                    yield Annotated(
                        comment=comment.text, trailing=comment.trailing, owner=owner, line=line, column=column
                    )
                    continue
                taken = owner
                yield self._annotate(comment, number, owner, objects)

    def _annotate(self, comment: Comment, number: int, owner: int, objects: Objects) -> Annotated:
        part = self._parts[number]
        event = self._parsed[number].events[owner]
        line, column = self._places.at(part.start + content_start(event, part.text))
        return Annotated(
            comment=comment.text,
            trailing=comment.trailing,
            owner=Field(number, owner),
            line=line,
            column=column,
            value=event.value,
            object=objects.at(owner),
        )

    def set(self, values: Mapping[Field, str]) -> bytes:
        """The bytes of the file with some scalars set, and a proof that nothing else has changed.

        Raises:
            ManifestError: the proof failed, or a value cannot be written.

        """
        by_part: dict[int, dict[int, Spelling]] = {}
        for field, value in sorted(values.items()):
            parsed, part = self._parsed[field.part], self._parts[field.part]
            spelling = spell(parsed.events[field.event], parsed.roles[field.event], part.text, value)
            by_part.setdefault(field.part, {})[field.event] = spelling
        pieces = [self._text[: self._parts[0].start]]
        pieces += (
            self._proven(number, by_part[number]) if number in by_part else part.text
            for number, part in enumerate(self._parts)
        )
        return "".join(pieces).encode()

    def _proven(self, number: int, spellings: Mapping[int, Spelling]) -> str:
        """The new text of a part."""
        before, part = self._parsed[number], self._parts[number]
        pieces: list[str] = []
        position = 0
        for spelling in spellings.values():
            for splice in spelling.splices:
                pieces += (part.text[position : splice.start], splice.text)
                position = splice.end
        if not pieces:
            return part.text
        pieces.append(part.text[position:])
        text = "".join(pieces)
        try:
            text.encode()
            after = parse(text)
        except (YAMLError, OverflowError, UnicodeEncodeError) as error:
            raise self._unproven("the file would not be YAML any more", number, min(spellings)) from error
        wrong = first_difference(before, after, spellings)
        if wrong is not None:
            raise self._unproven("more than the marked value would change", number, wrong)
        return text

    def _unproven(self, message: str, number: int, index: int) -> ManifestError:
        part, events = self._parts[number], self._parsed[number].events
        line, _ = self._places.at(part.start + events[min(index, len(events) - 1)].start_mark.index)
        return ManifestError(
            f"the new value cannot be written here: {message}", where=f"{self._path}:{line}", remedy=_UNPROVEN
        )
