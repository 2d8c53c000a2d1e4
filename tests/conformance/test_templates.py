"""Every recorded template: Go's `text/template` with Sprig's functions and the data of Flux (spec/flux.md 5.8, 5.9)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgupdate.errors import TemplateError
from imgupdate.report.message_data import template_data
from imgupdate.results import ObjectKey
from imgupdate.templates import Template
from imgupdate.templates.values import Struct
from tests.report.messages import change


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(__file__).with_name(name).read_text().splitlines()]


HEAD, *ROWS = read("templates.jsonl")
ENGINE = read("template_engine.jsonl")
AREAS = sorted({row["area"] for row in ENGINE})

# The recorder had the types in its own package; here they have the names that they have in Flux.
PACKAGES = {
    "TemplateData": "source",
    "NamespacedName": "types",
    "Result": "update",
    "ObjectIdentifier": "update",
    "Change": "update",
}


def data_of(name: str) -> Struct:
    changes = [
        change(
            f"clusters/{row['File']}",
            row["Old"],
            row["New"],
            row["Setter"],
            api_version=row["APIVersion"],
            kind=row["Kind"],
            namespace=row["Namespace"],
            name=row["Name"],
        )
        for row in HEAD["changes"][name]
    ]
    key = ObjectKey("", HEAD["automation"]["namespace"], HEAD["automation"]["name"])
    return template_data(key, changes, under="clusters", values=HEAD["values"], legacy=False, images={})


DATA = {name: data_of(name) for name in HEAD["changes"]}


def rendered(template: str, changes: str) -> tuple[str | None, str]:
    try:
        return Template.parse(template).render(DATA[changes]), ""
    except TemplateError as error:
        return None, error.message


def with_packages(text: str) -> str:
    return re.sub(r"\bmain\.(\w+)", lambda found: f"{PACKAGES[found[1]]}.{found[1]}", text)


def test_every_recorded_message_is_one_that_the_reference_makes(tell: Callable[[str], None]) -> None:
    wrong = []
    for row in ROWS:
        output, error = rendered(row["template"], row["changes"])
        wanted = [with_packages(text) for text in row["output"]]
        if bool(row["error"]) != bool(error) or (output is not None and output not in wanted):
            wrong.append((row["template"], wanted, output, error))

    tell(f"{len(ROWS) - len(wrong)} of {len(ROWS)} templates")
    assert wrong == []
    assert len(ROWS) == 170


@pytest.mark.parametrize("area", AREAS)
def test_every_recorded_template_gives_the_text_or_the_error_of_the_reference(
    area: str, tell: Callable[[str], None]
) -> None:
    """`says` is our message where it is another one than the reference's, `error`."""
    rows = [row for row in ENGINE if row["area"] == area]
    wrong = []
    for row in rows:
        output, error = rendered(row["template"], "one")
        if (output, error) != (row.get("output"), row.get("says", row.get("error", ""))):
            wrong.append((row, output, error))

    tell(f"{len(rows) - len(wrong)} of {len(rows)} in {area}")
    assert wrong == []


def test_the_recorded_templates_are_all_there() -> None:
    assert len(ENGINE) == 896
    assert AREAS == ["control", "fields", "functions", "lexing", "literals", "printf", "templates", "trim", "variables"]
