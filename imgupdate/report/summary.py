"""The summary of a job on GitHub, as Markdown.

GitHub takes 1,048,576 bytes of a step and drops the whole summary if it is more (spec/github-actions.md 1.5). Ours
stays below 900 KiB: what there is no room for is counted, and what is left is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from imgupdate.errors import PublishError
from imgupdate.report.links import Links, web_address
from imgupdate.report.markdown import NONE, code, fold, in_html, link, prose, row, size, table_head
from imgupdate.report.problems import ranked
from imgupdate.report.rows import Row, rows
from imgupdate.report.sections import (
    PolicyNames,
    diff_block,
    fitted,
    kind,
    new_version,
    places,
    problem_items,
    version,
)
from imgupdate.report.text import counted
from imgupdate.report.updates import Step, Update, image_names, updates
from imgupdate.results import (
    Cause,
    Marker,
    ObjectKey,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
    Severity,
    Unavailable,
)

LONGEST = 900 * 1024

_TABLE_BYTES = 300 * 1024
_QUIET_BYTES = 100 * 1024
_PROBLEM_BYTES = 200 * 1024
_PUBLISHED_BYTES = 50 * 1024
_FOLD_BYTES = 4096
_MOST_ROWS = 1000
_TAGS = 3
_HEAD = ("Image", "From", "To", "Kind", "Policy", "Where", "Status")
_QUIET_HEAD = ("Image", "Tag", "Policy", "Status")
_QUIET = frozenset({Cause.SUSPENDED, Cause.NO_AUTOMATION, Cause.NOT_REQUESTED})
_OPERATIONS = {
    PullRequestOperation.CREATED: "opened",
    PullRequestOperation.UPDATED: "updated",
    PullRequestOperation.CLOSED: "closed",
    PullRequestOperation.NONE: "unchanged",
}


def job_summary(
    result: Result, links: Links | None = None, *, compares: Mapping[Step, str] | None = None, limit: int = LONGEST
) -> str:
    """What a run found and did. Equal arguments give equal texts.

    Args:
        result: The run.
        links: Where the files are, at the commit that the run read.
        compares: The links to what changed in the images' sources.
        limit: How many bytes it may have, at least 700 KiB.

    """
    summary = _Summary(result, links, updates(result.plan, result.outcomes, compares))
    head = f"{summary.headline()}{summary.mode()}{summary.published()}{summary.table()}"
    rest = f"{summary.problems()}{summary.quiet()}"
    return f"{head}{rest}{summary.diffs(limit - size(head) - size(rest))}"


class _Summary:
    """The sections, each a text that ends with an empty line, or nothing."""

    def __init__(self, result: Result, links: Links | None, changed: Sequence[Update]) -> None:
        self._result = result
        self._links = links
        self._updates = changed
        self._problems = ranked(result.all_problems)
        policies = rows(result)
        self._held = [found for found in policies if _is_held(found)]
        self._failed = [found for found in policies if found.cause is not None and found.cause not in _QUIET]
        loud = {found.policy for found in (*self._held, *self._failed)}
        self._idle = [found for found in policies if not found.fields and found.policy not in loud]
        self._names = PolicyNames(found.policy for found in policies)
        self._markers: dict[ObjectKey, list[Marker]] = {}
        for marker in result.plan.markers:
            self._markers.setdefault(marker.policy, []).append(marker)

    @property
    def _is_done(self) -> bool:
        """Whether what the plan says has come about."""
        unpublished = any(problem.exit_code == PublishError.exit_code for problem in self._problems)
        return self._result.written or (self._result.published and not unpublished)

    def headline(self) -> str:
        images = counted(len(image_names(self._updates)), "image")
        parts = [f"{images} {'updated' if self._is_done else 'to update'}"]
        parts += [f"{len(self._held)} held"] if self._held else []
        counts = {level: sum(problem.severity is level for problem in self._problems) for level in Severity}
        parts += [counted(count, level.value) for level, count in counts.items() if count or level is Severity.ERROR]
        return f"## imgupdate: {', '.join(parts)}\n\n"

    def mode(self) -> str:
        if self._result.written:
            return "The files in the workspace were rewritten; nothing was committed.\n\n"
        if not self._result.published:
            return "Dry run: nothing was written, committed or pushed.\n\n"
        return ""

    def published(self) -> str:
        items = (
            *(_pull_request(found) for found in self._result.pull_requests),
            *(_commit(found) for found in self._result.commits),
        )
        found = fitted(items, _PUBLISHED_BYTES, _MOST_ROWS)
        more = f"- … and {found.left_out} more\n" if found.left_out else ""
        return f"{found.text}{more}\n" if items else ""

    def table(self) -> str:
        lines = [*map(self._update, self._updates), *map(self._not_changed, (*self._failed, *self._held))]
        if not lines:
            return "Nothing to change.\n\n" if not self._problems else ""
        return _table(_HEAD, lines, _TABLE_BYTES)

    def problems(self) -> str:
        found = fitted(problem_items(self._problems, self._links), _PROBLEM_BYTES, _MOST_ROWS)
        more = f"- … and {counted(found.left_out, 'more problem')}: see the log\n" if found.left_out else ""
        return f"### Problems\n\n{found.text}{more}\n" if found.text else ""

    def quiet(self) -> str:
        if not self._idle:
            return ""
        lines = (
            row(
                (
                    version(found.outcome.image),
                    _tags(found.current),
                    self._names.of((found.policy,)),
                    _idle_status(found),
                )
            )
            for found in self._idle
        )
        what = counted(len(self._idle), "policy")
        return fold(f"{what} with nothing to change", _table(_QUIET_HEAD, lines, _QUIET_BYTES).removesuffix("\n"))

    def diffs(self, room: int) -> str:
        """A fold for each file whose diff has room."""
        edits = self._result.plan.edits
        folds: list[str] = []
        for edit in edits:
            found = diff_block((edit,), room - _FOLD_BYTES)
            if found.text:
                what = counted(len(edit.changes), "change")
                folds.append(fold(f"{in_html(edit.path)}, {what}", found.text))
                room -= size(folds[-1])
        left_out = len(edits) - len(folds)
        more = f"… and the diff of {counted(left_out, 'more file')}, for which there is no room.\n" if left_out else ""
        return f"### Diff\n\n{''.join(folds)}{more}" if edits else ""

    def _update(self, update: Update) -> str:
        return row(
            (
                version(update.image),
                version(update.old),
                new_version(update),
                kind(update),
                self._names.of(update.policies),
                places(update.markers, self._links),
                "✅ updated" if self._is_done else "would be updated",
            )
        )

    def _not_changed(self, found: Row) -> str:
        if isinstance(found.outcome, Unavailable):
            status = f"❌ {found.outcome.cause.value.replace('-', ' ')}<br>{prose(found.outcome.reason)}"
        else:
            status = "⏸️ held, see below"
        return row(
            (
                version(found.outcome.image),
                _tags(found.current),
                version(found.chosen) if found.chosen else NONE,
                NONE,
                self._names.of((found.policy,)),
                places(self._markers.get(found.policy, ()), self._links) or NONE,
                status,
            )
        )


def _table(head: Sequence[str], lines: Iterable[str], room: int) -> str:
    found = fitted(lines, room, _MOST_ROWS)
    omitted = f"{counted(found.left_out, 'row')} omitted.\n\n" if found.left_out else ""
    return f"{table_head(head)}{found.text}\n{omitted}"


def _is_held(found: Row) -> bool:
    """Whether fields have another tag than the chosen one and keep it."""
    return found.cause is None and not found.fields and not set(found.current) <= {found.chosen}


def _idle_status(found: Row) -> str:
    if found.cause is not None:
        return found.cause.value.replace("-", " ")
    return "up to date" if found.markers else "no marker"


def _tags(tags: Sequence[str]) -> str:
    shown = [version(tag) for tag in tags[:_TAGS]]
    more = len(tags) - _TAGS
    return "<br>".join((*shown, f"… and {more} more") if more > 0 else shown) or NONE


def _pull_request(found: PublishedPullRequest) -> str:
    number = link(f"#{found.number}", web_address(found.url))
    way = f"{code(found.branch)} into {code(found.base)}"
    signed = ", verified" if found.verified else ""
    return f"- Pull request {number} {_OPERATIONS[found.operation]}: {prose(found.title)} ({way}{signed})\n"


def _commit(found: PublishedCommit) -> str:
    name = link(code(found.sha[:7]), web_address(found.url))
    reason = f" ({code(found.reason)})" if found.reason else ""
    signed = "verified" if found.verified else f"not verified{reason}"
    subject = next(_lines(found.message), "")
    return f"- Commit {name} on {code(found.branch)}, {signed}: {prose(subject)}\n"


def _lines(message: str) -> Iterator[str]:
    return (line for line in message.splitlines() if line.strip())
