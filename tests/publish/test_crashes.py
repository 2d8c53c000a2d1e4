"""A process that dies at any call to GitHub leaves nothing that the next run does not put right."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from imgupdate.publish.settings import GroupBy
from imgupdate.remote import Decoration
from tests.publish.children import start
from tests.publish.stage import APP, WEB, Stage, stage
from tests.twins.github import SeenCall, faults

PATIENCE = 60.0
KILLED = (-9, 255)
"""What a killed process leaves; 255 where the fork server could not be told in time."""

LABELS = Decoration(labels=("images",))


def first_pull_request(scene: Stage) -> None:
    scene.github.push("main", scene.usual())


def moved_base_and_newer_version(scene: Stage) -> None:
    first_pull_request(scene)
    scene.run(decoration=LABELS)
    scene.github.push("main", {"README.md": "new\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])


def update_made_by_hand(scene: Stage) -> None:
    first_pull_request(scene)
    scene.run(decoration=LABELS)
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})


def direct_commit(scene: Stage) -> None:
    scene.github.push("main", scene.usual(**{"auto.yaml": scene.automation(), "source.yaml": scene.source()}))


def branch_of_a_person(scene: Stage) -> None:
    first_pull_request(scene)
    scene.run(decoration=LABELS)
    scene.github.push("imgupdate/main", {"notes.txt": "mine\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])


def named_push_branch(scene: Stage) -> None:
    automation = scene.automation("push: {branch: flux-updates}")
    scene.github.push("main", scene.usual(**{"auto.yaml": automation, "source.yaml": scene.source()}))


def other_groups(scene: Stage) -> None:
    web = {"web/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    scene.github.push("main", scene.usual(**web))
    scene.run(decoration=LABELS, group_by=GroupBy.POLICY)


SCENES: dict[str, Callable[[Stage], None]] = {
    "a first pull request": first_pull_request,
    "a moved base and a newer version": moved_base_and_newer_version,
    "an update made by hand": update_made_by_hand,
    "a direct commit": direct_commit,
    "a branch with a commit of a person": branch_of_a_person,
    "a push branch that an automation names": named_push_branch,
    "other groups than before": other_groups,
}


@dataclass(frozen=True)
class State:
    """What a repository holds, with the hashes and ports left out that differ from run to run."""

    branches: dict[str, dict[str, str]]
    lengths: dict[str, int]
    pulls: list[tuple[str, str, str, str, str, list[str]]]
    comments: list[str]


def state_of(scene: Stage) -> State:
    github = scene.github
    pulls = github.pulls()
    return State(
        branches={
            branch: {path: plain(content.decode()) for path, content in github.tree(branch).items()}
            for branch in github.branches()
        },
        lengths={branch: len(github.log(branch)) for branch in github.branches()},
        pulls=[
            (
                pull.head,
                pull.base,
                pull.state,
                plain(pull.title),
                plain(pull.body or ""),
                [label.name for label in pull.labels],
            )
            for pull in pulls
        ],
        comments=[comment for pull in pulls for comment in github.comments(pull.number)],
    )


def plain(text: str) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "host", re.sub(r"\b[0-9a-f]{40}\b", "sha", text))


@pytest.mark.parametrize("name", SCENES)
def test_a_run_that_is_killed_at_any_call_to_github_is_made_good_by_the_next(tmp_path: Path, name: str) -> None:
    with stage(tmp_path) as scene:
        SCENES[name](scene)
        start = scene.saved()
        scene.github.forget_calls()
        scene.run(decoration=LABELS)
        calls, expected = scene.github.calls, state_of(scene)
        assert len(calls) > 2

        for call in calls:
            for effect in (False, True) if call.method != "GET" else (False,):
                scene.restore(start)
                kill_at(scene, call.number, after=effect)
                scene.run(decoration=LABELS)

                found = state_of(scene)
                assert found == expected, f"killed {'after' if effect else 'before'} {call.operation} ({call.number})"


def kill_at(scene: Stage, number: int, *, after: bool) -> None:
    """Begin a run, and kill it at its nth call, before that has an effect or once it has had it."""
    begun = threading.Event()
    dying: list[ForkServerProcess] = []

    def kill(call: SeenCall) -> None:
        if call.number == number:
            assert begun.wait(PATIENCE)
            dying[0].kill()
            dying[0].join(PATIENCE)

    if after:
        scene.github.after = kill
    else:
        scene.github.before = kill
        scene.github.fail(faults.dropped(), at=number)
    dying.append(start(scene.settings(decoration=LABELS), scene.environment, scene.scratch / "report"))
    begun.set()
    dying[0].join(PATIENCE)
    assert dying[0].exitcode in KILLED
    scene.github.before = scene.github.after = lambda _: None
