"""The twin's GraphQL: references moved from where they are said to be, auto-merge, drafts; and no other words."""

from __future__ import annotations

import pytest

from tests.twins.github import Account, GitHubTwin, Rules, workflow_token
from tests.twins.github.objects import ZERO
from tests.twins.github_client import Client

BOB = Account(login="bob", id=77)


def mutation(name: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    return f"mutation($i: {kind}) {{ {name}(input: $i) {{ clientMutationId }} }}"


REVIEWS = (
    '{{ node(id: "PR_1000001") {{ ... on PullRequest {{ latestReviews{} {{ nodes {{ author {{ login }} }} }} }} }} }}'
)
UPDATE = mutation("updateRefs")
ENABLE = mutation("enablePullRequestAutoMerge")
CONVERT = mutation("convertPullRequestToDraft")


def update(client: Client, *updates: dict[str, object], repository: str = "R_1296269") -> list[str]:
    """Move refs; what was said against it."""
    got = client.mutate("updateRefs", {"repositoryId": repository, "refUpdates": list(updates)})
    return [error["message"] for error in got.get("errors", [])]


def move(name: str, before: str | None, after: str | None, **more: object) -> dict[str, object]:
    return {"name": f"refs/heads/{name}", "beforeOid": before, "afterOid": after, **more}


def test_refs_are_made_moved_and_deleted_from_where_they_are(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()

    assert update(client, move("a", ZERO, first)) == []
    assert update(client, move("a", first, second)) == []
    assert github.head("a") == second
    assert update(client, move("a", second, first, force=True)) == []
    assert update(client, move("a", None, second)) == []
    assert update(client, move("a", second, ZERO)) == []
    assert github.head("a") is None


def test_a_ref_that_is_elsewhere_is_not_moved(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()

    told = update(client, move("main", second, second))

    assert told == [f'Reference cannot be updated: "refs/heads/main" is at {first} but expected {second}']
    assert "is at" in update(client, move("main", ZERO, second))[0]
    assert "is at" in update(client, move("gone", first, second))[0]
    assert "does not exist" in update(client, move("gone", None, ZERO))[0]
    assert "Object does not exist" in update(client, move("main", first, "1" * 40))[0]
    assert "valid ref name" in update(client, {"name": "main", "beforeOid": first, "afterOid": second})[0]
    assert "Could not resolve" in update(client, move("main", first, second), repository="R_2")[0]
    assert update(client, move("main", first, second)) == []
    assert "fast forward" in update(client, move("main", second, first))[0]
    assert github.head("main") == second


def test_refs_move_together_or_not_at_all(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()

    assert update(client, move("a", ZERO, second), move("main", second, second)) != []
    assert github.head("a") is None
    assert update(client, move("a", ZERO, second), move("a/b", ZERO, second)) != []
    assert github.head("a") is None
    assert update(client, move("a", ZERO, second), move("main", first, second)) == []
    assert github.head("a") == github.head("main") == second


def test_rules_and_permissions_hold_for_refs(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()
    github.protect("main", Rules(pull_request=True))
    reader = Client(github, github.admit(workflow_token("reader", contents="read")))

    assert "Changes must be made through a pull request." in update(client, move("main", first, second))[0]
    assert update(reader, move("a", ZERO, second)) == ["Resource not accessible by integration"]


def test_refs_of_an_archived_repository_stay(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()
    github.world.settings.archived = True

    assert update(client, move("main", first, second)) == ["Repository was archived so is read-only."]


def test_a_list_of_updates_can_be_a_variable(github: GitHubTwin, client: Client) -> None:
    first = github.head("main")

    got = client.graphql(
        "mutation U($id: ID!, $updates: [RefUpdate!]!)"
        " { updateRefs(input: {repositoryId: $id, refUpdates: $updates}) { clientMutationId } }",
        id="R_1296269",
        updates=[move("a", ZERO, first)],
    )

    assert got == {"data": {"updateRefs": {"clientMutationId": None}}}
    assert github.head("a") == first


def test_auto_merge_waits_for_what_the_rules_demand(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    github.world.settings.allow_auto_merge = True
    github.protect("main", Rules(checks=("ci",)))
    wish = {
        "pullRequestId": made["node_id"],
        "mergeMethod": "SQUASH",
        "commitHeadline": "Head",
        "commitBody": "Body",
        "expectedHeadOid": made["head"]["sha"],
    }

    got = client.mutate(
        "enablePullRequestAutoMerge",
        wish,
        "actor { login } pullRequest { number autoMergeRequest { mergeMethod enabledBy { login } } mergeStateStatus }",
    )

    assert got["data"]["enablePullRequestAutoMerge"] == {
        "actor": {"login": "github-actions[bot]"},
        "pullRequest": {
            "number": 1,
            "autoMergeRequest": {"mergeMethod": "SQUASH", "enabledBy": {"login": "github-actions[bot]"}},
            "mergeStateStatus": "BLOCKED",
        },
    }
    assert client.get("/pulls/1")["auto_merge"]["merge_method"] == "squash"
    client.post(f"/statuses/{made['head']['sha']}", {"state": "success", "context": "ci"})
    assert github.pulls()[0].merged
    assert github.log("main")[0].message == "Head\n\nBody"


@pytest.mark.parametrize(
    ("rules", "allowed", "change", "message"),
    [
        (None, False, {}, "Auto merge is not allowed for this repository"),
        (None, True, {}, "Pull request Pull request is in clean status"),
        (Rules(checks=("ci",)), True, {"expectedHeadOid": "1" * 40}, "Expected head oid to be"),
        (Rules(checks=("ci",)), True, {"mergeMethod": "REBASE"}, "Merge method rebase merging is not allowed"),
        (Rules(checks=("ci",)), True, {"pullRequestId": "PR_9"}, "Could not resolve to a node"),
    ],
)
def test_auto_merge_that_cannot_be_is_refused(
    github: GitHubTwin, client: Client, rules: Rules | None, allowed: bool, change: dict[str, str], message: str
) -> None:
    made = client.propose()
    github.world.settings.allow_auto_merge = allowed
    github.world.settings.allow_rebase_merge = False
    if rules is not None:
        github.protect("main", rules)

    got = client.mutate("enablePullRequestAutoMerge", {"pullRequestId": made["node_id"], **change})

    assert got["data"] == {"enablePullRequestAutoMerge": None}
    assert message in got["errors"][0]["message"]


def test_auto_merge_needs_rules_where_a_merge_would_conflict(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    github.push("main", {"apps/podinfo.yaml": "tag: 9\n"})
    github.world.settings.allow_auto_merge = True

    got = client.mutate("enablePullRequestAutoMerge", {"pullRequestId": made["node_id"]})

    assert "Protected branch rules not configured" in got["errors"][0]["message"]


def test_auto_merge_is_taken_back_once(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    github.world.settings.allow_auto_merge = True
    github.protect("main", Rules(approvals=1))
    client.mutate("enablePullRequestAutoMerge", {"pullRequestId": made["node_id"]})

    assert "errors" not in client.mutate("disablePullRequestAutoMerge", {"pullRequestId": made["node_id"]})
    got = client.mutate("disablePullRequestAutoMerge", {"pullRequestId": made["node_id"]})
    assert got["errors"][0]["message"] == "Can't disable auto-merge for this pull request."
    github.approve(1)
    assert github.pulls()[0].state == "open"


def test_a_closed_pull_request_is_not_merged_by_itself(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    github.world.settings.allow_auto_merge = True
    github.close_pull(1)

    for name in ("enablePullRequestAutoMerge", "convertPullRequestToDraft"):
        assert "errors" in client.mutate(name, {"pullRequestId": made["node_id"]})


def test_a_draft_comes_and_goes(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    given = {"pullRequestId": made["node_id"]}

    got = client.mutate("convertPullRequestToDraft", given, "pullRequest { isDraft }")
    assert got["data"]["convertPullRequestToDraft"]["pullRequest"]["isDraft"] is True
    assert client.get("/pulls/1")["mergeable_state"] == "draft"
    assert client.call("PUT", "/pulls/1/merge").message == "Pull Request is still a draft"
    client.mutate("markPullRequestReadyForReview", given)
    assert client.get("/pulls/1")["draft"] is False
    github.world.settings.drafts = False
    assert "not supported" in client.mutate("convertPullRequestToDraft", given)["errors"][0]["message"]
    body = {"title": "T", "head": client.get("/pulls/1")["head"]["ref"], "base": "main", "draft": True}
    assert "Draft pull requests are not supported" in client.call("POST", "/pulls", body).message


def test_queries_answer_what_is_selected(github: GitHubTwin, client: Client) -> None:
    made = client.propose()

    got = client.graphql(
        "query Q($owner: String!, $name: String!, $id: ID!) {"
        " repository(owner: $owner, name: $name) { id defaultBranchRef { target { oid } } nameWithOwner }"
        " it: node(id: $id) { __typename ... on PullRequest { title state headRefOid } ... on Issue { body } }"
        " viewer { login } }",
        owner="octo-org",
        name="fleet",
        id=made["node_id"],
    )

    assert got == {
        "data": {
            "repository": {
                "id": "R_1296269",
                "defaultBranchRef": {"target": {"oid": github.head("main")}},
                "nameWithOwner": "octo-org/fleet",
            },
            "it": {
                "__typename": "PullRequest",
                "title": "Tag 1.0.1",
                "state": "OPEN",
                "headRefOid": made["head"]["sha"],
            },
            "viewer": {"login": "github-actions[bot]"},
        }
    }


def test_reviews_are_told(github: GitHubTwin, client: Client) -> None:
    made = client.propose()
    github.add_collaborator(BOB)
    client.post("/pulls/1/requested_reviewers", {"reviewers": ["bob"]})
    github.review(1, BOB)

    got = client.graphql(REVIEWS.format("(first: 100)").replace("PR_1000001", made["node_id"]))

    assert got["data"]["node"]["latestReviews"]["nodes"] == [{"author": {"login": "bob"}}]
    assert client.get("/pulls/1/requested_reviewers")["users"] == []


def test_what_is_not_there_is_told_by_type(client: Client) -> None:
    got = client.graphql(
        'query($no: ID = "x") { repository(owner: "octo-org", name: "x") { id } node(id: "R_1296269") { id }'
        " other: node(id: $no) { id } }"
    )

    assert got["data"] == {"repository": None, "node": {"id": "R_1296269"}, "other": None}
    assert [(error["type"], error["path"]) for error in got["errors"]] == [
        ("NOT_FOUND", ["repository"]),
        ("NOT_FOUND", ["other"]),
    ]


@pytest.mark.parametrize(
    ("query", "variables", "wrong"),
    [
        ("query { viewer { login } ", {}, "unexpected end"),
        ("query { viewer { } }", {}, "empty selection"),
        ("query Q 1 { viewer { login } }", {}, "where '{' was expected"),
        ("{ node(id: !) { id } }", {}, "is no value"),
        ("subscription { viewer { login } }", {}, "is no operation"),
        ("{ viewer { login } } x", {}, "after the operation"),
        ("{ viewer { login } } ?", {}, "Parse error on '?'"),
        ("{ viewer { email } }", {}, "Field 'email' doesn't exist on type 'User'"),
        ("{ viewer }", {}, "must have selections"),
        ("{ viewer { login { x } } }", {}, "must have selections"),
        ("{ viewer { login(first: 1) } }", {}, "Field 'login' doesn't accept argument 'first'"),
        (REVIEWS.format(""), {}, "You must provide a `first` or `last` value"),
        (REVIEWS.format("(first: 101)"), {}, "must be from 1 to 100"),
        ("{ nothing { id } }", {}, "Field 'nothing' doesn't exist on type 'Query'"),
        ("mutation { nothing(input: {}) { id } }", {}, "Field 'nothing' doesn't exist on type 'Mutation'"),
        ("query($a: ID!) { viewer { login } }", {"a": "x"}, "declared by the operation but not used"),
        ("query { node(id: $a) { id } }", {}, "used by the operation but not declared"),
        ("query($a: ID!) { node(id: $a) { id } }", {}, "was provided invalid value"),
        ("query($a: ID!) { node(id: $a) { id } }", {"a": "x", "b": 1}, "does not declare"),
        ("mutation($i: Wrong!) { updateRefs(input: $i) { clientMutationId } }", {"i": {}}, "Type mismatch"),
        ("mutation { updateRefs(wrong: {}) { clientMutationId } }", {}, "takes the argument 'input' only"),
        ("mutation { updateRefs(input: 1.5) { clientMutationId } }", {}, "UpdateRefsInput is an object"),
        (
            'mutation { updateRefs(input: {repositoryId: "R", refUpdates: []}) { clientMutationId } }',
            {},
            "is no [RefUpdate!]!",
        ),
        (
            UPDATE,
            {"i": {"repositoryId": "R", "refUpdates": [{"name": "refs/heads/a", "afterOid": "short"}]}},
            "is no Oid!",
        ),
        (
            UPDATE,
            {"i": {"repositoryId": "R", "refUpdates": [{"name": "refs/heads/a", "afterOid": ZERO, "force": 1}]}},
            "is no Boolean",
        ),
        (
            ENABLE,
            {"i": {"pullRequestId": "PR", "mergeMethod": "FAST"}},
            "is no Method",
        ),
        (
            CONVERT,
            {"i": {"pullRequest": "PR"}},
            "Field is not defined on ConvertPullRequestToDraftInput",
        ),
        (
            CONVERT,
            {"i": {}},
            "Expected value to not be null",
        ),
    ],
)
def test_what_is_no_graphql_of_githubs_breaks_the_contract(
    github: GitHubTwin, client: Client, query: str, variables: dict[str, object], wrong: str
) -> None:
    client.propose()
    got = client.graphql(query, **variables)

    assert wrong in got["errors"][0]["message"]
    assert [wrong in breach for breach in github.breaches] == [True]
    github.breaches.clear()


def test_a_request_without_a_query_breaks_the_contract(github: GitHubTwin, client: Client) -> None:
    client.call("POST", "/graphql", {"quarry": "{ viewer { login } }"}, root="")
    client.call("POST", "/graphql", {"query": "{ viewer { login } }", "more": 1}, root="")

    assert len(github.breaches) == 2
    github.breaches.clear()


def test_graphql_needs_a_token(github: GitHubTwin) -> None:
    got = Client(github, None).call("POST", "/graphql", {"query": "{ viewer { login } }"}, root="")

    assert (got.status, got.message) == (401, "Bad credentials")


def test_values_are_read_in_every_form(client: Client) -> None:
    got = client.graphql(
        'mutation M($r: ID!) { a: updateRefs(input: {repositoryId: $r, refUpdates: [{name: "refs/heads/x \\"",'
        f' afterOid: "{ZERO}", beforeOid: null, force: true}}], clientMutationId: "c"}}) {{ clientMutationId }} }}'
        " # done",
        r="R_1296269",
    )

    assert "valid ref name" in got["errors"][0]["message"]
