"""Every recorded reference: go-containerregistry's weak validation (spec/registry.md 1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imgupdate.errors import InvalidReference
from imgupdate.images import parse_reference

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("references.json").read_text())


def outcome(text: str) -> dict[str, Any]:
    try:
        reference = parse_reference(text)
    except InvalidReference:
        return {"input": text, "ok": False}
    return {
        "input": text,
        "ok": True,
        "kind": reference.kind,
        "registry": reference.registry,
        "scheme_hint": reference.scheme_hint,
        "repository": reference.repository,
        "identifier": reference.identifier,
        "name": reference.name,
    }


def test_every_recorded_reference_is_read_as_the_reference_implementation_reads_it(
    tell: Callable[[str], None],
) -> None:
    wrong = [(row, found) for row in ROWS if (found := outcome(row["input"])) != row]

    tell(f"{len(ROWS) - len(wrong)} of {len(ROWS)} references")
    assert wrong == []
    assert len(ROWS) == 98
