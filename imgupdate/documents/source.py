"""A YAML file as text with spans: its comments and their scalars can be found, and scalars be set, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from yaml import YAMLError

from imgupdate.documents.bounds import MAXIMUM_EVENTS, Places, TooMuchYaml, decode
from imgupdate.documents.comments import Stray, comments, content_start
from imgupdate.documents.events import Event, Part, check, parse, split, stream, unparsable
from imgupdate.documents.objects import Objects
from imgupdate.documents.proof import Outline, first_difference, outline
from imgupdate.documents.scalars import Spelling, spell
from imgupdate.errors import ManifestError
from imgupdate.results import ObjectIdentifier

__all__ = ["Annotated", "Field", "Source", "Stray"]

_NOWHERE: Final = ObjectIdentifier()
_UNPROVEN: Final = "report it with the file; set this value by hand until then"


class Field(NamedTuple):
    """A scalar of a source; made by it and understood by it alone."""

    part: int
    event: int


class Annotated(NamedTuple):
    """A comment of a source and the scalar that it belongs to, or why there is none.

    `trailing` is whether the comment has something before it on its line. Of a scalar there are also its position in
    the text, behind anchor and tag, its value and its object.
    """

    comment: str
    comment_position: int
    trailing: bool
    owner: Field | Stray
    position: int = 0
    value: str = ""
    object: ObjectIdentifier = _NOWHERE


class _Marked(NamedTuple):
    """A part of which some scalars may be set, and what it says now."""

    outline: Outline
    scalars: dict[int, tuple[Event, int]]
    """The scalars that belong to a comment, and their roles."""


class Source:
    """One file. It keeps what its marked documents say, which is several times their size."""

    __slots__ = ("_marked", "_parts", "_path", "_places", "_text")

    def __init__(self, data: bytes, path: str) -> None:
        """Decode the bytes.

        Raises:
            UnparsableYaml: they are not UTF-8, or too many.

        """
        self._path = path
        self._text = decode(data, path)
        self._parts: list[Part] = split(self._text, path)
        self._marked: dict[int, _Marked] = {}
        self._places = Places(self._text)

    def comments(self, needles: Sequence[str]) -> Iterator[Annotated]:
        """The comments that hold one of the needles, in the order of the text.

        All documents must be YAML, while only those with a needle are looked into.

        Raises:
            UnparsableYaml: one is not, or goes beyond the bounds.

        """
        events = MAXIMUM_EVENTS
        for number, part in enumerate(self._parts):
            try:
                if not any(needle in part.text for needle in needles):
                    check(part.text)
                    continue
                parsed = parse(part.text, events)
                events -= len(parsed.events)
            except (YAMLError, TooMuchYaml) as error:
                raise unparsable(error, self._text, part, self._path) from error
            scalars: dict[int, tuple[Event, int]] = {}
            objects = Objects(parsed)
            for comment in comments(parsed, part.text, needles):
                owner = comment.owner if comment.owner not in scalars else Stray.SECOND
                start = part.start + comment.start
                if isinstance(owner, Stray):
                    yield Annotated(comment.text, start, comment.trailing, owner)
                    continue
                event = parsed.events[owner]
                scalars[owner] = (event, parsed.role(owner))
                yield Annotated(
                    comment.text,
                    start,
                    comment.trailing,
                    Field(number, owner),
                    part.start + content_start(event, part.text),
                    event.value,
                    objects.at(owner),
                )
            if scalars:
                self._marked[number] = _Marked(outline(parsed.events, part.text), scalars)

    def place(self, position: int) -> tuple[int, int]:
        """Line and column of a position in the text, from 1; cheap as long as it is asked in ascending order."""
        return self._places.at(position)

    def set(self, values: Sequence[tuple[Field, str]]) -> bytes:
        """The bytes of the file with some scalars set, in the order of the text; proven to have changed nothing else.

        Raises:
            ManifestError: the proof failed, or a value cannot be written.

        """
        by_part: dict[int, dict[int, Spelling]] = {}
        for (number, index), value in values:
            event, role = self._marked[number].scalars[index]
            by_part.setdefault(number, {})[index] = spell(event, role, self._parts[number].text, value)
        pieces = [self._text[: self._parts[0].start]]
        for number, part in enumerate(self._parts):
            pieces.append(self._proven(number, by_part[number]) if number in by_part else part.text)
        return "".join(pieces).encode()

    def _proven(self, number: int, spellings: Mapping[int, Spelling]) -> str:
        """The new text of a part."""
        part, marked = self._parts[number], self._marked[number]
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
            after = outline(list(stream(text)), text)
        except (YAMLError, TooMuchYaml, UnicodeEncodeError) as error:
            raise self._unproven("the file would not be YAML any more", number, spellings) from error
        if first_difference(marked.outline, after, spellings) is not None:
            raise self._unproven("more than the marked value would change", number, spellings)
        return text

    def _unproven(self, message: str, number: int, spellings: Mapping[int, Spelling]) -> ManifestError:
        part = self._parts[number]
        event, _ = self._marked[number].scalars[min(spellings)]
        line, _ = self.place(part.start + event.start_mark.index)
        return ManifestError(
            f"the marked values cannot be set: {message}", where=f"{self._path}:{line}", remedy=_UNPROVEN
        )
