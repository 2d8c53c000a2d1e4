"""A run as a JSON document: `docs/output.md` describes it, `docs/output.schema.json` defines it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from imgupdate.report.problems import ranked
from imgupdate.report.rows import Row, rows
from imgupdate.results import (
    Change,
    Explanation,
    FileEdit,
    ObjectKey,
    Problem,
    PublishedCommit,
    PublishedPullRequest,
    Result,
    Selection,
    Severity,
)

SCHEMA = "imgupdate.dev/run/v1"

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool | None


def to_json(result: Result, *, exit_code: int) -> str:
    """The document, in ASCII, ending in a line feed, with nothing in it that a runner takes for a command.

    Equal results give equal bytes.

    `exit_code` is that of the process, which `--fail-on` can make another than that of the result.
    """
    document: Json = {
        "schema": SCHEMA,
        "written": result.written,
        "exitCode": exit_code,
        "summary": _summary(result),
        "policies": [_policy(row) for row in rows(result)],
        "files": [_file(edit) for edit in result.plan.edits],
        "published": result.published,
        "commits": [_commit(commit) for commit in result.commits],
        "pullRequests": [_pull_request(found) for found in result.pull_requests],
        "problems": [_problem(problem) for problem in ranked(result.all_problems)],
    }
    return json.dumps(document, indent=2).replace("##[", "#\\u0023[") + "\n"


def _summary(result: Result) -> Json:
    severities = [problem.severity for problem in ranked(result.all_problems)]
    selected = sum(isinstance(outcome, Selection) for outcome in result.outcomes)
    return {
        "policies": len(result.outcomes),
        "selected": selected,
        "files": len(result.plan.edits),
        "changes": len(result.plan.changes),
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
        "notices": severities.count(Severity.NOTICE),
    }


def _key(key: ObjectKey) -> Json:
    return {"scope": key.scope, "namespace": key.namespace, "name": key.name}


def _policy(row: Row) -> Json:
    outcome = row.outcome
    document: dict[str, Json] = {
        "policy": _key(outcome.policy),
        "image": outcome.image,
        "current": row.current,
        "markers": row.markers,
        "changes": row.fields,
    }
    if isinstance(outcome, Selection):
        document |= {"status": "selected", "tag": outcome.tag, "digest": outcome.digest, "update": row.kind or None}
    else:
        document |= {"status": "unavailable", "cause": outcome.cause.value, "reason": outcome.reason}
    if outcome.explanation:
        document["explanation"] = _explanation(outcome.explanation)
    return document


def _explanation(explanation: Explanation) -> Json:
    return {
        "reason": explanation.reason,
        "key": explanation.key,
        "tags": [
            {"tag": verdict.tag, "kept": verdict.kept, "key": verdict.key, "reason": verdict.reason}
            for verdict in explanation.verdicts
        ],
    }


def _file(edit: FileEdit) -> Json:
    return {"path": edit.path, "changes": [_change(change) for change in edit.changes]}


def _change(change: Change) -> Json:
    marker = change.marker
    return {
        "line": marker.location.line,
        "column": marker.location.column,
        "object": {
            "apiVersion": marker.object.api_version,
            "kind": marker.object.kind,
            "namespace": marker.object.namespace,
            "name": marker.object.name,
        },
        "policy": _key(marker.policy),
        "setter": marker.setter,
        "part": marker.part.value or "reference",
        "old": change.old,
        "new": change.new,
    }


def _commit(commit: PublishedCommit) -> Json:
    return {
        "sha": commit.sha,
        "branch": commit.branch,
        "url": commit.url,
        "message": commit.message,
        "verified": commit.verified,
        "reason": commit.reason,
    }


def _pull_request(found: PublishedPullRequest) -> Json:
    return {
        "number": found.number,
        "url": found.url,
        "operation": found.operation.value,
        "branch": found.branch,
        "base": found.base,
        "headSha": found.head_sha,
        "title": found.title,
        "group": found.group,
        "verified": found.verified,
    }


def _problem(problem: Problem) -> Json:
    location = problem.location
    return {
        "severity": problem.severity.value,
        "message": problem.message,
        "remedy": problem.remedy,
        "path": location.path if location else None,
        "line": location.line or None if location else None,
        "column": location.column or None if location else None,
        "field": location.field or None if location else None,
        "policy": _key(problem.policy) if problem.policy else None,
        "exitCode": problem.exit_code,
    }
