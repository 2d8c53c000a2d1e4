"""The order in which problems are told."""

from __future__ import annotations

from imgupdate.report.problems import ranked
from imgupdate.results import Severity
from tests.report.results import problem


def test_problems_are_ranked_by_severity_then_file_then_line() -> None:
    given = [
        problem("f", Severity.NOTICE, path="a.yaml"),
        problem("e", Severity.WARNING, path="a.yaml"),
        problem("d", path="b.yaml", line=1),
        problem("c", path="a.yaml", line=10),
        problem("b", path="a.yaml", line=9),
        problem("a", path=None),
    ]

    assert [found.message for found in ranked(given)] == ["a", "b", "c", "d", "e", "f"]


def test_a_problem_that_was_found_twice_is_told_once() -> None:
    assert len(ranked([problem("a"), problem("b"), problem("a")])) == 2
