"""The twin's git database answers as GitHub's does, and holds what git would."""

from __future__ import annotations

import base64
import subprocess

import pytest

from tests.twins.github import GitHubTwin, Rules, person_token, workflow_token
from tests.twins.github.objects import EMPTY_TREE, ZERO
from tests.twins.github_client import Client


def git(github: GitHubTwin, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=github.directory, check=True, capture_output=True, text=True)
    return done.stdout


def head_tree(client: Client) -> str:
    return str(client.get("/branches/main")["commit"]["commit"]["tree"]["sha"])


def entry(path: str, **more: object) -> dict[str, object]:
    return {"path": path, "mode": "100644", "type": "blob", **more}


def test_what_is_made_through_the_api_is_what_git_reads(github: GitHubTwin, client: Client) -> None:
    sha = client.branch("topic", "2.0.0")

    assert git(github, "show", "topic:apps/podinfo.yaml") == "tag: 2.0.0\n"
    assert git(github, "rev-parse", "topic").strip() == sha
    assert git(github, "log", "-1", "--format=%s|%an|%cn", "topic").strip() == "Tag 2.0.0|github-actions[bot]|GitHub"
    assert git(github, "ls-tree", "topic", "run.sh").startswith("100755 ")
    git(github, "fsck", "--strict")


def test_what_git_has_packed_is_read_as_well(github: GitHubTwin, client: Client) -> None:
    client.branch("topic")
    git(github, "-c", "user.name=A", "-c", "user.email=a@example.com", "tag", "-a", "v1", "-m", "First", "main")
    git(github, "gc", "-q")
    again = GitHubTwin(github.directory)

    with again:
        fresh = Client(again, again.workflow)
        assert [ref["ref"] for ref in fresh.get("/git/matching-refs/heads/")] == ["refs/heads/main", "refs/heads/topic"]
        assert fresh.get("/git/ref/tags/v1")["object"]["type"] == "tag"
        assert fresh.get("/git/ref/heads/topic")["object"]["type"] == "commit"
        assert again.tree("topic")["apps/podinfo.yaml"] == b"tag: 1.0.1\n"
        assert fresh.call("GET", f"/git/commits/{'1' * 40}").status == 404


def test_a_tree_over_another_keeps_modes_and_takes_deletions(github: GitHubTwin, client: Client) -> None:
    blob = client.post("/git/blobs", {"content": base64.b64encode(b"\xff").decode(), "encoding": "base64"})["sha"]
    made = client.post(
        "/git/trees",
        {
            "base_tree": head_tree(client),
            "tree": [
                entry("apps/redis.yaml", sha=None),
                entry("apps/podinfo.yaml", sha=None),
                entry("data.bin", sha=blob),
                entry("link", mode="120000", content="data.bin"),
            ],
        },
    )

    assert {(each["path"], each["mode"]) for each in made["tree"]} == {
        ("data.bin", "100644"),
        ("link", "120000"),
        ("run.sh", "100755"),
    }
    assert base64.b64decode(client.get(f"/git/blobs/{blob}")["content"]) == b"\xff"
    git(github, "fsck", "--strict")


def test_a_tree_without_a_base_holds_only_what_is_given(client: Client) -> None:
    made = client.post("/git/trees", {"tree": [entry("deep/down/a.txt", content="a")]})

    assert [each["path"] for each in client.get(f"/git/trees/{made['sha']}?recursive=1")["tree"]] == [
        "deep",
        "deep/down",
        "deep/down/a.txt",
    ]
    assert [each["path"] for each in client.get(f"/git/trees/{made['sha']}")["tree"]] == ["deep"]


def test_the_same_content_gives_the_same_tree(client: Client) -> None:
    base = head_tree(client)
    body = {"base_tree": base, "tree": [entry("apps/podinfo.yaml", content="tag: 1.0.0\n")]}

    assert client.post("/git/trees", body)["sha"] == base


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([entry("gone.yaml", sha=None)], "GitRPC::BadObjectState"),
        ([entry("a", sha=EMPTY_TREE, content="")], "Request will be rejected if both are present"),
        ([entry("a")], "Must supply either tree.sha or tree.content"),
        ([entry("a", sha="1" * 40)], f"tree.sha {'1' * 40} is not a valid blob"),
        ([entry("/a", content="")], "cannot start with a slash"),
        ([entry("a/../b", content="")], "malformed path component"),
        ([entry("a", mode="040000", content="")], "tree.type does not match"),
        ([], "Invalid tree info"),
    ],
)
def test_a_tree_that_git_could_not_hold_is_refused(client: Client, tree: list[object], message: str) -> None:
    got = client.call("POST", "/git/trees", {"base_tree": head_tree(client), "tree": tree})

    assert got.status == 422
    assert message in got.message


def test_a_base_tree_must_be_a_tree(github: GitHubTwin, client: Client) -> None:
    body = {"base_tree": github.head("main"), "tree": [entry("a", content="")]}

    assert client.call("POST", "/git/trees", body).status == 422


def test_blobs_and_trees_that_are_none_are_refused(github: GitHubTwin, client: Client) -> None:
    commit = github.head("main")

    got = client.call("POST", "/git/blobs", {"content": "?", "encoding": "base64"})
    assert (got.status, got.message) == (422, "content is not valid Base64")
    assert "exactly 40 characters" in client.call("GET", "/git/blobs/short").message
    assert client.call("GET", f"/git/blobs/{commit}").status == 404
    assert client.call("GET", f"/git/trees/{'1' * 40}").status == 404
    assert client.get(f"/git/trees/{EMPTY_TREE}")["tree"] == []
    assert client.get(f"/git/trees/{commit}")["sha"] == head_tree(client)


def test_a_subtree_and_a_submodule_can_be_named_by_their_hashes(github: GitHubTwin, client: Client) -> None:
    apps = client.get("/git/trees/main")["tree"][0]["sha"]
    submodule = entry("vendor", mode="160000", type="commit", sha="1" * 40)
    made = client.post("/git/trees", {"tree": [entry("copy", mode="040000", type="tree", sha=apps), submodule]})

    listed = client.get(f"/git/trees/{made['sha']}?recursive=1")["tree"]

    assert [each["path"] for each in listed] == ["copy", "copy/podinfo.yaml", "copy/redis.yaml", "vendor"]
    assert "url" not in listed[-1]


def test_a_long_tree_is_truncated(github: GitHubTwin, client: Client) -> None:
    github.world.settings.tree_limit = 2

    cut = client.get(f"/git/trees/{head_tree(client)}?recursive=1")

    assert cut["truncated"] is True
    assert len(cut["tree"]) == 2


def test_workflows_are_refused_to_a_token_that_must_not_change_them(github: GitHubTwin, client: Client) -> None:
    body = {"base_tree": head_tree(client), "tree": [entry(".github/workflows/ci.yaml", content="on: push\n")]}

    assert client.call("POST", "/git/trees", body).message == "Resource not accessible by integration"
    assert Client(github, github.app).call("POST", "/git/trees", body).status == 201


def test_a_bots_commit_without_an_author_is_githubs_and_verified(client: Client) -> None:
    made = client.get(f"/git/commits/{client.commit()}")

    assert made["author"]["name"] == "github-actions[bot]"
    assert made["author"]["email"] == "41898282+github-actions[bot]@users.noreply.github.com"
    assert made["committer"]["name"] == "GitHub"
    assert made["verification"]["verified"] is True
    assert made["verification"]["reason"] == "valid"
    assert "gpgsig" not in made["verification"]["payload"]


def test_a_commit_with_an_author_is_unsigned(github: GitHubTwin, client: Client) -> None:
    author = {"name": "Flux", "email": "flux@example.com", "date": "2026-01-02T03:04:05Z"}
    body = {"message": "M", "tree": head_tree(client), "parents": [github.head("main")], "author": author}
    made = client.post("/git/commits", body)

    assert made["author"] == author
    assert made["committer"] == author
    assert made["verification"] == {
        "verified": False,
        "reason": "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def test_a_persons_commit_is_unsigned(github: GitHubTwin) -> None:
    client = Client(github, github.person)
    made = client.get(f"/git/commits/{client.commit()}")

    assert made["author"]["name"] == made["committer"]["name"] == "Alice Example"
    assert made["verification"]["verified"] is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tree": "1" * 40}, "Tree SHA does not exist"),
        ({"parents": ["1" * 40]}, "Parent SHA does not exist or is not a commit object"),
        ({"message": " "}, "Validation Failed; "),
        ({"author": {"name": "<", "email": "a@example.com"}}, "Invalid author or committer"),
    ],
)
def test_a_commit_that_git_could_not_hold_is_refused(client: Client, change: dict[str, object], message: str) -> None:
    got = client.call("POST", "/git/commits", {"message": "M", "tree": head_tree(client), "parents": [], **change})

    assert (got.status, got.message) == (422, message)


def test_a_ref_is_made_moved_and_deleted(github: GitHubTwin, client: Client) -> None:
    first, second = github.head("main"), client.commit()
    client.post("/git/refs", {"ref": "refs/heads/a/b", "sha": first})

    assert client.get("/git/ref/heads/a/b")["object"]["sha"] == first
    assert client.call("PATCH", "/git/refs/heads/a/b", {"sha": second}).status == 200
    assert github.head("a/b") == second
    assert client.call("PATCH", "/git/refs/heads/a/b", {"sha": first}).message == "Update is not a fast forward"
    assert client.call("PATCH", "/git/refs/heads/a/b", {"sha": first, "force": True}).status == 200
    assert client.call("DELETE", "/git/refs/heads/a/b").status == 204
    assert github.head("a/b") is None


def test_what_does_not_fit_a_ref_is_refused(github: GitHubTwin, client: Client) -> None:
    head, tree = github.head("main"), head_tree(client)

    def refused(method: str, path: str, body: object = None) -> tuple[int, str]:
        got = client.call(method, path, body)
        return got.status, got.message

    assert refused("POST", "/git/refs", {"ref": "refs/heads/main", "sha": head}) == (422, "Reference already exists")
    assert refused("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "1" * 40}) == (422, "Object does not exist")
    assert refused("POST", "/git/refs", {"ref": "refs/heads/x", "sha": tree}) == (422, "Reference update failed")
    assert refused("POST", "/git/refs", {"ref": "refs/heads/main/x", "sha": head}) == (422, "Reference update failed")
    assert refused("POST", "/git/refs", {"ref": "x..y", "sha": head}) == (422, "x..y is not a valid ref name.")
    assert refused("PATCH", "/git/refs/heads/x", {"sha": head}) == (422, "Reference does not exist")
    assert refused("DELETE", "/git/refs/heads/x") == (422, "Reference does not exist")
    assert refused("GET", "/git/ref/heads/mai") == (404, "Not Found")


def test_matching_refs_begin_alike(client: Client) -> None:
    for branch in ("imgupdate/main", "imgupdate/main--a", "other"):
        client.branch(branch)

    found = [ref["ref"] for ref in client.get("/git/matching-refs/heads/imgupdate/")]

    assert found == ["refs/heads/imgupdate/main", "refs/heads/imgupdate/main--a"]


def test_an_empty_repository_is_a_conflict(tmp_path_factory: pytest.TempPathFactory) -> None:
    with GitHubTwin(tmp_path_factory.mktemp("empty") / "r.git") as github:
        client = Client(github, github.workflow)
        got = client.call("GET", "/git/ref/heads/main")
        made = client.call("POST", "/git/blobs", {"content": "x"})
        commits = client.call("GET", "/commits")

    assert {(each.status, each.message) for each in (got, made, commits)} == {(409, "Git Repository is empty.")}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Rules(pull_request=True), "Changes must be made through a pull request."),
        (Rules(signatures=True), "Commits must have verified signatures."),
        (Rules(checks=("ci",)), 'Required status check "ci" is expected.'),
    ],
)
def test_a_protected_branch_refuses(github: GitHubTwin, rules: Rules, message: str) -> None:
    client = Client(github, github.person)
    sha = client.commit()
    github.protect("main", rules)

    got = client.call("PATCH", "/git/refs/heads/main", {"sha": sha})

    assert got.status == 422
    assert "Repository rule violations found" in got.message
    assert message in got.message
    assert client.call("DELETE", "/git/refs/heads/main").status == 422


def test_a_protected_branch_takes_what_keeps_its_rules(github: GitHubTwin, client: Client) -> None:
    github.protect("main", Rules(signatures=True))
    first, made = github.head("main"), client.commit()

    assert client.call("PATCH", "/git/refs/heads/main", {"sha": made}).status == 200
    assert "force-push" in client.call("PATCH", "/git/refs/heads/main", {"sha": first, "force": True}).message


def test_a_token_may_what_it_was_granted(github: GitHubTwin) -> None:
    reader = Client(github, github.admit(workflow_token(contents="read")))
    stranger = Client(github, github.admit(person_token(contents="")))

    assert reader.call("GET", "/git/ref/heads/main").status == 200
    got = reader.call("POST", "/git/blobs", {"content": "x"})
    assert (got.status, got.message) == (403, "Resource not accessible by integration")
    got = stranger.call("GET", "/git/ref/heads/main")
    assert (got.status, got.message) == (403, "Resource not accessible by personal access token")
    got = Client(github, None).call("GET", "/git/ref/heads/main")
    assert (got.status, got.message) == (401, "Requires authentication")
    got = Client(github, workflow_token("unknown")).call("GET", "/git/ref/heads/main")
    assert (got.status, got.message) == (401, "Bad credentials")
    assert Client(github, github.workflow).call("GET", "", root="/repos/octo-org/other").status == 404


def test_a_ref_that_moves_in_the_same_moment_is_not_lost(github: GitHubTwin, client: Client) -> None:
    sha = client.commit()
    (github.directory / "refs" / "heads" / "main.lock").touch()

    assert client.call("PATCH", "/git/refs/heads/main", {"sha": sha}).message == "Reference cannot be updated"


def test_an_archived_repository_is_read_only(github: GitHubTwin, client: Client) -> None:
    github.world.settings.archived = True

    assert client.call("GET", "/git/ref/heads/main").status == 200
    assert client.call("POST", "/git/blobs", {"content": "x"}).message == "Repository was archived so is read-only."


def test_a_person_can_do_to_branches_what_git_can(github: GitHubTwin) -> None:
    first = github.head("main")
    second = github.push("main", {"apps/redis.yaml": None, "new.txt": b"\x00"}, message="By hand")
    github.push("topic", {"a": "1"}, start=first)
    github.push("topic", {"b": "2"}, start=first, force=True)
    github.tag("v1", second)

    assert github.tree("main") == {"apps/podinfo.yaml": b"tag: 1.0.0\n", "run.sh": b"#!/bin/sh\n", "new.txt": b"\x00"}
    assert github.modes("main")["run.sh"] == "100755"
    assert [(each.sha, each.message) for each in github.log("main")] == [(second, "By hand"), (first, "Start")]
    assert [each.parents for each in github.log("topic", since="main")] == [(first,)]
    assert set(github.branches()) == {"main", "topic"}
    github.delete_branch("topic")
    assert github.head("topic") is None
    assert github.head("main") != ZERO
