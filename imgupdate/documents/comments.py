"""Which comment belongs to which scalar, as go-yaml attaches them (spec/flux.md 5.4).

libyaml drops comments, so they are read from the text between its events.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Final

from yaml.events import AliasEvent, DocumentStartEvent, ScalarEvent, SequenceStartEvent

from imgupdate.documents.events import IN_FLOW, ITEM, KEY, ROOT, VALUE, Event, Parsed

BREAKS: Final = "\n\r\x85\u2028\u2029"
"""What ends a line in YAML 1.1, and so to libyaml."""

_COMMENT: Final = re.compile(f"#[^{BREAKS}]*")
_BEHIND: Final = re.compile(f"[ \t]*(#[^{BREAKS}]*)")
_BREAK: Final = re.compile(f"[{BREAKS}]")
_BLANK_LINE: Final = re.compile(f"(?:\r\n|[{BREAKS}])[ \t]*[{BREAKS}]")
PROPERTY: Final = re.compile(rf"!<[^>]*>|[&!][^ \t{BREAKS}]*|#[^{BREAKS}]*|[ \t{BREAKS}]+")
"""An anchor, a tag, or what may stand between them and a scalar."""

_OWN_COMMENT: Final = re.compile("[ \t]*(?:,[ \t]*)?#")
_start: Final = attrgetter("start_mark.index")


class Stray(Enum):
    """Why a comment belongs to no scalar that could be set."""

    KEY = "key"
    ALIAS = "alias"
    EMPTY = "empty value"
    BEFORE_VALUE = "between a key and its value"
    ABOVE = "above"
    COLLECTION = "collection"
    ROOT = "document"
    NOT_ALONE = "among other comments"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: where it is in its part, its text from the `#` on, and the index of its scalar's event or why none.

    `trailing` is whether there is something before it on its line.
    """

    start: int
    text: str
    trailing: bool
    owner: int | Stray


def comments(parsed: Parsed, text: str, needles: Sequence[str]) -> Iterator[Comment]:
    """The comments that hold one of the needles, in the order of the text. Needles in scalars are passed over."""
    events = parsed.events
    position = _find(text, needles, 0)
    while position >= 0:
        before = bisect_right(events, position, key=_start) - 1
        event = events[before]
        end: int = event.end_mark.index
        if position < end:
            yield from _inside(parsed, text, before, needles)
        elif type(event) is ScalarEvent and (found := _BEHIND.match(text, end)) and position < found.end():
            yield Comment(found.start(1), found[1], trailing=True, owner=_owner(parsed, before))
            end = found.end()
        else:
            end = events[before + 1].start_mark.index if before + 1 < len(events) else len(text)
            yield from _between(parsed, text, before, end, needles)
        position = _find(text, needles, max(end, position + 1))


def content_start(event: Event, text: str) -> int:
    """Where a scalar begins after its anchor and its tag."""
    position: int = event.start_mark.index
    if event.anchor is None and event.tag is None:
        return position
    end: int = event.end_mark.index
    while position < end and (found := PROPERTY.match(text, position, end)):
        position = found.end()
    return position


def _find(text: str, needles: Sequence[str], start: int) -> int:
    return min((found for needle in needles if (found := text.find(needle, start)) >= 0), default=-1)


def _owner(parsed: Parsed, index: int) -> int | Stray:
    """A scalar or alias as the owner of a comment, or why it cannot be that."""
    event = parsed.events[index]
    role = parsed.roles[index] & ~IN_FLOW
    if role == KEY:
        return Stray.KEY
    if role == ROOT:
        return Stray.ROOT
    if type(event) is AliasEvent:
        return Stray.ALIAS
    return Stray.EMPTY if not event.style and not event.value else index


def _inside(parsed: Parsed, text: str, index: int, needles: Sequence[str]) -> Iterator[Comment]:
    """The comments within the span of an event: behind its anchor or tag, and in the header of a block scalar."""
    event = parsed.events[index]
    start, end = event.start_mark.index, event.end_mark.index
    owner: int | Stray = Stray.COLLECTION
    if type(event) is ScalarEvent:
        owner = _owner(parsed, index)
        end = content_start(event, text)
        if event.style in ("|", ">"):
            header = _BREAK.search(text, end)
            end = header.start() if header else len(text)
    previous = start
    for found in _COMMENT.finditer(text, start, end):
        if any(needle in found[0] for needle in needles):
            line = _BREAK.split(text[previous : found.start()])
            trailing = bool(line[-1].strip()) or (len(line) == 1 and previous == start)
            yield Comment(found.start(), found[0], trailing, owner)
        previous = found.end()


def _between(parsed: Parsed, text: str, before: int, end: int, needles: Sequence[str]) -> Iterator[Comment]:
    """The comments between an event and the next. There is nothing else there but space and indicators."""
    previous: int = parsed.events[before].end_mark.index
    heads = 0
    held = []
    for found in _COMMENT.finditer(text, previous, end):
        *broken, line = _BREAK.split(text[previous : found.start()])
        line = line.strip(" \t")
        is_first = previous == parsed.events[before].end_mark.index and not broken
        heads += line.endswith("-") or not (line or is_first)
        if any(needle in found[0] for needle in needles):
            held.append((found, line, is_first))
        previous = found.end()
    for found, line, is_first in held:
        trailing = is_first or bool(line)
        if trailing and not line.endswith("-"):
            owner = _owner_behind(parsed, before, line)
        else:
            owner = _owner_below(parsed, text, before, found.end(), alone=heads == 1)
        yield Comment(found.start(), found[0], trailing, owner)


def _owner_behind(parsed: Parsed, before: int, line: str) -> int | Stray:
    """The owner of a comment that has something before it; `line` is that, without the event that is before the gap."""
    event = parsed.events[before]
    in_flow = parsed.roles[before] & IN_FLOW
    if type(event) in (ScalarEvent, AliasEvent) and (not line or (line == "," and in_flow)):
        return _owner(parsed, before)
    if line.endswith(":"):
        below = _below(parsed, before)
        if below is not None and parsed.roles[below] == VALUE | IN_FLOW:
            return _owner(parsed, below)
        return Stray.BEFORE_VALUE
    return Stray.KEY if line.endswith("?") else Stray.COLLECTION


def _owner_below(parsed: Parsed, text: str, before: int, end: int, *, alone: bool) -> int | Stray:
    """The owner of a comment that ends at `end` and heads what is on the lines below it."""
    below = _below(parsed, before)
    if below is None:
        return Stray.ABOVE
    owner = _owner(parsed, below)
    if isinstance(owner, Stray):
        return Stray.ABOVE if owner is Stray.KEY else owner
    is_later_item = parsed.roles[below] & ~IN_FLOW == ITEM and type(parsed.events[below - 1]) is not SequenceStartEvent
    if is_later_item and _BLANK_LINE.match(text, end):
        return Stray.ABOVE  # go-yaml takes it for the foot of the item before
    if not alone:
        return Stray.NOT_ALONE
    return Stray.SECOND if _OWN_COMMENT.match(text, parsed.events[owner].end_mark.index) else owner


def _below(parsed: Parsed, before: int) -> int | None:
    """The scalar or alias that comes next, maybe as the first item of a list, None if something else does."""
    events = parsed.events
    index = before + 1
    if index < len(events) and type(events[index]) is DocumentStartEvent:
        index += 1
    if index < len(events) and type(events[index]) is SequenceStartEvent and not events[index].flow_style:
        index += 1
    return index if index < len(events) and type(events[index]) in (ScalarEvent, AliasEvent) else None
