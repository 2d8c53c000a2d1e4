"""The twin holds requests, and itself, to GitHub's description; a breach fails the test that made it."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from tests.twins.github import GitHubTwin
from tests.twins.github.contract import github_contract
from tests.twins.github.server import HANDLERS
from tests.twins.github_client import REPO, Client

# What only an App's own key may ask, and what the server answers itself.
ELSEWHERE = {
    "apps/get-authenticated",
    "apps/get-repo-installation",
    "apps/create-installation-access-token",
    "rate-limit/get",
}


@pytest.mark.parametrize(
    ("method", "path", "body", "breach"),
    [
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "1" * 40, "forced": True}, "'forced' was unexpected"),
        ("POST", "/git/refs", {"ref": "refs/heads/x"}, "'sha' is a required property"),
        ("POST", "/git/refs", None, "a body is required"),
        ("PATCH", "/git/refs/heads/main", {"sha": 1}, "body.sha: 1 is not of type 'string'"),
        ("POST", "/git/trees", {"tree": [{"path": "a", "mode": "644"}]}, "body.tree[0].mode: '644' is not one of"),
        ("GET", "/git/ref/heads/main", {"a": 1}, "there is a body, and none is described"),
        ("GET", "/pulls?heads=a", None, "query parameter 'heads' is not described"),
        ("GET", "/pulls?per_page=many", None, "is no integer"),
        ("GET", "/pulls?state=opened", None, "is none of ['open', 'closed', 'all']"),
        ("GET", "/git/refs/heads/main", None, "GitHub's description has no such call"),
        ("GET", "/pulls/one", None, "GitHub's description has no such call"),
        ("PUT", "/git/refs/heads/main", {}, "GitHub's description has no such call"),
        ("GET", "/installation", None, "the twin does not serve apps/get-repo-installation"),
    ],
)
def test_a_request_that_github_does_not_describe_is_a_breach(
    github: GitHubTwin, client: Client, method: str, path: str, body: object, breach: str
) -> None:
    got = client.call(method, path, body)

    assert got.status in {404, 422}
    assert [breach in found for found in github.breaches] == [True], github.breaches
    github.breaches.clear()


def misspelt(directory: Path) -> None:
    with GitHubTwin(directory) as github:
        github.push("main", {"a": "1"})
        Client(github, github.workflow).call("POST", "/git/blobs", {"content": "a", "more": 1})


def misspelt_and_broken(directory: Path) -> None:
    with GitHubTwin(directory) as github:
        Client(github, github.workflow).call("GET", "/nowhere")
        raise ZeroDivisionError


def test_a_breach_fails_the_test_at_the_end_of_its_block(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="'more' was unexpected"):
        misspelt(tmp_path / "r.git")


def test_a_breach_does_not_hide_the_failure_of_the_test_itself(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        misspelt_and_broken(tmp_path / "r.git")


def raw(github: GitHubTwin, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", github.port)
    connection.putrequest("POST", f"{REPO}/git/blobs")
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_body_must_be_json_and_a_client_must_give_its_name(github: GitHubTwin) -> None:
    authorization = f"token {github.workflow.value}"

    assert raw(github, b"{", {"User-Agent": "x", "Authorization": authorization}) == 422
    assert raw(github, json.dumps({"content": "x"}).encode(), {"Authorization": authorization}) == 422
    assert ["no JSON" in github.breaches[0], "User-Agent" in github.breaches[1]] == [True, True]
    github.breaches.clear()


def test_an_answer_of_the_twins_own_is_held_to_the_description(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.world.pulls[1].title = None  # type: ignore[assignment]

    client.call("GET", "/pulls")

    assert "answer 200[0].title: None is not of type 'string'" in github.breaches[0]
    github.breaches.clear()


def test_a_failure_of_the_twins_own_is_a_breach(github: GitHubTwin, client: Client) -> None:
    client.propose()
    github.close_pull(1)
    github.world.pulls[1].head_sha = "broken"

    assert client.call("GET", "/pulls/1/commits").status == 500
    assert "the twin failed" in github.breaches[-1]
    github.breaches.clear()


def test_statuses_and_bodies_of_answers_are_checked() -> None:
    contract = github_contract()

    def breaches(method: str, path: str, status: int, body: object) -> list[str]:
        found = contract.find(method, REPO + path)
        assert found is not None
        return found[0].breaches_of_answer(status, body)

    assert breaches("DELETE", "/git/refs/heads/x", 204, None) == []
    assert breaches("DELETE", "/git/refs/heads/x", 204, {"a": 1}) == ["status 204 has no body"]
    assert breaches("DELETE", "/git/refs/heads/x", 418, None) == ["status 418 is not described"]
    assert breaches("DELETE", "/git/refs/heads/x", 502, "<html>") == []
    assert breaches("POST", "/git/blobs", 201, {"sha": "x", "url": 1}) == [
        "answer 201.url: 1 is not of type 'string'",
    ]
    wrong = contract.complete("git-ref", {"ref": "refs/heads/x", "url": "not one", "node_id": "R"})
    assert "answer 200.url: 'not one' is not a 'uri'" in breaches("GET", "/git/ref/heads/x", 200, wrong)
    milestone = contract.complete("milestone", {"created_at": "yesterday", "state": "open"})
    assert "answer 200[0].created_at: 'yesterday' is not a 'date-time'" in breaches(
        "GET", "/milestones", 200, [milestone]
    )


def test_the_more_literal_of_two_templates_wins() -> None:
    found = github_contract().find("GET", f"{REPO}/commits/heads/a%20b/check-runs")

    assert found is not None
    assert (found[0].id, found[1]["ref"]) == ("checks/list-for-ref", "heads/a b")


def test_every_call_of_the_description_is_served() -> None:
    described = {operation.id for operation in github_contract().operations}

    assert described == HANDLERS.keys() | ELSEWHERE
