"""What people and other runs do to branches and pull requests while nobody looks (spec/github-actions.md 2.7)."""

from __future__ import annotations

from imgupdate.publish.settings import GroupBy
from imgupdate.results import PullRequestOperation, Result, Severity
from tests.publish.stage import APP, WEB, Stage, told
from tests.twins.github import Account, faults
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


def test_a_pull_request_of_a_person_from_a_push_branch_is_not_closed_for_want_of_updates(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    scene.run()
    scene.github.push(NAMED, {"notes.txt": "mine\n"})
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})

    result = scene.run()

    assert scene.github.pulls()[0].state == "open"
    assert operations(result) == [(1, PullRequestOperation.NONE)]


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
