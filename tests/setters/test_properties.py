"""Laws of scanning and rewriting, over marked documents in many styles and over what is no YAML at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imgupdate.errors import UnparsableYaml
from imgupdate.setters import TOKEN, MarkedFile, scan

VALUES = st.one_of(
    st.from_regex(r"reg\.io(:5000)?/[a-z]{1,5}:[0-9]\.[0-9]{1,2}(@sha256:[0-9a-f]{8})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}){0,2}", fullmatch=True),
    st.sampled_from(
        ["", "yes", "null", "~", "0x1f", "1e3", "2024-01-01", "it's", 'a"b', "é🚀", "a: b", "# c", "[x", " s "]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)


@dataclass(frozen=True)
class Piece:
    """Text with at most one marked scalar, and what its marker is called; 0 where there is none."""

    before: str
    scalar: str = ""
    behind: str = ""
    number: int = 0

    @property
    def is_marked(self) -> bool:
        return self.number > 0


def marker(number: int) -> str:
    return f'# {{"$imagepolicy": "ns:p{number}"}}'


LEADS = ("", "&a{n} ", "!!str ", "&a{n} !!str ", "!!str &a{n}  ")
SCALARS = (
    "old",
    "reg.io/a:1.0",
    "'old'",
    '"old"',
    '"o\\x6cd"',
    "two\n          lines",
    '"two\n\n          lines"',
    "'it''s\n          it'",
    '""',
    "🚀",
)
SHAPES = (
    ("key{n}: {lead}", " {m}\n"),
    ("'key{n} \"é': {lead}", "\t{m}\n"),
    ("key{n}:\n  {lead}", "  \t {m}\n"),
    ("key{n}:\n- x\n-  {lead}", " {m}\n- y   # note\n"),
    ("key{n}:\n  {m}\n  - {lead}", "\n  - y\n"),
    ("key{n}: {{ a: [ x,y ], b: {lead}", ", {m}\n   c: d }}\n"),
    ("key{n}: [ 'a' , {lead}", " {m}\n  , b]  # note\n"),
    ("key{n}:\n   deep:\n      - name: x\n        image:   {lead}", " {m}\n        # note\n"),
)
UNMARKED = (
    "# a comment\n",
    "\n",
    "note{n}:   'kept  as'  # it is 🚀\n",
    "text{n}: |+\n   literal\n\n     # no comment\n\n",
    "fold{n}: >\n  a\n  b\n",
    'flow{n}: {{a: [1,  2], b: "\\u00e9"}}\n',
    "multi{n}: plain\n\n   words\n",
)
BLOCKS = (
    ("key{n}: {lead}", "| {m}\n    two\n    lines\n"),
    ("key{n}:\n - {lead}", ">- {m}\n    old\n"),
    ("key{n}: {lead}", "|2+ {m}\n    old\n\n"),
)


@st.composite
def pieces(draw: st.DrawFn, number: int) -> Piece:
    """A run of lines of a mapping."""
    if draw(st.integers(0, 3)) == 0:
        return Piece(draw(st.sampled_from(UNMARKED)).format(n=number))
    before, behind = draw(st.sampled_from(SHAPES))
    names = {"n": number, "m": marker(number), "lead": draw(st.sampled_from(LEADS)).format(n=number)}
    scalar = draw(st.sampled_from(SCALARS))
    return Piece(before.format(**names), scalar, behind.format(**names), number)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[Piece]]:
    """A beginning and the pieces behind it: documents with directives, separators, ends, in one style of line ends."""
    found: list[Piece] = []
    number = 0
    for document in range(draw(st.integers(1, 3))):
        if document:
            found.append(Piece(draw(st.sampled_from(["---\n", "--- # next\n", "...\n---\n"]))))
        for _ in range(draw(st.integers(1, 4))):
            number += 1
            found.append(draw(pieces(number)))
    beginning = draw(
        st.sampled_from(
            ["", "\ufeff", "---\n", "%YAML 1.1\n---\n", "\ufeff%TAG !x! tag:x,2000:\n--- # c\n", "\n\n# licence\n---\n"]
        )
    )
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    last = found[-1]
    if draw(st.booleans()):
        found[-1] = Piece(last.before, last.scalar, last.behind.rstrip("\n"), last.number)

    def ended(text: str) -> str:
        return text.replace("\n", line_end)

    return ended(beginning), [
        Piece(ended(piece.before), ended(piece.scalar), ended(piece.behind), piece.number) for piece in found
    ]


def text_of(beginning: str, found: list[Piece]) -> str:
    return beginning + "".join(piece.before + piece.scalar + piece.behind for piece in found)


STRING = "tag:yaml.org,2002:str"
STAND_IN = "stand-in-"


def with_stand_ins(beginning: str, found: list[Piece]) -> str:
    """The text with the number of each marked scalar in its place, in a form that says so."""
    numbers = count()
    return text_of(
        beginning,
        [replace(piece, scalar=f'"{STAND_IN}{next(numbers)}"') if piece.is_marked else piece for piece in found],
    )


def resolved(data: bytes) -> list[tuple[str, str]]:
    """Tag and value of all that a reader finds, in the order of the text."""
    found: list[tuple[str, str]] = []

    def walk(node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode):
            found.append((node.tag, node.value))
            return
        found.append((node.tag, ""))
        for item in node.value:
            for each in item if isinstance(item, tuple) else (item,):
                walk(each)

    for document in yaml.compose_all(data, yaml.CSafeLoader):
        walk(document)
    return found


@settings(max_examples=300)
@given(files(), st.data())
def test_only_the_marked_scalars_change_and_each_is_read_back_as_its_value(
    file: tuple[str, list[Piece]], data: st.DataObject
) -> None:
    beginning, found = file
    text = text_of(beginning, found)
    total = sum(piece.is_marked for piece in found)
    assume(total)
    values = data.draw(st.lists(VALUES, min_size=total, max_size=total))
    wanted = dict(enumerate(values))
    marked = scan(text.encode(), "a.yaml")
    assert marked.faults == ()
    assert [each.setter for each in marked.markers] == [f"ns:p{piece.number}" for piece in found if piece.is_marked]

    after = marked.rewrite(wanted)

    rest = after.decode().removeprefix(beginning)
    for piece in found:
        assert rest.startswith(piece.before)
        rest = rest.removeprefix(piece.before)
        if piece.is_marked:
            written, behind, rest = rest.partition(piece.behind)
            assert (behind, "\n" in written) == (piece.behind, False)
    assert rest == ""
    again = scan(after, "a.yaml")
    assert [each.value for each in again.markers] == values
    assert again.rewrite(wanted) == after
    assert resolved(after) == [
        (STRING, wanted[int(value.removeprefix(STAND_IN))]) if value.startswith(STAND_IN) else (tag, value)
        for tag, value in resolved(with_stand_ins(beginning, found).encode())
    ]


@settings(max_examples=150)
@given(files())
def test_a_file_is_not_touched_by_the_values_that_it_has_unless_they_are_no_strings(
    file: tuple[str, list[Piece]],
) -> None:
    text = text_of(*file)
    assume(TOKEN.decode() in text)
    marked = scan(text.encode(), "a.yaml")

    assert marked.rewrite({each.index: each.value for each in marked.markers}).decode() == text
    assert marked.rewrite({}).decode() == text


@settings(max_examples=150)
@given(files(), st.data())
def test_some_values_set_after_others_give_what_all_at_once_give(
    file: tuple[str, list[Piece]], data: st.DataObject
) -> None:
    text = text_of(*file).encode()
    assume(TOKEN in text)
    marked = scan(text, "a.yaml")
    wanted = {each.index: data.draw(VALUES) for each in marked.markers}
    later = {index: value for index, value in wanted.items() if data.draw(st.booleans())}
    earlier = {index: value for index, value in wanted.items() if index not in later}

    assert scan(marked.rewrite(earlier), "a.yaml").rewrite(later) == marked.rewrite(wanted)


@settings(max_examples=150)
@given(pieces(1), st.sampled_from(BLOCKS), st.sampled_from(LEADS), pieces(3), VALUES, st.sampled_from(["\n", "\r\n"]))
def test_what_is_around_a_block_scalar_stays_as_it_is(
    above: Piece, block: tuple[str, str], lead: str, below: Piece, value: str, line_end: str
) -> None:
    before = (text_of("", [above]) + block[0].format(n=2, lead=lead.format(n=2))).replace("\n", line_end)
    behind = text_of("", [below]).replace("\n", line_end)
    text = before + block[1].format(m=marker(2)).replace("\n", line_end) + behind
    marked = scan(text.encode(), "a.yaml")
    (index,) = (each.index for each in marked.markers if each.setter == "ns:p2")

    after = marked.rewrite({index: value})

    assert after.decode().startswith(before)
    assert after.decode().endswith(behind)
    assert marker(2) in after.decode()
    assert after.count(b"\n") == after.count(line_end.encode())
    again = scan(after, "a.yaml")
    assert [each.value for each in again.markers] == [
        value if each.index == index else each.value for each in marked.markers
    ]
    assert again.rewrite({index: value}) == after
    assert (STRING, value) in resolved(after)


# -- anything ----------------------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *"\n\n\n\n    :-?,[]{}|>'\"#&*!%@`~\t\r\\\x85\u2028\ufeff",
        *(
            "a: ",
            "- ",
            "k: v",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
            "&a ",
            "*a",
            "!!str ",
            "!!float ",
            "<<: ",
            "\n  ",
            "\n\n",
        ),
        *(
            marker(1),
            marker(1),
            marker(1),
            marker(2),
            " # note",
            '# {"$imagepolicy": ',
            '# {"x-k8s-cli": ',
            "1.0",
            '"x"',
            "'y'",
        ),
    ]
)


def scan_and_set(data: bytes) -> None:
    """Scan and set all markers, or be told that it is no YAML."""
    try:
        marked = scan(data, "a.yaml")
    except UnparsableYaml as error:
        problem = error
    else:
        set_all(marked)
        return
    assert problem.where.startswith("a.yaml")
    assert problem.message.isprintable()
    assert problem.remedy


def set_all(marked: MarkedFile) -> None:
    assert all(fault.message.isprintable() and fault.line > 0 and fault.column > 0 for fault in marked.faults)
    if not marked.markers:
        return
    wanted = {each.index: f"new-{each.index}" for each in marked.markers}
    after = marked.rewrite(wanted)
    assert {each.value for each in scan(after, "a.yaml").markers} >= set(wanted.values())


@settings(max_examples=1000)
@given(st.lists(FRAGMENTS, max_size=14).map("".join))
def test_pieces_of_yaml_in_any_order_are_scanned_and_set_or_are_said_to_be_no_yaml(text: str) -> None:
    scan_and_set(text.encode() + b' # "$imagepolicy"')


@settings(max_examples=400)
@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_any_text_is_scanned_or_is_said_to_be_no_yaml(before: str, behind: str) -> None:
    scan_and_set(before.encode() + b'k: v # {"$imagepolicy": "ns:p"}' + behind.encode())


@settings(max_examples=300)
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_any_bytes_are_scanned_or_are_said_to_be_no_yaml(before: bytes, behind: bytes) -> None:
    scan_and_set(before + TOKEN + behind)
