"""What people and other runs do to branches and pull requests while nobody looks (spec/github-actions.md 2.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from imgupdate.publish.settings import GroupBy
from imgupdate.results import PullRequestOperation, Result, Severity
from tests.publish.stage import APP, WEB, Stage, told
from tests.twins.github import Account, SeenCall, faults
from tests.twins.github_client import Client

OWN = "imgupdate/main"
NAMED = "flux-updates"
NEWER = ["1.0.0", "1.1.0", "1.2.0"]


def operations(result: Result) -> list[tuple[int, PullRequestOperation]]:
    return [(pull.number, pull.operation) for pull in result.pull_requests]


def two_images(scene: Stage) -> dict[str, str]:
    web = {"web/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    return scene.usual(**web)


def flux(scene: Stage, push: str = f"push: {{branch: {NAMED}}}", **more: str) -> dict[str, str]:
    return scene.usual(**{"auto.yaml": scene.automation(push, **more), "source.yaml": scene.source()})


def writes(scene: Stage) -> list[str]:
    """What a run with nothing new does besides looking: it should be nothing."""
    scene.github.forget_calls()
    scene.run()
    return [call.operation for call in scene.github.calls if call.method != "GET"]


# -- the base moves in every way --------------------------------------------------------------------------------------


def test_a_base_that_is_forced_back_has_the_branch_rebuilt_upon_it(scene: Stage) -> None:
    first = scene.github.push("main", scene.usual())
    scene.github.push("main", {"later.txt": "gone soon\n"})
    scene.run()
    scene.github.reset_branch("main", first)

    result = scene.run()

    (commit,) = scene.github.log(OWN, since="main")
    assert commit.parents == (first,)
    assert "later.txt" not in scene.github.tree(OWN)
    assert operations(result) == [(1, PullRequestOperation.UPDATED)]
    assert told(result, Severity.WARNING) == []


def test_a_base_that_is_forced_elsewhere_has_the_branch_rebuilt_upon_it(scene: Stage) -> None:
    first = scene.github.push("main", scene.usual())
    scene.github.push("main", {"later.txt": "one way\n"})
    scene.run()
    other = scene.github.push("main", {"later.txt": "another\n"}, start=first, force=True)

    scene.run()

    (commit,) = scene.github.log(OWN, since="main")
    assert commit.parents == (other,)
    assert scene.github.tree(OWN)["later.txt"] == b"another\n"


def test_a_commit_of_a_person_below_ours_is_not_lost_when_the_branch_is_rebased_by_hand(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    (ours,) = scene.github.log(OWN, since="main")
    content = scene.github.tree(OWN)["apps/app.yaml"]
    scene.github.push(OWN, {"notes.txt": "mine\n"}, start="main", force=True)
    theirs = scene.github.push(OWN, {"apps/app.yaml": content}, message=ours.message)
    scene.registry.fill(APP, NEWER)

    scene.run()

    assert scene.github.head(OWN) == theirs


def test_part_of_the_changes_that_the_base_received_is_no_longer_proposed(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run()
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.2.0")})

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.UPDATED)]
    (commit,) = scene.github.log(OWN, since="main")
    body = scene.github.pulls()[0].body or ""
    assert WEB not in commit.message
    assert WEB not in body
    assert scene.github.pulls()[0].title.endswith(f"{APP} to 1.1.0")
    assert writes(scene) == []


def test_an_update_that_a_person_made_meanwhile_is_not_taken_back_while_the_registry_is_down(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run()
    scene.registry.fill(WEB, ["1.0.0", "1.2.0", "1.9.0"])
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.9.0")})
    scene.lose(WEB)

    scene.run()

    assert scene.image(OWN, "web/web.yaml") == f"{WEB}:1.9.0"
    assert scene.image(OWN) == f"{APP}:1.1.0"


def test_a_group_whose_image_a_person_updated_further_is_closed_while_the_registry_is_down(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.9.0")})
    scene.lose(WEB)

    scene.run(group_by=GroupBy.POLICY)

    assert [branch for _, branch, _ in scene.open_pulls()] == [f"{OWN}--flux-system.app"]


def test_a_base_that_is_gone_is_an_error_of_its_target(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    root = scene.checkout()

    result = scene.run(root, base="release")

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert "release" in problem.message
    assert problem.remedy
    assert result.exit_code == 6


# -- what nobody but us may lose --------------------------------------------------------------------------------------


def test_a_branch_of_a_person_that_lags_behind_the_base_is_not_deleted(scene: Stage) -> None:
    old = scene.github.push("main", scene.usual(**{"apps/app.yaml": scene.deployment("app", APP, "1.1.0")}))
    scene.github.reset_branch("staging", old)
    scene.github.push("main", {"README.md": "new\n"})

    scene.run(branch="staging")

    assert scene.github.head("staging") == old


def test_commits_of_a_person_on_a_push_branch_are_theirs_when_that_becomes_a_branch_of_ours(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    scene.run()
    scene.github.push(NAMED, {"notes.txt": "mine\n"})
    scene.registry.fill(APP, NEWER)
    scene.run()
    mixed = scene.github.head(NAMED)
    scene.github.push("main", {"auto.yaml": None, "README.md": "new\n"})

    result = scene.run(branch=NAMED)

    assert scene.github.head(NAMED) == mixed
    assert any("commits of others" in message for message in told(result, Severity.WARNING))


def test_a_pull_request_of_a_person_from_a_push_branch_is_not_closed_for_want_of_updates(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    scene.run()
    scene.github.push(NAMED, {"notes.txt": "mine\n"})
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})

    result = scene.run()

    assert scene.github.pulls()[0].state == "open"
    assert operations(result) == [(1, PullRequestOperation.NONE)]


def test_a_branch_that_was_merged_is_not_deleted_while_a_pull_request_goes_into_it(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    Client(scene.github, scene.github.person).propose("more", base=OWN)
    scene.github.merge_pull(1, "squash")

    result = scene.run()

    assert result.pull_requests == ()
    assert [pull.number for pull in scene.github.pulls(state="open")] == [2]


def test_a_leftover_that_holds_a_commit_of_a_person_stays_open(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    theirs = scene.github.push(f"{OWN}--flux-system.web", {"notes.txt": "mine\n"})

    result = scene.run()

    assert operations(result) == [(3, PullRequestOperation.CREATED), (1, PullRequestOperation.CLOSED)]
    assert [number for number, _, _ in scene.open_pulls()] == [2, 3]
    assert scene.github.head(f"{OWN}--flux-system.web") == theirs


def test_a_push_branch_without_commits_of_its_own_has_no_pull_request(scene: Stage) -> None:
    files = {**flux(scene), "apps/app.yaml": scene.deployment("app", APP, "1.1.0")}
    old = scene.github.push("main", files)
    scene.github.reset_branch(NAMED, old)
    scene.github.push("main", {"README.md": "new\n"})

    assert scene.run().pull_requests == ()
    assert writes(scene) == []
    assert scene.github.head(NAMED) == old


def test_a_pull_request_upon_our_branch_keeps_it_from_being_deleted(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    stacked = Client(scene.github, scene.github.person).propose("more", base=OWN)["number"]
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})

    results = [scene.run(), scene.run()]

    states = {pull.number: pull.state for pull in scene.github.pulls()}
    assert states == {1: "closed", stacked: "open"}
    assert operations(results[0]) == [(1, PullRequestOperation.CLOSED)]
    assert writes(scene) == []


def test_a_forks_pull_request_from_a_branch_of_the_same_name_is_nobodys_business(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    theirs = scene.github.propose(OWN, {"notes.txt": "mine\n"}, fork=Account(login="eve", id=66))

    results = [scene.run(), scene.run()]

    assert [pull.number for result in results for pull in result.pull_requests] == [theirs + 1] * 2
    assert (scene.github.pulls()[0].body, scene.github.comments(theirs)) == (None, [])


def test_a_pull_request_that_a_person_sent_elsewhere_stays_there_and_a_new_one_is_opened(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.github.reset_branch("develop", scene.github.head("main") or "")
    scene.run()
    scene.github.world.pulls[1].base = "develop"

    result = scene.run()

    assert operations(result) == [(2, PullRequestOperation.CREATED)]
    assert [(pull.number, pull.base) for pull in scene.github.pulls(state="open")] == [(1, "develop"), (2, "main")]
    assert writes(scene) == []


def test_a_pull_request_whose_branch_was_renamed_is_its_renamers(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    with scene.github.world.lock:
        scene.github.world.repository.git("branch", "-m", OWN, "mine")
        scene.github.world.pulls[1].head = "mine"

    result = scene.run()

    assert operations(result) == [(2, PullRequestOperation.CREATED)]
    assert [(pull.number, pull.head) for pull in scene.github.pulls(state="open")] == [(1, "mine"), (2, OWN)]


def test_a_pull_request_that_a_person_closed_and_opened_again_is_kept_up_to_date(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.close_pull(1)
    scene.run()
    scene.github.world.pulls[1].state = "open"
    scene.registry.fill(APP, NEWER)

    assert operations(scene.run()) == [(1, PullRequestOperation.UPDATED)]


def test_a_branch_that_stands_where_ours_needs_a_folder_is_an_error_that_says_so(scene: Stage) -> None:
    head = scene.github.push("main", scene.usual())
    scene.github.reset_branch("imgupdate", head)

    result = scene.run()

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert OWN in problem.message
    assert problem.remedy
    assert result.exit_code == 6
    assert scene.github.head("imgupdate") == head


def test_a_refusal_that_nobody_foresaw_has_a_remedy_all_the_same(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.github.fail(faults.Failure(status=418, body={"message": "I am a teapot"}), on="git/create-commit", times=9)

    (problem,) = [found for found in scene.run().all_problems if found.severity is Severity.ERROR]

    assert "I am a teapot" in problem.message
    assert problem.remedy


# -- races that need a word of their own ------------------------------------------------------------------------------


def before(scene: Stage, operation: str, deed: Callable[[], object]) -> None:
    """Have somebody do something just before the first call of a kind."""
    done: list[SeenCall] = []

    def interfere(call: SeenCall) -> None:
        if call.operation == operation and not done:
            done.append(call)
            deed()

    scene.github.before = interfere


def test_a_pull_request_that_a_person_closes_just_before_its_update_does_not_decline_the_newer_version(
    scene: Stage,
) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    old = scene.github.pulls()[0].body
    scene.registry.fill(APP, NEWER)
    before(scene, "pulls/update", lambda: scene.github.close_pull(1))

    result = scene.run()

    assert operations(result) == [(2, PullRequestOperation.CREATED)]
    assert scene.github.pulls()[0].body == old
    assert "1.2.0" in (scene.github.pulls()[1].body or "")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_pull_request_that_is_merged_just_before_its_update_keeps_its_text_and_has_no_successor(
    scene: Stage, method: Any
) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    old = scene.github.pulls()[0].body
    scene.registry.fill(APP, NEWER)
    before(scene, "pulls/update", lambda: scene.github.merge_pull(1, method))

    result = scene.run()

    assert told(result, Severity.ERROR) == []
    assert operations(result) == [(1, PullRequestOperation.NONE)]
    assert [pull.body for pull in scene.github.pulls()] == [old]
    assert scene.run().pull_requests == ()
    assert scene.github.branches().keys() == {"main"}


def test_a_title_that_cannot_be_rendered_is_an_error_of_the_input_and_the_pull_request_has_the_usual_one(
    scene: Stage,
) -> None:
    scene.github.push("main", flux(scene))

    result = scene.run(title="{{ index .Changed.Changes 99 }}")

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert problem.message.startswith("the input `title` fails: ")
    assert (problem.location, problem.exit_code) == (None, 3)
    assert operations(result) == [(1, PullRequestOperation.CREATED)]
    assert scene.github.pulls()[0].title.endswith("to 1.1.0")


def test_a_push_of_a_person_just_before_we_close_keeps_the_pull_request_open(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    body = scene.github.pulls()[0].body
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})
    before(scene, "graphql/updateRefs", lambda: scene.github.push(OWN, {"notes.txt": "mine\n"}))

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.NONE)]
    (pull,) = scene.github.pulls()
    assert (pull.state, pull.body) == ("open", body)
    assert scene.github.tree(OWN)["notes.txt"] == b"mine\n"


def test_a_branch_that_cannot_be_deleted_now_is_closed_with_its_pull_request_by_a_later_run(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})
    scene.github.fail(faults.rule_violation(), on="graphql/updateRefs")

    failed, result = scene.run(), scene.run()

    assert failed.exit_code == 6
    assert operations(result) == [(1, PullRequestOperation.CLOSED)]
    assert scene.github.pulls()[0].state == "closed"
    assert OWN not in scene.github.branches()


def test_what_was_done_is_told_although_the_look_for_leftovers_fails(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    scene.github.fail(faults.server_error(), on="issues/list-comments", times=99)

    result = scene.run()

    assert (3, PullRequestOperation.CREATED) in operations(result)
    assert len(result.commits) == 1
    assert result.exit_code == 6


# -- pull requests that were not ours to close, and those that were ----------------------------------------------------


def test_the_pull_request_of_another_workflow_is_not_taken_for_a_leftover(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    apps = scene.checkout()
    (apps / "web.yaml").unlink()
    scene.run(apps)
    webs = scene.checkout()
    (webs / "policies.yaml").unlink()
    (webs / "auto.yaml").write_text(scene.automation(f"push: {{branch: {NAMED}}}"))
    (webs / "source.yaml").write_text(scene.source())

    scene.run(webs)

    assert [(number, branch) for number, branch, _ in scene.open_pulls()] == [(1, OWN), (2, NAMED)]


def test_a_push_branch_that_an_automation_names_now_takes_the_place_of_ours(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.push("main", flux(scene))

    result = scene.run()

    assert sorted(operations(result)) == [(1, PullRequestOperation.CLOSED), (2, PullRequestOperation.CREATED)]
    assert scene.github.comments(1)[0].startswith("Superseded by #2.")
    assert OWN not in scene.github.branches()


def test_a_broken_manifest_elsewhere_does_not_keep_leftovers_open(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    broken = 'image: x # {"$imagepolicy": "flux-system:nobody"}\n'
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.2.0"), "broken.yaml": broken})

    result = scene.run(group_by=GroupBy.POLICY)

    assert result.exit_code == 5
    assert [branch for _, branch, _ in scene.open_pulls()] == [f"{OWN}--flux-system.app"]


def test_a_person_hears_that_a_pull_request_was_declined_although_its_branch_is_gone(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.close_pull(1)
    scene.github.delete_branch(OWN)

    result = scene.run()

    assert any("is not opened again" in message for message in told(result, Severity.NOTICE))


@pytest.mark.parametrize("change", ["policy deleted", "suspended", "path narrowed"])
@pytest.mark.parametrize("by", [GroupBy.AUTOMATION, GroupBy.POLICY, GroupBy.IMAGE, GroupBy.DIRECTORY])
def test_what_the_configuration_no_longer_asks_for_is_no_longer_proposed(
    scene: Stage, change: str, by: GroupBy
) -> None:
    automation = scene.automation(f"push: {{branch: {OWN}}}")
    scene.github.push("main", {**two_images(scene), "auto.yaml": automation, "source.yaml": scene.source()})
    scene.run(group_by=by)
    web = scene.policy("web", WEB).replace("spec: {image", "spec: {suspend: true, image")
    files: dict[str, dict[str, str | bytes | None]] = {
        "policy deleted": {"web.yaml": None, "web/web.yaml": None},
        "suspended": {"web.yaml": web},
        "path narrowed": {"auto.yaml": automation.replace("path: ./", "path: ./apps")},
    }
    scene.github.push("main", files[change])

    scene.run(group_by=by)

    branches = [branch for _, branch, _ in scene.open_pulls()]
    assert len(branches) == 1
    assert scene.image(branches[0]) == f"{APP}:1.1.0"
    assert scene.github.tree(branches[0]).get("web/web.yaml") == scene.github.tree("main").get("web/web.yaml")
    scene.github.forget_calls()
    scene.run(group_by=by)
    assert [call.operation for call in scene.github.calls if call.method != "GET"] == []


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_the_body_for_a_branch_that_lags_tells_what_its_merge_would_bring(scene: Stage) -> None:
    files = {**two_images(scene), **flux(scene)}
    scene.github.push("main", files)
    scene.run()
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.9.0")})
    scene.registry.fill(APP, NEWER)

    scene.run()

    body = scene.github.pulls()[0].body or ""
    assert f"{APP}" in body
    assert "1.9.0" not in body


def test_the_body_for_a_branch_into_which_the_base_was_merged_tells_only_the_updates(scene: Stage) -> None:
    scene.github.push("main", {**two_images(scene), **flux(scene)})
    scene.run()
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.2.0")})
    world, base, head = scene.github.world, scene.github.head("main") or "", scene.github.head(NAMED) or ""
    tree = world.repository.merged_tree(base, head)
    merged = world.commit_by_github(scene.github.person.account, tree, (head, base), "Merge main")
    scene.github.reset_branch(NAMED, merged)

    scene.run()

    body = scene.github.pulls()[0].body or ""
    assert f"{APP}` |" in body
    assert f"{WEB}` |" not in body
