"""A compiled pattern: RE2's unanchored search and Go's `Regexp.Expand`.

It matches with re2's raw object: the wrapper around it takes six times as long a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import re2
from re2 import _re2

from imgupdate.errors import InvalidPattern, shown
from imgupdate.patterns.direct import direct

LONGEST_PATTERN: Final = 4096
MEMORY: Final = 8 << 20

_UNANCHORED = _re2.RE2.Anchor.UNANCHORED
_UNSET: Final = -1

# What can hold or hide the opening of a group: a quotation, an escape, a class; then the opening of a capturing group.
_TOKENS = re.compile(
    r"""
      \\Q.*?(?:\\E|\Z)
    | \\(?P<escape>.)
    | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
    | (?P<group>\()(?:(?!\?)|\?P?<(?P<name>\w+)>)
    """,
    re.DOTALL | re.VERBOSE,
)
# A group number is below 10^9 and has no leading zero; other digits are a name (Go, `regexp.extract`).
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)

Template = tuple[str | tuple[int, ...], ...]


class Pattern:
    """A compiled regular expression; equal to another of the same text."""

    __slots__ = ("_direct", "_expression", "_names", "text")

    def __init__(self, text: str) -> None:
        """Compile.

        Raises:
            InvalidPattern: RE2 does not take it (look-around, back-references, …), or it is too large.

        """
        self.text = text
        self._expression = _compile(text)
        self._names = _group_names(text)
        self._direct = direct(text)

    @classmethod
    def compile(cls, text: str) -> Pattern:
        """The pattern of a text; raises as the constructor does."""
        return cls(text)

    def search(self, text: str) -> bool:
        """Whether the expression matches anywhere in a text."""
        if self._direct:
            return self._direct.match(text) is not None
        data = text.encode("utf-8", "surrogatepass")
        return bool(self._expression.Match(_UNANCHORED, data, 0, len(data))[0][0] != _UNSET)

    def find(self, data: bytes, start: int = 0) -> Sequence[tuple[int, int]] | None:
        """The first match at or behind a place in UTF-8, as the span of the whole and of each group; None for none.

        What precedes the place counts for `^` and for boundaries of words. A group that took no part is at (-1, -1).
        """
        spans: Sequence[tuple[int, int]] = self._expression.Match(_UNANCHORED, data, start, len(data))
        return None if spans[0][0] == _UNSET else spans

    def expand(self, text: str, template: str) -> str | None:
        """Fill a template from the first match, as Go's `Regexp.Expand` does; None where nothing matches.

        A group that is unknown, out of range or did not take part is empty (spec/flux.md 3.2).
        """
        return self.expander(template)(text)

    def expander(self, template: str) -> Callable[[str], str | None]:
        """`expand` for one template and many texts."""
        parts = self.parts(template)
        if self._direct and len(parts) == 1 and len(group := parts[0]) == 1 and isinstance(group, tuple):
            return _group_of(self._direct, *group)
        match = self._expression.Match

        def expand(text: str) -> str | None:
            data = text.encode("utf-8", "surrogatepass")
            spans = match(_UNANCHORED, data, 0, len(data))
            return None if spans[0][0] == _UNSET else _fill(parts, data, spans)

        return expand

    def parts(self, template: str) -> Template:
        """A template as literal texts and, for each reference, the groups that it may mean: the first that matched."""
        parts = (piece if isinstance(piece, str) else self._groups(piece.name) for piece in _pieces(template))
        return tuple(part for part in parts if part)

    def unknown(self, template: str) -> tuple[str, ...]:
        """The names and numbers in a template that no group of the expression has, so that they are always empty."""
        named = [piece.name for piece in _pieces(template) if not isinstance(piece, str)]
        return tuple(dict.fromkeys(name for name in named if not self._groups(name)))

    def _groups(self, name: str) -> tuple[int, ...]:
        """The groups that a name or number stands for."""
        if _NUMBER.fullmatch(name):
            number = int(name)
            return (number,) if number <= len(self._names) else ()
        return tuple(group for group, own in enumerate(self._names, start=1) if own == name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def _compile(text: str) -> _re2.RE2:
    if len(text) > LONGEST_PATTERN:
        raise InvalidPattern(
            f"the regular expression {shown(text)} is longer than {LONGEST_PATTERN} characters",
            remedy="write a shorter one",
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    expression = _re2.RE2(text.encode("utf-8", "surrogatepass"), options)
    if not expression.ok():
        raise _invalid(text, expression.error().decode("utf-8", "replace"))
    return expression


def _group_names(text: str) -> tuple[str, ...]:
    """The names of the groups by number, empty for those without; a name may occur twice, and RE2 tells only the first.

    Raises:
        InvalidPattern: RE2 took what Go does not: a single byte, or a name beyond ASCII.

    """
    names = []
    for found in _TOKENS.finditer(text):
        if found["escape"] == "C":
            raise _invalid(text, r"invalid escape sequence: \C")
        if found["group"]:
            name = found["name"] or ""
            if not name.isascii():
                raise _invalid(text, f"invalid named capture group: {name}")
            names.append(name)
    return tuple(names)


def _invalid(text: str, reason: str) -> InvalidPattern:
    return InvalidPattern(
        f"the regular expression {shown(text)} is not valid: {shown(reason)[1:-1]}",
        remedy="write it in RE2's syntax, which has no look-around and no back-references",
    )


def _group_of(pattern: re.Pattern[str], group: int) -> Callable[[str], str | None]:
    """Expand the template that is one group of a plain pattern, which always takes part."""
    match = pattern.match

    def expand(text: str) -> str | None:
        found = match(text)
        return found[group] if found else None

    return expand


def _fill(parts: Template, data: bytes, spans: Sequence[tuple[int, int]]) -> str:
    """Fill a template with what groups matched."""
    filled = []
    for part in parts:
        if isinstance(part, str):
            filled.append(part)
        else:
            start, end = next((spans[group] for group in part if spans[group][0] != _UNSET), (0, 0))
            filled.append(data[start:end].decode("utf-8", "surrogatepass"))
    return "".join(filled)


class _Named(NamedTuple):
    """A reference to a group in a template."""

    name: str


def _pieces(template: str) -> Iterator[str | _Named]:
    """A template as literal texts and references, in order."""
    literal, dollar, rest = template.partition("$")
    while dollar:
        if rest.startswith("$"):
            literal, rest = literal + "$", rest[1:]
        elif reference := _reference(rest):
            name, length = reference
            yield literal
            yield _Named(name)
            literal, rest = "", rest[length:]
        else:
            literal += "$"
        more, dollar, rest = rest.partition("$")
        literal += more
    yield literal


def _reference(text: str) -> tuple[str, int] | None:
    """The name that follows a dollar sign, bare or in braces, and the length that it takes; None where none follows."""
    brace = int(text.startswith("{"))
    end = brace
    while end < len(text) and (text[end].isalpha() or text[end].isdecimal() or text[end] == "_"):
        end += 1
    if end == brace or (brace and text[end : end + 1] != "}"):
        return None
    return text[brace:end], end + brace
