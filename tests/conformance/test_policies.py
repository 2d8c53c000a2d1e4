"""Every recorded policy: image-reflector-controller's choice, or its reason to make none (spec/flux.md 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imgupdate.errors import Error, InvalidPattern, InvalidPolicy, InvalidRange, NoTagSelected
from imgupdate.policies import (
    Alphabetical,
    Choice,
    Numerical,
    Order,
    SemVer,
    TagFilter,
    compile_policy,
)

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("policy.jsonl").read_text(encoding="utf-8").splitlines()
]

# The reference's message, and what ours must be: its class, and how it reads.
KINDS: list[tuple[str, type[Error], str]] = [
    (r"version list argument cannot be empty", NoTagSelected, r"there is no tag|the filter .* matches none of"),
    (r"unable to determine latest version", NoTagSelected, r"none of \d+ tags is a version in the range"),
    (r"failed to parse invalid numeric value", NoTagSelected, r"the key .* is not a number"),
    (r"invalid order argument provided", InvalidPolicy, r"the order 'up' is unknown"),
    (r"invalid regular expression pattern", InvalidPattern, r"the regular expression .* is not valid"),
    (r"improper constraint|constraint parser error", InvalidRange, r"the version range"),
]


def choose(row: dict[str, Any]) -> str | Error:
    (kind, fields), *_ = row["policy"].items()
    try:
        choice: Choice
        if kind == "semver":
            choice = SemVer(fields["range"])
        elif kind == "alphabetical":
            choice = Alphabetical(Order.parse(fields["order"]))
        else:
            choice = Numerical(Order.parse(fields["order"]))
        tag_filter = TagFilter(**row["filterTags"]) if "filterTags" in row else None
        return compile_policy(choice, tag_filter).choose(sorted(row["tags"], reverse=True)).tag
    except Error as error:
        return error


def expected(row: dict[str, Any]) -> str:
    """Of several tags that the reference chose at random: the largest for versions, else the smallest."""
    latest: list[str] = row["latest"]
    return max(latest) if "semver" in row["policy"] else min(latest)


def agrees(row: dict[str, Any], found: str | Error) -> bool:
    if row["latest"]:
        return found == expected(row)
    kinds = [(error, text) for pattern, error, text in KINDS if re.search(pattern, row["error"])]
    assert len(kinds) == 1, row["error"]
    return type(found) is kinds[0][0] and re.match(kinds[0][1], str(found)) is not None


def test_every_recorded_policy_makes_the_recorded_choice_or_fails_for_the_same_kind_of_reason(
    tell: Callable[[str], None],
) -> None:
    wrong = [(row, found) for row in ROWS if not agrees(row, found := choose(row))]

    tell(f"{len(ROWS) - len(wrong)} of {len(ROWS)} policies")
    assert wrong == []
    assert len(ROWS) == 3000


def test_the_first_key_that_is_no_number_is_named_where_the_reference_is_deterministic() -> None:
    rows = [row for row in ROWS if "invalid numeric value" in row["error"] and "filterTags" not in row]

    for row in rows:
        key = re.search(r"numeric value '(.*)'", row["error"])
        assert key
        assert f"the key {key[1]!r} is not a number" in str(choose(row))
    assert len(rows) > 50
