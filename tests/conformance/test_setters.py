"""Every recorded rewrite: what image-automation-controller changed, and the data that it left (spec/flux.md 5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from imgupdate.errors import UnparsableYaml
from imgupdate.setters import MarkedFile, scan

POLICIES, *ROWS = [
    json.loads(line) for line in Path(__file__).with_name("setters.jsonl").read_text(encoding="utf-8").splitlines()
]

# What the reference prints in front of a text that does not fit the type that the field had (design, section 7).
WRONG_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "timestamp")}

Row = dict[str, Any]


def setters() -> dict[str, str]:
    """What each marker sets: the reference blanks the field of a digest that a policy does not reflect."""
    values = {}
    for policy in POLICIES["policies"]:
        name = f"{policy['namespace']}:{policy['name']}"
        digest = f"@{policy['digest']}" if policy["digest"] else ""
        values[name] = f"{policy['image']}:{policy['tag']}{digest}"
        values |= {
            f"{name}:{part}": policy[key] for part, key in (("name", "image"), ("tag", "tag"), ("digest", "digest"))
        }
    return values


VALUES = setters()


def changes(marked: MarkedFile) -> list[tuple[str, ...]]:
    """The changes, objects sorted as in the rows, in document order within one."""
    found = [
        ((m.object.api_version, m.object.kind, m.object.name, m.object.namespace), m.value, VALUES[m.setter], m.setter)
        for m in marked.markers
        if VALUES.get(m.setter, m.value) != m.value
    ]
    return [(*identity, old, new, setter) for identity, old, new, setter in sorted(found, key=lambda change: change[0])]


def recorded(row: Row) -> list[tuple[str, ...]]:
    keys = ("apiVersion", "kind", "name", "namespace", "old", "new", "setter")
    return [tuple(change[key] for key in keys) for change in row["changes"]]


def rewritten(marked: MarkedFile) -> bytes:
    return marked.rewrite({m.index: VALUES[m.setter] for m in marked.markers if m.setter in VALUES})


def data_of(text: str) -> list[object]:
    """The documents that hold something, each scalar with its type."""
    return [plain(node) for node in yaml.compose_all(text, yaml.CSafeLoader) if node.value != ""]


def plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return [(plain(key), plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    implicit = yaml.CSafeLoader("").resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]
    misfit = node.tag in WRONG_TAGS and node.tag != implicit
    return "tag:yaml.org,2002:str" if misfit else node.tag, node.value


def lines_without_values(text: str, marked: MarkedFile) -> Iterator[str]:
    """The lines that hold no marked scalar: each of them has to be as it was."""
    touched = {m.line for m in marked.markers if m.setter in VALUES}
    return (line for number, line in enumerate(text.split("\n"), start=1) if number not in touched)


def disagreement(row: Row) -> str:
    """How our answer to a row differs, empty where it does not."""
    try:
        marked = scan(row["input"].encode(), "input.yaml")
    except UnparsableYaml:
        return "it does not parse, and the reference has changed it" if row["changes"] else ""
    if changes(marked) != recorded(row):
        return f"changes: {changes(marked)}"
    if not row["changes"]:
        return ""
    after = rewritten(marked)
    if data_of(after.decode()) != data_of(row["reference_output"]):
        return f"data: {after.decode()}"
    if (
        scan(after, "again.yaml").rewrite({m.index: VALUES[m.setter] for m in marked.markers if m.setter in VALUES})
        != after
    ):
        return "a second run changes it again"
    return ""


def test_every_recorded_file_gets_the_recorded_changes_and_holds_the_recorded_data(tell: Callable[[str], None]) -> None:
    wrong = [(row["id"], difference) for row in ROWS if (difference := disagreement(row))]

    tell(f"{len(ROWS) - len(wrong)} of {len(ROWS)} setters")
    assert wrong == []
    assert len(ROWS) == 800


def test_every_byte_of_a_recorded_file_outside_the_marked_values_is_that_of_the_input() -> None:
    checked = 0
    for row in ROWS:
        if row["changes"]:
            marked = scan(row["input"].encode(), "input.yaml")
            after = scan(rewritten(marked), "after.yaml")
            before = list(lines_without_values(row["input"], marked))
            if row["input"].count("\n") == rewritten(marked).count(b"\n"):
                checked += 1
                assert list(lines_without_values(rewritten(marked).decode(), after)) == before

    assert checked > 500


def test_a_recorded_file_that_is_no_yaml_is_reported_and_the_reference_changed_none_of_them() -> None:
    broken = []
    for row in ROWS:
        try:
            scan(row["input"].encode(), "input.yaml")
        except UnparsableYaml as error:
            broken.append((row["changes"], error.where))

    assert broken
    assert all(found == [] and where.startswith("input.yaml") for found, where in broken)
