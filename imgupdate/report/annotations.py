"""What a run has to say at places in files, within the bounds of GitHub's runner (spec/github-actions.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imgupdate.report.problems import ranked
from imgupdate.report.text import clean, counted, shorten
from imgupdate.results import Problem, PublishedPullRequest, PullRequestOperation, Result, Severity

MOST = 10
"""How many annotations of one level a step may have."""

LONGEST = 4000
"""How many characters, as UTF-16 counts them, a message may have; the runner cuts at 4,096."""

_LONGEST_TITLE = 200
_TITLES = {Severity.ERROR: "imgupdate failed here", Severity.WARNING: "imgupdate", Severity.NOTICE: "imgupdate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A message on one line, at a place or at none (empty path; line and column 0). A column implies a line."""

    level: Severity
    message: str
    title: str = ""
    path: str = ""
    line: int = 0
    column: int = 0


def annotate(result: Result) -> tuple[Annotation, ...]:
    """Errors, then warnings, then notices, at most ten of each: what is left out is counted in the last one.

    A pull request that was created, updated or closed is the first of the notices.
    """
    told = [_of_pull_request(found) for found in result.pull_requests if found.operation in _DONE]
    told += [_of_problem(problem) for problem in ranked(result.all_problems)]
    return tuple(
        annotation for level in Severity for annotation in _bounded([one for one in told if one.level is level])
    )


_DONE = {
    PullRequestOperation.CREATED: "opened",
    PullRequestOperation.UPDATED: "updated",
    PullRequestOperation.CLOSED: "closed",
}


def _of_pull_request(found: PublishedPullRequest) -> Annotation:
    message = f"{found.title}: {found.url}" if found.title else found.url
    return Annotation(
        level=Severity.NOTICE,
        message=_message(message),
        title=f"Pull request #{found.number} {_DONE[found.operation]}",
    )


def _of_problem(problem: Problem) -> Annotation:
    location = problem.location
    remedy = f"; {problem.remedy}" if problem.remedy else ""
    policy = f": {problem.policy}" if problem.policy else ""
    return Annotation(
        level=problem.severity,
        message=_message(f"{problem.message}{remedy}"),
        title=clean(f"{_TITLES[problem.severity]}{policy}", _LONGEST_TITLE),
        path=clean(location.path) if location else "",
        line=location.line if location else 0,
        column=location.column if location and location.line else 0,
    )


def _bounded(told: Sequence[Annotation]) -> Iterator[Annotation]:
    if len(told) <= MOST:
        yield from told
        return
    yield from told[: MOST - 1]
    rest = counted(len(told) - MOST + 1, f"more {told[0].level.value}")
    yield Annotation(level=told[0].level, message=f"… and {rest}: see the summary of the run", title="imgupdate")


def _message(text: str) -> str:
    """A message on one line, cut in the middle. A character beyond the first plane counts as two."""
    message = clean(text)
    beyond = sum(character > "\uffff" for character in message)
    return shorten(message, LONGEST // 2 if beyond and len(message) + beyond > LONGEST else LONGEST)
