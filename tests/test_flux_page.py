"""The page for users of Flux names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
LINK = re.compile(r"\[([^\]]+)\]\((\.\./tests/[^)]+\.py)\)")
LINKS = sorted(set(LINK.findall((DOCS / "flux.md").read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("sentence", "path"), LINKS, ids=[sentence for sentence, _ in LINKS])
def test_each_test_that_the_page_links_is_there(sentence: str, path: str) -> None:
    name = "test_" + sentence.replace(" ", "_")

    assert re.search(rf"def {name}\b", (DOCS / path).read_text(encoding="utf-8"))


def test_each_difference_on_the_page_is_linked_to_its_test() -> None:
    rows = [
        line
        for line in (DOCS / "flux.md").read_text(encoding="utf-8").partition("## Decided because")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| matter")
    ]

    assert [row for row in rows if "](../tests/" not in row] == []
    assert len(rows) > 25
