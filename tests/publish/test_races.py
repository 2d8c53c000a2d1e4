"""Many runs at once, with a person who pushes in between: nothing of the person's is lost, nothing is there twice."""

from __future__ import annotations

from typing import Any

import pytest

from imgupdate.remote import Decoration
from tests.publish.children import start
from tests.publish.stage import APP, Stage
from tests.twins.github import SeenCall

RUNS = 8
PATIENCE = 120.0
EVERY = 7
MOST = 12
"""How many commits the person makes, so that the runs can end."""


class Person:
    """Somebody who pushes to branches while runs talk to GitHub."""

    def __init__(self, scene: Stage, *branches: str) -> None:
        self.scene = scene
        self.branches = branches
        self.pushed: list[tuple[str, str]] = []

    def __call__(self, call: SeenCall) -> None:
        """Push now and then, never more than a bound."""
        if call.number % EVERY or len(self.pushed) >= MOST:
            return
        branch = self.branches[len(self.pushed) % len(self.branches)]
        if self.scene.github.head(branch):
            number = len(self.pushed)
            self.pushed.append((branch, f"theirs/{number}.txt"))
            self.scene.github.push(branch, {f"theirs/{number}.txt": "mine\n"}, message=f"Mine {number}")


def eight_runs(scene: Stage, **given: Any) -> list[tuple[int, str]]:
    """Exit code and problems of each of eight runs that begin together."""
    reports = [scene.scratch / f"report-{number}" for number in range(RUNS)]
    settings = [scene.settings(**given) for _ in range(RUNS)]
    children = [start(settings[number], scene.environment, reports[number]) for number in range(RUNS)]
    for child in children:
        child.join(PATIENCE)
    return [
        (child.exitcode if child.exitcode is not None else -1, report.read_text() if report.exists() else "")
        for child, report in zip(children, reports, strict=True)
    ]


def is_kept(scene: Stage, person: Person) -> None:
    assert len(person.pushed) > 2, "the person was hardly there"
    for branch, path in person.pushed:
        assert scene.github.tree(branch).get(path) == b"mine\n", f"{path} was lost from {branch}"


def test_eight_runs_at_once_open_one_pull_request_and_lose_nothing(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    person = Person(scene, "main")
    scene.github.before = person

    ended = eight_runs(scene, decoration=Decoration(labels=("images",)))

    assert [code for code, _ in ended] == [0] * RUNS, ended
    is_kept(scene, person)
    assert len(scene.github.pulls(state="open")) == 1
    assert scene.image("imgupdate/main") == f"{APP}:1.1.0"
    scene.github.before = lambda _: None
    scene.run()
    assert len(scene.github.log("imgupdate/main", since="main")) == 1
    assert len(scene.github.pulls()) == 1


def test_eight_runs_at_once_make_one_commit_between_those_of_a_person(scene: Stage) -> None:
    scene.github.push("main", scene.usual(**{"auto.yaml": scene.automation(), "source.yaml": scene.source()}))
    person = Person(scene, "main")
    scene.github.before = person

    ended = eight_runs(scene)

    assert [code for code, _ in ended] == [0] * RUNS, ended
    is_kept(scene, person)
    assert scene.image("main") == f"{APP}:1.1.0"
    ours = [commit for commit in scene.github.log("main") if commit.author == "fluxbot"]
    assert len(ours) == 1


def test_a_person_who_pushes_to_our_branch_while_eight_runs_rebuild_it_loses_nothing(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])
    person = Person(scene, "imgupdate/main", "main")
    scene.github.before = person

    ended = eight_runs(scene)

    assert [code for code, _ in ended] == [0] * RUNS, ended
    is_kept(scene, person)
    assert len(scene.github.pulls(state="open")) == 1


@pytest.mark.parametrize("operation", ["graphql/updateRefs", "git/create-ref", "pulls/create"])
def test_a_push_of_a_person_just_before_ours_is_seen(scene: Stage, operation: str) -> None:
    scene.github.push("main", scene.usual())
    if operation == "graphql/updateRefs":
        scene.run()
        scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])
        scene.github.push("main", {"README.md": "new\n"})
    pushed: list[str] = []

    def interfere(call: SeenCall) -> None:
        if call.operation == operation and not pushed:
            pushed.append("imgupdate/main")
            scene.github.push("imgupdate/main", {"theirs.txt": "mine\n"})

    scene.github.before = interfere
    scene.run()

    assert pushed
    assert scene.github.tree("imgupdate/main")["theirs.txt"] == b"mine\n"
