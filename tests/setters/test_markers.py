"""What is a marker, and which scalar it marks (spec/flux.md 5.4, appendix B)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.results import ObjectIdentifier, Severity
from imgupdate.setters import TOKEN, Fault, scan

M = '# {"$imagepolicy": "ns:p"}'
LONG = "x" * 5000
WITH_TOKEN = '# "$imagepolicy" lets the file be looked at\n'


def rewritten(text: str, value: str = "new") -> str:
    """The text with every marked scalar set to a value."""
    marked = scan(text.encode(), "a.yaml")
    return marked.rewrite({marker.index: value for marker in marked.markers}).decode()


def setters(text: str) -> list[str]:
    return [marker.setter for marker in scan(text.encode(), "a.yaml").markers]


def the_fault(text: str) -> Fault:
    marked = scan(text.encode(), "a.yaml")
    assert marked.markers == ()
    (fault,) = marked.faults
    return fault


# -- syntax ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "setter"),
    [
        ('# {"$imagepolicy": "ns:p"}', "ns:p"),
        ('#{"$imagepolicy":"ns:p"}', "ns:p"),
        ('## {"$imagepolicy": "ns:p"}', "ns:p"),
        ('#\t{"$imagepolicy": "ns:p"}', "ns:p"),
        ('#   {"$imagepolicy": "ns:p"}  \t', "ns:p"),
        ('# { "$imagepolicy" : "ns:p" }', "ns:p"),
        ('# {"$imagepolicy": "ns:p", "other": "x"}', "ns:p"),
        ('# {"other": "x", "$imagepolicy": "ns:p:tag"}', "ns:p:tag"),
        ('# {"$imagepolicy": "ns:p","$imagepolicy": "ns:d"}', "ns:d"),
        ('# {"$ref": "#/definitions/io.k8s.cli.setters.ns:p"}', "ns:p"),
        ('# {"$imagepolicy": null, "$ref": "#/definitions/io.k8s.cli.setters.ns:p:name"}', "ns:p:name"),
        ('# {"\\u0024imagepolicy": "ns:p", "$imagepolicy": "ns:q"}', "ns:q"),
        ('# {"$imagepolicy": " ns:p"}', " ns:p"),
        ('# {"$imagepolicy": "p"}', "p"),
        ('# {"$imagepolicy": "ns:é"}', "ns:é"),
    ],
)
def test_a_json_object_that_fills_the_comment_is_a_marker(comment: str, setter: str) -> None:
    text = f"{WITH_TOKEN}key: old {comment}\n"
    (marker,) = scan(text.encode(), "a.yaml").markers

    assert (marker.setter, marker.value, marker.line, marker.column, marker.index) == (setter, "old", 2, 6, 0)
    assert rewritten(text) == f"{WITH_TOKEN}key: new {comment}\n"
    assert scan(text.encode(), "a.yaml").faults == ()


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ('# {"$imagepolicy": "ns:p"} extra', "text after the JSON object"),
        ('# {"$imagepolicy": "ns:p"} # more', "text after the JSON object"),
        ('# extra {"$imagepolicy": "ns:p"}', "text before the JSON object"),
        ('# "$imagepolicy": "ns:p"', "text before the JSON object"),
        ('# ["$imagepolicy"]', "text before the JSON object"),
        ('# {"$imagepolicy": "ns:p", "other": 1}', "a value in it is not a string"),
        ('# {"$imagepolicy": ["ns:p"]}', "a value in it is not a string"),
        ('# {"$imagepolicy": 1}', "a value in it is not a string"),
        ("# {'$imagepolicy': 'ns:p'}", "not a JSON object with double quotes"),
        ('# {"$imagepolicy": "ns:p"', "not a JSON object with double quotes"),
        ('# {"$imagepolicy": ns:p}', "not a JSON object with double quotes"),
        ('# {"$imagepolicy": ""}', "it names no policy"),
        ('# {"$imagepolicy": null}', "it names no policy"),
        ('# {"$imagepolicy": null, "$ref": "#/definitions/other.ns:p"}', "it names no policy"),
        ('# {"$imagepolicy": null, "$ref": 1}', "it names no policy"),
        ('# {"$imagepolicy": null, "$ref": "#/definitions/io.k8s.cli.setters."}', "it names no policy"),
        ('# {"$imagepolicy": "ns:p\\u0007"}', "control character"),
        ('# {"$imagepolicy": "ns:p\\u001b[2J"}', "control character"),
        (f'# {{"$imagepolicy": "{LONG}"}}', "longer than 4096 characters"),
    ],
    ids=lambda text: text[:60],
)
def test_a_comment_behind_a_value_that_is_almost_a_marker_is_a_warning(comment: str, reason: str) -> None:
    fault = the_fault(f"{WITH_TOKEN}a: 1\nkey: old {comment}\n")

    assert (fault.line, fault.severity) == (3, Severity.WARNING)
    assert "not a marker" in fault.message
    assert reason in fault.message
    assert '"$imagepolicy": "namespace:policy"' in fault.remedy
    assert fault.message.isprintable()


@pytest.mark.parametrize(
    "comment",
    [
        '# {"$ImagePolicy": "ns:p"}',
        '# {"$openapi": "ns:p"}',
        "# imagepolicy",
        "# plain",
        '# {"$ref": "#/definitions/x"}',
    ],
)
def test_a_comment_that_does_not_hold_the_key_is_a_comment(comment: str) -> None:
    marked = scan(f"{WITH_TOKEN}key: old {comment}\n".encode(), "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())


def test_a_comment_that_sets_a_constant_is_an_error() -> None:
    fault = the_fault(WITH_TOKEN + 'key: old # {"x-k8s-cli":{"setter":{"name":"n","value":"v"}}}\n')

    assert (fault.line, fault.column, fault.severity) == (2, 10, Severity.ERROR)
    assert "x-k8s-cli" in fault.message
    assert fault.remedy


def test_a_file_without_the_token_has_no_markers_whatever_it_holds() -> None:
    marked = scan(b'\xff key: old # {"$ref": "#/definitions/io.k8s.cli.setters.ns:p"}\n[', "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())
    with pytest.raises(IndexError):
        marked.rewrite({})


def test_the_token_has_its_double_quotes() -> None:
    assert TOKEN == b'"$imagepolicy"'


# -- placement ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"key: old {M}\n", f"key: new {M}\n"),
        (f"key: old {M}", f"key: new {M}"),
        (f"key:   old\t\t{M}\n", f"key:   new\t\t{M}\n"),
        (f"- old {M}\n", f"- new {M}\n"),
        (f"-   -  old {M}\n", f"-   -  new {M}\n"),
        (f"key: old\n  more {M}\n", f"key: new {M}\n"),
        (f'key: "old\n  more" {M}\n', f'key: "new" {M}\n'),
        (f"key: 'old\n  more' {M}\n", f"key: 'new' {M}\n"),
        (f"key:\n  old {M}\n", f"key:\n  new {M}\n"),
        (f"key:\n{M}\n- old\n", f"key:\n{M}\n- new\n"),
        (f"key:\n  {M}\n  - old\n  - x\n", f"key:\n  {M}\n  - new\n  - x\n"),
        (f"key:\n- a\n{M}\n- old\n", f"key:\n- a\n{M}\n- new\n"),
        (f"- {M}\n  old\n", f"- {M}\n  new\n"),
        (f"key:\n  {M}\n  old\n", f"key:\n  {M}\n  new\n"),
        (f"key: {{img: old, {M}\n}}\n", f"key: {{img: new, {M}\n}}\n"),
        (f"key: {{img: old {M}\n}}\n", f"key: {{img: new {M}\n}}\n"),
        (f"key: [\nold, {M}\nx]\n", f"key: [\nnew, {M}\nx]\n"),
        (f"key: [\nold {M}\n]\n", f"key: [\nnew {M}\n]\n"),
        (f"key: | {M}\n  old\n", f"key: |- {M}\n  new\n"),
        (f"key: >- {M}\n  old\n  more\n", f"key: >- {M}\n  new\n"),
        (f"key: &x old {M}\n", f"key: &x new {M}\n"),
        (f"key: &x old {M}\nother: *x\n", f"key: &x new {M}\nother: *x\n"),
        (f"a: &b\n  img: old {M}\nc:\n  <<: *b\n", f"a: &b\n  img: new {M}\nc:\n  <<: *b\n"),
        (f"? key\n: old {M}\n", f"? key\n: new {M}\n"),
        (f"'k # \"': old {M}\n", f"'k # \"': new {M}\n"),
        (f"a:\n- old {M}\n- &x y\nb: *x\n", f"a:\n- new {M}\n- &x y\nb: *x\n"),
        (f'key: "" {M}\n', f'key: "new" {M}\n'),
        (f"key: '' {M}\n", f"key: 'new' {M}\n"),
        (f"key: &x {M}\n  old\n", f"key: &x {M}\n  new\n"),
        (f"key: &x\n  {M}\n  old\n", f"key: &x\n  {M}\n  new\n"),
        (f"key: {{a: {M}\n  old}}\n", f"key: {{a: {M}\n  new}}\n"),
        (f"&x key: a\n*x : old {M}\n", f"&x key: a\n*x : new {M}\n"),
        (f"key: null {M}\n", f"key: new {M}\n"),
        (f"key: ~ {M}\n", f"key: new {M}\n"),
    ],
)
def test_a_marker_at_a_value_or_an_item_sets_it(before: str, after: str) -> None:
    assert setters(before) == ["ns:p"]
    assert scan(before.encode(), "a.yaml").faults == ()
    assert rewritten(before) == after


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        (f"{M}\nkey: old\n", 1, 1, "on a line of its own"),
        (f"key: old\n{M}\n", 2, 1, "on a line of its own"),
        (f"key: old\n{M}\n\nother: x\n", 2, 1, "on a line of its own"),
        (f"a:\n  - x\n{M}\nb: y\n", 3, 1, "on a line of its own"),
        (f"--- {M}\nkey: old\n", 1, 5, "on a line of its own"),
        (f"key: {M}\n  old\n", 1, 6, "between a key and what the key holds"),
        (f"key: {M}\n  a: b\n", 1, 6, "between a key and what the key holds"),
        (f"key: {M}\n- a\n", 1, 6, "between a key and what the key holds"),
        (f"key: {M}\n", 1, 6, "there is no value before it"),
        (f"a: b\nkey: {M}\nc: d\n", 2, 6, "there is no value before it"),
        (f"key: !!null {M}\n", 1, 13, "there is no value before it"),
        (f"? old {M}\n: val\n", 1, 7, "keys are not set"),
        (f"? {M}\n  old\n: val\n", 1, 3, "keys are not set"),
        (f"key: {{img: old}} {M}\n", 1, 17, "a list or a mapping"),
        (f"key: [old] {M}\n", 1, 12, "a list or a mapping"),
        (f'{{"image": "old", "x": 1}} {M}\n', 1, 26, "a list or a mapping"),
        (f"key: [ {M}\n  old]\n", 1, 8, "a list or a mapping"),
        (f"key: &x old\nother: *x {M}\n", 2, 11, "belongs to an alias"),
        (f"key: &x {M}\n  old # other\n", 1, 9, "another comment that counts"),
        (f"key: &x\n  {M}\n  old # other\n", 2, 3, "another comment that counts"),
        (f"key: &x {M}\n  a: b\n", 1, 9, "a list or a mapping"),
        (f"key: {{a: {M}\n  old # other\n}}\n", 1, 10, "another comment that counts"),
        (f"key: old\n... {M}\n", 2, 5, "on a line of its own"),
        (f"old {M}\n", 1, 5, "the document is nothing but this value"),
        (f"key:\n# other\n{M}\n- old\n", 3, 1, "one of several comments"),
        (f"key:\n{M}\n- old # other\n", 2, 1, "another comment that counts"),
    ],
)
def test_a_marker_elsewhere_is_an_error_with_its_place_and_a_remedy(
    text: str, line: int, column: int, reason: str
) -> None:
    fault = the_fault(text)

    assert (fault.line, fault.column, fault.severity) == (line, column, Severity.ERROR)
    assert fault.message.startswith("the marker ns:p sets nothing: ")
    assert reason in fault.message
    assert fault.remedy


def test_the_comment_on_the_line_of_an_item_counts_and_not_the_one_above_it() -> None:
    other = '# {"$imagepolicy": "ns:q"}'
    marked = scan(f"key:\n{other}\n- old {M}\n".encode(), "a.yaml")

    assert [(marker.setter, marker.line) for marker in marked.markers] == [("ns:p", 3)]
    assert [(fault.line, "ns:q sets nothing" in fault.message) for fault in marked.faults] == [(2, True)]


@pytest.mark.parametrize(
    "text",
    [
        f"key: |\n  old {M}\n",
        f"patch: |\n  - op: replace\n    value: old {M}\n",
        f"key: >\n  old {M}\n",
        f"key: 'old {M}'\n",
        'key: \'{"$imagepolicy": "ns:p"}\'\n',
        '"$imagepolicy": ns:p\n',
        '"$imagepolicy": &x-k8s-cli v\nkey: *x-k8s-cli\n',
        '"$imagepolicy": &x-k8s-cli # note\n  v\n',
    ],
)
def test_what_a_marker_holds_is_text_in_a_scalar_and_a_name_in_an_anchor(text: str) -> None:
    marked = scan(text.encode(), "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())
    assert marked.rewrite({}).decode() == text


@pytest.mark.parametrize(
    "text",
    [
        f"# key: old {M}\nkey: old\n",
        f"key:\n  # image: old {M}\n  a: b\n",
        f"#- image: old {M}\n",
        f"a: b\n#  - old {M}\n---\nc: d\n",
    ],
)
def test_yaml_that_is_commented_out_is_passed_over_in_silence(text: str) -> None:
    marked = scan(text.encode(), "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())


@pytest.mark.parametrize("tag", ["!!str", "!custom", "!<tag:yaml.org,2002:str>", "!"])
@pytest.mark.parametrize("anchor", ["", "&x "])
def test_the_place_of_a_marker_is_that_of_its_value_behind_anchor_and_tag(tag: str, anchor: str) -> None:
    text = f"key: {anchor}{tag} old {M}\n"
    (marker,) = scan(text.encode(), "a.yaml").markers

    assert (marker.line, marker.column) == (1, text.index("old") + 1)
    assert rewritten(text) == text.replace("old", "new")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_and_columns_are_those_of_an_editor(line_break: str) -> None:
    text = line_break.join(["a: b", "---", "é🚀:", f"  - old {M}", f"last: value {M}", f"x: # {M[2:]}", "  y", ""])
    marked = scan(text.encode(), "a.yaml")

    assert [(marker.line, marker.column) for marker in marked.markers] == [(4, 5), (5, 7)]
    assert [(fault.line, fault.column) for fault in marked.faults] == [(6, 4)]


def test_the_indexes_count_through_all_documents() -> None:
    marked = scan(f"a: 1 {M}\n---\nb: [] # x\n---\nc: 2 {M}\nd: 3 {M}\n".encode(), "a.yaml")

    assert [(marker.index, marker.value, marker.line) for marker in marked.markers] == [
        (0, "1", 1),
        (1, "2", 5),
        (2, "3", 6),
    ]
    assert marked.rewrite({1: "two"}).decode() == f"a: 1 {M}\n---\nb: [] # x\n---\nc: two {M}\nd: 3 {M}\n"
    with pytest.raises(IndexError):
        marked.rewrite({3: "none"})


@given(
    st.text(
        alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters='"\\'), min_size=1
    )
)
def test_whatever_a_marker_names_is_found_as_written(setter: str) -> None:
    assert setters(f'key: old # {{"$imagepolicy": "{setter}"}}\n') == [setter]


# -- objects -----------------------------------------------------------------------------------------------------------

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  namespace: shop\n  name: web\n"


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (f"{DEPLOYMENT}image: old {M}\n", ObjectIdentifier("apps/v1", "Deployment", "shop", "web")),
        (f"image: old {M}\n{DEPLOYMENT}", ObjectIdentifier("apps/v1", "Deployment", "shop", "web")),
        (f"a: b\n---\n{DEPLOYMENT}image: old {M}\n", ObjectIdentifier("apps/v1", "Deployment", "shop", "web")),
        (f"image: old {M}\n---\n{DEPLOYMENT}", ObjectIdentifier()),
        (f"kind: Kustomization\nimage: old {M}\n", ObjectIdentifier("", "Kustomization", "", "")),
        (f"kind: null\nmetadata: [x]\nimage: old {M}\n", ObjectIdentifier()),
        (f"kind: [Deployment]\nmetadata: {{name: 7, namespace: ~}}\nx: old {M}\n", ObjectIdentifier("", "", "", "7")),
        (f"kind: first\nkind: second\nx: old {M}\n", ObjectIdentifier("", "first", "", "")),
        (f"[a, b]: c\nkind: Odd\nx: old {M}\n", ObjectIdentifier("", "Odd", "", "")),
        (f"- old {M}\n", ObjectIdentifier()),
    ],
)
def test_a_marker_belongs_to_the_object_of_its_document(text: str, identifier: ObjectIdentifier) -> None:
    (marker,) = scan(text.encode(), "a.yaml").markers

    assert marker.object == identifier


@pytest.mark.parametrize("kind", ["List", "ResourceList"])
def test_a_marker_in_a_list_belongs_to_its_item(kind: str) -> None:
    text = (
        f"kind: {kind}\nx: outside {M}\nitems:\n"
        f"- kind: A\n  metadata: {{name: a}}\n  image: one {M}\n"
        f"- loose {M}\n"
        f"- kind: B\n  image: two {M}\n"
        f"y: behind {M}\n"
    )
    markers = scan(text.encode(), "a.yaml").markers

    assert [(marker.value, marker.object.kind, marker.object.name) for marker in markers] == [
        ("outside", kind, ""),
        ("one", "A", "a"),
        ("loose", "", ""),
        ("two", "B", ""),
        ("behind", kind, ""),
    ]


@pytest.mark.parametrize("items", ["items: {a: b}", "items:", "other: x"])
def test_a_list_without_items_is_an_object_itself(items: str) -> None:
    (marker,) = scan(f"kind: List\n{items}\nx: old {M}\n".encode(), "a.yaml").markers

    assert marker.object.kind == "List"


def test_what_is_only_called_a_list_is_an_object_itself() -> None:
    (marker,) = scan(f"kind: ConfigMapList\nitems:\n- kind: A\n  x: old {M}\n".encode(), "a.yaml").markers

    assert marker.object.kind == "ConfigMapList"


# -- golden data of the reference (appendix B) -------------------------------------------------------------------------

DIGEST = "sha256:6745aaad46d795c9836632e1fb62f24b7e7f4c843144da8e47a5465c411a14be"
GOLDEN_VALUES = {
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
images:
    - name: container
      newName: {0} # {{"$imagepolicy": "automation-ns:policy:name"}}
      newTag: {1} # {{"$imagepolicy": "automation-ns:policy:tag"}}
"""
DIGESTS = """\
    - name: digested
      digest: {2} # {{"$imagepolicy": "automation-ns:policy-with-digest:digest"}}
patches:
    - patch: |
        - op: replace
          value: {3} # not a comment
      image: {3} # {{"$imagepolicy": "automation-ns:policy-with-digest"}}
"""
MARKED = """\
apiVersion: batch/v1beta1
kind: CronJob
metadata:
  namespace: bar
  name: foo
spec:
  containers:
  - name: c
    image: {0} # {{"$imagepolicy": "automation-ns:policy"}}
  - name: d
    image: image:v1.0.0 # {{"$imagepolicy": "automation-ns:unchanged"}}
"""
NAMELESS = ObjectIdentifier("kustomize.config.k8s.io/v1beta1", "Kustomization", "", "")


@pytest.mark.parametrize(
    ("template", "identifier", "changes"),
    [
        (
            KUSTOMIZATION,
            NAMELESS,
            [
                ("replaced", "index.repo.fake/updated", "automation-ns:policy:name"),
                ("v1", "v1.0.1", "automation-ns:policy:tag"),
            ],
        ),
        (
            KUSTOMIZATION + DIGESTS.replace("value: {3}", "value: image"),
            NAMELESS,
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
    ],
    ids=["Kustomization", "kustomization.yml", "marked.yaml"],
)
def test_the_files_of_the_reference_get_its_changes_and_keep_their_indentation(
    template: str, identifier: ObjectIdentifier, changes: list[tuple[str, str, str]]
) -> None:
    before = template.format(*(old for old, _, _ in changes))
    marked = scan(before.encode(), "a.yaml")
    found = [
        (marker.value, GOLDEN_VALUES[marker.setter], marker.setter)
        for marker in marked.markers
        if marker.value != GOLDEN_VALUES[marker.setter]
    ]

    assert found == changes
    assert {marker.object for marker in marked.markers} == {identifier}
    assert marked.rewrite(
        {marker.index: GOLDEN_VALUES[marker.setter] for marker in marked.markers}
    ).decode() == template.format(*(new for _, new, _ in changes))


@pytest.mark.parametrize("text", ["image: image:v1.0.0 # not a marker\n", "this: {is not: yaml\n"])
def test_the_files_of_the_reference_without_the_token_are_not_read(text: str) -> None:
    marked = scan(text.encode(), "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())
