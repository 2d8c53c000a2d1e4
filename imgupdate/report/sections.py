"""The parts that a pull request's body and a job's summary have in common, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from imgupdate.report.diff import unified_diff
from imgupdate.report.links import Links
from imgupdate.report.markdown import NONE, code, fenced, link, prose, row, short_digest, size, table_head
from imgupdate.report.problems import ranked
from imgupdate.report.text import clean_line, counted
from imgupdate.report.updates import Update
from imgupdate.results import Cause, FileEdit, Location, Marker, ObjectKey, Outcome, Problem, Severity, Unavailable

ICONS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTICE: "ℹ️"}  # noqa: RUF001 - the sign is meant

UPDATE_HEAD = ("Image", "From", "To", "Kind", "Policy", "Where")

MOST_ROWS = 1000
"""How many rows a table has at most."""

PLACES = 5
"""How many places of one update are named."""

POLICIES = 3
"""How many policies of one update are named."""

_LEAST_DIFF = 100
"""Below how many bytes of room no diff is tried."""

_FAILED = {
    Cause.SCAN_FAILED: "could not be scanned",
    Cause.NO_TAG: "has no tag to choose",
    Cause.NO_DIGEST: "has no digest to pin",
    Cause.INVALID: "cannot be read",
}


class PolicyNames:
    """Policies as a table names them: without the namespace where all are of one."""

    def __init__(self, policies: Iterable[ObjectKey]) -> None:
        self._alike = len({(key.scope, key.namespace) for key in policies}) <= 1

    def of(self, policies: Sequence[ObjectKey]) -> str:
        """A cell of a table."""
        named = [code(self.text(policy)) for policy in policies[:POLICIES]]
        more = len(policies) - POLICIES
        return "<br>".join((*named, f"… and {more} more") if more > 0 else named)

    def text(self, policy: ObjectKey) -> str:
        """The name, not yet Markdown."""
        if self._alike:
            return policy.name
        return f"{policy.scope}:{policy}" if policy.scope else str(policy)


def place(location: Location, links: Links | None) -> str:
    """A place in a file, with a link to it."""
    shown = f"{location.path}:{location.line}" if location.line else location.path
    return link(code(shown), links.file(location.path, location.line) if links else "")


def places(markers: Sequence[Marker], links: Links | None) -> str:
    """Where some marked fields are, as a cell of a table."""
    shown = [place(marker.location, links) for marker in markers[:PLACES]]
    more = len(markers) - PLACES
    return "<br>".join((*shown, f"… and {counted(more, 'more place')}") if more > 0 else shown)


def version(text: str) -> str:
    """A tag, a digest or a reference, as a cell of a table."""
    return code(short_digest(text))


def new_version(update: Update) -> str:
    """The new version, with the link to what changed."""
    return f"{version(update.new)} ({link('compare', update.compare)})" if update.compare else version(update.new)


def kind(update: Update) -> str:
    """The kind of a step; the one that may break things stands out."""
    return f"**{update.kind}**" if update.kind == "major" else update.kind or NONE


def update_row(update: Update, names: PolicyNames, links: Links | None) -> str:
    """An update as a row of a table with `UPDATE_HEAD`."""
    return row(
        (
            version(update.image),
            version(update.old),
            new_version(update),
            kind(update),
            names.of(update.policies),
            places(update.markers, links),
        )
    )


def table(head: Sequence[str], rows: Iterable[str], *, room: int, noun: str, most: int = MOST_ROWS) -> str:
    """A table of as many rows as fit into so many bytes, and how many more there are; what a row is, `noun` says."""
    start = table_head(head)
    found = fitted(rows, room - size(start), most)
    more = f"… and {counted(found.left_out, f'more {noun}')}.\n\n" if found.left_out else ""
    return f"{start}{found.text}\n{more}"


def failures(outcomes: Iterable[Outcome], names: PolicyNames) -> Iterator[str]:
    """An item of a list for each image whose policies chose nothing, though they were to."""
    found: dict[tuple[str, Cause, str], list[ObjectKey]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Unavailable) and outcome.cause in _FAILED:
            found.setdefault((outcome.image, outcome.cause, outcome.reason), []).append(outcome.policy)
    for (image, cause, reason), policies in found.items():
        what = f"{code(image)} {_FAILED[cause]}" if image else f"its configuration {_FAILED[cause]}"
        named = ", ".join(code(names.text(policy)) for policy in policies[:POLICIES])
        more = f" and {len(policies) - POLICIES} more" if len(policies) > POLICIES else ""
        yield f"- {ICONS[Severity.ERROR]} {named}{more}: {what}: {prose(reason)}\n"


def problem_items(problems: Iterable[Problem], links: Links | None) -> Iterator[str]:
    """An item of a list for each problem, the worst first."""
    for problem in ranked(problems):
        where = f"{place(problem.location, links)}: " if problem.location else ""
        remedy = f"<br>→ {prose(problem.remedy)}" if problem.remedy else ""
        yield f"- {ICONS[problem.severity]} {where}{prose(problem.message)}{remedy}\n"


@dataclass(frozen=True, slots=True)
class Fitted:
    """As many of some texts as there was room for, joined, and how many there was none for."""

    text: str
    left_out: int


def fitted(texts: Iterable[str], room: int, most: int) -> Fitted:
    """The first of some texts that fit into so many bytes, at most so many of them."""
    kept: list[str] = []
    left_out = 0
    for text in texts:
        room -= size(text)
        if room < 0 or left_out or len(kept) == most:
            left_out += 1
        else:
            kept.append(text)
    return Fitted("".join(kept), left_out)


def diff_block(edits: Sequence[FileEdit], room: int) -> Fitted:
    """The diff of the files whose diff fits into so many bytes, as one block of code."""
    lines: list[str] = []
    left_out = 0
    for edit in edits:
        found = _diff(edit, room) if room > _LEAST_DIFF else None
        if found is None:
            left_out += 1
        else:
            lines += ["", *found] if lines else found
            room -= 1 + sum(size(line) + 1 for line in found)
    return Fitted(fenced(lines, "diff") if lines else "", left_out)


def _diff(edit: FileEdit, room: int) -> list[str] | None:
    """The lines of a file's diff, None where they are more than so many bytes."""
    lines: list[str] = []
    for raw in unified_diff(edit.path, edit.before, edit.after):
        line = clean_line(raw.removesuffix("\r"))
        room -= size(line) + 1
        if room < 0:
            return None
        lines.append(line)
    return lines
