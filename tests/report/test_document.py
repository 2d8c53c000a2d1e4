"""The JSON document and its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from imgupdate.report.document import SCHEMA, to_json
from imgupdate.results import (
    Cause,
    Explanation,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
    Severity,
    Verdict,
)
from tests.report.results import key, marker, problem, result, selection, unavailable, updated

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = json.loads((DOCS / "output.schema.json").read_text())
EXPLANATION = Explanation(
    verdicts=(
        Verdict("5.0.3", kept=True, key="5.0.3", reason="chosen"),
        Verdict("6.0.0", kept=False, key="", reason="not in the range"),
    ),
    chosen="5.0.3",
    key="5.0.3",
    reason="the highest version in 5.0.x",
)


def document(given: Result, exit_code: int = 0) -> dict[str, Any]:
    text = to_json(given, exit_code=exit_code)
    parsed: dict[str, Any] = json.loads(text)
    Draft202012Validator(PUBLISHED).validate(parsed)
    assert text.isascii()
    assert text.endswith("}\n")
    return parsed


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    assert PUBLISHED["properties"]["schema"]["const"] == SCHEMA


def test_an_empty_run_is_a_document() -> None:
    assert document(result()) == {
        "schema": "imgupdate.dev/run/v1",
        "written": False,
        "exitCode": 0,
        "summary": {
            "policies": 0,
            "selected": 0,
            "files": 0,
            "changes": 0,
            "errors": 0,
            "warnings": 0,
            "notices": 0,
        },
        "policies": [],
        "files": [],
        "published": False,
        "commits": [],
        "pullRequests": [],
        "problems": [],
    }


def test_a_run_that_published_tells_its_commits_and_pull_requests() -> None:
    sha = "1" * 40
    commit = PublishedCommit(sha=sha, branch="imgupdate/main", url="https://example.org/1", message="Update\n\nx\n")
    pull_request = PublishedPullRequest(
        number=7,
        url="https://example.org/7",
        operation=PullRequestOperation.CREATED,
        branch="imgupdate/main",
        base="main",
        head_sha=sha,
        title="Update",
        group="ns/app",
        verified=True,
    )

    found = document(replace(result(), published=True, commits=(commit,), pull_requests=(pull_request,)))

    assert found["published"] is True
    assert found["commits"] == [
        {
            "sha": sha,
            "branch": "imgupdate/main",
            "url": "https://example.org/1",
            "message": "Update\n\nx\n",
            "verified": False,
            "reason": "",
        }
    ]
    assert found["pullRequests"] == [
        {
            "number": 7,
            "url": "https://example.org/7",
            "operation": "created",
            "branch": "imgupdate/main",
            "base": "main",
            "headSha": sha,
            "title": "Update",
            "group": "ns/app",
            "verified": True,
        }
    ]


def test_a_policy_that_chose_tells_what_and_what_it_replaces() -> None:
    found = document(updated(written=True))

    assert found["written"] is True
    assert found["policies"] == [
        {
            "policy": {"scope": "", "namespace": "flux-system", "name": "podinfo"},
            "image": "ghcr.io/stefanprodan/podinfo",
            "current": ["5.0.0"],
            "markers": 1,
            "changes": 1,
            "status": "selected",
            "tag": "5.0.3",
            "digest": None,
            "update": "patch",
        }
    ]


def test_a_policy_without_a_choice_tells_why() -> None:
    (policy,) = document(result(unavailable(Cause.NO_DIGEST, "no answer", image="a/b")))["policies"]

    assert policy["status"] == "unavailable"
    assert (policy["cause"], policy["reason"]) == ("no-digest", "no answer")
    assert "tag" not in policy


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_in_the_schema(cause: Cause) -> None:
    assert document(result(unavailable(cause)))["policies"][0]["cause"] == cause.value


def test_a_change_tells_its_place_its_object_and_both_values() -> None:
    (file,) = document(updated())["files"]

    assert file == {
        "path": "apps/podinfo.yaml",
        "changes": [
            {
                "line": 3,
                "column": 8,
                "object": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": "podinfo"},
                "policy": {"scope": "", "namespace": "flux-system", "name": "podinfo"},
                "setter": "flux-system:podinfo:tag",
                "part": "tag",
                "old": "5.0.0",
                "new": "5.0.3",
            }
        ],
    }


def test_problems_come_in_their_order_with_what_is_not_known_as_null() -> None:
    given = (
        problem("a notice", Severity.NOTICE, path=None, remedy=""),
        problem("an error"),
        problem("an error"),
        problem("a warning", Severity.WARNING, line=0),
    )

    found = document(result(problems=given), exit_code=5)

    assert found["exitCode"] == 5
    assert (found["summary"]["errors"], found["summary"]["warnings"], found["summary"]["notices"]) == (1, 1, 1)
    assert [entry["message"] for entry in found["problems"]] == ["an error", "a warning", "a notice"]
    assert found["problems"][0] == {
        "severity": "error",
        "message": "an error",
        "remedy": "correct it",
        "path": "apps/podinfo.yaml",
        "line": 3,
        "column": None,
        "field": None,
        "policy": None,
        "exitCode": 5,
    }
    assert found["problems"][1]["line"] is None
    assert found["problems"][2]["path"] is None


def test_an_explanation_tells_of_every_tag() -> None:
    (policy,) = document(updated(explanation=EXPLANATION))["policies"]

    assert policy["explanation"] == {
        "reason": "the highest version in 5.0.x",
        "key": "5.0.3",
        "tags": [
            {"tag": "5.0.3", "kept": True, "key": "5.0.3", "reason": "chosen"},
            {"tag": "6.0.0", "kept": False, "key": "", "reason": "not in the range"},
        ],
    }


def test_hostile_text_stays_within_its_string() -> None:
    hostile = "\n::error::boo###[error]boo\x1b[2J\u202e\udcff"
    given = result(
        unavailable(reason=hostile, policy=key(hostile), image=hostile),
        markers=(marker(hostile),),
        problems=(problem(hostile, path=hostile),),
    )

    text = to_json(given, exit_code=0)

    assert json.loads(text)["policies"][0]["reason"] == hostile
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in text.splitlines())
    assert text.replace("\n", "").isprintable()


def test_equal_results_give_equal_bytes() -> None:
    assert to_json(updated(), exit_code=0) == to_json(updated(), exit_code=0)


@pytest.mark.parametrize(
    "policy",
    [
        {"status": "selected"},
        {"status": "unavailable", "cause": "suspended", "reason": "", "tag": "1"},
        {"status": "unavailable", "cause": "tired", "reason": ""},
    ],
)
def test_the_schema_refuses_what_is_neither_a_choice_nor_its_lack(policy: dict[str, str]) -> None:
    parsed = document(result(selection("1")))
    kept = {name: parsed["policies"][0][name] for name in ("policy", "image", "current", "markers", "changes")}
    parsed["policies"] = [kept | policy]

    with pytest.raises(ValidationError):
        Draft202012Validator(PUBLISHED).validate(parsed)


def test_every_field_is_described_on_the_page() -> None:
    page = (DOCS / "output.md").read_text()
    names = {name for name in _property_names(PUBLISHED) if f"`{name}`" not in page}

    assert names == set()


def _property_names(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_property_names, node))
    if not isinstance(node, dict):
        return set()
    found = set(node.get("properties", {}))
    return found.union(*map(_property_names, node.values()))
