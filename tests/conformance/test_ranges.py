"""Every row of the tables of version ranges: upstream's own, and what running it gave (spec/flux.md, appendix A)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from imgupdate.errors import InvalidRange
from imgupdate.versions import parse_loose, parse_range, parse_version


class Row(TypedDict):
    range: str
    admits: list[str]
    refuses: list[str]


ROWS: list[Row] = json.loads(Path(__file__).with_name("ranges.json").read_text())
VALID = ["1.0.x", "^1.0", "=1.0.0", "~1.0", ">=1.0", ">0,<2.0"]
INVALID = ["1.0.0p", "1x", "x1", "-1", "a", "", "*-*"]


def admits(range_text: str, version_text: str) -> bool:
    version = parse_loose(version_text)
    assert version is not None
    return parse_range(range_text).admits(version)


def parses(range_text: str) -> bool:
    try:
        parse_range(range_text)
    except InvalidRange:
        return False
    return True


def test_every_row_of_the_tables_is_admitted_or_refused_as_recorded(tell: Callable[[str], None]) -> None:
    cases = [
        (row["range"], version, admitted)
        for row in ROWS
        for admitted, versions in ((True, row["admits"]), (False, row["refuses"]))
        for version in versions
    ]
    wrong = [case for case in cases if admits(case[0], case[1]) is not case[2]]
    syntax = [(text, valid) for valid, texts in ((True, VALID), (False, INVALID)) for text in texts]
    wrong_syntax = [case for case in syntax if parses(case[0]) is not case[1]]

    total = len(cases) + len(syntax)
    tell(f"{total - len(wrong) - len(wrong_syntax)} of {total} rows of appendix A")
    assert wrong == []
    assert wrong_syntax == []
    assert len(cases) == 225 + 124


def test_sorting_what_a_range_admits_puts_the_highest_first_and_leaves_equal_versions_in_place() -> None:
    tags = ["v1.2.0", "v1.2.3", "v1.3.0", "1.2.4", "v1.1.0", "something-invalid", "v1.2.4", "another-invalid", "1.2.4"]
    wanted = parse_range(">= 1.2.0, < 1.3.0")

    admitted = [version for tag in tags if (version := parse_version(tag)) and wanted.admits(version)]

    in_order = [version.text for version in sorted(admitted, reverse=True)]
    assert in_order == ["1.2.4", "v1.2.4", "1.2.4", "v1.2.3", "v1.2.0"]
