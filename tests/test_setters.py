"""Markers: where they are seen, what they say, and how new values are written (spec/flux.md 5.4 and 5.5)."""

from __future__ import annotations

import pytest
import yaml

from imgupdate.documents import source as documents_source
from imgupdate.documents.source import Source
from imgupdate.errors import ManifestError, UnparsableYaml
from imgupdate.results import ObjectIdentifier, Severity
from imgupdate.setters import TOKEN, Fault, MarkedFile, scan

M = '# {"$imagepolicy": "ns:p"}'
N = '# {"$imagepolicy": "ns:other"}'


def found(text: str) -> MarkedFile:
    return scan(text.encode(), "file.yaml")


def rewritten(text: str, *values: str) -> str:
    """The text with its markers set in turn, or all to one value."""
    marked = found(text)
    wanted = values * len(marked.markers) if len(values) == 1 else values
    return marked.rewrite(dict(enumerate(wanted))).decode()


def only(faults: tuple[Fault, ...]) -> Fault:
    (fault,) = faults
    return fault


# --- what a marker is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "setter"),
    [
        ('# {"$imagepolicy": "ns:p"}', "ns:p"),
        ('#{"$imagepolicy":"ns:p"}', "ns:p"),
        ('## {"$imagepolicy": "ns:p"}', "ns:p"),
        ('#\t{"$imagepolicy": "ns:p"}', "ns:p"),
        ('#    {  "$imagepolicy"  :  "ns:p"  }   ', "ns:p"),
        ('# {"$imagepolicy": "ns:p", "other": "x"}', "ns:p"),
        ('# {"other": "x", "$imagepolicy": "ns:p"}', "ns:p"),
        ('# {"$imagepolicy": "ns:p", "other": null}', "ns:p"),
        ('# {"$imagepolicy": "ns:p","$imagepolicy": "ns:d"}', "ns:d"),
        ('# {"$imagepolicy": "podinfo:tag"}', "podinfo:tag"),
        ('# {"$imagepolicy": "podinfo"}', "podinfo"),
        ('# {"$imagepolicy": "ns:caf\\u00e9"}', "ns:café"),
    ],
)
def test_a_comment_that_is_one_json_object_of_strings_with_the_key_is_a_marker(comment: str, setter: str) -> None:
    marked = found(f"image: old {comment}\n")

    assert [(marker.setter, marker.value) for marker in marked.markers] == [(setter, "old")]
    assert marked.faults == ()


def test_a_reference_to_a_setter_is_a_marker_in_a_file_that_holds_the_token_for_another_reason() -> None:
    reference = '# {"$ref": "#/definitions/io.k8s.cli.setters.ns:p:tag"}'

    assert [m.setter for m in found(f"a: old {reference}\nb: old {M}\n").markers] == ["ns:p:tag", "ns:p"]
    assert [m.setter for m in found(f"a: old {reference}\n---\nb: old {M}\n").markers] == ["ns:p:tag", "ns:p"]
    assert found(f"a: old {reference}\n").markers == ()


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        (f"{M} extra", "text after the JSON object"),
        (f"{M} # more", "text after the JSON object"),
        ('# extra {"$imagepolicy": "ns:p"}', "text before the JSON object"),
        ('# {"$imagepolicy": "ns:p", "other": 1}', "a value in it is not a string"),
        ('# {"$imagepolicy": 1}', "a value in it is not a string"),
        ('# {"$imagepolicy": ["ns:p"]}', "a value in it is not a string"),
        ("# {'$imagepolicy': 'ns:p'}", "not a JSON object with double quotes"),
        ('# {"$imagepolicy": "ns:p"', "not a JSON object with double quotes"),
        ('# {"$imagepolicy": "ns:p",}', "not a JSON object with double quotes"),
        ('# {"$imagepolicy": ""}', "it names no policy"),
        ('# {"$imagepolicy": null}', "it names no policy"),
        ('# {"$imagepolicy": "ns:\\u0007"}', "control character"),
        ('# {"$imagepolicy": "ns:\\ud800"}', "control character"),
        ('# {"$imagepolicy": ' + '{"a": ' * 600, "not a JSON object"),
        ('# {"$imagepolicy": "' + "x" * 5000 + '"}', "longer than 4096 characters"),
    ],
)
def test_a_trailing_comment_with_the_key_that_is_no_marker_is_a_warning_that_says_why(
    comment: str, reason: str
) -> None:
    marked = found(f"first: old {M}\nimage: old {comment}\n")
    fault = only(marked.faults)

    assert [marker.line for marker in marked.markers] == [1]
    assert (fault.severity, fault.line, fault.column) == (Severity.WARNING, 2, 12)
    assert reason in fault.message
    assert '{"$imagepolicy": "namespace:policy"}' in fault.remedy


@pytest.mark.parametrize(
    "text",
    [
        'image: old # {"$ImagePolicy": "ns:p"}',
        'image: old # {"$openapi": "ns:p"}',
        'image: old # {"$ref": "#/definitions/other.ns:p"}',
        "image: old # see $imagepolicies and io.k8s.cli.setters",
        '# image: old # {"$imagepolicy": "ns:p"}',
        '# a hint: {"$imagepolicy": "ns:p"} goes behind the value',
        'image: \'old # {"$imagepolicy": "ns:p"}\'',
        'image: "old # {\\"$imagepolicy\\": \\"ns:p\\"}"',
        '"$imagepolicy": image',
        'patch: |\n  image: old # {"$imagepolicy": "ns:p"}\n  # {"$imagepolicy": "ns:p"}',
    ],
)
def test_what_only_resembles_a_marker_is_left_alone_without_a_word(text: str) -> None:
    marked = found(f"first: old {M}\n{text}\n")

    assert [marker.line for marker in marked.markers] == [1]
    assert [fault for fault in marked.faults if "imagepolicies" not in text] == []


def test_a_comment_that_sets_a_constant_is_refused_by_name() -> None:
    constant = '# {"x-k8s-cli": {"setter": {"name": "n", "value": "v"}}}'
    fault = only(found(f"a: old {M}\nb: old {constant}\n").faults)

    assert fault.severity is Severity.ERROR
    assert (fault.line, fault.column) == (2, 8)
    assert "x-k8s-cli" in fault.message


def test_a_file_without_the_token_is_not_even_parsed() -> None:
    assert TOKEN == b'"$imagepolicy"'
    for data in (b"a: {{ .Values }}", b"\xff\xfe\x00", b"a: old # {'$imagepolicy': 'ns:p'}\n", b""):
        marked = scan(data, "file.yaml")
        assert (marked.path, marked.markers, marked.faults) == ("file.yaml", (), ())
        with pytest.raises(IndexError):
            marked.rewrite({0: "x"})


# --- where a marker is seen --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"key: old {M}\n", f"key: new:1 {M}\n", id="behind a value"),
        pytest.param(f"- old {M}\n", f"- new:1 {M}\n", id="behind an item"),
        pytest.param(f"- - old {M}\n", f"- - new:1 {M}\n", id="behind an item of an item"),
        pytest.param(f"key: a\n  b {M}\n", f"key: new:1 {M}\n", id="behind the last line of a plain value"),
        pytest.param(f'key: "a\n  b" {M}\n', f'key: "new:1" {M}\n', id="behind the last line of a quoted value"),
        pytest.param(f"key: 'a\n\n  b' {M}\n", f"key: 'new:1' {M}\n", id="behind a value with an empty line"),
        pytest.param(f'key: "old"{M}\n', f'key: "new:1"{M}\n', id="right behind a quote"),
        pytest.param(f"l:\n{M}\n- old\n", f"l:\n{M}\n- new:1\n", id="above an item"),
        pytest.param(f"l:\n  {M}\n  - old\n", f"l:\n  {M}\n  - new:1\n", id="above an indented item"),
        pytest.param(f"l:\n  - a\n  {M}\n  - old\n", f"l:\n  - a\n  {M}\n  - new:1\n", id="above a later item"),
        pytest.param(
            f"l:\n  - a\n\n  {M}\n  - old\n", f"l:\n  - a\n\n  {M}\n  - new:1\n", id="apart from the last item"
        ),
        pytest.param(f"l:\n  - k: v\n  {M}\n  - old\n", f"l:\n  - k: v\n  {M}\n  - new:1\n", id="below a mapping"),
        pytest.param(
            f"l:\n  - |\n    v\n  {M}\n  - old\n", f"l:\n  - |\n    v\n  {M}\n  - new:1\n", id="below a block"
        ),
        pytest.param(
            f"l: # x\n  {M}\n  - old\n", f"l: # x\n  {M}\n  - new:1\n", id="above an item, its list explained"
        ),
        pytest.param(f"l:\n- {M}\n  old\n", f"l:\n- {M}\n  new:1\n", id="between dash and item"),
        pytest.param(f"l:\n- {M}\n  - old\n", f"l:\n- {M}\n  - new:1\n", id="between dash and dash"),
        pytest.param(f"l:\n-\n  {M}\n  old\n", f"l:\n-\n  {M}\n  new:1\n", id="below a dash"),
        pytest.param(f"key:\n  {M}\n  old\n", f"key:\n  {M}\n  new:1\n", id="between key and value"),
        pytest.param(f"key:\n  {M}\n\n  old\n", f"key:\n  {M}\n\n  new:1\n", id="with an empty line"),
        pytest.param(f"key: # x\n  {M}\n  old\n", f"key: # x\n  {M}\n  new:1\n", id="below another comment"),
        pytest.param(f"{M}\n- old\n", f"{M}\n- new:1\n", id="at the top of a list"),
        pytest.param(f"? k\n: old {M}\n", f"? k\n: new:1 {M}\n", id="behind an explicit value"),
        pytest.param(f"? k\n{M}\n: old\n", f"? k\n{M}\n: new:1\n", id="above an explicit value"),
        pytest.param(f"m: {{k: old, {M}\n}}\n", f'm: {{k: "new:1", {M}\n}}\n', id="behind a comma in braces"),
        pytest.param(f"m: {{k: old {M}\n}}\n", f'm: {{k: "new:1" {M}\n}}\n', id="at the end of braces"),
        pytest.param(f"l: [\nold, {M}\n]\n", f'l: [\n"new:1", {M}\n]\n', id="behind a comma in brackets"),
        pytest.param(f"l: [a,\n  {M}\n  old]\n", f'l: [a,\n  {M}\n  "new:1"]\n', id="above an item in brackets"),
        pytest.param(f"m: {{k: {M}\n old}}\n", f'm: {{k: {M}\n "new:1"}}\n', id="behind a key in braces"),
        pytest.param(f"key: | {M}\n  old\n", f"key: |- {M}\n  new:1\n", id="behind a bar"),
        pytest.param(f"key: >- {M}\n  old\n", f"key: >- {M}\n  new:1\n", id="behind an angle"),
        pytest.param(f"key: &x old {M}\nb: *x\n", f"key: &x new:1 {M}\nb: *x\n", id="behind an anchored value"),
        pytest.param(f"key: &x {M}\n  old\n", f"key: &x {M}\n  new:1\n", id="behind an anchor"),
        pytest.param(f"key: &x\n  {M}\n  old\n", f"key: &x\n  {M}\n  new:1\n", id="below an anchor"),
        pytest.param(f"key: !!str 1.0 {M}\n", f"key: !!str new:1 {M}\n", id="behind a tagged value"),
        pytest.param(
            f"b: &b\n  image: old {M}\nc:\n  <<: *b\n", f"b: &b\n  image: new:1 {M}\nc:\n  <<: *b\n", id="in a merge"
        ),
    ],
)
def test_a_marker_sets_the_value_or_item_that_go_yaml_attaches_it_to(text: str, expected: str) -> None:
    assert rewritten(text, "new:1") == expected
    assert found(text).faults == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(f"{M}\nkey: old\n", "only serves an item of a list", id="above a key"),
        pytest.param(f"key: old\n{M}\n", "only serves an item of a list", id="below the last value"),
        pytest.param(f"key: old\n{M}\nb: c\n", "only serves an item of a list", id="between two keys"),
        pytest.param(f"key: # x\n  {M}\n  b: old\n", "only serves an item of a list", id="above a nested key"),
        pytest.param(f"key: {M}\n  old\n", "between a key and what the key holds", id="value on the next line"),
        pytest.param(f"key: {M}\n  b: old\n", "between a key and what the key holds", id="mapping on the next line"),
        pytest.param(f"key: {M}\n- old\n", "between a key and what the key holds", id="list on the next line"),
        pytest.param(f"key: {M}\nb: c\n", "there is no value", id="null"),
        pytest.param(f"- {M}\n- b\n", "there is no value", id="null item"),
        pytest.param(f"key: !!str {M}\nb: c\n", "there is no value", id="a tag alone"),
        pytest.param(f"? old {M}\n: v\n", "belongs to a key", id="explicit key"),
        pytest.param(f"? {M}\n  old\n: v\n", "belongs to a key", id="above an explicit key"),
        pytest.param(f"m: {{img: old}} {M}\n", "a list or a mapping", id="behind braces"),
        pytest.param(f"l: [old] {M}\n", "a list or a mapping", id="behind brackets"),
        pytest.param(f"l: [[old], {M}\n  b]\n", "a list or a mapping", id="behind inner brackets"),
        pytest.param(f"l: [ {M}\n  [old]]\n", "a list or a mapping", id="behind an opening bracket"),
        pytest.param(f"l: &x {M}\n- old\n", "a list or a mapping", id="behind the anchor of a list"),
        pytest.param(f"a: &x old\nb: *x {M}\n", "an alias", id="alias"),
        pytest.param(f"a: &x old\nl:\n{M}\n- *x\n", "an alias", id="above an alias"),
        pytest.param(f"old {M}\n", "nothing but this value", id="the document is a scalar"),
        pytest.param(f"l:\n- a\n{M}\n\n- old\n", "only serves an item of a list", id="foot of the item above"),
        pytest.param(f"{M}\n\n- old\n", "only serves an item of a list", id="head of the document"),
        pytest.param(f"l:\n{M}\n- - old\n", "only serves an item of a list", id="above an item of an item"),
        pytest.param(f"l:\n{M}\n- k: old\n", "only serves an item of a list", id="above an item that is a mapping"),
        pytest.param(f"l:\n- k: v\n  {M}\n- old\n", "only serves an item of a list", id="at the end of a mapping"),
        pytest.param(f"l:\n- old\n{M}\n", "only serves an item of a list", id="below the last item"),
        pytest.param(f"l:\n# x\n{M}\n- old\n", "one of several comments", id="below another comment"),
        pytest.param(f"l:\n{M}\n- old # x\n", "another comment that counts", id="the item has a comment"),
        pytest.param(f"l:\n{M}\n- | # x\n  old\n", "another comment that counts", id="the block has a comment"),
        pytest.param(f"k: &x # x\n  old {M}\n", "another comment that counts", id="the anchor has a comment"),
        pytest.param(f"k: &x # x\n  {M}\n  old\n", "another comment that counts", id="the anchor above has one"),
        pytest.param(f"k:\n  {M}\n  &x # x\n  old\n", "another comment that counts", id="the anchor below has one"),
        pytest.param(f"k: &x\n  {M}\n  old # x\n", "another comment that counts", id="the value has one too"),
        pytest.param(f"m: {{k: {M}\n old # x\n}}\n", "another comment that counts", id="the value in braces has one"),
        pytest.param(f"--- {M}\n- old\n", "only serves an item of a list", id="behind dashes"),
        pytest.param(f"a: b\n... {M}\n", "only serves an item of a list", id="behind dots"),
        pytest.param(f"{M}\n", "only serves an item of a list", id="nothing else in the file"),
    ],
)
def test_a_marker_that_sets_nothing_is_an_error_with_its_place_and_what_to_do(text: str, says: str) -> None:
    marked = found(text)
    fault = only(marked.faults)

    assert marked.markers == ()
    assert fault.severity is Severity.ERROR
    assert fault.message.startswith("the marker ns:p sets nothing: ")
    assert says in fault.message
    assert fault.remedy
    before = text[: text.index("#", text.index(M))]
    assert (fault.line, fault.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_of_two_markers_the_one_behind_the_value_counts_and_the_other_is_told() -> None:
    marked = found(f"l:\n{N}\n- old {M}\n")

    assert [marker.setter for marker in marked.markers] == ["ns:p"]
    assert "ns:other" in only(marked.faults).message


def test_two_markers_for_one_value_are_one_too_many() -> None:
    for text in (f"k: &x {M}\n  old {N}\n", f"l:\n{M}\n{N}\n- old\n"):
        marked = found(text)

        assert marked.markers == ()
        assert len(marked.faults) == 2


def test_a_blank_line_parts_a_comment_from_the_item_below_unless_one_parts_it_from_the_item_above() -> None:
    for above in ("- a", "- a # x", "- |\n  a", "- k: a", "- - a", "- [a]"):
        text = f"l:\n{above}\n{M}\n\n- old\n"

        assert found(text).markers == ()
        assert len(found(text).faults) == 1
        assert [m.value for m in found(text.replace(M, f"\n{M}")).markers] == ["old"]
        assert [m.value for m in found(text.replace(M, f"# x\n\n{M}")).markers] == ["old"]
        assert [m.value for m in found(text.replace(f"{M}\n", M)).markers] == ["old"]


# --- where a marker is, and whose it is --------------------------------------------------------------------------


def test_a_marker_tells_the_line_and_column_of_its_value() -> None:
    text = f"\ufeffa: 😀\r\nb: old {M}\r\nc: 'é' {M}\r\nl:\r\n{M}\r\n- &x old\r\nd: \"a\r\n  b\" {M}\r\n"

    assert [(marker.line, marker.column, marker.value) for marker in found(text).markers] == [
        (2, 4, "old"),
        (3, 4, "é"),
        (6, 6, "old"),
        (7, 4, "a b"),
    ]
    assert [marker.index for marker in found(text).markers] == [0, 1, 2, 3]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_editors_whatever_yaml_counts(line_break: str) -> None:
    text = f'a: "x\u2028y\x85z"{line_break}{line_break}b: old {M}{line_break}{M}{line_break}c: d{line_break}'

    assert [marker.line for marker in found(text).markers] == [3]
    assert only(found(text).faults).line == 4


def test_the_object_is_that_of_the_document() -> None:
    text = (
        f"a: old {M}\n---\nspec: {{image: old, {M}\n}}\nkind: Deployment\nmetadata:\n  labels: {{name: no}}\n"
        f"  name: app\n  namespace: prod\napiVersion: apps/v1\n---\nkind: [x]\nmetadata: app\napiVersion: ~\n"
        f"a: old {M}\n---\n- old {M}\n---\nmetadata: {{name: 12, namespace: null}}\nkind: ''\na: old {M}\n"
    )

    assert [marker.object for marker in found(text).markers] == [
        ObjectIdentifier(),
        ObjectIdentifier("apps/v1", "Deployment", "prod", "app"),
        ObjectIdentifier(),
        ObjectIdentifier(),
        ObjectIdentifier(name="12"),
    ]


def test_items_of_a_list_are_edited_in_place_and_each_is_its_own_object() -> None:
    text = (
        "apiVersion: v1\nkind: List\nmetadata: {name: all}\n"
        f"note: old {M}\nitems:\n"
        f"- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: one\n  spec: {{image: old, {M}\n  }}\n"
        f"- kind: Job\n  metadata: {{name: two, namespace: n}}\n  apiVersion: batch/v1\n  image: old {M}\n"
        f"last: old {M}\n"
    )
    whole = ObjectIdentifier("v1", "List", "", "all")

    assert [marker.object for marker in found(text).markers] == [
        whole,
        ObjectIdentifier("v1", "Pod", "", "one"),
        ObjectIdentifier("batch/v1", "Job", "n", "two"),
        whole,
    ]
    assert rewritten(text, "new") == text.replace("old", "new")


@pytest.mark.parametrize(
    "head", ["kind: ConfigMapList\nitems:\n", "kind: List\nother:\n", "kind: List\nitems:\n  k:\n"]
)
def test_only_the_items_of_a_list_are_objects_of_their_own(head: str) -> None:
    marked = found(f"{head}  - kind: Pod\n    image: old {M}\n")

    assert marked.markers[0].object.kind in {"ConfigMapList", "List"}


# --- how a value is written --------------------------------------------------------------------------------------

OLD = ["5", "1.0", "v1", "2024-01-01", "true", "null", "~"]
TYPED = [
    "1.10",
    "2024-02-01",
    "0777",
    "1_000",
    "12e7890",
    "0o7",
    "y",
    "null",
    "1606234201",
    "0b11",
    ".5",
    "0x1f",
    "true",
]
UNTYPED = ["5.0.3", "abc1234", "inf", "_1", "v5", "latest", "main-2d3fcbd-1611906956", "1.2.3-rc.1", "sha256:12ab"]


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("new", TYPED)
def test_a_plain_value_gets_quotes_where_a_reader_would_not_take_the_new_one_for_a_string(old: str, new: str) -> None:
    assert rewritten(f"tag: {old} {M}\n", new) == f'tag: "{new}" {M}\n'


@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("new", UNTYPED)
def test_a_plain_value_stays_plain_where_the_new_one_is_a_string_whatever_the_old_one_was(old: str, new: str) -> None:
    assert rewritten(f"tag: {old} {M}\n", new) == f"tag: {new} {M}\n"


@pytest.mark.parametrize("new", [*TYPED, *UNTYPED])
def test_quotes_are_kept(new: str) -> None:
    assert rewritten(f'a: "v1" {M}\n', new) == f'a: "{new}" {M}\n'
    assert rewritten(f"a: 'v1' {M}\n", new) == f"a: '{new}' {M}\n"
    assert rewritten(f'a: "" {M}\n', new) == f'a: "{new}" {M}\n'


@pytest.mark.parametrize(
    ("old", "new"), [("v1", '""'), ('"v1"', '""'), ("'v1'", "''"), ("null", '""'), ("|\n  v1", '""')]
)
def test_an_empty_value_is_written_in_quotes(old: str, new: str) -> None:
    first, _, rest = old.partition("\n")
    after = rewritten(f"a: {first} {M}\n{rest}\n", "")

    assert after.rstrip() == f"a: {new} {M}"


@pytest.mark.parametrize(
    ("new", "written"),
    [
        ("a: b", '"a: b"'),
        ("a:", '"a:"'),
        ("a #b", '"a #b"'),
        ("- a", '"- a"'),
        ("@a", '"@a"'),
        ("*a", '"*a"'),
        ("&a", '"&a"'),
        ("!a", '"!a"'),
        ("...", '"..."'),
        (" a", '" a"'),
        ('say "x"', '"say \\"x\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("two\nlines\r\t", '"two\\nlines\\r\\t"'),
        ("bell\x07 nel\x85 ls\u2028 bom\ufeff", '"bell\\x07 nel\\x85 ls\\u2028 bom\\ufeff"'),
        ("del\x7f non\uffff", '"del\\x7f non\\uffff"'),
        ("astral\U0010ffff", '"astral\U0010ffff"'),
        ("[::1]:5000/a", '"[::1]:5000/a"'),
        ("café", '"café"'),
    ],
)
def test_what_cannot_be_plain_is_written_in_double_quotes(new: str, written: str) -> None:
    assert rewritten(f"a: old {M}\n", new) == f"a: {written} {M}\n"


def test_a_single_quote_is_doubled_and_what_single_quotes_cannot_hold_gets_double_ones() -> None:
    assert rewritten(f"a: 'old' {M}\n", "it's") == f"a: 'it''s' {M}\n"
    assert rewritten(f"a: 'old' {M}\n", "a\nb") == f'a: "a\\nb" {M}\n'


def test_a_colon_within_brackets_gets_quotes_unless_one_was_there_without() -> None:
    assert rewritten(f"l: [v1, {M}\n]\n", "a:v2") == f'l: ["a:v2", {M}\n]\n'
    assert rewritten(f"l: [a:v1, {M}\n]\n", "a:v2") == f"l: [a:v2, {M}\n]\n"
    assert rewritten(f"l: ['a:v1', {M}\n]\n", "a:v2") == f"l: ['a:v2', {M}\n]\n"
    assert rewritten(f"l: [v1, {M}\n]\n", "v2") == f"l: [v2, {M}\n]\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("!!str 1.0", "!!str 1.10"),
        ("!!str '1.0'", "!!str '1.10'"),
        ("&x !!str 1.0", "&x !!str 1.10"),
        ("!local 1.0", "!local 1.10"),
        ("!<tag:example.com,2024:a> 1.0", "!<tag:example.com,2024:a> 1.10"),
        ("! 1.0", "! 1.10"),
        ("!!float 5.0.3", '"1.10"'),
        ("!!float &x 5.0.3", '&x "1.10"'),
        ("&x   !!int   5.0.3", '&x   "1.10"'),
        ("!!timestamp '5.0.3'", "'1.10'"),
        ("!!null 5.0.3", '"1.10"'),
        ("&x 1.0", '&x "1.10"'),
    ],
)
def test_anchors_and_tags_stay_but_for_a_tag_that_says_the_field_is_no_string(old: str, new: str) -> None:
    assert rewritten(f"a: {old} {M}\n", "1.10") == f"a: {new} {M}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a: | # M\n  old\n", "a: |- # M\n  new\n", id="clip"),
        pytest.param("a: |- # M\n  old\n", "a: |- # M\n  new\n", id="strip"),
        pytest.param("a: |+ # M\n  old\n\n\nb: c\n", "a: |- # M\n  new\n\n\nb: c\n", id="keep"),
        pytest.param("a: > # M\n  old\n  more\n\nb: c\n", "a: >- # M\n  new\n\nb: c\n", id="folded"),
        pytest.param("a: |2 # M\n    old\nb: c\n", "a: |- # M\n    new\nb: c\n", id="indentation indicator"),
        pytest.param("a: |-2 # M\n  old\n", "a: |- # M\n  new\n", id="both indicators"),
        pytest.param("a: | # M\n\n\n  old\n", "a: |- # M\n  new\n", id="empty lines first"),
        pytest.param("a: | # M\n  old\n     \n\nb: c\n", "a: |- # M\n  new\n\nb: c\n", id="deeper blank line"),
        pytest.param("a: | # M\n  old\n  \n\nb: c\n", "a: |- # M\n  new\n  \n\nb: c\n", id="blank line"),
        pytest.param("a: | # M\n  old   \nb: c\n", "a: |- # M\n  new\nb: c\n", id="spaces behind"),
        pytest.param("a: | # M\n  old", "a: |- # M\n  new", id="no final newline"),
        pytest.param("a: | # M\r\n  old\r\n  two\r\nb: c\r\n", "a: |- # M\r\n  new\r\nb: c\r\n", id="CRLF"),
        pytest.param("- | # M\n old\n- b\n", "- |- # M\n new\n- b\n", id="item"),
        pytest.param("a: &x !!str | # M\n  old\n", "a: &x !!str |- # M\n  new\n", id="properties"),
        pytest.param("a: !!float | # M\n  old\n", "a: |- # M\n  new\n", id="wrong tag"),
        pytest.param("a: | # M\nb: c\n", 'a: "new" # M\nb: c\n', id="nothing in it"),
        pytest.param("a: |+ # M\n\n\nb: c\n", 'a: "new" # M\n\n\nb: c\n', id="only empty lines in it"),
        pytest.param("a: | # M", 'a: "new" # M', id="nothing in it, no final newline"),
        pytest.param("a: |2 # M\n  \told\n", "a: |- # M\n  new\n", id="tab"),
        pytest.param("a: | # M\n  old\n# end\n", "a: |- # M\n  new\n# end\n", id="comment below"),
    ],
)
def test_a_block_scalar_keeps_its_style_with_the_new_value_as_its_only_line(before: str, after: str) -> None:
    assert rewritten(before.replace("# M", M), "new") == after.replace("# M", M)


@pytest.mark.parametrize("value", ["two\nlines", " space", "tab\t", "\x07", ""])
def test_what_cannot_be_a_line_of_a_block_scalar_takes_its_place_in_quotes(value: str) -> None:
    after = rewritten(f"a: | {M}\n  old\n  more\n\nb: c\n", value)

    assert after.endswith(f"{M}\n\nb: c\n")
    assert yaml.safe_load(after) == {"a": value, "b": "c"}
    assert yaml.safe_load(rewritten(f"a: | {M}\n  old", value)) == {"a": value}


def test_a_value_that_is_there_already_is_left_as_it_is_written() -> None:
    for text in (f"a: 'new' {M}\n", f'a: "n\\x65w" {M}\n', f"a: | {M}\n  new\n", f"a: !!str new {M}\n"):
        value = found(text).markers[0].value
        assert rewritten(text, value) == text


def test_a_value_that_is_right_but_reads_as_a_number_is_quoted_all_the_same() -> None:
    assert rewritten(f"a: 1.10 {M}\n", "1.10") == f'a: "1.10" {M}\n'
    assert rewritten(f"a: !!float 5.0.3 {M}\n", "5.0.3") == f"a: 5.0.3 {M}\n"


# --- the bytes around it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeffa: old # M\n", id="byte-order mark"),
        pytest.param("\ufeff---\na: old # M\n", id="byte-order mark before dashes"),
        pytest.param("a: old # M\r\nb:   c\r\n", id="CRLF"),
        pytest.param("a: old # M\rb: c\r", id="CR"),
        pytest.param("a: old # M\nb: c\r\nd: e\r", id="mixed line ends"),
        pytest.param("a: old # M\x85b: c\u2028d: e\u2029f: old # M\n", id="line breaks of YAML 1.1"),
        pytest.param("a: old # M", id="no final newline"),
        pytest.param("# 😀 licence\n---\n😀: old # M\n---\nb: 😀 # 😀\nc: old # M\n", id="emoji"),
        pytest.param("a:\told\t# M\t\nb: 'x\ty'\n", id="tabs"),
        pytest.param(
            "%YAML 1.1\n---\na: old # M\n...\n%TAG !e! tag:e.com,2024:\n---\nb: !e!x old # M\n", id="directives"
        ),
        pytest.param("a: old # M\n...\n# x\n---\nb: old # M\n...\n", id="dots"),
        pytest.param("---\n\n\na: old # M\n\n\n--- # x\nb:    old     # M   \n---\n", id="empty documents and lines"),
        pytest.param("--- {a: b}\n--- !!map\na: old # M\n", id="content behind dashes"),
        pytest.param("a: |\n  ---\n  x\nb: old # M\nc: '\n  --- x'\n", id="dashes that are text"),
        pytest.param("a: old # M\n---x: y\nc: old # M\n", id="a key of dashes"),
        pytest.param("- old # M\n- [1,2,\n   3]\n-   {a:   b}\n", id="a list"),
        pytest.param("a:   &x   old   # M\nb: *x\nc: <<\n", id="spaces"),
    ],
)
def test_every_other_byte_stays(text: str) -> None:
    text = text.replace("# M", M)

    assert rewritten(text, "new/image:2").encode() == text.replace("old", "new/image:2").encode()
    assert found(text).faults == ()


def test_only_the_marked_scalars_that_are_given_change() -> None:
    text = f"a: old {M}\nb: old {M}\n---\nc: old {M}\n"

    assert found(text).rewrite({1: "new"}) == text.replace("b: old", "b: new").encode()
    assert found(text).rewrite({}) == text.encode()
    with pytest.raises(IndexError):
        found(text).rewrite({3: "new"})


# --- what is not YAML --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (f"a: old {M}\n".encode() + b"b: \xff\n", 2, "not UTF-8"),
        (b"\xff\xfe" + f"a: old {M}\n".encode(), 1, "UTF-16 or UTF-32"),
        (f"a: old {M}\nb: [\n".encode(), 3, "not valid YAML"),
        (f"a: old {M}\n---\nb: c\n---\nd: {{{{ .Values }}}}-x\n".encode(), 5, "not valid YAML"),
        (f"a: old {M}\r\n---\r\n\tb: c\r\n".encode(), 3, "not valid YAML"),
        (f"a: old {M}\rb:\r  - c\r d\r".encode(), 4, "not valid YAML"),
        (f"a: b\u2028c: d\na: old {M}\nb: 'x\n".encode(), 4, "not valid YAML"),
        (f"a: old {M}\nb: \x07\n".encode(), 2, "U+0007 is not allowed"),
        (f"a: old {M}\n---\nb: \x00\n".encode(), 3, "U+0000 is not allowed"),
        (f"a: &x old {M}\n---\nb: *x\nc: d {M}\n".encode(), 3, "the alias *x has no anchor"),
        (f"a: old {M}\n- b\n".encode(), 2, "not valid YAML"),
        (f"a: old {M}\nb: 'x\n---\ny'\n".encode(), 3, "not valid YAML"),
    ],
)
def test_a_marked_file_that_is_no_yaml_is_an_error_with_its_line(data: bytes, line: int, says: str) -> None:
    with pytest.raises(UnparsableYaml, match=r"^file\.yaml:\d+: ") as error:
        scan(data, "file.yaml")

    assert error.value.line == line
    assert says in error.value.message
    assert error.value.remedy
    assert error.value.exit_code == 5
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("x" * 10_500_000, "larger than 10 MiB", id="bytes"),
        pytest.param("l: " + "[" * 100_000, "nested deeper than 100 levels", id="brackets"),
        pytest.param("l: " + "{a: " * 100_000, "nested deeper than 100 levels", id="braces"),
        pytest.param("---\nl: " + "[" * 100_000, "nested deeper than 100 levels", id="brackets of another document"),
        pytest.param("l:\n" + "- " * 300_000 + "x", "nested deeper than 100 levels", id="dashes"),
        pytest.param("b: &x a\nl:\n" + "- *x\n" * 600_000, "more than 500000 nodes", id="aliases"),
        pytest.param("---\n%TAG !a! b\n" + "%TAG !a! b\n" * 100, "too many directives", id="directives"),
    ],
)
def test_what_would_take_too_much_time_or_memory_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnparsableYaml, match=says):
        found(f"a: old {M}\n{text}\n")


def test_a_bomb_of_aliases_is_text_like_any_other() -> None:
    bomb = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 30))
    text = f"x0: &x0 old {M}\n{bomb}"

    assert rewritten(text, "new") == text.replace("old", "new")


def test_many_small_documents_are_parsed_a_thousand_at_most_at_a_time() -> None:
    text = f"---\na: old {M}\n" * 20_000

    assert rewritten(text, "new") == text.replace("old", "new")


# --- the proof ---------------------------------------------------------------------------------------------------


def test_an_edit_that_would_change_anything_else_is_refused() -> None:
    source = Source(f"a: old {M}\nb: other\nc: last {M}\n".encode(), "file.yaml")
    first, last = (found.owner for found in source.comments(["$imagepolicy"]))
    assert isinstance(first, documents_source.Field)
    assert isinstance(last, documents_source.Field)
    scalars = source._marked[0].scalars
    scalars[first.event] = scalars[last.event]  # as a defect would have it that takes the wrong span

    with pytest.raises(ManifestError, match="more than the marked value would change") as error:
        source.set([(first, "new")])

    assert error.value.where == "file.yaml:3"
    assert source.set([(last, "new")]) == f"a: old {M}\nb: other\nc: new {M}\n".encode()


def test_an_edit_that_would_break_the_file_is_refused() -> None:
    text = f"a: old {M}\nb: other\n"
    source = Source(text.encode(), "file.yaml")
    (owner,) = (found.owner for found in source.comments(["$imagepolicy"]))
    assert isinstance(owner, documents_source.Field)
    event, _ = source._marked[0].scalars[owner.event]
    event.end_mark = type(event.end_mark)(None, text.index(": other"), 1, 1, None, None)  # as a defect would have it

    with pytest.raises(ManifestError, match="would not be YAML any more"):
        source.set([(owner, "new")])


def test_a_value_that_is_no_text_is_refused() -> None:
    with pytest.raises(ManifestError, match="would not be YAML any more") as error:
        rewritten(f"a: old {M}\n", "\ud800")

    assert error.value.where == "file.yaml:1"
    assert error.value.exit_code == 5


# --- Flux's own test data (spec/flux.md, appendix B) -------------------------------------------------------------

DIGEST = "sha256:6745aaad46d795c9836632e1fb62f24b7e7f4c843144da8e47a5465c411a14be"
REFERENCES = {
    "automation-ns:policy": "index.repo.fake/updated:v1.0.1",
    "automation-ns:policy:name": "index.repo.fake/updated",
    "automation-ns:policy:tag": "v1.0.1",
    "automation-ns:unchanged": "image:v1.0.0",
    "automation-ns:policy-with-digest": f"image:v1.0.0@{DIGEST}",
    "automation-ns:policy-with-digest:digest": DIGEST,
}
KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - unmarked.yaml
images:
  - name: container
    newName: replaced # {"$imagepolicy": "automation-ns:policy:name"}
    newTag: v1 # {"$imagepolicy": "automation-ns:policy:tag"}
  - name: pinned
    digest: sha256:1234567890abcdef # {"$imagepolicy": "automation-ns:policy-with-digest:digest"}
patches:
  - patch: |
      - op: replace
        value: image # {"$imagepolicy": "automation-ns:policy"}
    target:
      kind: image # {"$imagepolicy": "automation-ns:policy-with-digest"}
"""
MARKED = """\
apiVersion: batch/v1beta1
kind: CronJob
metadata:
  name: foo
  namespace: bar
spec:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers:
          - name: i
            image: image:v1.0.0 # {"$imagepolicy": "automation-ns:unchanged"}
          containers:
          - name: c
            image: image:v1.0.0 # {"$imagepolicy": "automation-ns:policy"}
"""
OTHER_NAMESPACE = MARKED.replace("automation-ns", "other-ns")


@pytest.mark.parametrize(
    ("text", "identifier", "expected"),
    [
        (
            KUSTOMIZATION,
            ObjectIdentifier("kustomize.config.k8s.io/v1beta1", "Kustomization"),
            [
                ("replaced", "index.repo.fake/updated", "automation-ns:policy:name"),
                ("v1", "v1.0.1", "automation-ns:policy:tag"),
                ("sha256:1234567890abcdef", DIGEST, "automation-ns:policy-with-digest:digest"),
                ("image", f"image:v1.0.0@{DIGEST}", "automation-ns:policy-with-digest"),
            ],
        ),
        (
            MARKED,
            ObjectIdentifier("batch/v1beta1", "CronJob", "bar", "foo"),
            [("image:v1.0.0", "index.repo.fake/updated:v1.0.1", "automation-ns:policy")],
        ),
        (OTHER_NAMESPACE, ObjectIdentifier("batch/v1beta1", "CronJob", "bar", "foo"), []),
    ],
)
def test_the_files_of_the_reference_get_its_changes(
    text: str, identifier: ObjectIdentifier, expected: list[tuple[str, str, str]]
) -> None:
    marked = found(text)
    wanted = {m.index: new for m in marked.markers if (new := REFERENCES.get(m.setter, m.value)) != m.value}
    after = text
    for old, new, setter in expected:
        after = after.replace(f': {old} # {{"$imagepolicy": "{setter}"}}', f': {new} # {{"$imagepolicy": "{setter}"}}')

    assert {m.object for m in marked.markers} == {identifier}
    assert [(m.value, wanted[m.index], m.setter) for m in marked.markers if m.index in wanted] == expected
    assert marked.rewrite(wanted).decode() == after.replace("value: index.repo.fake/updated:v1.0.1", "value: image")
    assert marked.faults == ()
