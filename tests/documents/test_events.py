"""Text to parts, parts to events: what is split, what each event is, and what is beyond the bounds."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.documents.bounds import MAXIMUM_DIRECTIVES, MAXIMUM_PARTS, TooMuchYaml
from imgupdate.documents.events import IN_FLOW, ITEM, KEY, ROOT, VALUE, Part, check, parse, split, unparsable
from imgupdate.errors import UnparsableYaml


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: b\n", ["a: b\n"]),
        ("", [""]),
        ("---\na: b\n", ["---\na: b\n"]),
        ("a: b\n---\nc: d\n", ["a: b\n", "---\nc: d\n"]),
        ("a: b\n---", ["a: b\n", "---"]),
        ("a: b\n--- # x\nc: d\n---\t\n", ["a: b\n", "--- # x\nc: d\n", "---\t\n"]),
        ("a: b\n--- c\n---\r\nd\r\n", ["a: b\n", "--- c\n", "---\r\nd\r\n"]),
        ("a: b\n---c: d\n", ["a: b\n---c: d\n"]),
        ("a: b\n ---\n", ["a: b\n ---\n"]),
        ("a: b\n----\n---\n", ["a: b\n----\n", "---\n"]),
        ("\ufeffa: b\n---\nc: d\n", ["a: b\n", "---\nc: d\n"]),
        ("a: b\r---\rc: d\r", ["a: b\r---\rc: d\r"]),
        ("%YAML 1.1\n---\na: b\n---\nc: d\n", ["%YAML 1.1\n---\na: b\n---\nc: d\n"]),
        ("\ufeff%YAML 1.1\n---\na\n---\nb\n", ["%YAML 1.1\n---\na\n---\nb\n"]),
        ("a\n...\n%TAG ! !x\n---\nb\n", ["a\n...\n%TAG ! !x\n---\nb\n"]),
        ("a\n...\r%TAG ! !x\r---\rb\n---\nc", ["a\n...\r%TAG ! !x\r---\rb\n---\nc"]),
        ("a: 100%\n---\nb\n", ["a: 100%\n", "---\nb\n"]),
    ],
)
def test_a_file_is_split_where_a_document_begins_unless_a_directive_ties_it_together(
    text: str, parts: list[str]
) -> None:
    found = split(text, "f")

    assert [part.text for part in found] == parts
    assert all(text[part.start :].startswith(part.text) for part in found)


def test_a_large_file_is_split_in_so_many_parts_at_most_and_nothing_of_it_is_lost() -> None:
    text = "a: b\n---\n" * 20_000
    parts = split(text, "f")

    assert 500 < len(parts) <= MAXIMUM_PARTS + 1
    assert "".join(part.text for part in parts) == text


def essence(text: str) -> list[object]:
    """What the documents of a text are, as one parser sees them; how each of them begins apart."""
    found: list[object] = []
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            found.append((type(event), getattr(event, "value", None), getattr(event, "anchor", None)))
        elif isinstance(event, yaml.DocumentStartEvent):
            found.append("document")
    return found


lines = st.sampled_from(
    [
        "---",
        "--- a",
        "---\t# x",
        "--- |",
        "  x",
        "a: b",
        "b: 'x",
        "x'",
        "- a",
        "...",
        "# x",
        "c: |",
        "",
        "[",
        "]",
        '"',
        "--- {",
        "}",
        "---x",
    ]
)


@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_the_parts_of_a_file_say_together_what_the_file_says_or_fail_as_it_does(
    chosen: list[str], line_break: str
) -> None:
    text = line_break.join(chosen)
    try:
        whole = essence(text)
    except yaml.YAMLError:
        with pytest.raises(yaml.YAMLError):
            [essence(part.text) for part in split(text, "f")]
    else:
        assert [said for part in split(text, "f") for said in essence(part.text)] == whole


def test_every_event_has_the_role_that_its_node_plays() -> None:
    parsed = parse("- a\n- k: [b, {c: d, e: [f]}]\n  &x l: m\n- ? [g]\n  : h\n---\ni\n--- {j: n}\n")
    scalars = {event.value: parsed.role(i) for i, event in enumerate(parsed.events) if hasattr(event, "value")}
    expected = {
        ROOT: "i",
        KEY: "kl",
        VALUE: "mh",
        ITEM: "a",
        KEY | IN_FLOW: "cej",
        VALUE | IN_FLOW: "dn",
        ITEM | IN_FLOW: "bfg",
    }

    assert scalars == {value: role for role, values in expected.items() for value in values}


def test_an_alias_counts_as_the_node_that_it_stands_for() -> None:
    parsed = parse("a: &x b\n*x : c\nd: *x\ne: f\n")

    assert [parsed.role(index) for index in (3, 4, 5, 6, 7, 8, 9, 10)] == [KEY, VALUE] * 4


def test_an_event_knows_the_root_of_its_document() -> None:
    parsed = parse("%YAML 1.1\n---\na: b\n---\n- c\n- d\n")

    assert parsed.document(len(parsed.events) - 3) == 8
    assert parsed.document(3) == 2


@pytest.mark.parametrize("text", ["*x", "- &x a\n--- *x", "a: *x\nb: &x c", "[&y a, *x]"])
def test_an_alias_without_an_anchor_before_it_in_its_document_is_no_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match=r"the alias \*x has no anchor"):
        parse(text)


@pytest.mark.parametrize("text", ["- &x a\n- *x", "- &x [a]\n- *x", "- &x {a: b}\n- {*x : *x}", "- '*x'"])
def test_an_alias_behind_its_anchor_is_yaml(text: str) -> None:
    assert parse(text).events


def test_depth_and_number_of_events_are_bounded_whether_or_not_a_part_is_looked_into() -> None:
    check("[" * 100 + "]" * 100)
    check("a: [" + "[], " * 200 + "]")
    assert parse("[" * 100 + "]" * 100).events
    for text in ("[" * 101 + "]" * 101, "[" * 50_000, "{a: " * 50_000):
        with pytest.raises(TooMuchYaml, match="nested deeper than 100 levels"):
            check(text)
        with pytest.raises(TooMuchYaml, match="nested deeper than 100 levels"):
            parse(text)
    with pytest.raises(TooMuchYaml, match="more than 500000 nodes"):
        parse("- a\n" * 10, 12)
    assert len(parse("- a\n" * 10, 16).events) == 16


def test_a_part_that_is_only_checked_fails_as_one_that_is_parsed() -> None:
    for text in ("a: [", "\ta: b", "a: \x07", "a: b: c", "[[" + "[], " * 200):
        with pytest.raises(yaml.YAMLError):
            check(text)
        with pytest.raises(yaml.YAMLError):
            parse(text)


def test_many_directives_are_too_many_since_libyaml_compares_each_with_all() -> None:
    few = "".join(f"%TAG !a{number}! b\n" for number in range(MAXIMUM_DIRECTIVES))

    assert len(split(f"{few}---\na", "f")) == 1
    for line_break in "\n\r\x85\u2028\u2029":
        with pytest.raises(UnparsableYaml, match="too many directives"):
            split(f"a\n{few}%YAML 1.1\n---\na".replace("\n", line_break), "f")


def test_an_error_without_a_place_still_names_the_file() -> None:
    error = unparsable(yaml.YAMLError("?"), "a\nb", Part("b", 2), "f")

    assert str(error) == "f:2: the file is not valid YAML: it cannot be read; correct the YAML"
