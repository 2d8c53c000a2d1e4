"""What holds for every marked file: marked scalars become what was wanted, all else stays, and a second run is idle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import assume, event, given
from hypothesis import strategies as st

from imgupdate.errors import ManifestError, UnparsableYaml
from imgupdate.setters import MarkedFile, scan

BREAKS = "\r\n|[\n\r\x85\u2028\u2029]"
FLOAT = "tag:yaml.org,2002:float"
SETTERS = ["ns:p", "ns:p:tag", "ns:p:name", "q"]

# --- marked files in many styles ---------------------------------------------------------------------------------

words = st.sampled_from(
    ["old", "v1.0.0", "1.10", "reg.io/app:v1", "true", "~", "2024-01-01", "café:1", "🚀 go", "a\tb", "5"]
)
images = st.sampled_from(
    [
        "reg.io:5000/team/app:v2",
        "nginx",
        "1.10",
        "12e7890",
        "y",
        "5.0.3",
        "2024-02-01",
        f"a@sha256:{'0' * 64}",
        "0o7",
        "~",
    ]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
spaces = st.sampled_from(["", " ", "  "])


@st.composite
def markers(draw: st.DrawFn) -> str:
    setter = draw(st.sampled_from(SETTERS))
    return draw(
        st.sampled_from(
            [
                f'# {{"$imagepolicy": "{setter}"}}',
                f'##{{ "$imagepolicy":"{setter}" , "note": "é😀" }}\t',
                f'# {{"$imagepolicy": "{setter}"}} extra',
                "# plain",
            ]
        )
    )


@st.composite
def behind(draw: st.DrawFn) -> str:
    """A comment behind something, or none."""
    return draw(spaces) + " " + draw(markers()) + draw(spaces) if draw(st.booleans()) else draw(spaces)


@st.composite
def scalars(draw: st.DrawFn, indent: int, *, flow: bool = False) -> str:
    """A scalar on one line or several, its further lines indented by more than `indent`."""
    text = draw(words)
    pad = "\n" + " " * (indent + draw(st.integers(1, 3)))
    styles = ["plain", "single", "double", "plain lines", "double lines", "escapes"]
    style = draw(st.sampled_from(styles))
    written = {
        "plain": text,
        "single": f"'{text}'",
        "double": f'"{text}"',
        "plain lines": f"a{pad}{text}".replace(":", ";") if not flow else "a",
        "double lines": f'"{text}\\{pad}b\n{pad}c"',
        "escapes": '"\\u00e9 \\" \\\\"',
    }[style]
    properties = draw(
        st.sampled_from(["", "", "", "!!str ", "&x ", "!local &x ", "&x !<tag:e.com,2024:a> ", "!!float "])
    )
    return properties + written


@st.composite
def blocks(draw: st.DrawFn, indent: int) -> str:
    """A literal or folded scalar with its header."""
    header = draw(st.sampled_from(["|", ">", "|-", ">+", "|+", ">-"]))
    lines = draw(
        st.lists(st.sampled_from(["old", "a: b # c", "", "  deep", '# {"$imagepolicy": "ns:p"}', "🚀"]), max_size=4)
    )
    pad = " " * (indent + draw(st.integers(1, 3)))
    first = next((line for line in lines if line), "")
    assume(not first.startswith(" "))
    body = "".join(f"\n{pad}{line}" if line else "\n" for line in lines)
    return f"{header}{draw(behind())}{body}\n"


@st.composite
def flows(draw: st.DrawFn, depth: int = 0) -> str:
    """A list or mapping in brackets, with comments behind its items."""
    items = []
    is_list = draw(st.booleans())
    for number in range(draw(st.integers(0, 3))):
        inner = depth < 2 and draw(st.integers(0, 4)) == 0
        item = draw(flows(depth=depth + 1)) if inner else draw(scalars(8, flow=True))
        key = "" if is_list else f"k{number}: "
        end = "," + (draw(behind()) + "\n        " if draw(st.booleans()) else " ")
        items.append(f"{key}{item}{end}")
    opening = draw(st.sampled_from(["", "\n        "]))
    return f"[{opening}{''.join(items)}]" if is_list else f"{{{opening}{''.join(items)}}}"


@st.composite
def collections(draw: st.DrawFn, indent: int = 0, depth: int = 0) -> str:
    """A block list or mapping: whole lines."""
    pad = " " * indent
    is_list = draw(st.integers(0, 2)) == 0
    lines = []
    for number in range(draw(st.integers(1, 4))):
        lines.append(f"{pad}{draw(markers())}\n" if draw(st.booleans()) else "")
        lines.append("\n" * draw(st.sampled_from([0, 0, 0, 1])))
        key = "-" if is_list else f"k{number}:"
        kind = draw(st.sampled_from(["scalar", "scalar", "scalar", "block", "flow", "below", "deep", "null", "alias"]))
        if kind == "deep" and depth < 3:
            lines.append(f"{pad}{key}{draw(behind())}\n{draw(collections(indent=indent + 2, depth=depth + 1))}")
        elif kind == "block":
            lines.append(f"{pad}{key} {draw(blocks(indent))}")
        elif kind == "flow":
            lines.append(f"{pad}{key} {draw(flows())}{draw(behind())}\n")
        elif kind == "below":
            comment = f"{pad}  {draw(markers())}\n" if draw(st.booleans()) else ""
            lines.append(f"{pad}{key}\n{comment}{pad}  {draw(scalars(indent + 2))}{draw(behind())}\n")
        elif kind == "null":
            lines.append(f"{pad}{key}{draw(behind())}\n")
        else:
            lines.append(f"{pad}{key} {draw(scalars(indent))}{draw(behind())}\n")
    return "".join(lines)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A marked file: documents, line breaks and a byte-order mark of any kind."""
    documents = draw(st.lists(collections(), min_size=1, max_size=3))
    separator = draw(st.sampled_from(["---\n", "--- # next\n", "...\n---\n", "---\n# licence\n---\n"]))
    text = draw(st.sampled_from(["", "---\n", "# head 😀\n", "%YAML 1.1\n---\n"])) + separator.join(documents)
    if draw(st.integers(0, 4)) == 0:
        text = text.rstrip("\n")
    line_break = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    return draw(st.sampled_from(["", "", "\ufeff"])) + text.replace("\n", line_break)


# --- what is said of them, by other means than ours --------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A marked scalar as libyaml sees it: where it is, and what is there."""

    start: int
    end: int
    event: Any


def events_of(text: str) -> list[Any]:
    return list(yaml.parse(text.removeprefix("\ufeff"), yaml.CSafeLoader))


def is_scalar(found: object) -> bool:
    return isinstance(found, yaml.ScalarEvent)


def position(text: str, line: int, column: int) -> int:
    """Where a line and column, as editors count them, are in a text without its byte-order mark."""
    starts = [0, *(found.end() for found in re.finditer("\r\n|[\n\r]", text))]
    return starts[line - 1] + column - 1 - text.startswith("\ufeff")


def marked_events(text: str, marked: MarkedFile) -> list[int]:
    """The index of the event of each marker."""
    events: list[Any] = events_of(text)
    places = [position(text, marker.line, marker.column) for marker in marked.markers]
    return [
        index
        for place in places
        for index, found in enumerate(events)
        if is_scalar(found) and found.start_mark.index <= place < found.end_mark.index
    ]


def spans(text: str, indexes: list[int]) -> list[Span]:
    events = events_of(text)
    return [Span(e.start_mark.index, e.end_mark.index, e) for e in (events[index] for index in indexes)]


def outside(text: str, found: list[Span]) -> str:
    """All characters that belong to no marked scalar; the header of a block scalar has a comment that does not."""
    bare = text.removeprefix("\ufeff")
    kept, last = text[: len(text) - len(bare)], 0
    for span in found:
        kept += bare[last : span.start]
        last = span.end
        if span.event.style in ("|", ">"):
            header = re.compile("((?:[&!][^ ]* +)*[|>][-+0-9]*)[^\n\r\x85\u2028\u2029]*").match(bare, span.start)
            assert header
            kept += bare[header.end(1) : header.end()]
            last = max(header.end(), len(bare[: span.end].rstrip(" \n\r\x85\u2028\u2029")))
    return kept + bare[last:]


def essence(found: yaml.Event) -> object:
    """All that a reader makes of an event."""
    if isinstance(found, yaml.ScalarEvent):
        return (found.value, found.tag, found.anchor, found.implicit)
    if isinstance(found, yaml.CollectionStartEvent):
        return (type(found), found.tag, found.anchor, found.implicit)
    return (type(found), getattr(found, "anchor", None))


def look(text: str) -> MarkedFile:
    try:
        return scan(text.encode(), "file.yaml")
    except UnparsableYaml:
        assume(condition=False)
        raise


def check_laws(text: str, marked: MarkedFile, wanted: dict[int, str]) -> None:
    after = marked.rewrite(wanted).decode()
    indexes = marked_events(text, marked)
    assert len(indexes) == len(set(indexes)) == len(marked.markers)
    edited = [indexes[number] for number in sorted(wanted)]

    before_events, after_events = events_of(text), events_of(after)
    assert len(before_events) == len(after_events)
    for index, (one, other) in enumerate(zip(before_events, after_events, strict=True)):
        assert index in edited or essence(one) == essence(other)
    found = [after_events[index] for index in edited]
    assert [e.value for e in found if isinstance(e, yaml.ScalarEvent)] == [wanted[number] for number in sorted(wanted)]
    for index in edited:
        one, other = before_events[index], after_events[index]
        assert isinstance(one, yaml.ScalarEvent)
        assert isinstance(other, yaml.ScalarEvent)
        assert other.anchor == one.anchor
        assert other.tag == (None if one.tag == FLOAT else one.tag)

    assert outside(after, spans(after, edited)) == outside(text, spans(text, edited))

    again = scan(after.encode(), "file.yaml")
    assert [(m.setter, m.object) for m in again.markers] == [(m.setter, m.object) for m in marked.markers]
    assert [m.value for m in again.markers] == [wanted.get(m.index, m.value) for m in marked.markers]
    assert [f.message for f in again.faults] == [f.message for f in marked.faults]
    assert again.rewrite(wanted).decode() == after


@given(files(), st.data())
def test_a_rewrite_of_a_marked_file_keeps_every_law(text: str, data: st.DataObject) -> None:
    marked = look(text)
    assume(marked.markers)
    event(f"{len(marked.markers)} markers")
    chosen = data.draw(st.lists(st.sampled_from(range(len(marked.markers))), min_size=1, unique=True))
    wanted = {index: data.draw(images | texts) for index in sorted(chosen)}

    check_laws(text, marked, wanted)


pieces = st.sampled_from(
    [
        *"\n\r\t :-?,[]{}&*!|>'\"%@#=~<\x85\u2028\ufeff😀",
        *(
            "- ",
            ": ",
            "? ",
            "\n  ",
            "\n- ",
            "\n---\n",
            "\n--- ",
            "\n...\n",
            "\r\n",
            " #",
            "&x ",
            "*x",
            "!!str ",
            "<<: ",
        ),
        *("key: ", "old", "null", "%TAG ! !x-\n", "|-\n  ", ">2\n    ", '"$imagepolicy"', "\\\n"),
        *('# {"$imagepolicy": "ns:p"}', ' # {"$imagepolicy": "ns:p"}\n'),
    ]
)


@given(files(), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), pieces), max_size=4), st.data())
def test_a_rewrite_of_any_text_that_still_parses_keeps_every_law(
    text: str, edits: list[tuple[float, int, str]], data: st.DataObject
) -> None:
    for share, length, piece in edits:
        place = int(share * len(text))
        text = text[:place] + piece + text[place + length :]
    marked = look(text)
    assume(marked.markers)
    wanted = {marker.index: data.draw(images | texts) for marker in marked.markers}
    try:
        marked.rewrite(wanted)
    except ManifestError as error:
        event(f"refused: {error.message}")  # as a block scalar that begins in the column of its list
        assume(condition=False)

    check_laws(text, marked, wanted)


TOKENS = [b'# {"$imagepolicy": "ns:p"}', b'a: b # {"$imagepolicy": "ns:p"}\n', b'"$imagepolicy"']


@given(st.binary(max_size=40), st.sampled_from(TOKENS), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_in_words_and_nothing_else(before: bytes, token: bytes, after: bytes) -> None:
    data = before + token + after
    refused = ""
    try:
        assert scan(data, "file.yaml").rewrite({}) == data
    except UnparsableYaml as error:
        refused = str(error)

    assert refused.isprintable()
