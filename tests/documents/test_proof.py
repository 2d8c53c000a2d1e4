"""The proof of an edit finds the first thing that is not as it must be, whatever it is."""

from __future__ import annotations

import pytest

from imgupdate.documents.events import stream
from imgupdate.documents.proof import Outline, first_difference, outline
from imgupdate.documents.scalars import Spelling, Splice


def outlined(text: str) -> Outline:
    return outline(list(stream(text)), text)


# The events of "key: old" are: stream, document, mapping, key (3), old (4), ends (5, 6, 7).
BEFORE = "a: old\nb: &x !t other\nc: *x\n"


def difference(after: str, before: str = BEFORE, *, tag: str | None = None) -> int | None:
    """Where an edit that was to make `new` of the first value went wrong."""
    return first_difference(outlined(before), outlined(after), {4: Spelling((Splice(3, 6, "new"),), "new", tag)})


@pytest.mark.parametrize("new", ["new", "'new'", '"new"', "|-\n  new", '"n\\x65w"', "  new # comment"])
def test_the_wanted_value_is_right_in_whatever_quotes(new: str) -> None:
    assert difference(BEFORE.replace("old", new)) is None


@pytest.mark.parametrize(
    ("after", "index"),
    [
        (BEFORE, 4),
        (BEFORE.replace("old", "newer"), 4),
        (BEFORE.replace("old", "'new '"), 4),
        (BEFORE.replace("old", "[new]"), 4),
        (BEFORE.replace("old", "*x").replace("b: &x", "b:").replace("a:", "z: &x v\na:"), 3),
        (BEFORE.replace("old", "!!str new"), 4),
        (BEFORE.replace("old", "&y new"), 4),
        ("a: new\nb: &x !t changed\nc: *x\n", 6),
        ("a: new\nb: &x !t 'other'\nc: *x\n", 6),
        ("a: new\nb: &y !t other\nc: *y\n", 6),
        ("a: new\nb: &x !u other\nc: *x\n", 6),
        ("a: new\nb: &x other\nc: *x\n", 6),
        ("a: new\nb: !t &x other\nx: *x\n", 7),
        ("a: new\nb: &x !t other\nc: x\n", 8),
        ("a: new\nb: &x !t other\nc: *x\nd: e\n", 9),
        ("a: new\nb: &x !t other\n", 7),
        ("a: new\n", 5),
        ("", 1),
        (BEFORE.replace("old", "new") + "---\nmore\n", 11),
    ],
)
def test_anything_else_that_changed_is_found_where_it_is(after: str, index: int) -> None:
    assert difference(after) == index


@pytest.mark.parametrize(
    ("before", "after", "tag", "index"),
    [
        ("a: &x !!float 1.0\n", "a: &x new\n", None, None),
        ("a: !!float 1.0\n", "a: new\n", None, None),
        ("a: !t old\n", "a: !t new\n", "!t", None),
        ("a: !!float 1.0\n", "a: !!float new\n", None, 4),
        ("a: &x !!float 1.0\n", "a: new\n", None, 4),
        ("a: !t old\n", "a: new\n", "!t", 4),
    ],
)
def test_a_tag_goes_only_where_it_was_to_go(before: str, after: str, tag: str | None, index: int | None) -> None:
    assert difference(after, before, tag=tag) == index


def test_events_that_are_missing_at_the_end_are_a_difference() -> None:
    before = outlined(BEFORE)
    cut = Outline(before.values[:-1], before.properties)

    assert first_difference(before, cut, {}) == len(cut.values)
    assert first_difference(before, before, {}) is None


def test_quotes_count_as_quotes_and_not_as_part_of_a_value() -> None:
    def said(after: str, value: str) -> int | None:
        return first_difference(outlined("a: old\n"), outlined(after), {4: Spelling((), value, None)})

    assert said("a: '\"x'\n", '"x') is None
    assert said('a: "x"\n', '"x') == 4
    assert said("a: ''\n", "") is None
    assert said("a:\n", "") == 4
    assert said("a: old\n", "new") == 4
