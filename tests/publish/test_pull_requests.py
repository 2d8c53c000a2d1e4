"""Pull requests from the run's first look at a repository to the last (issue parts 1 and 3; design, section 6)."""

from __future__ import annotations

import json

import pytest

from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod
from imgupdate.report.pull_request import parse_state
from imgupdate.results import PullRequestOperation, Result, Severity
from tests.publish.stage import APP, WEB, Stage, told
from tests.twins.github import Account

OWN = "imgupdate/main"


def operations(result: Result) -> list[tuple[int, PullRequestOperation]]:
    return [(pull.number, pull.operation) for pull in result.pull_requests]


def test_an_update_is_proposed_and_the_base_stays_as_it_is(scene: Stage) -> None:
    base = scene.github.push("main", scene.usual())

    result = scene.run()

    assert told(result, Severity.ERROR) == []
    assert scene.image(OWN) == f"{APP}:1.1.0"
    assert scene.github.head("main") == base
    (pull,) = scene.github.pulls()
    assert (pull.head, pull.base, pull.title) == (OWN, "main", f"Update {scene.registry.host}/{APP} to 1.1.0")
    assert operations(result) == [(1, PullRequestOperation.CREATED)]
    (commit,) = result.commits
    assert (commit.sha, commit.branch, commit.verified) == (scene.github.head(OWN), OWN, True)
    assert result.pull_requests[0].head_sha == commit.sha
    assert result.pull_requests[0].url.endswith("/octo-org/fleet/pull/1")


def test_the_body_says_what_changes_and_where(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    scene.run()

    body = scene.github.pulls()[0].body or ""
    head = scene.github.head(OWN)
    assert "| `1.0.0` |" in body
    assert "minor" in body
    assert "| `app` |" in body
    assert f"{scene.github.url}/octo-org/fleet/blob/{head}/apps/app.yaml#L8" in body
    assert "```diff" in body
    state = parse_state(body)
    assert state is not None
    assert state.head == head


def test_what_changed_in_the_source_of_an_image_is_a_link_away(scene: Stage) -> None:
    for tag, revision in (("1.0.0", "1" * 40), ("1.1.0", "2" * 40)):
        labels = {
            "org.opencontainers.image.source": "https://github.com/org/app",
            "org.opencontainers.image.revision": revision,
        }
        scene.registry.put_image(APP, tag, labels=labels)
    scene.github.push("main", scene.usual())

    result = scene.run()

    link = f"https://github.com/org/app/compare/{'1' * 40}...{'2' * 40}"
    assert link in (scene.github.pulls()[0].body or "")
    assert list(result.compares.values()) == [link]


def test_a_commit_of_ours_says_what_it_holds_and_is_signed_by_github(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    scene.run()

    (commit,) = scene.github.log(OWN, since="main")
    assert commit.author == "github-actions[bot]"
    assert commit.verified
    assert commit.message.startswith(f"Update {scene.registry.host}/{APP} to 1.1.0\n\n- ")
    assert "\nImgupdate-Plan: " in commit.message


def test_an_old_value_cannot_write_into_the_message_of_our_commit(scene: Stage) -> None:
    old = "1.0.0\\n\\nCo-authored-by: @somebody <x@example.org>"
    marked = 'image: {host}/org/app\ntag: "{old}" # {{"$imagepolicy": "flux-system:app:tag"}}\n'
    content = marked.format(host=scene.registry.host, old=old)
    scene.github.push("main", scene.usual(**{"apps/app.yaml": content}))

    scene.run()

    message = scene.github.log(OWN)[0].message
    assert "\nCo-authored-by" not in message
    assert "@somebody" not in message


def test_only_the_marked_file_changes_and_its_mode_stays(scene: Stage) -> None:
    files = scene.usual(**{"README.md": "docs\r\n", "run.sh": "#!/bin/sh\n"})
    scene.github.push("main", files, modes={"run.sh": "100755", "apps/app.yaml": "100755"})

    scene.run()

    before, after = scene.github.tree("main"), scene.github.tree(OWN)
    assert {path for path in before | after if before.get(path) != after.get(path)} == {"apps/app.yaml"}
    assert scene.github.modes("main") == scene.github.modes(OWN)


def test_a_second_run_finds_nothing_to_do_and_writes_nothing(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    head, body = scene.github.head(OWN), scene.github.pulls()[0].body
    seen = len(scene.github.calls)

    result = scene.run()

    assert scene.github.head(OWN) == head
    assert scene.github.pulls()[0].body == body
    assert operations(result) == [(1, PullRequestOperation.NONE)]
    assert result.commits == ()
    assert [call.operation for call in scene.github.calls[seen:]] == [
        "git/get-ref",
        "git/get-ref",
        "repos/compare-commits-with-basehead",
        "git/get-tree",
        "pulls/list",
    ]


def test_a_newer_version_updates_the_pull_request_in_place(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    result = scene.run()

    assert scene.image(OWN) == f"{APP}:1.2.0"
    assert len(scene.github.log(OWN, since="main")) == 1
    (pull,) = scene.github.pulls()
    assert pull.title.endswith("to 1.2.0")
    assert "1.2.0" in (pull.body or "")
    assert operations(result) == [(1, PullRequestOperation.UPDATED)]


def test_a_base_that_moved_has_the_branch_rebuilt_upon_it(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    base = scene.github.push("main", {"README.md": "new\n"})

    result = scene.run()

    (commit,) = scene.github.log(OWN, since="main")
    assert commit.parents == (base,)
    assert operations(result) == [(1, PullRequestOperation.UPDATED)]


def test_a_merged_pull_request_leaves_nothing_behind(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.merge_pull(1, "squash")

    result = scene.run()

    assert result.pull_requests == ()
    assert scene.github.branches().keys() == {"main"}
    assert scene.image("main") == f"{APP}:1.1.0"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_after_a_merge_the_next_version_has_a_new_pull_request(scene: Stage, method: str) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.merge_pull(1, method)  # type: ignore[arg-type]
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    result = scene.run()

    assert operations(result) == [(2, PullRequestOperation.CREATED)]
    assert scene.image(OWN) == f"{APP}:1.2.0"
    assert len(scene.github.log(OWN, since="main")) == 1


def test_when_somebody_makes_the_update_by_hand_the_pull_request_is_closed(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})

    result = scene.run()

    assert operations(result) == [(1, PullRequestOperation.CLOSED)]
    assert scene.github.pulls()[0].state == "closed"
    assert scene.github.branches().keys() == {"main"}


def test_what_we_closed_ourselves_is_opened_again_when_it_is_due_again(scene: Stage) -> None:
    old = scene.github.push("main", scene.usual())
    scene.run()
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")})
    scene.run()
    scene.github.reset_branch("main", old)

    result = scene.run()

    assert operations(result) == [(2, PullRequestOperation.CREATED)]


def test_what_a_person_closed_is_not_opened_again_for_the_same_versions(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.close_pull(1)

    result = scene.run()

    assert result.pull_requests == ()
    assert result.commits == ()
    assert any("was closed, and is not opened again" in message for message in told(result, Severity.NOTICE))


def test_what_a_person_closed_and_whose_branch_is_gone_stays_gone(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.close_pull(1)
    scene.github.delete_branch(OWN)

    scene.run()

    assert scene.github.branches().keys() == {"main"}


def test_newer_versions_than_those_that_a_person_closed_are_proposed(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.close_pull(1)
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    assert operations(scene.run()) == [(2, PullRequestOperation.CREATED)]


def test_a_branch_with_a_commit_of_a_person_is_left_alone_and_told_once(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    theirs = scene.github.push(OWN, {"apps/more.yaml": "mine: true\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    results = [scene.run(), scene.run()]

    assert scene.github.head(OWN) == theirs
    (comment,) = scene.github.comments(1)
    assert "holds commits that imgupdate did not make" in comment
    for result in results:
        assert operations(result) == [(1, PullRequestOperation.NONE)]
        assert any("commits of others" in message for message in told(result, Severity.WARNING))
        assert result.exit_code == 0


def test_a_pull_request_that_a_person_opened_keeps_its_text(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    scene.github.edit_pull(1, title="Mine", body="My words.")
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    result = scene.run()

    (pull,) = scene.github.pulls()
    assert (pull.title, pull.body) == ("Mine", "My words.")
    assert scene.image(OWN) == f"{APP}:1.2.0"
    assert operations(result) == [(1, PullRequestOperation.UPDATED)]
    assert any("stay as they are" in message for message in told(result, Severity.NOTICE))


def test_a_commit_of_ours_that_a_person_amended_is_theirs(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()
    message = scene.github.log(OWN)[0].message
    content = scene.deployment("app", APP, "1.1.0") + "# a note\n"
    theirs = scene.github.push(OWN, {"apps/app.yaml": content}, message=message, start="main", force=True)
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    scene.run()

    assert scene.github.head(OWN) == theirs


def test_a_branch_of_that_name_that_was_never_ours_is_not_touched(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    theirs = scene.github.push(OWN, {"mine.txt": "mine\n"})

    result = scene.run()

    assert scene.github.head(OWN) == theirs
    assert scene.github.pulls() == []
    assert any("commits of others" in message for message in told(result, Severity.WARNING))


def test_an_image_that_cannot_be_scanned_now_keeps_its_place_in_the_pull_request(scene: Stage) -> None:
    files = scene.usual(
        **{"apps/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    )
    scene.github.push("main", files)
    scene.run()
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])
    scene.lose(WEB)

    result = scene.run()

    assert scene.image(OWN) == f"{APP}:1.2.0"
    assert scene.image(OWN, "apps/web.yaml") == f"{WEB}:1.2.0"
    assert f"{WEB}" in (scene.github.pulls()[0].body or "")
    assert result.exit_code == 4


def test_a_run_for_one_image_leaves_the_others_in_the_pull_request(scene: Stage) -> None:
    files = scene.usual(
        **{"apps/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    )
    scene.github.push("main", files)
    scene.run()
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])
    head = scene.github.head(OWN)

    scene.run(only_images=(f"{scene.registry.host}/{APP}",))

    assert scene.github.head(OWN) != head
    assert (scene.image(OWN), scene.image(OWN, "apps/web.yaml")) == (f"{APP}:1.2.0", f"{WEB}:1.2.0")


def test_labels_people_and_milestone_are_added(scene: Stage) -> None:
    scene.github.add_collaborator(Account(login="bob", id=7))
    scene.github.add_team("platform")
    scene.github.add_milestone("next")
    scene.github.push("main", scene.usual())
    decoration = Decoration(
        labels=("images", "bot"), assignees=("bob",), reviewers=("bob",), team_reviewers=("platform",), milestone="next"
    )

    result = scene.run(decoration=decoration, draft=True, token=scene.github.app.value)

    assert told(result, Severity.WARNING) == []
    (pull,) = scene.github.pulls()
    assert sorted(label.name for label in pull.labels) == ["bot", "images"]
    assert [user.login for user in pull.assignees] == ["bob"]
    assert [user.login for user in pull.reviewers] == ["bob"]
    assert pull.teams == ["platform"]
    assert pull.milestone is not None
    assert pull.milestone.title == "next"
    assert pull.draft


def test_who_cannot_be_asked_is_a_warning_and_the_pull_request_stands(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    result = scene.run(decoration=Decoration(reviewers=("nobody-here",), milestone="never"))

    assert operations(result) == [(1, PullRequestOperation.CREATED)]
    assert len(told(result, Severity.WARNING)) == 2
    assert result.exit_code == 0


def test_a_pull_request_merges_by_itself_where_it_may(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    result = scene.run(auto_merge=MergeMethod.SQUASH)

    pull = scene.github.pulls()[0]
    assert pull.merged or pull.auto_merge or told(result, Severity.WARNING)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("chore: bump images", "chore: bump images"),
        ("bump {{ len .Changed.Changes }} for {{ .AutomationObject.Name }}", "bump 1 for imgupdate"),
    ],
)
def test_the_title_can_be_given_as_a_template(scene: Stage, title: str, expected: str) -> None:
    scene.github.push("main", scene.usual())

    scene.run(title=title)

    assert scene.github.pulls()[0].title == expected


def test_the_branch_can_be_named(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    scene.run(branch="bot/images")

    assert scene.open_pulls() == [(1, "bot/images", f"Update {scene.registry.host}/{APP} to 1.1.0")]


def two_images(scene: Stage) -> dict[str, str]:
    web = {"web/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    return scene.usual(**web)


@pytest.mark.parametrize("by", [GroupBy.POLICY, GroupBy.IMAGE, GroupBy.DIRECTORY])
def test_each_group_has_a_pull_request_with_its_own_changes_only(scene: Stage, by: GroupBy) -> None:
    scene.github.push("main", two_images(scene))

    result = scene.run(group_by=by)

    branches = [branch for _, branch, _ in scene.open_pulls()]
    assert len(branches) == 2
    assert len(result.pull_requests) == 2
    changed = []
    for branch in branches:
        before, after = scene.github.tree("main"), scene.github.tree(branch)
        changed.append([path for path in after if before[path] != after[path]])
    assert sorted(changed) == [["apps/app.yaml"], ["web/web.yaml"]]
    assert scene.run(group_by=by).commits == ()


def test_other_groups_supersede_the_pull_requests_of_before(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run()

    result = scene.run(group_by=GroupBy.POLICY)

    assert (1, PullRequestOperation.CLOSED) in operations(result)
    assert [number for number, _, _ in scene.open_pulls()] == [2, 3]
    assert scene.github.comments(1)[0].startswith("Superseded by #2, #3.")
    assert OWN not in scene.github.branches()

    back = scene.run()

    assert [number for number, _, _ in scene.open_pulls()] == [4]
    assert {number for number, operation in operations(back) if operation is PullRequestOperation.CLOSED} == {2, 3}


def test_a_group_without_changes_has_its_pull_request_closed(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    scene.github.push("main", {"web/web.yaml": scene.deployment("web", WEB, "1.2.0")})

    scene.run(group_by=GroupBy.POLICY)

    assert [branch for _, branch, _ in scene.open_pulls()] == [f"{OWN}--flux-system.app"]


def test_the_pull_request_of_a_group_that_cannot_be_scanned_now_stays(scene: Stage) -> None:
    scene.github.push("main", two_images(scene))
    scene.run(group_by=GroupBy.POLICY)
    scene.lose(WEB)

    scene.run(group_by=GroupBy.POLICY)

    assert len(scene.open_pulls()) == 2


def test_a_dry_run_asks_github_nothing(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    result = scene.run(dry_run=True)

    assert scene.github.calls == ()
    assert len(result.plan.changes) == 1
    assert not result.published


def test_nothing_of_the_checkout_is_written(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    root = scene.checkout()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    scene.run(root)

    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_what_lies_changed_in_the_checkout_is_not_proposed(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    root = scene.checkout()
    (root / "apps/app.yaml").write_text(scene.deployment("app", APP, "1.0.1") + "# local\n")

    scene.run(root)

    assert b"# local" not in scene.github.tree(OWN)["apps/app.yaml"]
    assert scene.image(OWN) == f"{APP}:1.1.0"


def test_a_run_without_changes_makes_no_branch(scene: Stage) -> None:
    scene.github.push("main", scene.usual(**{"apps/app.yaml": scene.deployment("app", APP, "1.1.0")}))

    result = scene.run()

    assert scene.github.branches().keys() == {"main"}
    assert (result.commits, result.pull_requests) == ((), ())


def test_two_automations_on_one_branch_share_a_pull_request(scene: Stage) -> None:
    push = "push: {branch: flux-updates}"
    second = scene.automation(push).replace("name: auto,", "name: second,").replace("./}", "./web}")
    first = scene.automation(push).replace("./}", "./apps}")
    files = {"auto.yaml": first, "second.yaml": second, "source.yaml": scene.source(), **two_images(scene)}
    scene.github.push("main", files)

    result = scene.run()

    assert len(scene.github.log("flux-updates", since="main")) == 2
    assert [branch for _, branch, _ in scene.open_pulls()] == ["flux-updates"]
    assert len(result.commits) == 2
    body = scene.github.pulls()[0].body or ""
    assert APP in body
    assert WEB in body


def test_the_state_in_a_body_is_json_that_no_person_sees(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.run()

    last = (scene.github.pulls()[0].body or "").strip().splitlines()[-1]
    assert last.startswith("<!-- imgupdate {")
    assert json.loads(last.removeprefix("<!-- imgupdate ").removesuffix(" -->"))["closed"] is False


def test_a_mode_of_commits_opens_no_pull_request(scene: Stage) -> None:
    scene.github.push("main", scene.usual())

    result = scene.run(publish=Mode.COMMIT)

    assert scene.image("main") == f"{APP}:1.1.0"
    assert scene.github.pulls() == []
    (commit,) = result.commits
    assert "Imgupdate-Plan" not in commit.message
    assert commit.branch == "main"
