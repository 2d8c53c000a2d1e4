"""A run that finds nothing new writes nothing, however it publishes (spec/github-actions.md 2.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod
from imgupdate.results import PullRequestOperation, Result, Severity
from tests.publish.stage import APP, WEB, Stage, told
from tests.twins.github.world import Rules

OWN = "imgupdate/main"
NAMED = "flux-updates"
NEWER = ["1.0.0", "1.1.0", "1.2.0"]
WITH_NAMED = f"push: {{branch: {NAMED}}}"
DIGESTS = "digestReflectionPolicy: IfNotPresent"
ALWAYS = "digestReflectionPolicy: Always\n              interval: 10m"


def operations(result: Result) -> list[tuple[int, PullRequestOperation]]:
    return [(pull.number, pull.operation) for pull in result.pull_requests]


def implicit(scene: Stage, more: str = "") -> dict[str, str]:
    web = {"web/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB, more=more)}
    return {**scene.usual(**web), "policies.yaml": scene.policy("app", APP, more=more)}


def automated(scene: Stage, push: str = "", **more: str) -> dict[str, str]:
    return {**implicit(scene), "auto.yaml": scene.automation(push, **more), "source.yaml": scene.source()}


def two_automations(scene: Stage) -> dict[str, str]:
    second = scene.automation(WITH_NAMED).replace("name: auto,", "name: second,").replace("./}", "./web}")
    first = scene.automation(WITH_NAMED).replace("./}", "./apps}")
    return {**implicit(scene), "auto.yaml": first, "second.yaml": second, "source.yaml": scene.source()}


def always(scene: Stage) -> dict[str, str]:
    return implicit(scene, ALWAYS)


def if_not_present(scene: Stage) -> dict[str, str]:
    return implicit(scene, DIGESTS)


def named(scene: Stage) -> dict[str, str]:
    return automated(scene, WITH_NAMED)


def own_by_name(scene: Stage) -> dict[str, str]:
    return automated(scene, "push: {branch: imgupdate/here}")


LABELS = Decoration(labels=("images", "bot"))
WAYS: dict[str, tuple[Callable[[Stage], dict[str, str]], dict[str, Any]]] = {
    "implicit": (implicit, {}),
    "by policy": (implicit, {"group_by": GroupBy.POLICY}),
    "by image": (implicit, {"group_by": GroupBy.IMAGE}),
    "by directory": (implicit, {"group_by": GroupBy.DIRECTORY}),
    "direct": (automated, {}),
    "direct as a pull request": (automated, {"publish": Mode.PULL_REQUEST}),
    "named": (named, {}),
    "named by policy": (named, {"group_by": GroupBy.POLICY}),
    "named without pull request": (named, {"publish": Mode.COMMIT}),
    "own by name": (own_by_name, {}),
    "own by name without pull request": (own_by_name, {"publish": Mode.COMMIT}),
    "two automations": (two_automations, {}),
    "two automations by directory": (two_automations, {"group_by": GroupBy.DIRECTORY}),
    "digests if not present": (if_not_present, {}),
    "digests if not present by directory": (if_not_present, {"group_by": GroupBy.DIRECTORY}),
    "digests always": (always, {}),
    "digests always by policy": (always, {"group_by": GroupBy.POLICY}),
    "labels": (implicit, {"decoration": LABELS}),
    "draft": (implicit, {"draft": True}),
    "auto-merge": (implicit, {"auto_merge": MergeMethod.SQUASH}),
    "a title": (implicit, {"title": "images {{ len .Changed.Changes }}"}),
    "a branch": (implicit, {"branch": "bot/images"}),
}


def no_write(scene: Stage, **given: Any) -> Result:
    heads = scene.github.branches()
    scene.github.forget_calls()
    result = scene.run(**given)
    assert [call.operation for call in scene.github.calls if call.method != "GET"] == []
    assert scene.github.branches() == heads
    assert result.commits == ()
    assert {pull.operation for pull in result.pull_requests} <= {PullRequestOperation.NONE}
    return result


def begin(scene: Stage, way: str) -> dict[str, Any]:
    """A repository for a way to publish; what its runs are given."""
    files, given = WAYS[way]
    scene.github.world.settings.allow_auto_merge = True
    scene.github.protect("main", Rules(checks=["test"] if "auto_merge" in given else []))
    scene.github.push("main", files(scene))
    return given


@pytest.mark.parametrize("way", WAYS)
def test_a_second_run_writes_nothing(scene: Stage, way: str) -> None:
    given = begin(scene, way)

    first = scene.run(**given)

    assert told(first, Severity.ERROR) == []
    assert first.commits
    second = no_write(scene, **given)
    assert [pull.number for pull in second.pull_requests] == [pull.number for pull in first.pull_requests]


@pytest.mark.parametrize("way", WAYS)
def test_after_the_base_has_moved_and_newer_versions_came_the_next_run_but_one_writes_nothing(
    scene: Stage, way: str
) -> None:
    given = begin(scene, way)
    scene.run(**given)
    scene.github.push("main", {"README.md": "new\n"})
    scene.registry.fill(APP, NEWER)

    moved = scene.run(**given)

    assert told(moved, Severity.ERROR) == []
    assert moved.commits
    no_write(scene, **given)


@pytest.mark.parametrize("way", [way for way in WAYS if WAYS[way][1].get("publish") is not Mode.COMMIT])
def test_what_a_person_declined_is_left_alone_at_every_run(scene: Stage, way: str) -> None:
    given = begin(scene, way)
    for pull in scene.run(**given).pull_requests:
        scene.github.close_pull(pull.number)

    assert no_write(scene, **given).pull_requests == ()


# -- the scenarios of create-pull-request, for a branch of our own and for one that an automation names ---------------

BRANCHES = {"own": (implicit, OWN), "named": (named, NAMED)}


@pytest.fixture(params=BRANCHES)
def branch(scene: Stage, request: pytest.FixtureRequest) -> str:
    """A repository with two updates proposed, and the branch that proposes them."""
    files, name = BRANCHES[request.param]
    scene.github.push("main", files(scene))
    scene.run()
    return str(name)


def test_identical_changes_in_the_base_close_the_pull_request(scene: Stage, branch: str) -> None:
    scene.github.push(
        "main",
        {
            "apps/app.yaml": scene.deployment("app", APP, "1.1.0"),
            "web/web.yaml": scene.deployment("web", WEB, "1.2.0"),
        },
    )

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.CLOSED)]
    assert (branch in scene.github.branches()) == (branch == NAMED)
    assert no_write(scene).pull_requests == ()


def test_part_of_the_changes_in_the_base_leaves_the_rest(scene: Stage, branch: str) -> None:
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.2.0")})

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.UPDATED)]
    assert f"{WEB}` |" not in (scene.github.pulls()[0].body or "")
    assert scene.image(branch) == f"{APP}:1.1.0"
    no_write(scene)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_branch_that_was_merged_and_left_behind_has_no_pull_request(scene: Stage, branch: str, method: Any) -> None:
    scene.github.merge_pull(1, method)

    assert scene.run().pull_requests == ()
    assert (branch in scene.github.branches()) == (branch == NAMED)
    assert no_write(scene).pull_requests == ()
    scene.registry.fill(APP, NEWER)
    assert operations(scene.run()) == [(2, PullRequestOperation.CREATED)]
    assert len(scene.github.log(branch, since="main")) == 1
    no_write(scene)


def test_a_base_that_was_forced_elsewhere_is_followed_or_at_least_not_lost(scene: Stage, branch: str) -> None:
    scene.github.push("main", {"README.md": "other\n"}, start=scene.github.head("main"), force=True)
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.0.1")})

    result = scene.run()

    assert told(result, Severity.WARNING) == []
    assert scene.image(branch) == f"{APP}:1.1.0"
    no_write(scene)


def test_versions_that_are_no_longer_wanted_are_taken_back(scene: Stage, branch: str) -> None:
    scene.github.push("main", {"policies.yaml": scene.policy("app", APP, "1.0.x")})

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.UPDATED)]
    assert scene.image(branch) == f"{APP}:1.0.1"
    no_write(scene)


def test_another_message_alone_makes_no_new_commit(scene: Stage) -> None:
    scene.github.push("main", automated(scene, WITH_NAMED.replace(NAMED, OWN)))
    scene.run()
    scene.run()
    head = scene.github.head(OWN)
    root = scene.checkout()
    (root / "auto.yaml").write_text(scene.automation(f"push: {{branch: {OWN}}}", message="other words"))

    no_write(scene, root=root)

    assert scene.github.head(OWN) == head


def test_without_changes_there_is_no_branch_and_nothing_is_written(scene: Stage) -> None:
    scene.github.push("main", scene.usual(**{"apps/app.yaml": scene.deployment("app", APP, "1.1.0")}))

    no_write(scene)

    assert scene.github.branches().keys() == {"main"}
