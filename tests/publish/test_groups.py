"""Groups: which changes go together, and what their branches are called."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config.model import GitRef
from imgupdate.publish.groups import branch_part, grouped
from imgupdate.publish.settings import GroupBy
from imgupdate.publish.targets import BranchKind, Target
from imgupdate.results import Change, Location, Marker, ObjectIdentifier, ObjectKey, Part
from tests.publish.values import implicit

TARGET = Target(
    branch="flux", checkout=GitRef(branch="main"), base="main", kind=BranchKind.NAMED, automations=(implicit(),)
)
APP, WEB = ObjectKey("", "flux-system", "app"), ObjectKey("", "flux-system", "web")
STAGING = ObjectKey("", "flux-system", "app-staging")
IMAGES = {APP: "ghcr.io/org/app", STAGING: "ghcr.io/org/app", WEB: "ghcr.io/org/web"}


def change(policy: ObjectKey, path: str) -> Change:
    marker = Marker(
        location=Location(path, 1),
        object=ObjectIdentifier(),
        setter="",
        policy=policy,
        part=Part.TAG,
        value="1",
    )
    return Change(marker=marker, new="2")


CHANGES = [change(APP, "a/x.yaml"), change(APP, "b/x.yaml"), change(WEB, "a/y.yaml"), change(WEB, "root.yaml")]


def test_each_policy_has_a_branch_of_its_own() -> None:
    parts = grouped(TARGET, GroupBy.POLICY, CHANGES, IMAGES)

    assert [part.branch for part in parts] == ["flux--flux-system.app", "flux--flux-system.web"]
    assert [part.policies for part in parts] == [frozenset({APP}), frozenset({WEB})]
    assert {part.kind for part in parts} == {BranchKind.OWN}
    assert [part.group for part in parts] == ["flux-system/app", "flux-system/web"]


def test_policies_of_one_image_go_together_whether_or_not_all_of_them_change_something() -> None:
    parts = grouped(TARGET, GroupBy.IMAGE, CHANGES, IMAGES)

    assert [(part.group, part.policies) for part in parts] == [
        ("ghcr.io/org/app", frozenset({APP, STAGING})),
        ("ghcr.io/org/web", frozenset({WEB})),
    ]


def test_each_directory_has_the_changes_that_lie_in_it() -> None:
    parts = grouped(TARGET, GroupBy.DIRECTORY, CHANGES, IMAGES)

    assert [(part.group, part.directory, part.policies) for part in parts] == [
        ("/", "", None),
        ("a", "a", None),
        ("b", "b", None),
    ]
    assert len({part.branch for part in parts}) == 3


def test_without_changes_there_is_no_group() -> None:
    assert grouped(replace(TARGET), GroupBy.POLICY, [], IMAGES) == ()


@pytest.mark.parametrize(
    ("name", "part"),
    [("flux-system/podinfo", "flux-system.podinfo"), ("podinfo", "podinfo"), ("ns/my.app", "ns.my.app")],
)
def test_a_policy_is_read_off_its_branch(name: str, part: str) -> None:
    assert branch_part(name, dotted=True) == part


@pytest.mark.parametrize(
    "name", ["ghcr.io/org/app", "", ".", "..", "a..b", "x.lock", "a/b.lock", "-x", "ä", "a b", "x" * 300, "~^:?*[\\@{"]
)
def test_any_name_makes_a_branch_that_git_takes(name: str) -> None:
    ref = f"refs/heads/imgupdate/main--{branch_part(name)}"

    assert subprocess.run(["git", "check-ref-format", ref], check=False).returncode == 0


@given(st.lists(st.text(max_size=12), unique=True, min_size=2, max_size=5))
def test_different_names_make_different_branches(names: list[str]) -> None:
    assert len({branch_part(name) for name in names}) == len(names)
