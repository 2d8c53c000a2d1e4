"""The summary of a job on GitHub, as Markdown.

GitHub takes 1,048,576 bytes of a step and drops the whole summary if it is more (spec/github-actions.md 1.5). Ours
stays below 900 KiB: what there is no room for is counted, and what is left is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imgupdate.errors import PublishError
from imgupdate.report.links import Links, web_address
from imgupdate.report.markdown import NONE, code, fold, in_html, link, prose, row, size
from imgupdate.report.problems import ranked
from imgupdate.report.rows import Row, rows
from imgupdate.report.sections import (
    MOST_ROWS,
    UPDATE_HEAD,
    PolicyNames,
    diff_block,
    fitted,
    places,
    problem_items,
    table,
    update_row,
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
_LEFT_BYTES = 100 * 1024
_QUIET_BYTES = 100 * 1024
_PROBLEM_BYTES = 200 * 1024
_PUBLISHED_BYTES = 50 * 1024
_FOLD_BYTES = 4096
_TAGS = 3
_LEFT_HEAD = ("Image", "Now", "Policy", "Where", "Why")
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
        limit: How many bytes it may have, at least 800 KiB.

    """
    summary = _Summary(result, links, updates(result.plan, result.outcomes, compares))
    head = f"{summary.headline()}{summary.mode()}{summary.published()}{summary.table()}{summary.left()}"
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
        failed = any(problem.exit_code == PublishError.exit_code for problem in self._problems)
        made = self._result.commits or self._result.pull_requests
        return self._result.written or bool(self._result.published and made and not failed)

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
        found = fitted(items, _PUBLISHED_BYTES, MOST_ROWS)
        more = f"- … and {found.left_out} more\n" if found.left_out else ""
        return f"{found.text}{more}\n" if items else ""

    def table(self) -> str:
        if self._updates:
            lines = (update_row(update, self._names, self._links) for update in self._updates)
            return table(UPDATE_HEAD, lines, room=_TABLE_BYTES, noun="update")
        return "" if self._problems or self._failed or self._held else "Nothing to change.\n\n"

    def left(self) -> str:
        """What should have been looked at and has no new version, or has one and keeps the old."""
        left = (*self._failed, *self._held)
        lines = table(_LEFT_HEAD, map(self._not_updated, left), room=_LEFT_BYTES, noun="policy")
        return f"### Not updated\n\n{lines}" if left else ""

    def problems(self) -> str:
        found = fitted(problem_items(self._problems, self._links), _PROBLEM_BYTES, MOST_ROWS)
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
        return fold(f"{what} with nothing to change", table(_QUIET_HEAD, lines, room=_QUIET_BYTES, noun="policy"))

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

    def _not_updated(self, found: Row) -> str:
        if isinstance(found.outcome, Unavailable):
            why = f"❌ {_words(found.outcome.cause)}: {prose(found.outcome.reason)}"
        else:
            why = f"⏸️ held, though {version(found.chosen)} was chosen: see below"
        return row(
            (
                version(found.outcome.image),
                _tags(found.current),
                self._names.of((found.policy,)),
                places(self._markers.get(found.policy, ()), self._links) or NONE,
                why,
            )
        )


def _is_held(found: Row) -> bool:
    """Whether fields have another tag than the chosen one and keep it."""
    return found.cause is None and not found.fields and not set(found.current) <= {found.chosen}


def _idle_status(found: Row) -> str:
    if found.cause is not None:
        return _words(found.cause)
    return "up to date" if found.markers else "no marker"


def _words(cause: Cause) -> str:
    return cause.value.replace("-", " ")


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
