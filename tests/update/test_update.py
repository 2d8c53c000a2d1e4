"""The main job from a configuration and a tree to a result, without files and without a network."""

from __future__ import annotations

import pytest

from imgupdate.config import load
from imgupdate.errors import ScanError, UsageError
from imgupdate.report.problems import ranked
from imgupdate.results import Cause, Result, Severity, Unavailable
from imgupdate.update import Request, update
from tests.update.fakes import (
    DIGEST,
    OTHER_DIGEST,
    MemoryFiles,
    TableRegistry,
    listing,
    policy,
    repository,
    scanner,
)

IMAGE = "reg.example/podinfo"
AUTOMATION = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: NAME, namespace: flux-system}
spec:
  interval: 1h
  sourceRef: {kind: GitRepository, name: SOURCE}
  git: {commit: {author: {email: bot@example.com}}}
  update: {path: PATH}
"""
SOURCE = """
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: NAME, namespace: flux-system}
spec: {interval: 1m, url: "https://git.example/org/NAME"}
"""


def automation(name: str, path: str, source: str = "fleet") -> str:
    return AUTOMATION.replace("NAME", name).replace("SOURCE", source).replace("PATH", path)


def source(name: str) -> str:
    return SOURCE.replace("NAME", name)


def marked(value: str, setter: str = "flux-system:podinfo", key: str = "image") -> str:
    return f'{key}: {value} # {{"$imagepolicy": "{setter}"}}\n'


def run(files: dict[str, str], registry: TableRegistry, request: Request | None = None) -> Result:
    tree = MemoryFiles(files)
    return update(load(tree), tree, scanner(registry), request or Request())


def served(*tags: str) -> TableRegistry:
    return TableRegistry({IMAGE: listing(*tags)}, {f"{IMAGE}:{tag}": DIGEST for tag in tags})


def after(result: Result) -> dict[str, str]:
    return {edit.path: edit.after.decode() for edit in result.plan.edits}


def test_marked_fields_get_what_the_policy_chose() -> None:
    result = run(
        {"flux.yaml": repository() + "---\n" + policy(), "app.yaml": marked(f"{IMAGE}:1.0.0")}, served("1.0.0", "1.0.1")
    )

    assert after(result) == {"app.yaml": marked(f"{IMAGE}:1.0.1")}
    assert (result.exit_code, result.written, result.all_problems) == (0, False, ())


def test_only_files_below_the_path_of_an_automation_change() -> None:
    files = {
        "flux.yaml": "---\n".join((repository(), policy(), automation("apps", "./apps"), source("fleet"))),
        "apps/app.yaml": marked(f"{IMAGE}:1.0.0"),
        "apps-not/app.yaml": marked(f"{IMAGE}:1.0.0"),
    }

    result = run(files, served("1.0.1"), Request(repository_urls=("git@git.example:org/fleet.git",)))

    assert set(after(result)) == {"apps/app.yaml"}
    assert result.exit_code == 0


def test_an_automation_of_another_repository_does_not_run_and_its_policies_are_not_scanned_for() -> None:
    files = {
        "flux.yaml": "---\n".join((repository(), policy(), automation("apps", "./", "other"), source("other"))),
        "app.yaml": marked(f"{IMAGE}:1.0.0"),
    }
    registry = served("1.0.1")

    result = run(files, registry, Request(repository_urls=("https://git.example/org/fleet",)))

    assert registry.scanned == []
    assert after(result) == {}
    (outcome,) = result.outcomes
    assert isinstance(outcome, Unavailable)
    assert outcome.cause is Cause.NO_AUTOMATION
    assert {problem.severity for problem in result.all_problems} == {Severity.NOTICE}
    assert result.exit_code == 0


def test_problems_of_the_configuration_the_scan_and_the_tree_are_all_there() -> None:
    files = {
        "flux.yaml": "---\n".join(
            (repository(), policy("wrong", "not a range"), policy("good"), policy("none", ">=9"), automation("a", "."))
        ),
        "app.yaml": marked(f"{IMAGE}:1.0.0", "flux-system:typo") + marked("x", "flux-system:good:tag", "tag"),
        "broken.yaml": marked("x:1") + "b: [\n",
    }

    result = run(files, served("1.0.1"))

    codes = sorted(problem.exit_code for problem in ranked(result.all_problems))
    assert codes == [0, 3, 4, 5, 5]
    assert result.exit_code == 5
    assert after(result) == {
        "app.yaml": marked(f"{IMAGE}:1.0.0", "flux-system:typo") + marked("1.0.1", "flux-system:good:tag", "tag")
    }


def test_markers_of_policies_that_were_not_asked_for_stay_and_are_not_unknown() -> None:
    files = {
        "flux.yaml": "---\n".join((repository(), policy("a"), policy("b"))),
        "app.yaml": marked(f"{IMAGE}:1.0.0", "flux-system:a"),
        "other.yaml": marked(f"{IMAGE}:1.0.0", "flux-system:b"),
    }

    result = run(files, served("1.0.1"), Request(policies=("a",)))

    assert set(after(result)) == {"app.yaml"}
    assert result.exit_code == 0
    assert [problem for problem in result.all_problems if problem.severity is Severity.ERROR] == []


def test_a_policy_that_is_asked_for_and_not_there_stops_everything() -> None:
    registry = served("1.0.1")

    with pytest.raises(UsageError):
        run({"flux.yaml": repository() + "---\n" + policy()}, registry, Request(policies=("typo",)))

    assert registry.scanned == []


def test_a_present_digest_is_found_in_the_tree_and_kept() -> None:
    field = marked(f"{IMAGE}:1.0.1@{OTHER_DIGEST}")
    files = {"flux.yaml": repository() + "---\n" + policy(digestReflectionPolicy="IfNotPresent"), "app.yaml": field}
    registry = served("1.0.0", "1.0.1")

    result = run(files, registry)

    assert after(result) == {}
    assert registry.looked_up == []


def test_without_its_digest_nothing_of_a_policy_changes() -> None:
    always = policy(digestReflectionPolicy="Always", interval="10m")
    files = {"flux.yaml": repository() + "---\n" + always, "app.yaml": marked(f"{IMAGE}:1.0.0@{OTHER_DIGEST}")}
    registry = TableRegistry({IMAGE: listing("1.0.1")}, {f"{IMAGE}:1.0.1": ScanError("gone")})

    result = run(files, registry)

    assert after(result) == {}
    assert result.exit_code == 4


def test_explanations_are_there_when_they_are_asked_for() -> None:
    files = {"flux.yaml": repository() + "---\n" + policy()}

    explained, plain = (run(files, served("1.0.1"), Request(explain=explain)) for explain in (True, False))

    assert explained.outcomes[0].explanation is not None
    assert plain.outcomes[0].explanation is None
