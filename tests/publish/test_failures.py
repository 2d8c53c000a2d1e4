"""Whatever call fails: the run says so, does the rest, and the next one finds everything as if nothing had been."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from imgupdate.publish.settings import GroupBy
from imgupdate.remote import Decoration
from imgupdate.results import Severity
from tests.publish.stage import APP, WEB, Stage, stage
from tests.publish.test_crashes import state_of
from tests.twins.github import SeenCall, faults

LABELS = Decoration(labels=("images",))
FAILURES = {
    "refuses": faults.refusal(422, "Validation Failed"),
    "is broken": faults.server_error(),
}


def two_images(scene: Stage) -> dict[str, str]:
    web = {"web/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    return scene.usual(**web)


def own(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run()
    scene.github.push("main", {"README.md": "new\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])


def named(scene: Stage) -> None:
    automation = scene.automation("push: {branch: flux-updates}")
    scene.github.push("main", {**two_images(scene), "auto.yaml": automation, "source.yaml": scene.source()})


def leftovers(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)


def failing(operation: str, failure: faults.Failure) -> Callable[[SeenCall], faults.Failure | None]:
    return lambda call: failure if call.operation == operation else None


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("begin", [own, named, leftovers])
def test_whatever_call_fails_is_told_with_a_remedy_and_made_good_by_the_next_run(
    tmp_path: Path, begin: Callable[[Stage], None], failure: str
) -> None:
    with stage(tmp_path) as scene:
        begin(scene)
        start = scene.saved()
        scene.github.forget_calls()
        scene.run(decoration=LABELS)
        operations = dict.fromkeys(call.operation for call in scene.github.calls)
        expected = state_of(scene)

        for operation in operations:
            scene.restore(start)
            scene.github.before = failing(operation, FAILURES[failure])
            result = scene.run(decoration=LABELS)
            scene.github.before = lambda _: None

            problems = [problem for problem in result.all_problems if problem.severity is not Severity.NOTICE]
            assert problems, operation
            assert all(problem.remedy for problem in problems if problem.severity is Severity.ERROR), operation
            assert result.exit_code in {0, 6}, operation
            scene.run(decoration=LABELS)
            assert state_of(scene) == expected, operation


def test_one_branch_that_fails_does_not_stop_the_others(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    seen: list[str] = []

    def refuse_the_first(call: SeenCall) -> faults.Failure | None:
        if call.operation == "git/create-ref" and not seen:
            seen.append(call.path)
            return faults.refusal(422, "Validation Failed")
        return None

    scene.github.before = refuse_the_first
    result = scene.run(group_by=GroupBy.POLICY)

    assert [pull.branch for pull in result.pull_requests] == ["imgupdate/main--flux-system.web"]
    assert result.exit_code == 6


def test_no_room_for_the_git_program_is_an_error_that_says_so(
    scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    automation = scene.automation("push: {options: {ci.skip: ''}}")
    scene.github.push("main", scene.usual(**{"auto.yaml": automation, "source.yaml": scene.source()}))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    result = scene.run()

    (problem,) = [problem for problem in result.all_problems if problem.severity is Severity.ERROR]
    assert "no room for the git program" in problem.message
    assert "TMPDIR" in problem.remedy
    assert result.exit_code == 6


def test_the_api_alone_needs_no_folder(scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.github.push("main", scene.usual())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    assert len(scene.run().commits) == 1
