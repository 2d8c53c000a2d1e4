"""Targets: the branches that automations publish to (spec/flux.md 6.2 and 6.3)."""

from __future__ import annotations

import pytest

from imgupdate.config.model import ActiveAutomation, GitRef, PushSpec, SigningKey
from imgupdate.publish.settings import Mode, PublishSettings
from imgupdate.publish.targets import BranchKind, Target, targets
from tests.publish.values import automation, config, implicit, settings

MAIN = GitRef(branch="main")


def only(found: tuple[tuple[Target, ...], tuple[object, ...]]) -> Target:
    (target,), problems = found
    assert problems == ()
    return target


def decide(ref: GitRef | None = MAIN, push: PushSpec | None = None, given: PublishSettings | None = None) -> Target:
    return only(targets(config(ref), [automation(push=push)], given or settings()))


@pytest.mark.parametrize(
    ("ref", "push", "branch", "switches"),
    [
        (GitRef(branch="aaa"), "", "aaa", False),
        (GitRef(branch="aaa"), "aaa", "aaa", False),
        (GitRef(branch="aaa"), "bbb", "bbb", True),
        (None, "aaa", "aaa", True),
        (None, "master", "master", False),
        (GitRef(tag="v1.0.0"), "main2", "main2", True),
        (GitRef(name="refs/heads/dev"), "main", "main", True),
    ],
)
def test_the_push_branch_is_the_one_that_flux_would_push_to(
    ref: GitRef | None, push: str, branch: str, *, switches: bool
) -> None:
    target = only(targets(config(ref), [automation(push=PushSpec(branch=push))], settings(Mode.COMMIT)))

    assert target.branch == branch
    assert (target.kind is BranchKind.NAMED) == switches
    assert target.base == ""


@pytest.mark.parametrize("ref", [GitRef(name="refs/heads/main"), GitRef(tag="v1"), GitRef(semver="1.x"), GitRef()])
def test_a_push_branch_that_nothing_names_is_an_error_with_its_place(ref: GitRef) -> None:
    found, problems = targets(config(ref), [automation()], settings())

    assert found == ()
    assert "push spec not provided" in problems[0].message
    assert str(problems[0].location) == "auto.yaml:3"
    assert problems[0].exit_code == 3


def test_a_name_that_is_also_what_is_pushed_to_is_committed_to_without_a_pull_request_into_itself() -> None:
    found, problems = targets(
        config(GitRef(name="refs/heads/main")), [automation(push=PushSpec(branch="main"))], settings()
    )

    assert problems == ()
    assert (found[0].branch, found[0].base, found[0].kind) == ("main", "", BranchKind.NAMED)


def test_without_any_reference_flux_checks_master_out() -> None:
    target = decide(ref=None, push=PushSpec(branch="master"))

    assert (target.branch, target.checkout, target.kind) == ("master", GitRef(branch="master"), BranchKind.CHECKOUT)
    assert target.through_git


def test_the_checkout_of_the_automation_goes_before_that_of_its_source() -> None:
    found = targets(config(GitRef(branch="dev")), [automation(checkout=MAIN)], settings())

    assert only(found).branch == "main"


def test_without_a_source_the_branch_of_the_workspace_is_checked_out() -> None:
    found = targets(config(source=False), [automation()], settings(base="trunk"))

    target = only(found)
    assert (target.branch, target.kind, target.through_git) == ("trunk", BranchKind.CHECKOUT, "")


MODES = [
    (Mode.AUTO, "", "main", "", BranchKind.CHECKOUT),
    (Mode.AUTO, "flux", "flux", "main", BranchKind.NAMED),
    (Mode.AUTO, "imgupdate/x", "imgupdate/x", "main", BranchKind.OWN),
    (Mode.COMMIT, "", "main", "", BranchKind.CHECKOUT),
    (Mode.COMMIT, "flux", "flux", "", BranchKind.NAMED),
    (Mode.PULL_REQUEST, "", "imgupdate/main", "main", BranchKind.OWN),
    (Mode.PULL_REQUEST, "flux", "flux", "main", BranchKind.NAMED),
]


@pytest.mark.parametrize(("mode", "push", "branch", "base", "kind"), MODES)
def test_the_mode_decides_between_commits_and_pull_requests(
    mode: Mode, push: str, branch: str, base: str, kind: BranchKind
) -> None:
    target = decide(push=PushSpec(branch=push), given=settings(mode))

    assert (target.branch, target.base, target.kind) == (branch, base, kind)


@pytest.mark.parametrize(
    ("mode", "branch", "base"),
    [(Mode.AUTO, "imgupdate/main", "main"), (Mode.PULL_REQUEST, "imgupdate/main", "main"), (Mode.COMMIT, "main", "")],
)
@pytest.mark.parametrize("who", [implicit(), automation(git=False, source=None)])
def test_where_nobody_says_how_the_changes_go_through_a_pull_request(
    who: ActiveAutomation, mode: Mode, branch: str, base: str
) -> None:
    target = only(targets(config(), [who], settings(mode)))

    assert (target.branch, target.base) == (branch, base)


def test_the_branch_of_pull_requests_can_be_named() -> None:
    assert only(targets(config(), [implicit()], settings(branch="bot/images"))).branch == "bot/images"


def test_a_pull_request_from_a_branch_into_itself_is_refused() -> None:
    found, problems = targets(config(), [implicit()], settings(branch="main"))

    assert found == ()
    assert "into itself" in problems[0].message


@pytest.mark.parametrize(
    ("push", "key", "need"),
    [
        (PushSpec(refspec="refs/heads/main:refs/heads/x"), None, "git.push.refspec"),
        (PushSpec(options={"ci.skip": ""}), None, "git.push.options"),
        (PushSpec(), SigningKey(secret="key"), "git.commit.signingKey"),
        (PushSpec(), None, ""),
    ],
)
def test_what_the_api_cannot_do_goes_through_git(push: PushSpec, key: SigningKey | None, need: str) -> None:
    target = only(targets(config(MAIN), [automation(push=push, signing_key=key)], settings()))

    assert target.through_git == need


def test_a_signature_of_github_takes_the_place_of_a_signing_key() -> None:
    signed = automation(signing_key=SigningKey(secret="key"), sign_github=True)

    assert only(targets(config(MAIN), [signed], settings())).through_git == ""
    key = automation(signing_key=SigningKey(secret="key"))
    assert only(targets(config(MAIN), [key], settings(sign_github=True))).through_git == ""


@pytest.mark.parametrize("ref", [GitRef(branch="dev"), GitRef(commit="1" * 40), GitRef(tag="v1"), GitRef(semver="1.x")])
def test_another_checkout_than_the_workspace_goes_through_git(ref: GitRef) -> None:
    target = only(targets(config(ref), [automation(push=PushSpec(branch="flux"))], settings()))

    assert target.through_git
    assert target.checkout == ref
    assert target.base == ref.branch


def test_automations_that_share_a_push_branch_share_a_target() -> None:
    push = PushSpec(branch="flux", options={"a": "1"})
    other = PushSpec(branch="flux", options={"b": "2"}, refspec="r")
    both = [automation(push=push), automation(name="other", push=other)]

    target = only(targets(config(MAIN, timeout=20.0), both, settings()))

    assert [str(found.key) for found in target.automations] == ["flux-system/auto", "flux-system/other"]
    assert dict(target.options) == {"a": "1", "b": "2"}
    assert target.refspecs == ("r",)
    assert target.timeout == 20.0
    assert target.names == "flux-system/auto, flux-system/other"


def test_automations_that_share_a_push_branch_but_not_their_checkout_are_told() -> None:
    both = [
        automation(checkout=MAIN, push=PushSpec(branch="flux")),
        automation(name="other", checkout=GitRef(branch="dev"), push=PushSpec(branch="flux")),
    ]

    found, problems = targets(config(), both, settings())

    assert [str(target.automations[0].key) for target in found] == ["flux-system/auto"]
    assert "share the branch flux" in problems[0].message


def test_a_branch_of_ours_without_a_base_is_only_added_to() -> None:
    target = only(targets(config(GitRef(tag="v1")), [automation(push=PushSpec(branch="imgupdate/v1"))], settings()))

    assert (target.kind, target.base) == (BranchKind.NAMED, "")
