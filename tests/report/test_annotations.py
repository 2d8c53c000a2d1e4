"""Annotations within the runner's bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imgupdate.report.annotations import Annotation, annotate
from imgupdate.results import Location, Problem, PublishedPullRequest, PullRequestOperation, Result, Severity
from tests.report.results import key, problem, result


def pull_request(operation: PullRequestOperation = PullRequestOperation.CREATED, **more: str) -> PublishedPullRequest:
    return PublishedPullRequest(
        number=12,
        url="https://github.com/acme/fleet/pull/12",
        operation=operation,
        branch="imgupdate/main",
        base="main",
        head_sha="a" * 40,
        title=more.get("title", "Update nginx to 1.28"),
    )


def with_pull_requests(given: Result, *found: PublishedPullRequest) -> Result:
    return replace(given, published=True, pull_requests=found)


def test_a_problem_is_told_at_its_place_with_what_to_do() -> None:
    found = problem("a marker is wrong", path="apps/a.yaml", line=7, remedy="correct it")

    assert annotate(result(problems=(replace(found, location=Location("apps/a.yaml", 7, 12), policy=key("web")),))) == (
        Annotation(
            level=Severity.ERROR,
            message="a marker is wrong; correct it",
            title="imgupdate failed here: flux-system/web",
            path="apps/a.yaml",
            line=7,
            column=12,
        ),
    )


def test_a_problem_without_place_and_remedy_is_told_too() -> None:
    (found,) = annotate(result(problems=(problem("odd", Severity.WARNING, path=None, remedy=""),)))

    assert found == Annotation(level=Severity.WARNING, message="odd", title="imgupdate")


def test_a_column_without_a_line_is_left_out() -> None:
    given = replace(problem(), location=Location("a.yaml", 0, 5))

    (found,) = annotate(result(problems=(given,)))

    assert (found.path, found.line, found.column) == ("a.yaml", 0, 0)


def test_errors_come_before_warnings_and_those_before_notices() -> None:
    severities = (Severity.NOTICE, Severity.ERROR, Severity.WARNING)

    found = annotate(result(problems=tuple(problem(severity.value, severity) for severity in severities)))

    assert [one.level for one in found] == [Severity.ERROR, Severity.WARNING, Severity.NOTICE]


@pytest.mark.parametrize(
    ("count", "told", "last"), [(10, 10, "problem 9"), (11, 10, "… and 2 more warnings: see the summary of the run")]
)
def test_of_more_than_ten_the_tenth_says_how_many_there_are(count: int, told: int, last: str) -> None:
    problems = tuple(problem(f"problem {n}", Severity.WARNING, line=n + 1, remedy="") for n in range(count))

    found = annotate(result(problems=(*problems, problem("an error", path="z.yaml"))))

    assert [one.message for one in found[:2]] == ["an error; correct it", "problem 0"]
    warnings = [one for one in found if one.level is Severity.WARNING]
    assert len(warnings) == told
    assert warnings[-1].message == last


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (PullRequestOperation.CREATED, "opened"),
        (PullRequestOperation.UPDATED, "updated"),
        (PullRequestOperation.CLOSED, "closed"),
    ],
)
def test_a_pull_request_is_the_first_notice(operation: PullRequestOperation, word: str) -> None:
    given = result(problems=(problem("by the way", Severity.NOTICE, path=None),))

    first, second = annotate(with_pull_requests(given, pull_request(operation)))

    assert first == Annotation(
        level=Severity.NOTICE,
        message="Update nginx to 1.28: https://github.com/acme/fleet/pull/12",
        title=f"Pull request #12 {word}",
    )
    assert second.message == "by the way; correct it"


def test_a_pull_request_that_stays_as_it_is_is_no_news() -> None:
    assert annotate(with_pull_requests(result(), pull_request(PullRequestOperation.NONE))) == ()


def test_a_pull_request_without_a_title_is_told_by_its_address() -> None:
    (found,) = annotate(with_pull_requests(result(), pull_request(title="")))

    assert found.message == "https://github.com/acme/fleet/pull/12"


@pytest.mark.parametrize(("character", "length"), [("x", 4000), ("\N{GRINNING FACE}", 2000)])
def test_a_message_is_cut_before_the_runner_does_it(character: str, length: int) -> None:
    (found,) = annotate(result(problems=(problem(character * 5000, remedy="the end"),)))

    assert len(found.message) == length
    assert len(found.message.encode("utf-16-le")) // 2 <= 4000
    assert "…" in found.message
    assert found.message.endswith("the end")


def test_a_message_that_just_fits_is_not_cut() -> None:
    text = "x" * 3998 + "\N{GRINNING FACE}"

    (found,) = annotate(result(problems=(problem(text, remedy=""),)))

    assert found.message == text


def test_a_message_and_a_title_have_their_bounds_on_the_character() -> None:
    given = replace(problem("x" * 4001, remedy=""), policy=key("y" * 300))

    (long,) = annotate(result(problems=(given,)))
    (fitting,) = annotate(result(problems=(problem("x" * 4000, remedy=""),)))

    assert (len(long.message), len(long.title), fitting.message) == (4000, 200, "x" * 4000)


def test_control_characters_do_not_get_into_an_annotation() -> None:
    odd = Problem(
        severity=Severity.ERROR,
        message="a\nb",
        remedy="c\x1bd",
        location=Location("e\rf", 1),
        policy=key("g\nh"),
    )

    (found,) = annotate(with_pull_requests(result(problems=(odd,))))

    assert (found.message, found.path) == ("a\\x0ab; c\\x1bd", "e\\x0df")
    assert found.title == "imgupdate failed here: flux-system/g\\x0ah"
