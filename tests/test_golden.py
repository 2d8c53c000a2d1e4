"""Whole trees before and after. Each folder of `tests/golden` is a case, and dropping one in adds a test.

before/          the repository, Flux manifests or native configuration included
after/           the same repository as it has to become, byte for byte
expected.json    tags      what the registry lists, by image
                 digests   what it answers for image:tag, nothing for the others
                 changes   "path:line setter" of each field that changes, in order
                 problems  "severity exit-code path:line:field" of all that is told, in order
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from imgupdate.config import TOKENS, active_automations, load, resolve_repository
from imgupdate.config.model import ActiveAutomation, Config, ImagePolicy, ImageRepository
from imgupdate.files import Files
from imgupdate.images import Digest, Tag
from imgupdate.planning import plan
from imgupdate.policies import ScanOrder, stored_order
from imgupdate.results import Cause, ObjectKey, Outcome, Plan, Problem, Selection, Unavailable
from imgupdate.setters import TOKEN
from imgupdate.workspace import Workspace
from tests.trees import DictFiles

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
URLS = ("https://github.com/org/fleet",)


@dataclass(frozen=True)
class Expected:
    tags: Mapping[str, Sequence[str]]
    digests: Mapping[str, str]
    changes: Sequence[str]
    problems: Sequence[str]

    @classmethod
    def of(cls, case: str) -> Expected:
        found = json.loads((GOLDEN / case / "expected.json").read_text())
        keys = ("tags", "digests", "changes", "problems")
        assert set(found) <= set(keys)
        return cls(found["tags"], *(found.get(key, ()) for key in keys[1:]))


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def chosen(policy: ImagePolicy, repository: ImageRepository, expected: Expected) -> Outcome:
    """What a run would choose with the registry of the case."""
    image = repository.image.text
    if policy.suspend or repository.suspend:
        return Unavailable(policy=policy.key, image=image, cause=Cause.SUSPENDED, reason="suspended")
    tag = policy.tags.choose(stored_order(expected.tags[image], repository.exclusions)).tag
    digest = dict(expected.digests).get(f"{image}:{tag}")
    return Selection(
        policy=policy.key,
        image=image,
        tag=Tag(tag),
        order=ScanOrder(repository.exclusions, policy.tags),
        reflection=policy.reflection,
        digest=Digest(digest) if digest else None,
        allow_downgrade=policy.allow_downgrade,
    )


def planned(files: Files, expected: Expected) -> tuple[Plan, list[Problem]]:
    config: Config = load(files)
    problems = list(config.problems)
    automations: list[ActiveAutomation] = []
    outcomes: dict[ObjectKey, Outcome] = {}
    for scope in config.scopes:
        active, found = active_automations(scope, URLS)
        automations += active
        problems += found
        for policy in scope.policies.values():
            outcomes[policy.key] = chosen(policy, resolve_repository(scope, policy), expected)
    found_plan = plan(files, config.scopes, automations, outcomes)
    return found_plan, [*problems, *found_plan.problems]


@pytest.mark.parametrize("case", CASES)
def test_a_tree_becomes_what_it_has_to_be(case: str, tmp_path: Path) -> None:
    expected = Expected.of(case)
    root = tmp_path / "tree"
    shutil.copytree(GOLDEN / case / "before", root)
    workspace = Workspace(root, tokens=(TOKEN, *TOKENS))

    found, problems = planned(workspace, expected)
    assert [f"{change.marker.location} {change.marker.setter}" for change in found.changes] == list(expected.changes)
    assert [
        f"{problem.severity} {problem.exit_code} {problem.location or ''}".rstrip() for problem in problems
    ] == list(expected.problems)

    assert workspace.write_all(found.edits) == ()
    assert contents(root) == contents(GOLDEN / case / "after")


@pytest.mark.parametrize("case", CASES)
def test_a_second_run_over_the_result_changes_nothing(case: str) -> None:
    found, _ = planned(DictFiles(contents(GOLDEN / case / "after")), Expected.of(case))

    assert found.edits == ()


@pytest.mark.parametrize("case", CASES)
def test_the_tree_of_a_commit_gets_the_same_plan_as_the_workspace(case: str) -> None:
    before = GOLDEN / case / "before"

    assert planned(DictFiles(contents(before)), Expected.of(case)) == planned(Workspace(before), Expected.of(case))


def test_a_linked_file_below_the_path_is_edited_where_it_is(tmp_path: Path) -> None:
    """As Flux does, also where the target is elsewhere in the tree; links out of the tree are passed over."""
    root = tmp_path / "tree"
    shutil.copytree(GOLDEN / "guide" / "before", root)
    apps = root / "clusters" / "my-cluster" / "apps"
    (root / "shared").mkdir()
    (apps / "deployment.yaml").rename(root / "shared" / "deployment.yaml")
    (apps / "deployment.yaml").symlink_to("../../../shared/deployment.yaml")
    (apps / "again.yaml").symlink_to("deployment.yaml")
    shutil.copyfile(apps / "task.yaml", tmp_path / "outside.yaml")
    (apps / "outside.yaml").symlink_to(tmp_path / "outside.yaml")
    (apps / "loop.yaml").symlink_to("loop.yaml")
    outside = (tmp_path / "outside.yaml").read_bytes()
    workspace = Workspace(root)

    found, problems = planned(workspace, Expected.of("guide"))
    assert workspace.write_all(found.edits) == ()

    assert problems == []
    assert [str(problem.location) for problem in workspace.passed_over] == [
        "clusters/my-cluster/apps/loop.yaml",
        "clusters/my-cluster/apps/outside.yaml",
    ]
    after = GOLDEN / "guide" / "after" / "clusters" / "my-cluster" / "apps" / "deployment.yaml"
    assert (root / "shared" / "deployment.yaml").read_bytes() == after.read_bytes()
    assert (apps / "deployment.yaml").is_symlink()
    assert (tmp_path / "outside.yaml").read_bytes() == outside
