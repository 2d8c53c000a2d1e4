"""A result as outputs."""

from __future__ import annotations

import json
from dataclasses import replace

from imgupdate.action.outputs import LONGEST, LONGEST_SUBJECT, MOST_PLACES, NOTHING, OUTPUTS, outputs_of
from imgupdate.results import (
    Change,
    FileEdit,
    Location,
    Marker,
    ObjectIdentifier,
    ObjectKey,
    Part,
    Plan,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
)

EMPTY = Result(outcomes=(), plan=Plan(), problems=(), written=False)
COMMIT = PublishedCommit(
    sha="a" * 40, branch="imgupdate/main", url="https://h/c", message="Update\n\nbody\n", verified=True, reason="valid"
)
PULL_REQUEST = PublishedPullRequest(
    number=7,
    url="https://h/7",
    operation=PullRequestOperation.UPDATED,
    branch="imgupdate/main",
    base="main",
    head_sha="a" * 40,
    title="Update app",
)


def change(path: str, line: int, new: str, scope: str = "") -> Change:
    marker = Marker(
        location=Location(path, line),
        object=ObjectIdentifier(),
        setter="apps:app",
        policy=ObjectKey(scope, "apps", "app"),
        part=Part.REFERENCE,
        value="ghcr.io/a/app:1.0.0",
    )
    return Change(marker=marker, new=new)


def result_of(*changes: Change) -> Result:
    by_path: dict[str, list[Change]] = {}
    for each in changes:
        by_path.setdefault(each.marker.location.path, []).append(each)
    edits = tuple(FileEdit(path=p, before=b"a", after=b"b", changes=tuple(found)) for p, found in by_path.items())
    return replace(EMPTY, plan=Plan(edits=edits))


def test_a_result_without_anything_has_the_outputs_of_nothing() -> None:
    assert outputs_of(EMPTY) == NOTHING
    assert list(NOTHING) == list(OUTPUTS)


def test_changes_are_told_by_image_and_step() -> None:
    found = outputs_of(
        result_of(
            change("a.yaml", 3, "ghcr.io/a/app:1.1.0"),
            change("b.yaml", 4, "ghcr.io/a/app:1.1.0", "prod"),
        )
    )

    assert found["changed"] == "true"
    assert json.loads(found["files"]) == ["a.yaml", "b.yaml"]
    assert json.loads(found["updates"]) == [
        {
            "image": "ghcr.io/a/app",
            "old": "1.0.0",
            "new": "1.1.0",
            "kind": "minor",
            "policies": ["apps/app", "prod:apps/app"],
            "places": ["a.yaml:3", "b.yaml:4"],
        }
    ]
    assert found["updated-count"] == "1"


def test_a_step_between_tags_that_are_no_versions_has_no_kind() -> None:
    found = outputs_of(result_of(change("a.yaml", 3, "ghcr.io/a/app:main-1")))

    assert json.loads(found["updates"])[0]["kind"] is None


def test_one_commit_and_one_pull_request_have_outputs_of_their_own() -> None:
    found = outputs_of(replace(EMPTY, published=True, commits=(COMMIT,), pull_requests=(PULL_REQUEST,)))

    assert json.loads(found["commits"]) == [
        {
            "sha": "a" * 40,
            "branch": "imgupdate/main",
            "url": "https://h/c",
            "subject": "Update",
            "verified": True,
            "reason": "valid",
        }
    ]
    assert json.loads(found["pull-requests"]) == [
        {
            "number": 7,
            "url": "https://h/7",
            "operation": "updated",
            "branch": "imgupdate/main",
            "base": "main",
            "head_sha": "a" * 40,
            "title": "Update app",
            "group": "",
            "verified": False,
        }
    ]
    assert {name: value for name, value in found.items() if name.startswith(("commit-", "pull-request-"))} == {
        "commit-sha": "a" * 40,
        "commit-verified": "true",
        "pull-request-number": "7",
        "pull-request-url": "https://h/7",
        "pull-request-operation": "updated",
        "pull-request-head-sha": "a" * 40,
        "pull-request-branch": "imgupdate/main",
        "pull-request-commits-verified": "false",
    }


def test_of_a_pull_request_that_got_no_commit_nobody_said_whether_it_is_signed() -> None:
    found = outputs_of(replace(EMPTY, pull_requests=(replace(PULL_REQUEST, operation=PullRequestOperation.NONE),)))

    assert json.loads(found["pull-requests"])[0]["verified"] is None
    assert found["pull-request-commits-verified"] == ""
    assert found["pull-request-operation"] == "none"
    assert found["pull-request-number"] == "7"


def test_of_several_the_arrays_tell_and_the_scalars_are_empty() -> None:
    found = outputs_of(
        replace(EMPTY, commits=(COMMIT,) * 2, pull_requests=(PULL_REQUEST, replace(PULL_REQUEST, number=8)))
    )

    assert [each["number"] for each in json.loads(found["pull-requests"])] == [7, 8]
    assert len(json.loads(found["commits"])) == 2
    assert {value for name, value in found.items() if name.startswith(("commit-", "pull-request-"))} == {""}


def test_a_message_of_one_endless_line_does_not_push_the_commit_out_of_the_output() -> None:
    found = outputs_of(replace(EMPTY, commits=(replace(COMMIT, message="x" * LONGEST),)))

    (told,) = json.loads(found["commits"])
    assert told["sha"] == found["commit-sha"] == "a" * 40
    assert len(told["subject"]) == LONGEST_SUBJECT


def test_an_image_in_very_many_places_does_not_push_the_others_out_of_the_output() -> None:
    places = [change(f"{number:03}{'x' * 200}.yaml", 1, "ghcr.io/a/app:2\n") for number in range(2 * MOST_PLACES)]
    found = outputs_of(result_of(*places))

    (told,) = json.loads(found["updates"])
    assert len(told["places"]) == MOST_PLACES
    assert told["places"][0].startswith("000")
    assert len(json.loads(found["files"])) > MOST_PLACES


def test_each_output_is_one_printable_line() -> None:
    hostile = "a\n::set-output name=changed::false\udc80\x1b\u2028.yaml"
    found = outputs_of(
        replace(
            result_of(change(hostile, 1, "ghcr.io/a/app:2\n")),
            commits=(replace(COMMIT, branch=hostile, sha=hostile),),
            pull_requests=(replace(PULL_REQUEST, url=hostile, branch=hostile, title=hostile),),
        )
    )

    assert all(value.isprintable() for value in found.values())
    assert json.loads(found["files"]) == [hostile]


def test_an_array_that_is_too_long_is_still_json_and_its_count_is_whole() -> None:
    found = outputs_of(
        result_of(
            *(change(f"{'folder/' * 20}{number}.yaml", 1, f"ghcr.io/a/app:2.{number}.0") for number in range(2000))
        )
    )

    assert len(found["updates"]) <= LONGEST + 2
    assert 500 < len(json.loads(found["updates"])) < 2000
    assert 500 < len(json.loads(found["files"])) < 2000
    assert found["updated-count"] == "2000"
