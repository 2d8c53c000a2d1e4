"""The twin's repository, commits, comparisons and files are told as GitHub tells them."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from tests.twins.github import GitHubTwin, workflow_token
from tests.twins.github_client import REPO, Client


def test_the_repository_tells_its_settings_and_what_one_may(github: GitHubTwin, client: Client) -> None:
    github.world.settings.allow_auto_merge = True

    found = client.get("")

    assert (found["full_name"], found["default_branch"], found["node_id"]) == ("octo-org/fleet", "main", "R_1296269")
    assert found["allow_auto_merge"] is True
    assert found["permissions"]["push"] is True
    assert found["clone_url"] == github.clone_url
    reader = Client(github, github.admit(workflow_token("reader", contents="read")))
    assert reader.get("")["permissions"]["push"] is False


def test_a_comparison_holds_commits_files_and_the_place_where_they_parted(github: GitHubTwin, client: Client) -> None:
    fork = github.head("main")
    client.branch("topic")
    github.push("topic", {"apps/redis.yaml": None, "new.txt": "one\ntwo\n"})
    github.push("main", {"other.txt": "1"})

    found = client.get("/compare/main...topic")

    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 2, 1)
    assert found["merge_base_commit"]["sha"] == fork
    assert found["base_commit"]["sha"] == github.head("main")
    assert [each["commit"]["message"] for each in found["commits"]] == ["Tag 1.0.1", "Change files"]
    assert {(each["filename"], each["status"], each["additions"]) for each in found["files"]} == {
        ("apps/podinfo.yaml", "modified", 1),
        ("apps/redis.yaml", "removed", 0),
        ("new.txt", "added", 2),
    }
    assert found["files"][0]["patch"] == "@@ -1 +1 @@\n-tag: 1.0.0\n+tag: 1.0.1"
    assert client.get(f"/compare/{fork}...octo-org:main")["status"] == "ahead"
    assert client.get(f"/compare/main...{fork}")["status"] == "behind"
    assert client.get("/compare/main...main")["status"] == "identical"
    assert client.call("GET", "/compare/main...gone").status == 404
    assert client.call("GET", "/compare/main").status == 404


def test_a_long_comparison_holds_the_newest_commits_unless_asked_by_page(github: GitHubTwin, client: Client) -> None:
    objects, sha = github.world.objects, str(github.head("main"))
    shas = []
    for number in range(252):
        sha = objects.write_commit(replace(objects.commit(sha), parents=(sha,), message=str(number)))
        shas.append(sha)
    github.reset_branch("topic", sha)

    newest = client.get("/compare/main...topic")
    assert (newest["total_commits"], len(newest["commits"])) == (252, 250)
    assert newest["commits"][-1]["sha"] == shas[-1]
    page = client.call("GET", "/compare/main...topic?per_page=100&page=3")
    assert [each["sha"] for each in page.body["commits"]] == shas[200:]
    assert page.body["files"] == []
    assert 'rel="prev"' in page.headers["link"]


def test_branches_without_a_common_past_are_not_compared(client: Client) -> None:
    made = client.post("/git/commits", {"message": "O", "tree": client.get("/git/trees/main")["sha"]})
    client.post("/git/refs", {"ref": "refs/heads/orphan", "sha": made["sha"]})

    assert "No common ancestor" in client.call("GET", "/compare/main...orphan").message


def test_a_commit_tells_the_files_that_it_changed(github: GitHubTwin, client: Client) -> None:
    first = github.head("main")
    text = "".join(f"line {number}\n" for number in range(20))
    github.push("main", {"old.txt": text, "bin": b"\x00\x01"})
    sha = github.push("main", {"old.txt": None, "new.txt": text + "more\n", "bin": b"\x00\x02", "é.txt": "x\n"})

    found = client.get(f"/commits/{sha}")

    files = {each["filename"]: each for each in found["files"]}
    assert (files["new.txt"]["status"], files["new.txt"]["previous_filename"]) == ("renamed", "old.txt")
    assert (files["bin"]["status"], files["bin"]["changes"]) == ("modified", 0)
    assert "patch" not in files["bin"]
    assert files["é.txt"]["patch"] == "@@ -0,0 +1 @@\n+x"
    assert found["stats"] == {"additions": 2, "deletions": 0, "total": 2}
    assert found["author"]["login"] == "alice"
    assert client.get("/commits/main")["sha"] == sha
    assert client.get(f"/commits/{sha[:10]}")["sha"] == sha
    assert client.get("/commits/heads/main")["sha"] == sha
    assert client.get("/commits/HEAD")["sha"] == sha
    assert len(client.get(f"/commits/{first}")["files"]) == 3
    got = client.call("GET", "/commits/gone")
    assert (got.status, got.message) == (422, "No commit found for SHA: gone")
    assert client.call("GET", "/commits/1234567").status == 422
    assert client.call("GET", f"/commits/{'1' * 40}").status == 422


def test_the_files_of_a_large_commit_come_in_pages(github: GitHubTwin, client: Client) -> None:
    sha = github.push("main", {f"many/{number:03}.txt": "x\n" for number in range(301)})

    first = client.call("GET", f"/commits/{sha}")
    second = client.call("GET", f"/commits/{sha}?page=2")

    assert (len(first.body["files"]), len(second.body["files"])) == (300, 1)
    assert 'rel="next"' in first.headers["link"]


def test_commits_are_listed_newest_first(github: GitHubTwin, client: Client) -> None:
    github.push("main", {"a": "1"}, message="A")
    github.push("topic", {"b": "1"}, message="B")

    assert [each["commit"]["message"] for each in client.get("/commits")] == ["A", "Start"]
    assert [each["commit"]["message"] for each in client.get("/commits?sha=topic")] == ["B", "A", "Start"]
    assert [each["commit"]["message"] for each in client.get("/commits?sha=topic&path=b")] == ["B"]
    assert client.call("GET", "/commits?sha=gone").status == 404
    assert client.call("POST", f"/statuses/{'1' * 40}", {"state": "success"}).status == 404
    assert client.call("GET", "/commits/gone/statuses").status == 404
    assert client.call("GET", "/commits/gone/check-runs").status == 404


def test_contents_are_files_directories_links_and_submodules(github: GitHubTwin, client: Client) -> None:
    submodule = github.head("main")
    assert submodule is not None
    github.push(
        "main",
        {"link": "run.sh", "sub": submodule, "big": "x" * 1_048_577},
        modes={"link": "120000", "sub": "160000"},
    )

    found = client.get("/contents/apps/podinfo.yaml?ref=main")
    assert base64.b64decode(found["content"]) == b"tag: 1.0.0\n"
    assert [each["name"] for each in client.get("/contents/apps")] == ["podinfo.yaml", "redis.yaml"]
    assert client.get("/contents/link")["target"] == "run.sh"
    assert client.get("/contents/sub")["type"] == "submodule"
    assert (client.get("/contents/big")["encoding"], client.get("/contents/big")["size"]) == ("none", 1_048_577)
    assert client.call("GET", "/contents/gone").status == 404
    assert client.call("GET", "/contents/run.sh/x").status == 404
    assert client.call("GET", "/contents/run.sh?ref=gone").status == 404


def test_branches_are_listed_and_found(github: GitHubTwin, client: Client) -> None:
    client.branch("imgupdate/main")

    assert [each["name"] for each in client.get("/branches")] == ["imgupdate/main", "main"]
    assert client.get("/branches/imgupdate/main")["commit"]["sha"] == github.head("imgupdate/main")
    assert client.get("/branches/main")["protected"] is False
    assert client.call("GET", "/branches/gone").message == "Branch not found"


def test_dispatches_are_written_down(github: GitHubTwin, client: Client) -> None:
    assert client.call("POST", "/dispatches", {"event_type": "image", "client_payload": {"a": 1}}).status == 204
    assert client.call("POST", "/actions/workflows/ci.yaml/dispatches", {"ref": "main"}).status == 204
    too_many = {str(number): 1 for number in range(11)}
    assert client.call("POST", "/dispatches", {"event_type": "e", "client_payload": too_many}).status == 422
    assert github.world.dispatches == [
        {"event_type": "image", "client_payload": {"a": 1}},
        {"workflow": "ci.yaml", "ref": "main"},
    ]


def test_a_bot_may_not_ask_who_it_is(github: GitHubTwin, client: Client) -> None:
    assert client.call("GET", "/user", root="").status == 403
    assert Client(github, github.person).call("GET", "/user", root="").body["login"] == "alice"
    assert client.call("GET", "/users/alice", root="").body["name"] == "Alice Example"
    assert client.call("GET", "/users/nobody", root="").status == 404


def test_releases_are_those_that_a_test_puts_there(github: GitHubTwin, client: Client) -> None:
    assert client.call("GET", "/releases/latest").status == 404
    release = github.world.contract.complete("release", {"tag_name": "v1", "name": "One"})
    release["author"] = client.propose()["user"]
    github.world.releases.append(release)

    assert client.get("/releases/latest")["name"] == "One"
    assert client.get("/releases/tags/v1")["name"] == "One"
    assert client.call("GET", "/releases/tags/v2").status == 404
    assert [each["tag_name"] for each in client.get("/releases")] == ["v1"]


def test_an_enterprise_server_has_its_api_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    with GitHubTwin(tmp_path_factory.mktemp("ghes") / "r.git", enterprise=True) as github:
        github.push("main", {"a": "1"})
        client = Client(github, github.app)
        made = client.propose()

        assert github.api_url.endswith("/api/v3")
        assert github.graphql_url.endswith("/api/graphql")
        assert made["url"] == f"{github.api_url}{REPO}/pulls/1"
        assert made["html_url"] == f"{github.url}/octo-org/fleet/pull/1"
