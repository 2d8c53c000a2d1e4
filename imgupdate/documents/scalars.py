"""How a new value is spelled where an old one stands: quotes kept, and added where YAML would read something else."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from imgupdate.documents.comments import BLOCK_STYLES, BREAKS, PROPERTY, content_start
from imgupdate.documents.events import IN_FLOW, Event

_PLAIN: Final = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9_./@+:-]*[A-Za-z0-9_./@+-])?")
_NO_STRING: Final = re.compile(
    r"""y|yes|n|no|true|false|on|off|null
      | [0-9][0-9_]* (?:\.[0-9_]*)? (?:e[-+]?[0-9]+)?      # integers and floats, also those beyond 64 bits
      | 0[xbo][0-9a-f_]+
      | [0-9][0-9_]* (?: :[0-5]?[0-9])+ (?:\.[0-9_]*)?     # base 60, in YAML 1.1
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?:t.*)?            # timestamps
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UNPRINTABLE: Final = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NOT_AS_IS: Final = re.compile(f'["\\\\]|{_UNPRINTABLE.pattern}')
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HEADER: Final = re.compile("([|>])[-+0-9]*")
_LINE_BREAK: Final = re.compile(f"\r\n|[{BREAKS}]")
_NON_SPACE: Final = re.compile(f"[^ {BREAKS}]")

_WRONG_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null", "timestamp"))


class Splice(NamedTuple):
    """Characters of a part to be replaced."""

    start: int
    end: int
    text: str


class Spelling(NamedTuple):
    """How one scalar is changed, and the value and tag that a parser must then find there."""

    splices: tuple[Splice, ...]
    value: str
    tag: str | None


def spell(event: Event, role: int, text: str, value: str) -> Spelling:
    """The way to write a value in the place of a scalar.

    A scalar that says the value already stays as it is, except where a reader would take it for something other than
    a string. A tag that says so (`!!float 1.10`) goes, since a marked field is a string (spec/flux.md 5.5).
    """
    is_wrong = event.tag in _WRONG_TAGS
    tag = None if is_wrong else event.tag
    is_typed = not event.style and tag is None and reads_as_no_string(value)
    if event.value == value and not is_wrong and not is_typed:
        return Spelling((), value, tag)
    untagging = _untag(event, text) if is_wrong else ()
    start = content_start(event, text)
    if event.style in BLOCK_STYLES:
        return Spelling((*untagging, *_block(event, text, start, value)), value, tag)
    old = text[start : event.end_mark.index]
    return Spelling((*untagging, Splice(start, start + len(old), _inline(event, role, old, tag, value))), value, tag)


def reads_as_no_string(value: str) -> bool:
    """Whether some reader of YAML 1.1 or 1.2 takes the plain characters for a number, a date, a boolean or null."""
    return _NO_STRING.fullmatch(value) is not None


def _inline(event: Event, role: int, old: str, tag: str | None, value: str) -> str:
    if not event.style:
        is_plain = _PLAIN.fullmatch(value) is not None and (tag is not None or not reads_as_no_string(value))
        # Before YAML 1.2 a colon ended a plain scalar within brackets, so it is written only where one was.
        if is_plain and not (role & IN_FLOW and ":" in value and ":" not in old):
            return value
    elif event.style == "'" and not _UNPRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    return _double_quoted(value)


def _double_quoted(value: str) -> str:
    return '"' + _NOT_AS_IS.sub(lambda found: _escape(found[0]), value) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _untag(event: Event, text: str) -> tuple[Splice, ...]:
    found = PROPERTY.match(text, event.start_mark.index)
    while found and not found[0].startswith("!"):
        found = PROPERTY.match(text, found.end())
    assert found is not None  # noqa: S101 - libyaml has read a tag there
    end = found.end()
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return (Splice(found.start(), end, ""),)


def _block(event: Event, text: str, start: int, value: str) -> tuple[Splice, ...]:
    """A literal or folded scalar of one line, chomped so that no line break belongs to the value.

    What cannot stand on such a line, or has no line to stand on, is written in quotes in the place of the header.
    """
    end: int = event.end_mark.index
    header = _HEADER.match(text, start)
    assert header is not None  # noqa: S101 - libyaml has read it so
    line = _LINE_BREAK.search(text, header.end(), end)
    first = _NON_SPACE.search(text, line.end(), end) if line else None
    if line is None or first is None:
        return (Splice(start, header.end(), _double_quoted(value)),)
    if not value or value != value.strip() or _UNPRINTABLE.search(value):
        last = line.start() + len(text[line.start() : end].rstrip(" " + BREAKS))
        return (Splice(start, header.end(), _double_quoted(value)), Splice(line.start(), last, ""))
    begin = max(line.end(), *(text.rfind(each, line.end(), first.start()) + 1 for each in BREAKS))
    indent = text[begin : first.start()]
    return (
        Splice(start, header.end(), header[1] + "-"),
        Splice(line.end(), _last(text, line.end(), end, len(indent)), indent + value),
    )


def _last(text: str, start: int, end: int, indent: int) -> int:
    """Where the last line that belongs to a block scalar ends; trailing blank lines do not, unless they are deeper."""
    last = start + len(text[start:end].rstrip(" " + BREAKS))
    while last < end and text[last] == " ":
        last += 1
    position = last
    while position < end and (found := _LINE_BREAK.match(text, position)):
        position = found.end()
        while position < end and text[position] == " ":
            position += 1
        if position - found.end() > indent:
            last = position
    return last
