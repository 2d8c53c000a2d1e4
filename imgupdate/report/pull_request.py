"""The title and the body of a pull request, and what the body remembers for the next run.

GitHub takes 65,536 characters of a body. Ours stays below 60,000 bytes: first files go from the diff, then rows from
the table, and what is left is whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from imgupdate.report.links import Links
from imgupdate.report.markdown import fold, plain, short_digest, size
from imgupdate.report.sections import (
    UPDATE_HEAD,
    PolicyNames,
    diff_block,
    failures,
    fitted,
    problem_items,
    table,
    update_row,
)
from imgupdate.report.text import counted, shorten
from imgupdate.report.updates import Update, image_names, updates, versions_hash
from imgupdate.results import Outcome, Plan, Severity

__all__ = ["State", "Update", "body", "closed_body", "parse_state", "title", "updates", "versions_hash"]

LONGEST_TITLE = 120
LONGEST_BODY = 60_000

_PROBLEMS = 12
_PROBLEM_BYTES = 10_000
_DIFF_OVERHEAD = 300
_FOOTER = """\
---

Made by **imgupdate**, which keeps this pull request up to date. If you close it, it is not opened again for the same \
versions. If you push a commit to it, that is not overwritten.
"""
_STATE = re.compile(r"^<!-- imgupdate (\{[^<>\r\n]{1,1000}\}) -->[ \t\r]*$", re.MULTILINE)
_VERSIONS = re.compile(r"[0-9A-Za-z:_.-]{1,128}")
_HEAD_COMMIT = re.compile(r"(?:[0-9a-f]{40,64})?")
_LONGEST_READ = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a body remembers: the hash of the versions and the commit that it tells of; and who closed it, if we did.

    `own` says that all commits that the branch had then were ours.
    """

    versions: str
    head: str = ""
    closed: bool = False
    own: bool = False


def title(rows: Sequence[Update], *, place: str = "") -> str:
    """One line of at most 120 characters that says which images get which version.

    Args:
        rows: What the pull request does.
        place: The directory that it is for, if it is for one.

    """
    return shorten(f"Update {_subject(rows)}{f' in {plain(place)}' if place else ''}", LONGEST_TITLE)


def body(
    rows: Sequence[Update],
    *,
    plan: Plan,
    state: State,
    outcomes: Iterable[Outcome] = (),
    links: Links | None = None,
    limit: int = LONGEST_BODY,
) -> str:
    """What a pull request does and what to know about it, in GitHub's Markdown. Equal arguments give equal texts.

    Args:
        rows: What it does.
        plan: The edits that do it, and what is wrong with the tree.
        state: What the next run has to know.
        outcomes: The policies; those that should have chosen something and did not are told.
        links: Where the files are.
        limit: How many bytes it may have, at least 20,000.

    """
    files = counted(len(plan.edits), "file")
    head = f"This updates **{counted(len(image_names(rows)), 'image')}** in {files}.\n\n"
    known = _worth_knowing(plan, outcomes, links)
    foot = f"{_FOOTER}\n{_remembered(state)}\n"
    room = limit - size(head) - size(known) - size(foot) - _DIFF_OVERHEAD
    table = _table(rows, links, room)
    return f"{head}{table}{known}{_diff(plan, room - size(table))}{foot}"


def parse_state(text: str) -> State | None:
    """What a body remembers; None where it is not ours, or somebody has changed that part of it."""
    found = _STATE.findall(text[-_LONGEST_READ:])
    if not found:
        return None
    try:
        known = json.loads(found[-1])
    except (ValueError, RecursionError):
        return None
    versions, head = known.get("versions"), known.get("head", "")
    closed, own = known.get("closed", False), known.get("own", False)
    if not isinstance(versions, str) or not _VERSIONS.fullmatch(versions):
        return None
    if not isinstance(head, str) or not _HEAD_COMMIT.fullmatch(head):
        return None
    if not isinstance(closed, bool) or not isinstance(own, bool):
        return None
    return State(versions=versions, head=head, closed=closed, own=own)


def closed_body(text: str) -> str:
    """A body of ours that remembers that imgupdate itself closes the pull request; another body as it is."""
    state = parse_state(text)
    if state is None:
        return text
    last = list(_STATE.finditer(text))[-1]
    return f"{text[: last.start()]}{_remembered(replace(state, closed=True))}{text[last.end() :]}"


def _subject(rows: Sequence[Update]) -> str:
    names = image_names(rows)
    steps = dict.fromkeys((plain(update.image), plain(short_digest(update.new))) for update in rows)
    told = " and ".join(f"{image} to {new}" for image, new in steps)
    if len(names) == 1 and len(steps) > 1:
        return plain(names[0])
    if 0 < len(steps) <= 2 and (len(told) <= LONGEST_TITLE - len("Update ") or len(names) == 1):
        return told
    return counted(len(names), "image") if names else "images"


def _table(rows: Sequence[Update], links: Links | None, room: int) -> str:
    names = PolicyNames(policy for update in rows for policy in update.policies)
    lines = (update_row(update, names, links) for update in rows)
    return table(UPDATE_HEAD, lines, room=room, noun="update")


def _worth_knowing(plan: Plan, outcomes: Iterable[Outcome], links: Links | None) -> str:
    """What is wrong beside the updates, in short."""
    policies = tuple(outcomes)
    names = PolicyNames(outcome.policy for outcome in policies)
    problems = [problem for problem in plan.problems if problem.severity is not Severity.NOTICE]
    items = (*failures(policies, names), *problem_items(problems, links))
    if not items:
        return ""
    found = fitted(items, _PROBLEM_BYTES, _PROBLEMS)
    more = f"- … and {found.left_out} more: see the summary of the run\n" if found.left_out else ""
    return f"### Worth knowing\n\n{found.text}{more}\n"


def _diff(plan: Plan, room: int) -> str:
    found = diff_block(plan.edits, room)
    if not found.text:
        return ""
    more = f"\n… and {counted(found.left_out, 'more file')}.\n" if found.left_out else ""
    return fold(f"Diff of {counted(len(plan.edits), 'file')}", f"{found.text}{more}")


def _remembered(state: State) -> str:
    known = json.dumps({"versions": state.versions, "head": state.head, "closed": state.closed, "own": state.own})
    for character in "<>-":
        known = known.replace(character, f"\\u{ord(character):04x}")
    return f"<!-- imgupdate {known} -->"
