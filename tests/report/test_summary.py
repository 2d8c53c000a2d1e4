"""The summary of a job: what it says of each kind of run, and that it is never too long."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from imgupdate.report.summary import LONGEST, job_summary
from imgupdate.results import (
    Cause,
    Change,
    Outcome,
    Part,
    Plan,
    Problem,
    PublishedCommit,
    PublishedPullRequest,
    PullRequestOperation,
    Result,
    Severity,
)
from tests.rendering import Element, rendered, tree
from tests.report.harmless import harm
from tests.report.results import edit, key, marker, problem, result, selection, unavailable, updated
from tests.report.scenes import LINKS
from tests.report.test_pull_request import STRANGERS, cells, many

FAILED = Problem(severity=Severity.ERROR, message="the push was refused", exit_code=6)


def shown(given: Result) -> Element:
    return tree(rendered(job_summary(given, LINKS)))


def headline(given: Result) -> str:
    return shown(given).all("h2")[0].text


def commit(
    *,
    verified: bool = False,
    reason: str = "",
    branch: str = "main",
    message: str = "Update podinfo to 5.0.3\n\nmore",
    url: str = "https://github.com/acme/fleet/commit/c0ffee",
) -> PublishedCommit:
    sha = "c0ffee" * 6 + "abcd"
    return PublishedCommit(sha=sha, branch=branch, url=url, message=message, verified=verified, reason=reason)


def pull_request(
    operation: PullRequestOperation,
    *,
    verified: bool = False,
    branch: str = "imgupdate/main",
    base: str = "main",
    title: str = "Update podinfo to 5.0.3",
) -> PublishedPullRequest:
    return PublishedPullRequest(
        number=12,
        url="https://github.com/acme/fleet/pull/12",
        operation=operation,
        branch=branch,
        base=base,
        head_sha="c" * 40,
        title=title,
        verified=verified,
    )


def test_nothing_to_do_is_said_in_few_words() -> None:
    root = shown(result(selection("5.0.3"), markers=(marker("5.0.3"),)))

    assert root.all("h2")[0].text == "imgupdate: 0 images to update, 0 errors"
    assert "Nothing to change." in root.text
    assert root.all("summary")[0].text == "1 policy with nothing to change"
    assert cells(root) == [["ghcr.io/stefanprodan/podinfo", "5.0.3", "podinfo", "up to date"]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (updated(), "1 image to update, 0 errors"),
        (updated(written=True), "1 image updated, 0 errors"),
        (replace(updated(), published=True, commits=(commit(),)), "1 image updated, 0 errors"),
        (
            replace(updated(), published=True, pull_requests=(pull_request(PullRequestOperation.NONE),)),
            "1 image updated, 0 errors",
        ),
        (replace(updated(), published=True, commits=(commit(),), problems=(FAILED,)), "1 image to update, 1 error"),
        (replace(updated(), published=True), "1 image to update, 0 errors"),
        (
            replace(updated(), problems=(problem("a", Severity.WARNING), problem("b", Severity.NOTICE))),
            "1 image to update, 0 errors, 1 warning, 1 notice",
        ),
        (result(selection("5.0.3"), markers=(marker("6.0.0"),)), "0 images to update, 1 held, 0 errors"),
    ],
)
def test_the_headline_counts(given: Result, words: str) -> None:
    assert headline(given) == f"imgupdate: {words}"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (updated(), "Dry run: nothing was written, committed or pushed."),
        (updated(written=True), "The files in the workspace were rewritten; nothing was committed."),
    ],
)
def test_a_run_that_does_not_publish_says_so(given: Result, words: str) -> None:
    assert shown(given).all("p")[0].text == words


def test_a_run_that_publishes_does_not_call_itself_dry() -> None:
    assert "Dry run" not in job_summary(replace(updated(), published=True))


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (PullRequestOperation.CREATED, "opened"),
        (PullRequestOperation.UPDATED, "updated"),
        (PullRequestOperation.CLOSED, "closed"),
        (PullRequestOperation.NONE, "unchanged"),
    ],
)
def test_pull_requests_are_linked_and_say_what_became_of_them(operation: PullRequestOperation, word: str) -> None:
    root = shown(replace(updated(), published=True, pull_requests=(pull_request(operation),)))

    (item,) = root.all("li")
    assert item.text == f"Pull request #12 {word}: Update podinfo to 5.0.3 (imgupdate/main into main)"
    assert item.all("a")[0].attributes["href"] == "https://github.com/acme/fleet/pull/12"


@pytest.mark.parametrize(
    ("verified", "reason", "words"),
    [(True, "valid", "verified"), (False, "unsigned", "not verified (unsigned)"), (False, "", "not verified")],
)
def test_commits_are_linked_and_say_whether_they_are_verified(verified: bool, reason: str, words: str) -> None:
    given = replace(updated(), published=True, commits=(commit(verified=verified, reason=reason),))

    (item,) = shown(given).all("li")

    assert item.text == f"Commit c0ffeec on main, {words}: Update podinfo to 5.0.3"
    assert item.all("a")[0].attributes["href"] == "https://github.com/acme/fleet/commit/c0ffee"


def test_a_commit_without_a_message_and_a_verified_pull_request() -> None:
    given = replace(
        updated(),
        commits=(commit(message="\n"),),
        pull_requests=(pull_request(PullRequestOperation.CREATED, verified=True),),
    )

    first, second = shown(given).all("li")

    assert first.text.endswith("(imgupdate/main into main, verified)")
    assert second.text.startswith("Commit c0ffeec on main, not verified:")


def test_an_address_that_is_none_is_not_linked() -> None:
    given = replace(updated(), commits=(commit(url="javascript:alert(1)"),))

    assert shown(given).all("li")[0].all("a") == []


def test_an_update_is_a_row_with_links() -> None:
    root = shown(updated())

    assert cells(root) == [
        ["ghcr.io/stefanprodan/podinfo", "5.0.0", "5.0.3", "patch", "podinfo", "apps/podinfo.yaml:3"]
    ]
    assert root.all("tbody")[0].all("a")[0].attributes["href"].endswith("/apps/podinfo.yaml#L3")


def test_the_comparison_of_the_sources_is_linked() -> None:
    compares = {("ghcr.io/stefanprodan/podinfo", "5.0.0", "5.0.3"): "https://github.com/o/r/compare/a...b"}

    (link,) = tree(rendered(job_summary(updated(), compares=compares))).all("a")

    assert link.attributes["href"] == "https://github.com/o/r/compare/a...b"


def test_what_is_not_updated_says_why() -> None:
    given = result(
        selection("5.0.3"),
        unavailable(Cause.NO_TAG, "none in the range", key("web"), "ghcr.io/a/web"),
        unavailable(Cause.INVALID, "no such repository", key("odd"), ""),
        markers=(
            marker("6.0.0", line=9),
            marker("1.0", policy=key("web"), line=20),
            marker("1.1", policy=key("web"), line=30),
        ),
    )

    root = shown(given)

    assert "Not updated" in [heading.text for heading in root.all("h3")]
    assert cells(root) == [
        ["ghcr.io/a/web", "1.01.1", "web", "apps/podinfo.yaml:20apps/podinfo.yaml:30", "❌ no tag: none in the range"],
        ["—", "—", "odd", "—", "❌ invalid: no such repository"],
        [
            "ghcr.io/stefanprodan/podinfo",
            "6.0.0",
            "podinfo",
            "apps/podinfo.yaml:9",
            "⏸️ held, though 5.0.3 was chosen: see below",
        ],
    ]
    assert "Nothing to change." not in root.text


def test_policies_with_nothing_to_change_are_in_a_fold() -> None:
    given = result(
        selection("5.0.3"),
        selection("1.0", policy=key("b")),
        unavailable(Cause.SUSPENDED, policy=key("c")),
        unavailable(Cause.NO_AUTOMATION, policy=key("d")),
        unavailable(Cause.NOT_REQUESTED, policy=key("e")),
        markers=tuple(marker(f"1.{n}", policy=key("e"), line=n + 1) for n in range(5)),
    )

    (fold,) = shown(given).all("details")

    assert fold.all("summary")[0].text == "5 policies with nothing to change"
    assert [(line[1], line[3]) for line in cells(fold)] == [
        ("—", "no marker"),
        ("—", "no marker"),
        ("—", "suspended"),
        ("—", "no automation"),
        ("1.01.11.2… and 2 more", "not requested"),
    ]


def test_problems_are_told_the_worst_first_with_place_and_remedy() -> None:
    plan = Plan(problems=(problem("by the way", Severity.NOTICE, path=None, remedy=""),))
    given = replace(result(problems=(problem("odd", Severity.WARNING), problem("broken", line=9))), plan=plan)

    root = shown(given)

    assert [item.text for item in root.all("li")] == [
        "❌ apps/podinfo.yaml:9: broken→ correct it",
        "⚠️ apps/podinfo.yaml:3: odd→ correct it",
        "ℹ️ by the way",  # noqa: RUF001 - the sign is meant
    ]
    assert "Nothing to change." not in root.text


def test_each_file_has_a_fold_with_its_diff() -> None:
    plan, outcomes = many(2, path="apps/<{}>.yaml")

    folds = shown(result(*outcomes, edits=plan.edits)).all("details")

    assert [fold.all("summary")[0].text for fold in folds] == ["apps/<0>.yaml, 1 change", "apps/<1>.yaml, 1 change"]
    assert "-tag: 1.0.1 # x\n+tag: 1.1.1 # x\n" in folds[1].all("pre")[0].text


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(many(5000), id="many files"),
        pytest.param(many(4, text="tag: {}\n" + "# ü\n" * 100_000), id="long files are short diffs"),
        pytest.param(many(4, text="tag: {} #" + "ü" * 200_000 + "\n"), id="long lines"),
        pytest.param(many(2500, path="ü" * 90 + "/{}.yaml"), id="long paths"),
    ],
)
def test_a_summary_has_room_in_the_runner_whatever_is_in_it(given: tuple[Plan, list[Outcome]]) -> None:
    plan, outcomes = given
    problems = tuple(problem(f"problem {n} " + "x" * 500, line=n + 1) for n in range(1500))
    idle = tuple(unavailable(Cause.SUSPENDED, policy=key(f"idle-{n}")) for n in range(1500))
    failed = tuple(unavailable(policy=key(f"failed-{n}"), reason="r" * 500) for n in range(1500))
    commits = tuple(commit(message="m" * 500) for _ in range(500))
    found = replace(
        result(*outcomes, *failed, *idle, edits=plan.edits, problems=problems),
        commits=commits,
        published=True,
    )

    text = job_summary(found, LINKS)

    assert len(text.encode()) <= LONGEST < 1 << 20  # what the runner takes
    root = tree(rendered(text))
    tables = root.all("table")
    assert len(tables) == 3
    for table, total, noun in zip(tables, (len(outcomes), 1500, 1500), ("update", "policies", "policies"), strict=True):
        left_out = total - len(table.all("tbody")[0].all("tr"))
        assert (left_out == 0) or f"… and {left_out} more {noun}" in root.text
    folds = len(root.all("details")) - 1
    assert folds == len(plan.edits) or f"… and the diff of {len(plan.edits) - folds} more file" in root.text
    assert "more problems: see the log" in root.text
    assert "- … and" not in root.text


def test_a_hundred_files_of_usual_size_are_shown_whole() -> None:
    plan, outcomes = many(100)

    root = shown(result(*outcomes, edits=plan.edits))

    assert len(root.all("details")) == len(cells(root)) == 100
    assert "more" not in root.text


@settings(max_examples=25)
@given(
    image=STRANGERS, name=STRANGERS, old=STRANGERS, new=STRANGERS, path=STRANGERS, reason=STRANGERS, message=STRANGERS
)
def test_nothing_of_a_stranger_breaks_a_summary_or_pings_anybody(
    image: str, name: str, old: str, new: str, path: str, reason: str, message: str
) -> None:
    policy, failed = key(name, f"one {reason}"), key(old, f"two {reason}")
    field = marker(old, Part.REFERENCE, policy=policy, path=path)
    given = replace(
        result(
            selection(new, policy=policy, image=image),
            unavailable(reason=reason, policy=failed, image=image),
            unavailable(Cause.SUSPENDED, reason, policy=key(new, "three"), image=path),
            edits=(edit(b"a\n", f"b\n{old}\n".encode("utf-8", "replace"), Change(marker=field, new=new), path=path),),
            markers=(field, marker(new, policy=failed, path=path)),
            problems=(problem(message, path=path, remedy=reason),),
        ),
        commits=(commit(branch=name, message=message, reason=reason),),
        pull_requests=(pull_request(PullRequestOperation.UPDATED, branch=name, base=old, title=message),),
    )

    text = job_summary(given, LINKS)

    assert harm(text) == []
    root = tree(rendered(text))
    assert [len(line) for line in cells(root)] == [6]
    assert [len(line) for line in cells(root, 1)] == [5]
    assert [len(line) for line in cells(root, 2)] == [4]
    assert len(root.all("details")) == 2
    assert len(root.all("li")) == 3
