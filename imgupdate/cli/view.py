"""What a run has to say, as cells and lines of clean text, before it is laid out for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from imgupdate.report.diff import unified_diff
from imgupdate.report.problems import ranked
from imgupdate.report.rows import Row, rows
from imgupdate.report.text import clean, clean_line, counted, shorten
from imgupdate.results import (
    Cause,
    Explanation,
    ObjectKey,
    Problem,
    PullRequestOperation,
    Result,
    Severity,
    Verdict,
)

EXPLAINED = 20
"""How many tags a text explains for one policy: half of them kept ones, as far as there are as many."""

CURRENT = 3
"""How many different tags of the fields of one policy the table shows."""

PULL_REQUESTS = 3
"""How many pull requests the summary names."""

GAP = "  "
_LONGEST = 2000
"""How many characters of a commit or a pull request are shown."""
_OPERATIONS = {
    PullRequestOperation.CREATED: "created",
    PullRequestOperation.UPDATED: "updated",
    PullRequestOperation.CLOSED: "closed",
    PullRequestOperation.NONE: "unchanged",
}
_TAG = 40
"""To how many characters the tags of an explanation are filled up, so that its reasons line up."""
_LEAST = (12, 16, 19)
"""To how many characters a tag, a policy and an image are cut at most."""
_AMPLE = 90
"""From how many characters on images may take twice that before tags and policies do."""


class Tone(StrEnum):
    """How a text is meant; a terminal gives each its colour."""

    PLAIN = ""
    DIM = "dim"
    HEADING = "heading"
    ADDED = "added"
    REMOVED = "removed"
    HUNK = "hunk"
    GOOD = "good"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in one tone, indented by so many spaces; where it is wrapped it goes on below its start."""

    text: str
    tone: Tone = Tone.PLAIN
    indent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCells:
    """A row of the table of policies."""

    policy: str
    image: str
    current: str
    chosen: str
    update: str
    tone: Tone


HEADINGS = PolicyCells(
    policy="POLICY", image="IMAGE", current="CURRENT", chosen="CHOSEN", update="UPDATE", tone=Tone.HEADING
)


def policy_cells(result: Result, *, requested: bool) -> tuple[PolicyCells, ...]:
    """The table of policies; with `requested`, only of those that were looked at.

    Where all are of one namespace, their names go without it.
    """
    shown = [row for row in rows(result) if not (requested and row.cause is Cause.NOT_REQUESTED)]
    alike = len({(row.policy.scope, row.policy.namespace) for row in shown}) == 1
    return tuple(_cells(row, alike=alike) for row in shown)


def _cells(row: Row, *, alike: bool) -> PolicyCells:
    update, tone = _update(row)
    return PolicyCells(
        policy=clean(row.policy.name if alike else _name(row.policy)),
        image=clean(row.outcome.image) or "-",
        current=clean(_some(row.current)) or "-",
        chosen=clean(row.chosen) or "-",
        update=update,
        tone=tone,
    )


def fitted(cells: Sequence[PolicyCells], width: int) -> tuple[PolicyCells, ...]:
    """The same rows in so many characters: long tags, then policies, then images lose their middle.

    No column is cut to less than what is still readable, so that a very narrow table is wider than it should be.
    """
    every = (HEADINGS, *cells)
    tag_bound, policy_bound, image_bound = _LEAST
    policy, image = max(len(c.policy) for c in every), max(len(c.image) for c in every)
    tag = max(len(text) for c in every for text in (c.current, c.chosen))
    spare = width - len(GAP) * 4 - max(len(c.update) for c in every)
    least_image = min(image, image_bound if spare < _AMPLE else 2 * image_bound)
    tag = max(min(tag, (spare - policy - least_image) // 2), min(tag, tag_bound))
    policy = max(min(policy, spare - 2 * tag - least_image), min(policy, policy_bound))
    image = max(min(image, spare - 2 * tag - policy), least_image)
    return tuple(
        replace(
            c,
            policy=shorten(c.policy, policy),
            current=shorten(c.current, tag),
            chosen=shorten(c.chosen, tag),
            image=shorten(c.image, image),
        )
        for c in cells
    )


def _some(tags: Sequence[str]) -> str:
    """The first few of the tags that the fields of one policy have."""
    more = len(tags) - CURRENT
    return ", ".join((*tags[:CURRENT], f"… {more} more")) if more > 0 else ", ".join(tags)


def _name(key: ObjectKey) -> str:
    return f"{key.scope}:{key}" if key.scope else str(key)


def _update(row: Row) -> tuple[str, Tone]:
    """What the last column says: the kind of the update, or why there is none."""
    if row.cause is not None:
        quiet = row.cause in (Cause.SUSPENDED, Cause.NO_AUTOMATION, Cause.NOT_REQUESTED)
        return row.cause.value.replace("-", " "), Tone.DIM if quiet else Tone.ERROR
    if row.fields:
        return row.kind or "changed", Tone.ADDED
    if not row.markers:
        return "no marker", Tone.DIM
    return ("up to date", Tone.PLAIN) if set(row.current) <= {row.chosen} else ("not changed", Tone.WARNING)


def diff_lines(result: Result) -> Iterator[Line]:
    """The difference that the plan makes, file by file."""
    tones = {"-": Tone.REMOVED, "+": Tone.ADDED, "@": Tone.HUNK, "\\": Tone.DIM}
    for edit in result.plan.edits:
        for number, text in enumerate(unified_diff(edit.path, edit.before, edit.after)):
            tone = Tone.HEADING if number < 2 else tones.get(text[:1], Tone.PLAIN)
            yield Line(clean_line(text.removesuffix("\r")), tone)


def problem_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    """What is wrong, the worst first, each with its remedy below; neighbours with the same remedy share it."""
    shown = ranked(problems)
    for severity in Severity:
        group = [problem for problem in shown if problem.severity is severity]
        if group:
            yield Line(f"{severity.value.capitalize()}s ({len(group)})", Tone(severity.value))
        for problem, following in zip_longest(group, group[1:]):
            where = f"{problem.location}: " if problem.location else ""
            yield Line(clean(f"{where}{problem.message}"), indent=2)
            if problem.remedy and not (following and following.remedy == problem.remedy):
                yield Line(clean(problem.remedy), Tone.DIM, indent=6)


def explanation_lines(result: Result) -> Iterator[Line]:
    """Why each policy chose what it chose, for those that say so."""
    for outcome in result.outcomes:
        if outcome.explanation is not None:
            yield Line(clean(f"{_name(outcome.policy)}: {outcome.explanation.reason}"), Tone.HEADING)
            yield from _verdict_lines(outcome.explanation)


def _verdict_lines(explanation: Explanation) -> Iterator[Line]:
    kept = [verdict for verdict in explanation.verdicts if verdict.kept]
    dropped = [verdict for verdict in explanation.verdicts if not verdict.kept]
    half = EXPLAINED // 2
    of_kept = max(half, EXPLAINED - len(dropped))
    of_dropped = max(half, EXPLAINED - len(kept))
    shown = (*kept[:of_kept], *dropped[:of_dropped])
    width = min(_TAG, max((len(clean(verdict.tag)) for verdict in shown), default=0))
    for name, verdicts, limit in (("kept", kept, of_kept), ("dropped", dropped, of_dropped)):
        for verdict in verdicts[:limit]:
            yield Line(_verdict(name, verdict, width), indent=2)
        if len(verdicts) > limit:
            yield Line(f"… and {len(verdicts) - limit} more {name}", Tone.DIM, indent=2)


def _verdict(name: str, verdict: Verdict, width: int) -> str:
    key = f", compared as {verdict.key}" if verdict.kept and verdict.key != verdict.tag else ""
    return f"{name:<7}{GAP}{clean(verdict.tag):<{width}}{GAP}{clean(verdict.reason + key)}"


def published_lines(result: Result) -> Iterator[Line]:
    """The commits that were made and the pull requests that were looked after."""
    for commit in result.commits:
        signed = "verified" if commit.verified else f"not verified{f' ({commit.reason})' if commit.reason else ''}"
        subject = commit.message.partition("\n")[0]
        yield Line(clean(f"commit {commit.sha} on {commit.branch}, {signed}: {subject}", _LONGEST))
    for found in result.pull_requests:
        tone = Tone.DIM if found.operation is PullRequestOperation.NONE else Tone.GOOD
        said = f"pull request #{found.number} {_OPERATIONS[found.operation]}: {found.title} {found.url}"
        yield Line(clean(said, _LONGEST), tone)
    if result.published and not (result.commits or result.pull_requests):
        yield Line("nothing to publish", Tone.DIM)


def summary_line(result: Result) -> Line:
    """The run in one sentence."""
    problems = ranked(result.all_problems)
    counts = {severity: sum(problem.severity is severity for problem in problems) for severity in Severity}
    worst = next((severity for severity, count in counts.items() if count), None)
    parts = [counted(count, severity.value) for severity, count in counts.items() if count]
    tone = Tone(worst.value) if worst in (Severity.ERROR, Severity.WARNING) else Tone.GOOD
    return Line(", ".join([_done(result), *_made(result), *parts]), tone)


def _made(result: Result) -> Iterator[str]:
    if result.commits:
        yield counted(len(result.commits), "commit")
    if len(result.pull_requests) > PULL_REQUESTS:
        yield counted(len(result.pull_requests), "pull request")
    else:
        yield from (f"pull request #{found.number} {_OPERATIONS[found.operation]}" for found in result.pull_requests)


def _done(result: Result) -> str:
    edits = result.plan.edits
    if edits:
        files, fields = counted(len(edits), "file"), counted(len(result.plan.changes), "field")
        done = "changed" if result.written else "to change" if result.published else "would change"
        return f"{files} {done} ({fields})"
    if not result.outcomes:
        return "nothing was done" if result.exit_code else "nothing to do: no image policy was found"
    return "nothing to change"
