"""Somebody does something between any two of our calls: nothing of theirs is lost, and the next run puts all right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imgupdate.results import Severity
from tests.publish.stage import APP, Stage, stage, told
from tests.twins.github import SeenCall

OWN = "imgupdate/main"
NEWEST = "1.2.0"
NEWER = ["1.0.0", "1.1.0", NEWEST]
NOTES = {"notes.txt": "mine\n"}


def pushes_to_our_branch(scene: Stage) -> None:
    if scene.github.head(OWN):
        scene.github.push(OWN, NOTES)


def pushes_to_the_base(scene: Stage) -> None:
    scene.github.push("main", NOTES)


def updates_the_base_by_hand(scene: Stage) -> None:
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.2.0")})


def merges(scene: Stage) -> None:
    if scene.github.pulls(state="open"):
        scene.github.merge_pull(1, "squash")


def closes(scene: Stage) -> None:
    if scene.github.pulls(state="open"):
        scene.github.close_pull(1)


def deletes_our_branch(scene: Stage) -> None:
    if scene.github.head(OWN):
        scene.github.delete_branch(OWN)


def forces_the_base_back(scene: Stage) -> None:
    scene.github.reset_branch("main", scene.github.log("main")[-1].sha)


DEEDS = [
    pushes_to_our_branch,
    pushes_to_the_base,
    updates_the_base_by_hand,
    merges,
    closes,
    deletes_our_branch,
    forces_the_base_back,
]


def fresh(scene: Stage) -> None:
    scene.registry.fill(APP, NEWER)
    scene.github.push("main", scene.usual())
    scene.github.push("main", {"later.txt": "later\n"})


def behind(scene: Stage) -> None:
    fresh(scene)
    scene.registry.fill(APP, ["1.0.0", "1.1.0"])
    scene.run()
    scene.registry.fill(APP, NEWER)
    scene.github.push("main", {"README.md": "new\n"})


def done(scene: Stage) -> None:
    fresh(scene)
    scene.run()
    updates_the_base_by_hand(scene)


@pytest.mark.parametrize("begin", [fresh, behind, done])
@pytest.mark.parametrize("deed", DEEDS)
def test_what_a_person_does_between_two_calls_is_respected(
    tmp_path: Path, begin: Callable[[Stage], None], deed: Callable[[Stage], None]
) -> None:
    with stage(tmp_path) as scene:
        begin(scene)
        start = scene.saved()
        number = 1
        while interrupted(scene, number, deed):
            is_respected(scene, deed, f"{deed.__name__} before call {number}")
            scene.restore(start)
            number += 1
    assert number > 4


def interrupted(scene: Stage, number: int, deed: Callable[[Stage], None]) -> bool:
    """A run during which somebody does something just before a call; whether it has so many calls."""
    scene.github.forget_calls()

    theirs: list[str] = []

    def interfere(call: SeenCall) -> None:
        if call.number == number:
            deed(scene)
            theirs.extend(branch for branch in scene.github.branches() if holds_notes(scene, branch))

    scene.github.before = interfere
    result = scene.run()
    scene.github.before = lambda _: None
    errors = [error for error in told(result, Severity.ERROR) if "head invalid" not in error]
    assert errors == [], f"{deed.__name__} before call {number}"
    for branch in theirs:
        assert holds_notes(scene, branch), f"{branch} lost a commit that was pushed before call {number}"
    return len(scene.github.calls) >= number


def is_respected(scene: Stage, deed: Callable[[Stage], None], where: str) -> None:
    theirs = [branch for branch in scene.github.branches() if holds_notes(scene, branch)]
    scene.run()
    settled = scene.github.branches()
    scene.github.forget_calls()
    last = scene.run()
    assert told(last, Severity.ERROR) == [], where
    assert [call.operation for call in scene.github.calls if call.method != "GET"] == [], where
    assert scene.github.branches() == settled, where
    assert all(holds_notes(scene, branch) for branch in theirs), where
    opened = scene.github.pulls(state="open")
    assert len(opened) <= 1, where
    if deed not in {deletes_our_branch, closes}:
        is_due = scene.image("main") != f"{APP}:{NEWEST}"
        assert bool(opened) == is_due or holds_notes(scene, OWN), where


def holds_notes(scene: Stage, branch: str) -> bool:
    return scene.github.head(branch) is not None and NOTES.keys() <= scene.github.tree(branch).keys()
