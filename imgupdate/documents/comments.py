"""Which comment belongs to which scalar, as go-yaml attaches them (spec/flux.md 5.4).

libyaml drops comments, so they are read from the text between its events.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from imgupdate.documents.events import IN_FLOW, ITEM, KEY, VALUE, Event, Parsed

BREAKS: Final = "\n\r\x85\u2028\u2029"
"""What ends a line in YAML 1.1, and so to libyaml."""

BLOCK_STYLES: Final = frozenset("|>")
"""How libyaml calls literal and folded scalars. Their span ends behind the indentation of the line that follows."""

_COMMENT: Final = re.compile(f"#[^{BREAKS}]*")
_BEHIND: Final = re.compile(f"[ \t]*(#[^{BREAKS}]*)")
_BREAK: Final = re.compile(f"\r\n|[{BREAKS}]")
_BLANK_LINE: Final = re.compile(f"(?>\r\n|[{BREAKS}])[ \t]*[{BREAKS}]")
PROPERTY: Final = re.compile(rf"!<[^>]*>|[&!][^ \t{BREAKS}]*|#[^{BREAKS}]*|[ \t{BREAKS}]+")
"""An anchor, a tag, or what may stand between them and a scalar."""

_OWN_COMMENT: Final = re.compile("[ \t]*(?:,[ \t]*)?#")
_OPENING: Final = (StreamStartEvent, DocumentStartEvent)
_ENDS: Final = (MappingEndEvent, SequenceEndEvent)
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
class _Head:
    """A comment that is above something.

    `may_be_foot` is whether it belongs to what is before it if a blank line follows, which `is_before_blank` says.
    """

    start: int
    column: int
    may_be_foot: bool
    is_before_blank: bool


class Comment(NamedTuple):
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
    before = 0
    find = _finder(text, needles)
    position = find(0)
    while position >= 0:
        before = bisect_right(events, position, before, key=_start) - 1
        event = events[before]
        end: int = event.end_mark.index
        if position < end:
            yield from _inside(parsed, text, before, needles)
        elif _has_line_behind(event) and (found := _BEHIND.match(text, end)) and position < found.end():
            yield Comment(found.start(1), found[1], trailing=True, owner=_owner_of_line(parsed, text, before))
            end = found.end()
        else:
            below = _below(events, before + 1)
            end = events[below].start_mark.index
            gap = _between(parsed, text, _above(events, before), below, needles)
            yield from (comment for comment in gap if comment.start + len(comment.text) > position)
        position = find(max(end, position + 1))


def content_start(event: Event, text: str) -> int:
    """Where a scalar begins after its anchor and its tag."""
    position: int = event.start_mark.index
    if not _has_properties(event):
        return position
    end: int = event.end_mark.index
    while position < end and (found := PROPERTY.match(text, position, end)):
        position = found.end()
    return position


def _finder(text: str, needles: Sequence[str]) -> Callable[[int], int]:
    """What finds the next needle from a position on, -1 if there is none; in time linear in the text, all in all."""
    if len(needles) == 1:
        return partial(text.find, needles[0])
    search = re.compile("|".join(map(re.escape, needles))).search
    return lambda start: found.start() if (found := search(text, start)) else -1


def _has_line_behind(event: Event) -> bool:
    return type(event) is ScalarEvent and event.style not in BLOCK_STYLES


def _owner(parsed: Parsed, index: int) -> int | Stray:
    """A scalar or alias as the owner of a comment, or why it cannot be that."""
    event = parsed.events[index]
    role = parsed.role(index) & ~IN_FLOW
    if type(event) is AliasEvent:
        return Stray.ALIAS
    if not event.style and not event.value:
        return Stray.EMPTY
    if role in (VALUE, ITEM):
        return index
    return Stray.KEY if role == KEY else Stray.ROOT


def _owner_of_line(parsed: Parsed, text: str, index: int) -> int | Stray:
    """The owner of a comment on the line of a scalar or alias."""
    owner = _owner(parsed, index)
    if isinstance(owner, int) and _has_properties(parsed.events[index]):
        return Stray.SECOND if _line_comments(parsed.events[index], text) > 1 else owner
    return owner


def _has_properties(event: Event) -> bool:
    return event.anchor is not None or event.tag is not None


def _line_comments(event: Event, text: str) -> int:
    """How many comments are on the lines of a scalar: behind its anchor or tag, in the header of a block, behind it."""
    inside = sum(trailing for _, trailing in _comments_inside(event, text))
    return inside + bool(_has_line_behind(event) and _OWN_COMMENT.match(text, event.end_mark.index))


def _comments_inside(event: Event, text: str) -> Iterator[tuple[re.Match[str], bool]]:
    """The comments in the span of an event, each with whether there is something before it on its line."""
    start, end = event.start_mark.index, event.end_mark.index
    is_block = False
    if type(event) is ScalarEvent:
        end = content_start(event, text)
        is_block = event.style in BLOCK_STYLES
        if is_block:
            header = _BREAK.search(text, end)
            end = header.start() if header else len(text)
    if end == start or not (is_block or _has_properties(event)):
        return
    previous = start
    for found in _COMMENT.finditer(text, start, end):
        *broken, line = _BREAK.split(text[previous : found.start()])
        yield found, bool(line.strip(" \t")) or (previous == start and not broken)
        previous = found.end()


def _inside(parsed: Parsed, text: str, index: int, needles: Sequence[str]) -> Iterator[Comment]:
    """The comments within the span of an event that hold a needle."""
    event = parsed.events[index]
    line_owner: int | Stray = Stray.COLLECTION
    head_owner: int | Stray = Stray.COLLECTION
    if type(event) is ScalarEvent:
        line_owner = _owner_of_line(parsed, text, index)
        head_owner = Stray.SECOND if _line_comments(event, text) else _owner(parsed, index)
    for found, trailing in _comments_inside(event, text):
        if any(needle in found[0] for needle in needles):
            yield Comment(found.start(), found[0], trailing, line_owner if trailing else head_owner)


def _between(parsed: Parsed, text: str, before: int, below: int, needles: Sequence[str]) -> Iterator[Comment]:
    """The comments between two events. There is nothing else there but space and indicators."""
    event = parsed.events[before]
    position: int = event.end_mark.index
    end: int = parsed.events[below].start_mark.index
    is_block = type(event) is ScalarEvent and event.style in BLOCK_STYLES
    is_behind = not is_block and type(event) is not StreamStartEvent
    indicator = ""
    heads: list[_Head] = []
    held: list[tuple[re.Match[str], bool, str]] = []
    for found in _COMMENT.finditer(text, position, end):
        indicator = text[position : found.start()].strip(" \t" + BREAKS)[-1:] or indicator
        *lines, line = _BREAK.split(text[event.start_mark.index if is_block else position : found.start()])
        is_behind = is_behind and not lines
        is_block = False
        if line.rstrip(" \t").endswith("-") or not (line.strip(" \t") or is_behind):
            is_apart = len(lines) > 1 and not lines[-1].strip(" \t")
            may_be_foot = type(event) in _OPENING or not (is_apart or line.strip(" \t") or indicator == ":")
            heads.append(_Head(found.start(), len(line), may_be_foot, bool(_BLANK_LINE.match(text, found.end()))))
        if any(needle in found[0] for needle in needles):
            held.append((found, is_behind, line.strip(" \t")))
        is_behind = False
        position = found.end()
    head_start = end
    head_owner: int | Stray = Stray.ABOVE
    if heads and _heads_scalar(parsed, text[position:end], before, below, heads):
        head_start, head_owner = _head(parsed, text, below, heads)
    for found, is_behind, line in held:
        owner: int | Stray = Stray.ABOVE
        if (is_behind or line) and not line.endswith("-"):
            owner = _owner_behind(parsed, text, before, line)
        elif found.start() >= head_start:
            owner = head_owner
        yield Comment(found.start(), found[0], is_behind or bool(line), owner)


def _heads_scalar(parsed: Parsed, tail: str, before: int, below: int, heads: Sequence[_Head]) -> bool:
    """Whether what is between some comments and a scalar lets them head it; `tail` is the text behind the last."""
    if type(parsed.events[below]) not in (ScalarEvent, AliasEvent) or tail.strip(" \t" + BREAKS) not in ("", "-", ":"):
        return False
    if any(type(event) in _ENDS for event in parsed.events[before + 1 : below]):
        dashes = [line.index("-") for line in _BREAK.split(tail) if "-" in line]
        return not dashes or any(head.column in dashes for head in heads)
    return True


def _owner_behind(parsed: Parsed, text: str, before: int, line: str) -> int | Stray:
    """The owner of a comment that has something before it; `line` is that, without the event that is before the gap."""
    event = parsed.events[before]
    in_flow = parsed.role(before) & IN_FLOW
    if type(event) in (ScalarEvent, AliasEvent) and (not line or (line == "," and in_flow)):
        return _owner_of_line(parsed, text, before)
    if line.endswith(":"):
        below = before + 1
        if parsed.role(below) == VALUE | IN_FLOW and type(parsed.events[below]) in (ScalarEvent, AliasEvent):
            return Stray.SECOND if _line_comments(parsed.events[below], text) else _owner(parsed, below)
        return Stray.BEFORE_VALUE
    if type(event) in (DocumentStartEvent, DocumentEndEvent):
        return Stray.ABOVE
    return Stray.KEY if line.endswith("?") else Stray.COLLECTION


def _head(parsed: Parsed, text: str, below: int, heads: Sequence[_Head]) -> tuple[int, int | Stray]:
    """Where the comments begin that head the scalar below them, and their owner: that scalar, if it is only one."""
    owner = _owner(parsed, below)
    foot = 0
    if heads[0].may_be_foot:  # what is above a blank line is to go-yaml the foot of what is before
        foot = next((number for number, head in enumerate(heads, 1) if head.is_before_blank), 0)
    if owner is Stray.KEY or foot == len(heads):
        return heads[0].start, Stray.ABOVE
    if isinstance(owner, int) and len(heads) - foot > 1:
        owner = Stray.NOT_ALONE
    if isinstance(owner, int) and _line_comments(parsed.events[owner], text):
        owner = Stray.SECOND
    return heads[foot].start, owner


def _above(events: Sequence[Event], index: int) -> int:
    """The last event up to an index that stands for characters, or for a value that is not there."""
    while index and type(events[index]) is not ScalarEvent and _is_implied(events[index]):
        index -= 1
    return index


def _below(events: Sequence[Event], index: int) -> int:
    """The first event from an index on that stands for characters; the end of the stream if there is none."""
    while index < len(events) - 1 and _is_implied(events[index]):
        index += 1
    return min(index, len(events) - 1)


def _is_implied(event: Event) -> bool:
    """Whether an event has no characters of its own, as the start and the end of a list without brackets."""
    if type(event) is SequenceStartEvent and not event.flow_style and event.anchor is None and event.tag is None:
        return True  # where its dashes are not indented, libyaml lets it span the first of them
    return bool(event.start_mark.index == event.end_mark.index)
