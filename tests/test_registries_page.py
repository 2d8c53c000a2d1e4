"""The page of registries says what the conversations do, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.registry.conversations import conversations
from tests.registry.conversations.page import row

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "registries.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[([^\]]+)\]\((\.\./tests/[^)]+\.py)\)")
RULES = PAGE.partition("## What is tested")[2]
LINKS = sorted(set(LINK.findall(RULES)))


def rows(text: str) -> list[str]:
    heads = ("| rule |", "| registry |")
    return [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(heads)]


def test_the_table_of_registries_and_their_conversations_are_equal() -> None:
    assert rows(PAGE.partition("## What is tested")[0]) == [row(kind) for kind in conversations()]


@pytest.mark.parametrize(("sentence", "path"), LINKS, ids=[sentence for sentence, _ in LINKS])
def test_each_test_that_the_page_links_is_there(sentence: str, path: str) -> None:
    name = "test_" + sentence.replace(" ", "_")

    assert re.search(rf"def {name}\b", (DOCS / path).read_text(encoding="utf-8"))


def test_each_rule_on_the_page_is_linked_to_its_test_or_says_why_it_is_not_kept() -> None:
    found = rows(RULES)

    assert [line for line in found if "](../tests/" not in line and "| not kept: " not in line] == []
    assert len(found) > 60


def test_each_section_that_a_registry_client_has_to_keep_is_there() -> None:
    assert re.findall(r"^### (\d+)\. ", RULES, re.MULTILINE) == ["2", "3", "4", "5", "6", "8", "9", "10", "11"]
