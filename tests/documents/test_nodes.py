"""YAML as values with places: typed as Kubernetes types them, bounded, and never surprised by a file."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.documents.bounds import MAXIMUM_BYTES, MAXIMUM_EVENTS
from imgupdate.documents.nodes import Mapping, Node, Scalar, Sequence, flaws, load
from imgupdate.errors import UnparsableYaml


def root(text: str) -> Node:
    return load(text, "file.yaml")[0].root


def mapping(text: str) -> Mapping:
    node = root(text)
    assert isinstance(node, Mapping)
    return node


def value(node: Node | None) -> object:
    """What a node says, as Python's own types."""
    if isinstance(node, Mapping):
        return {entry.key: value(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [value(item) for item in node.items]
    return node.value if node else None


def test_every_node_knows_its_line_and_column() -> None:
    text = "first: 1\nsecond:\n  - a\n  - {b: c}\n"

    second = mapping(text).entry("second")

    assert second is not None
    assert (second.line, second.column) == (2, 1)
    assert isinstance(second.value, Sequence)
    assert [(item.line, item.column) for item in second.value.items] == [(3, 5), (4, 5)]
    assert mapping(text).key_line("second") == 2
    assert mapping(text).key_line("third") == 1
    assert mapping(text).get("third") is None


def test_the_documents_of_a_file_keep_their_order_and_their_lines() -> None:
    documents = load("# nothing\n---\na: 1\n---\n---\nb: 2\n", "file.yaml")

    assert [(document.line, value(document.root)) for document in documents] == [
        (3, {"a": 1}),
        (5, None),
        (6, {"b": 2}),
    ]


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "\ufeff"])
def test_a_file_without_a_document_is_no_error(text: str) -> None:
    assert load(text, "file.yaml") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # words
        ("y", True),
        ("Yes", True),
        ("ON", True),
        ("true", True),
        ("n", False),
        ("No", False),
        ("off", False),
        ("False", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        # whole numbers
        ("0", 0),
        ("12", 12),
        ("+12", 12),
        ("-12", -12),
        ("1_000", 1000),
        ("0x1F", 31),
        ("-0x1F", -31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("00", 0),
        ("18446744073709551615", 18446744073709551615),
        ("-9223372036854775808", -9223372036854775808),
        # beyond 64 bits: a float if it is decimal and fits, else a text
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775809", -9223372036854775809.0),
        ("0x10000000000000000", "0x10000000000000000"),
        ("12e7890", "12e7890"),
        ("-1e309", "-1e309"),
        ("9" * 400, "9" * 400),
        # numbers that look like tags or revisions
        ("1.20", 1.2),
        ("1e3", 1000.0),
        ("1.e+2", 100.0),
        (".5", 0.5),
        ("08", 8.0),
        ("12e03", 12000.0),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
        # texts
        ("1.2.3", "1.2.3"),
        ("12:30:45", "12:30:45"),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:00:00Z", "2024-01-31T10:00:00Z"),
        ("0x", "0x"),
        ("0b2", "0b2"),
        ("._5", "._5"),
        ("-", ["-"]),
        ("+", "+"),
        (".", "."),
        ("1a", "1a"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_plain_scalar_has_the_type_that_kubernetes_gives_it(text: str, expected: object) -> None:
    if text == "-":
        assert value(root("- '-'")) == expected
        return

    found = value(root(f"[{text}]"))

    assert found == [expected]
    assert isinstance(found, list)
    assert type(found[0]) is type(expected)


def test_not_a_number_is_a_number() -> None:
    found = value(root("[.nan]"))

    assert isinstance(found, list)
    assert isinstance(found[0], float)
    assert math.isnan(found[0])


def test_a_number_too_long_for_any_machine_costs_no_time() -> None:
    assert value(root("[" + "9" * 5000 + "]")) == ["9" * 5000]


@pytest.mark.parametrize("text", ["'1'", '"1"', "!!str 1", "!mine 1", "|-\n  1", ">-\n  1"])
def test_a_quoted_block_or_tagged_scalar_is_a_text(text: str) -> None:
    assert value(root(f"a: {text}\n")) == {"a": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("!!int '7'", 7), ("!!float 7", 7.0), ("!!float '1e3'", 1000.0), ("!!bool 'yes'", True), ("!!null ''", None)],
)
def test_a_standard_tag_decides_about_the_type(text: str, expected: object) -> None:
    found = value(root(f"a: {text}"))

    assert found == {"a": expected}


@pytest.mark.parametrize(
    "text", ["!!int x", "!!int 1.5", "!!int true", "!!float x", "!!float true", "!!bool 1", "!!null x"]
)
def test_a_standard_tag_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(UnparsableYaml, match="tagged") as caught:
        load(f"\na: {text}", "file.yaml")

    assert caught.value.line == 2


def test_the_text_of_a_scalar_is_kept_beside_its_value() -> None:
    node = mapping("a: 1.20").get("a")

    assert isinstance(node, Scalar)
    assert (node.value, node.text) == (1.2, "1.20")


def test_an_alias_is_the_node_that_it_names() -> None:
    node = mapping("a: &x {b: 1}\nc: *x\n")

    assert node.get("c") is node.get("a")


def test_an_anchor_holds_within_its_document_only() -> None:
    with pytest.raises(UnparsableYaml, match="names no anchor"):
        load("a: &x 1\n---\nb: *x\n", "file.yaml")


def test_an_anchor_can_be_set_anew() -> None:
    assert value(root("[&x 1, *x, &x 2, *x]")) == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base: &b {a: 1, b: 2}\nown:\n  <<: *b\n  b: 3\n", {"b": 3, "a": 1}),
        ("base: &b {a: 1, b: 2}\nown:\n  b: 3\n  <<: *b\n", {"b": 3, "a": 1}),
        ("base: &b {a: 1}\nown:\n  <<: [*b, {a: 2, c: 3}]\n", {"a": 1, "c": 3}),
        ("own:\n  '<<': 1\n", {"<<": 1}),
        ("own:\n  <<: {a: 1}\n  <<: {a: 2, b: 3}\n", {"a": 1, "b": 3}),
    ],
)
def test_a_merge_adds_what_is_not_there(text: str, expected: object) -> None:
    assert value(mapping(text).get("own")) == expected


@pytest.mark.parametrize("merged", ["1", "[1]", "[[{a: 1}]]", "null"])
def test_only_mappings_can_be_merged(merged: str) -> None:
    with pytest.raises(UnparsableYaml, match="merges something that is no mapping"):
        load(f"<<: {merged}\n", "file.yaml")


def test_a_repeated_key_is_a_flaw_at_its_second_place_and_the_first_value_holds() -> None:
    node = mapping("a: 1\nb:\n  c: 2\n  c: 3\n")

    (flaw,) = flaws(node)

    assert (flaw.line, flaw.column, flaw.key) == (4, 3, "c")
    assert "first in line 3" in flaw.message
    assert value(node) == {"a": 1, "b": {"c": 2}}


@pytest.mark.parametrize("text", ["a: {{ .Values.tag }}", "? [1]\n: 2", "null: 1", "~: 1", "{{ include }}"])
def test_a_key_that_is_no_scalar_is_a_flaw(text: str) -> None:
    (flaw,) = flaws(root(text))

    assert "not a string" in flaw.message
    assert "template" in flaw.remedy


def test_the_flaws_of_a_shared_node_are_told_once_and_in_order() -> None:
    node = root("x: [&n {a: 1, a: 2}, *n]\ny: {b: 1, b: 2}\n")

    assert [flaw.line for flaw in flaws(node)] == [1, 2]


@pytest.mark.parametrize(("text", "key"), [("1: x", "1"), ("yes: x", "true"), ("off: x", "false"), ("1.50: x", "1.50")])
def test_a_key_that_is_a_number_or_a_boolean_becomes_a_text_and_is_known_for_it(text: str, key: str) -> None:
    (entry,) = mapping(text).entries

    assert (entry.key, entry.textual) == (key, False)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: c: d\n", 2, "mapping values are not allowed"),
        ("a: [1\n", 2, "did not find expected"),
        ("a: 'x\n", 2, "quoted scalar"),
        ("\ta: 1\n", 1, "cannot start any token"),
        ("a: %x\n", 1, "cannot start any token"),
        ("a: 1\nb: *x\n", 2, "names no anchor"),
        ("a: &x\n  - *x\n", 2, "inside its own anchor"),
        ("a: 1\nb: \x07\n", 2, "U+0007 is not allowed"),
        ("{{- if .Values.enabled }}\na: 1\n{{- end }}\n", 1, "expected"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(UnparsableYaml) as caught:
        load(text, "some/file.yaml")

    assert caught.value.line == line
    assert message in caught.value.message
    assert str(caught.value).startswith(f"some/file.yaml:{line}: ")


@pytest.mark.parametrize(
    "data", [b"a: 1\nb: \xff\n", b"a: 1\nb: \xc3", "a: 1\nb: \ud800\n", "a: 1\nb: 2\n".encode("utf-16")]
)
def test_what_is_no_utf8_is_refused_with_its_line(data: bytes | str) -> None:
    with pytest.raises(UnparsableYaml, match="UTF-8") as caught:
        load(data, "file.yaml")

    assert caught.value.line == (1 if data[:1] == b"\xff" else 2)


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert value(load(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "file.yaml")[0].root) == {"a": 1, "b": 2}


def test_a_file_beyond_the_bound_is_refused_unread() -> None:
    with pytest.raises(UnparsableYaml, match="larger than 10 MiB"):
        load(b"#" * (MAXIMUM_BYTES + 1), "file.yaml")


@pytest.mark.parametrize("text", ["[" * 200, "{a: " * 200, "\n".join(f"{' ' * depth}a:" for depth in range(200))])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(UnparsableYaml, match="nests deeper than 100"):
        load(text, "file.yaml")


def test_nesting_within_the_bound_is_read() -> None:
    assert load("[" * 100 + "]" * 100, "file.yaml")


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    with pytest.raises(UnparsableYaml, match="aliases counted") as caught:
        load("\n".join(lines), "bomb.yaml")

    assert caught.value.line == 6


def test_a_bomb_of_merges_is_refused() -> None:
    base = "base: &b {" + ", ".join(f"k{n}: {n}" for n in range(1000)) + "}\n"
    text = base + "".join(f"m{n}: {{<<: *b}}\n" for n in range(1000))

    with pytest.raises(UnparsableYaml, match="aliases counted"):
        load(text, "bomb.yaml")


def test_the_bound_on_values_holds_for_a_file_however_many_documents_it_has() -> None:
    half = "base: &b [" + "1," * 250_000 + "]\n"

    with pytest.raises(UnparsableYaml, match="aliases counted") as caught:
        load(half + "---\n" + half + "---\na: 1\n", "file.yaml")

    assert caught.value.line == 3


def test_a_file_of_directives_is_refused() -> None:
    text = "".join(f"%TAG !{n}! tag:example.com,2024:\n" for n in range(1000))

    with pytest.raises(UnparsableYaml, match="too many directives"):
        load(text + "---\na: 1\n", "file.yaml")


def test_lines_are_those_of_editors_also_where_yaml_knows_other_line_breaks() -> None:
    node = mapping("a: 'x\u2028\u0085y'\r\nb: 1\rc: 2\n")

    assert [(entry.key, entry.line) for entry in node.entries] == [("a", 1), ("b", 2), ("c", 3)]


def test_a_key_that_is_an_alias_stands_where_it_is_used() -> None:
    node = mapping("a: &x name\n*x : 1\n")

    assert [(entry.key, entry.line) for entry in node.entries] == [("a", 1), ("name", 2)]


def test_a_file_of_too_many_values_is_refused() -> None:
    with pytest.raises(UnparsableYaml, match="more than 500000 values"):
        load("[" + "1," * (MAXIMUM_EVENTS + 1) + "]", "file.yaml")


# JSON writes what lies beyond the basic plane as two escapes, which YAML does not know.
characters = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(characters, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters, max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(plain_values)
def test_json_reads_as_what_it_says(content: object) -> None:
    assert value(root(json.dumps(content))) == content


@given(plain_values)
def test_what_another_writer_dumped_reads_as_what_it_dumped(content: object) -> None:
    assert value(root(yaml.safe_dump(content, allow_unicode=True, default_style='"'))) == content


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_input_is_read_or_refused(data: str | bytes) -> None:
    try:
        documents = load(data, "file.yaml")
    except UnparsableYaml as error:
        assert str(error).startswith("file.yaml")  # noqa: PT017
        return
    for document in documents:
        list(flaws(document.root))
