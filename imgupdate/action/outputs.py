"""A result as the outputs of a step: all of them, on every path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from imgupdate.action.names import NOTHING, OUTPUTS
from imgupdate.report.text import clean, shorten
from imgupdate.report.updates import Update, updates
from imgupdate.results import PublishedCommit, PublishedPullRequest, Result

__all__ = ["LONGEST", "LONGEST_SUBJECT", "MOST_PLACES", "NOTHING", "OUTPUTS", "outputs_of"]

LONGEST = 200_000
"""How many characters one output may have: the runner takes a megabyte (UTF-16) for all outputs of a job."""

MOST_PLACES = 500
"""How many places of one update are told; more would leave no room for the other updates."""

LONGEST_SUBJECT = 500
"""How many characters of the first line of a commit's message are told."""

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None


def outputs_of(result: Result) -> Mapping[str, str]:
    """Every output. The arrays are JSON on one line; those that are too long lack what is at their end."""
    rows = updates(result.plan, result.outcomes)
    found = {
        "changed": _flag(bool(result.plan.edits)),
        "updates": _array([_update(row) for row in rows]),
        "updated-count": str(len(rows)),
        "files": _array([edit.path for edit in result.plan.edits]),
        "commits": _array([_commit(commit) for commit in result.commits]),
        "pull-requests": _array(
            [_pull_request(found, verified=_is_verified(found, result)) for found in result.pull_requests]
        ),
    }
    if len(result.commits) == 1:
        found |= {"commit-sha": result.commits[0].sha, "commit-verified": _flag(result.commits[0].verified)}
    if len(result.pull_requests) == 1:
        found |= _single(result.pull_requests[0], verified=_is_verified(result.pull_requests[0], result))
    elif result.pull_requests:
        found["pull-request-operation"] = ""
    return {name: clean(found.get(name, value)) for name, value in NOTHING.items()}


def _is_verified(pull_request: PublishedPullRequest, result: Result) -> bool | None:
    """Whether GitHub holds the signatures to be good; None where the run made no commit on it, and so was not told."""
    made = [commit for commit in result.commits if commit.branch == pull_request.branch]
    return pull_request.verified if made or pull_request.verified else None


def _single(pull_request: PublishedPullRequest, *, verified: bool | None) -> Mapping[str, str]:
    return {
        "pull-request-number": str(pull_request.number),
        "pull-request-url": pull_request.url,
        "pull-request-operation": pull_request.operation.value,
        "pull-request-head-sha": pull_request.head_sha,
        "pull-request-branch": pull_request.branch,
        "pull-request-commits-verified": "" if verified is None else _flag(verified),
    }


def _update(row: Update) -> Json:
    return {
        "image": row.image,
        "old": row.old,
        "new": row.new,
        "kind": row.kind or None,
        "policies": [f"{key.scope}:{key}" if key.scope else str(key) for key in row.policies],
        "places": [f"{c.marker.location.path}:{c.marker.location.line}" for c in row.changes[:MOST_PLACES]],
    }


def _commit(commit: PublishedCommit) -> Json:
    return {
        "sha": commit.sha,
        "branch": commit.branch,
        "url": commit.url,
        "subject": shorten(commit.message.partition("\n")[0], LONGEST_SUBJECT),
        "verified": commit.verified,
        "reason": commit.reason,
    }


def _pull_request(pull_request: PublishedPullRequest, *, verified: bool | None) -> Json:
    return {
        "number": pull_request.number,
        "url": pull_request.url,
        "operation": pull_request.operation.value,
        "branch": pull_request.branch,
        "base": pull_request.base,
        "head_sha": pull_request.head_sha,
        "title": pull_request.title,
        "group": pull_request.group,
        "verified": verified,
    }


def _array(items: Sequence[Json]) -> str:
    """JSON in ASCII on one line, with as many items from the first on as there is room for."""
    texts: list[str] = []
    room = LONGEST
    for item in items:
        text = json.dumps(item, separators=(",", ":"))
        room -= len(text) + 1
        if room < 0:
            break
        texts.append(text)
    return f"[{','.join(texts)}]"


def _flag(value: bool) -> str:  # noqa: FBT001 - it is what is written
    return "true" if value else "false"
