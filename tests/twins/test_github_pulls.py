"""The twin's pull requests live as GitHub's do: they follow their branches, and say no in the same words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.twins.github import Account, GitHubTwin, Rules, workflow_token
from tests.twins.github_client import REPO, Client

BOB = Account(login="bob", id=77)


def test_a_pull_request_tells_what_it_would_change(github: GitHubTwin, client: Client) -> None:
    made = client.propose()

    assert (made["number"], made["state"], made["draft"], made["merged"]) == (1, "open", False, False)
    assert made["user"]["login"] == "github-actions[bot]"
    assert made["head"]["ref"] == "imgupdate/main"
    assert made["head"]["label"] == "octo-org:imgupdate/main"
    assert made["head"]["sha"] == github.head("imgupdate/main")
    assert (made["commits"], made["changed_files"], made["additions"], made["deletions"]) == (1, 1, 1, 1)
    assert (made["mergeable"], made["mergeable_state"]) == (None, "unknown")
    assert made["html_url"] == f"{github.url}/octo-org/fleet/pull/1"
    assert client.get("/pulls/1") == {**made, "mergeable": True, "mergeable_state": "clean"}
    assert [each["filename"] for each in client.get("/pulls/1/files")] == ["apps/podinfo.yaml"]
    assert [each["sha"] for each in client.get("/pulls/1/commits")] == [made["head"]["sha"]]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({}, 422, "Validation Failed; A pull request already exists for octo-org:imgupdate/main."),
        ({"head": "main"}, 422, "Validation Failed; No commits between main and main"),
        ({"head": "gone"}, 422, "Validation Failed; "),
        ({"head": "else:imgupdate/main"}, 422, "Validation Failed; "),
        ({"base": "gone"}, 422, "Validation Failed; "),
        ({"head": "orphan"}, 422, "Validation Failed; The orphan branch has no history in common with main"),
        ({"title": " "}, 422, "Validation Failed; "),
        ({"title": None}, 422, "Validation Failed; "),
        ({"title": "x" * 257}, 422, "Validation Failed; title is too long (maximum is 256 characters)"),
        ({"body": "x" * 65_537}, 422, "Validation Failed; body is too long (maximum is 65536 characters)"),
    ],
)
def test_a_pull_request_that_cannot_be_is_refused(
    github: GitHubTwin, client: Client, change: dict[str, str | None], status: int, message: str
) -> None:
    client.propose()
    orphan = client.post("/git/commits", {"message": "O", "tree": client.get("/git/trees/main")["sha"]})
    client.post("/git/refs", {"ref": "refs/heads/orphan", "sha": orphan["sha"]})

    body = {"title": "T", "head": "imgupdate/main", "base": "main", **change}
    got = client.call("POST", "/pulls", {name: value for name, value in body.items() if value is not None})

    assert (got.status, got.message) == (status, message)
    assert len(github.pulls()) == 1


def test_a_body_at_the_limit_is_taken(client: Client) -> None:
    client.branch("topic")

    client.post("/pulls", {"title": "x" * 256, "body": "x" * 65_536, "head": "topic", "base": "main"})


def test_a_workflow_may_be_forbidden_to_open_pull_requests(github: GitHubTwin, client: Client) -> None:
    client.branch("topic")
    github.world.settings.actions_may_create_pull_requests = False
    body = {"title": "T", "head": "topic", "base": "main"}

    got = client.call("POST", "/pulls", body)

    assert (got.status, got.message) == (
        403,
        "GitHub Actions is not permitted to create or approve pull requests.",
    )
    assert Client(github, github.app).call("POST", "/pulls", body).status == 201


def test_a_token_without_the_permission_opens_none(github: GitHubTwin, client: Client) -> None:
    client.branch("topic")
    poor = Client(github, github.admit(workflow_token("poor", pull_requests="read")))

    got = poor.call("POST", "/pulls", {"title": "T", "head": "topic", "base": "main"})

    assert (got.status, got.message) == (403, "Resource not accessible by integration")


def test_lists_hold_what_was_asked_for(github: GitHubTwin, client: Client) -> None:
    for branch in ("a", "b", "c"):
        client.propose(branch)
    github.push("next", {"x": "1"})
    client.propose("d", base="next")
    github.close_pull(2)

    def numbers(query: str) -> list[int]:
        return [pull["number"] for pull in client.get(f"/pulls?{query}")]

    assert numbers("") == [4, 3, 1]
    assert numbers("state=all&direction=asc") == [1, 2, 3, 4]
    assert numbers("state=closed") == [2]
    assert numbers("base=next") == [4]
    assert numbers("head=octo-org:b&state=all") == [2]
    assert numbers("head=octo-org:b") == []
    assert numbers("head=else:a") == []
    assert numbers("head=a") == [4, 3, 1], "GitHub ignores a head without its owner"
    got = client.call("GET", "/pulls?state=all&per_page=2&page=1")
    assert [pull["number"] for pull in got.body] == [4, 3]
    assert f'<{github.api_url}{REPO}/pulls?state=all&per_page=2&page=2>; rel="next"' in got.headers["link"]
    got = client.call("GET", "/pulls?state=all&per_page=2&page=2")
    assert [pull["number"] for pull in got.body] == [2, 1]
    assert 'rel="next"' not in got.headers["link"]


def test_the_latest_change_comes_first_where_asked(github: GitHubTwin, client: Client) -> None:
    client.propose("a")
    client.propose("b")
    github.world.pulls[1].updated = github.world.pulls[2].updated.replace(year=2030)

    found = client.get("/pulls?sort=updated&direction=desc")

    assert [pull["number"] for pull in found] == [1, 2]


def test_a_pull_request_follows_its_branch(github: GitHubTwin, client: Client) -> None:
    client.propose()
    sha = github.push("imgupdate/main", {"more.txt": "1"})
    base = github.push("main", {"other.txt": "1"})

    found = client.get("/pulls/1")

    assert (found["head"]["sha"], found["base"]["sha"]) == (sha, base)
    assert (found["commits"], found["changed_files"]) == (2, 2)


def test_a_pull_request_closes_with_its_branch(github: GitHubTwin, client: Client) -> None:
    client.propose()
    client.call("DELETE", "/git/refs/heads/imgupdate/main")

    found = client.get("/pulls/1")

    assert (found["state"], found["merged"], found["mergeable_state"]) == ("closed", False, "unknown")


def test_a_pull_request_whose_branch_goes_back_to_its_base_closes(github: GitHubTwin, client: Client) -> None:
    client.propose()
    head = github.head("main")
    assert head is not None

    client.call("PATCH", "/git/refs/heads/imgupdate/main", {"sha": head, "force": True})

    assert [(pull.state, pull.merged) for pull in github.pulls()] == [("closed", False)]


def test_a_pull_request_whose_commits_are_pushed_to_its_base_is_merged(github: GitHubTwin, client: Client) -> None:
    made = client.propose()

    client.call("PATCH", "/git/refs/heads/main", {"sha": made["head"]["sha"]})

    assert client.get("/pulls/1")["merged"] is True
    assert client.call("GET", "/pulls/1/merge").status == 204


@pytest.mark.parametrize(
    ("method", "parents", "subject"),
    [
        ("merge", 2, "Merge pull request #1 from octo-org/imgupdate/main"),
        ("squash", 1, "Tag 1.0.1 (#1)"),
        ("rebase", 1, "Tag 1.0.1"),
    ],
)
def test_each_way_to_merge_does_what_git_would(
    github: GitHubTwin, client: Client, method: str, parents: int, subject: str
) -> None:
    made = client.propose()
    github.push("main", {"other.txt": "1"})

    got = client.call("PUT", "/pulls/1/merge", {"merge_method": method, "sha": made["head"]["sha"]})

    assert got.status == 200
    assert got.body["sha"] == github.head("main")
    newest = github.log("main")[0]
    assert (len(newest.parents), newest.message.splitlines()[0]) == (parents, subject)
    assert github.tree("main")["apps/podinfo.yaml"] == b"tag: 1.0.1\n"
    assert github.tree("main")["other.txt"] == b"1"
    assert client.get("/pulls/1")["merged_by"]["login"] == "github-actions[bot]"
    assert client.call("GET", "/pulls/1/merge").status == 204


def test_a_merge_that_cannot_be_is_refused(github: GitHubTwin, client: Client) -> None:
    client.propose("a")
    client.propose("b", "9.9.9")
    client.propose("c", "3.0.0")
    assert client.call("GET", "/pulls/2/merge").status == 404

    assert client.call("PUT", "/pulls/1/merge", {"sha": "1" * 40}).status == 409
    github.world.settings.allow_squash_merge = False
    assert "not allowed" in client.call("PUT", "/pulls/1/merge", {"merge_method": "squash"}).message
    github.protect("main", Rules(checks=("ci",)))
    assert "ci" in client.call("PUT", "/pulls/1/merge").message
    github.protect("main", Rules())
    assert github.merge_pull(1)
    assert client.call("PUT", "/pulls/2/merge").message == "Pull Request is not mergeable"
    assert client.get("/pulls/2")["mergeable_state"] == "dirty"
    assert client.call("PUT", "/pulls/1/merge").message == "Pull Request is not mergeable"


def test_a_merge_can_be_too_late(github: GitHubTwin, client: Client) -> None:
    client.propose()
    (github.directory / "refs" / "heads" / "main.lock").touch()

    got = client.call("PUT", "/pulls/1/merge")

    assert (got.status, got.message) == (409, "Base branch was modified. Review and try the merge again.")


def test_a_commit_that_conflicts_on_its_own_is_not_replayed(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.push("imgupdate/main", {"apps/podinfo.yaml": "tag: 2.0.0\n"})
    github.push("main", {"apps/podinfo.yaml": "tag: 2.0.0\n"})

    assert client.get("/pulls/1")["mergeable"] is True
    assert client.call("PUT", "/pulls/1/merge", {"merge_method": "rebase"}).message == "Pull Request is not mergeable"


def test_a_merge_of_workflows_needs_their_permission(github: GitHubTwin, client: Client) -> None:
    github.push("topic", {".github/workflows/ci.yaml": "on: push"})
    client.post("/pulls", {"title": "T", "head": "topic", "base": "main"})

    assert client.call("PUT", "/pulls/1/merge").message == "Resource not accessible by integration"
    assert Client(github, github.app).call("PUT", "/pulls/1/merge").status == 200


def test_a_pull_request_closes_with_its_base(github: GitHubTwin, client: Client) -> None:
    github.push("next", {"x": "1"})
    client.propose(base="next")
    github.delete_branch("next")

    assert github.pulls()[0].state == "closed"
    assert "The next branch has been deleted." in client.call("PATCH", "/pulls/1", {"state": "open"}).message


def test_a_merged_branch_is_deleted_where_the_repository_says_so(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.world.settings.delete_branch_on_merge = True

    github.merge_pull(1, "squash")

    assert github.head("imgupdate/main") is None
    assert github.pulls()[0].merged


def test_a_pull_request_is_edited_closed_and_opened_again(github: GitHubTwin, client: Client) -> None:
    client.propose()

    edited = client.call("PATCH", "/pulls/1", {"title": "New", "body": "Text"}).body
    assert (edited["title"], edited["body"]) == ("New", "Text")
    closed = client.call("PATCH", "/pulls/1", {"state": "closed", "body": "Gone"}).body
    assert (closed["state"], closed["body"], closed["merged_at"]) == ("closed", "Gone", None)
    github.push("imgupdate/main", {"more.txt": "1"})
    assert client.get("/pulls/1")["head"]["sha"] != github.head("imgupdate/main")
    opened = client.call("PATCH", "/pulls/1", {"state": "open"}).body
    assert (opened["state"], opened["head"]["sha"]) == ("open", github.head("imgupdate/main"))
    got = client.call("PATCH", "/pulls/1", {"body": "x" * 65_537})
    assert "too long" in got.message


def other_pull(github: GitHubTwin, client: Client) -> None:
    client.post("/pulls", {"title": "T", "head": "imgupdate/main", "base": "main"})


def force_push(github: GitHubTwin, client: Client) -> None:
    github.push("imgupdate/main", {"else.txt": "1"}, force=True)


def delete_branch(github: GitHubTwin, client: Client) -> None:
    github.delete_branch("imgupdate/main")


def merge_by_hand(github: GitHubTwin, client: Client) -> None:
    client.call("PATCH", "/git/refs/heads/main", {"sha": github.head("imgupdate/main")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (force_push, "The imgupdate/main branch was force-pushed or recreated."),
        (delete_branch, "The imgupdate/main branch has been deleted."),
        (merge_by_hand, "There are no new commits on the octo-org:imgupdate/main branch."),
        (other_pull, "A pull request already exists for octo-org:imgupdate/main."),
    ],
)
def test_what_cannot_be_opened_again_stays_closed(
    github: GitHubTwin, client: Client, change: Callable[[GitHubTwin, Client], None], message: str
) -> None:
    client.propose()
    github.close_pull(1)
    change(github, client)

    got = client.call("PATCH", "/pulls/1", {"state": "open"})

    assert got.status == 422
    assert message in got.message
    assert github.pulls()[0].state == "closed"


def test_a_merged_pull_request_stays_closed(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.merge_pull(1)

    assert "cannot be reopened" in client.call("PATCH", "/pulls/1", {"state": "open"}).message


def test_a_pull_request_can_be_given_another_base(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.push("next", {"x": "1"})

    assert client.call("PATCH", "/pulls/1", {"base": "next"}).body["base"]["ref"] == "next"
    assert "was not found" in client.call("PATCH", "/pulls/1", {"base": "gone"}).message
    github.close_pull(1)
    assert "closed pull request" in client.call("PATCH", "/pulls/1", {"base": "main"}).message


def test_labels_are_added_and_made_where_unknown(github: GitHubTwin, client: Client) -> None:
    client.propose()
    client.post("/labels", {"name": "Bug", "color": "ff0000"})

    assert [each["name"] for each in client.post("/issues/1/labels", {"labels": ["bug", "new"]})] == ["Bug", "new"]
    assert [each["name"] for each in client.post("/issues/1/labels", ["new", "more"])] == ["Bug", "new", "more"]
    assert [each["name"] for each in client.get("/labels")] == ["Bug", "new", "more"]
    assert client.get("/labels/bug")["color"] == "ff0000"
    assert client.call("GET", "/labels/none").status == 404
    assert client.call("POST", "/labels", {"name": "NEW"}).status == 422
    assert client.call("POST", "/issues/1/labels", {"labels": ["x" * 51]}).status == 422
    assert client.call("PUT", "/issues/1/labels", {"labels": ["only"]}).status == 200
    assert [each["name"] for each in client.get("/issues/1/labels")] == ["only"]
    assert [each["name"] for each in client.get("/pulls/1")["labels"]] == ["only"]


def test_assignees_without_access_are_left_out_in_silence(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.add_collaborator(BOB)

    made = client.post("/issues/1/assignees", {"assignees": ["bob", "stranger", "image-updates[bot]"]})

    assert [each["login"] for each in made["assignees"]] == ["bob"]
    assert made["assignee"]["login"] == "bob"


def test_reviewers_are_asked_all_or_none(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.add_collaborator(BOB)

    def ask(**body: list[str]) -> str:
        return client.call("POST", "/pulls/1/requested_reviewers", body).message

    assert ask(reviewers=["github-actions[bot]"]) == "Review cannot be requested from pull request author."
    assert "collaborators" in ask(reviewers=["bob", "stranger"])
    assert "Could not resolve to a node" in ask(team_reviewers=["platform"])
    assert client.get("/pulls/1/requested_reviewers") == {"users": [], "teams": []}
    assert client.call("POST", "/pulls/1/requested_reviewers", {"reviewers": ["bob"]}).status == 201
    app = Client(github, github.app)
    assert "collaborators" in app.call("POST", "/pulls/1/requested_reviewers", {"team_reviewers": ["platform"]}).message
    github.add_team("platform")
    made = app.post("/pulls/1/requested_reviewers", {"team_reviewers": ["platform"]})
    assert [each["login"] for each in made["requested_reviewers"]] == ["bob"]
    assert [each["slug"] for each in made["requested_teams"]] == ["platform"]


def test_a_milestone_is_set_through_the_issue(github: GitHubTwin, client: Client) -> None:
    client.propose()
    number = github.add_milestone("v2")

    assert [each["title"] for each in client.get("/milestones")] == ["v2"]
    made = client.call("PATCH", "/issues/1", {"milestone": number, "labels": ["a"], "assignees": ["alice"]}).body
    assert (made["milestone"]["title"], made["labels"][0]["name"], made["assignee"]["login"]) == ("v2", "a", "alice")
    assert client.call("PATCH", "/issues/1", {"milestone": 9}).status == 422
    assert client.call("PATCH", "/issues/1", {"milestone": None}).body["milestone"] is None
    assert client.call("PATCH", "/issues/1", {"state": "closed", "title": "T"}).body["state"] == "closed"
    assert client.get("/issues/1")["title"] == "T"
    assert client.call("GET", "/issues/9").status == 404


def test_comments_are_written_listed_changed_and_deleted(github: GitHubTwin, client: Client) -> None:
    client.propose()
    made = client.post("/issues/1/comments", {"body": "One"})
    github.comment(1, "Two")

    assert [each["body"] for each in client.get("/issues/1/comments")] == ["One", "Two"]
    assert client.get("/issues/1/comments?since=2999-01-01T00:00:00Z") == []
    assert client.get("/pulls/1")["comments"] == 2
    assert client.call("PATCH", f"/issues/comments/{made['id']}", {"body": "Uno"}).body["body"] == "Uno"
    assert github.comments(1) == ["Uno", "Two"]
    theirs = client.get("/issues/1/comments")[1]["id"]
    assert client.call("PATCH", f"/issues/comments/{theirs}", {"body": "Mine"}).status == 403
    assert client.call("POST", "/issues/1/comments", {"body": " "}).status == 422
    assert "too long" in client.call("POST", "/issues/1/comments", {"body": "x" * 65_537}).message
    assert client.call("PATCH", "/issues/comments/9", {"body": "x"}).status == 404
    assert client.call("DELETE", f"/issues/comments/{made['id']}").status == 204
    assert github.comments(1) == ["Two"]


def test_a_check_blocks_a_merge_until_it_succeeds(github: GitHubTwin, client: Client) -> None:
    sha = client.propose()["head"]["sha"]
    github.protect("main", Rules(checks=("ci",), approvals=1))

    assert client.get("/pulls/1")["mergeable_state"] == "blocked"
    client.post(f"/statuses/{sha}", {"state": "success", "context": "ci"})
    assert client.get("/pulls/1")["mergeable_state"] == "blocked"
    github.approve(1)
    assert client.get("/pulls/1")["mergeable_state"] == "clean"
    client.post(f"/statuses/{sha}", {"state": "failure", "context": "lint"})
    assert client.get("/pulls/1")["mergeable_state"] == "unstable"
    assert [each["context"] for each in client.get(f"/commits/{sha}/statuses")] == ["lint", "ci"]
    assert client.get(f"/commits/{sha}/check-runs")["total_count"] == 0


def test_a_fork_proposes_as_well(github: GitHubTwin, client: Client) -> None:
    github.propose("imgupdate/main", {"apps/redis.yaml": "tag: 9\n"}, fork=BOB)
    client.propose()

    found = client.get("/pulls/1")
    assert (found["head"]["label"], found["user"]["login"]) == ("bob:imgupdate/main", "bob")
    assert (found["head"]["repo"]["full_name"], found["head"]["repo"]["fork"]) == ("bob/fleet", True)
    assert found["base"]["repo"]["full_name"] == "octo-org/fleet"
    assert found["mergeable_state"] == "clean"
    assert [each["number"] for each in client.get("/pulls?head=bob:imgupdate/main")] == [1]
    assert [each["number"] for each in client.get("/pulls?head=octo-org:imgupdate/main")] == [2]
    github.merge_pull(1)
    assert github.tree("main")["apps/redis.yaml"] == b"tag: 9\n"
    assert github.log("main")[0].message.startswith("Merge pull request #1 from bob/imgupdate/main")


def test_a_person_edits_a_pull_request(github: GitHubTwin, client: Client) -> None:
    client.propose()

    github.edit_pull(1, title="Mine", body="Hands off")

    assert (github.pulls()[0].title, client.get("/pulls/1")["body"]) == ("Mine", "Hands off")
