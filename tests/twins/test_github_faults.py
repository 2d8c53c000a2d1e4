"""The twin fails on demand: before a call has its effect or after, at any call, in GitHub's words; and counts."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from tests.twins.github import GitHubTwin, SeenCall, faults, workflow_token
from tests.twins.github.faults import Failure
from tests.twins.github_client import Client
from tests.twins.http import Fault


@pytest.mark.parametrize(
    ("failure", "status", "message"),
    [
        (faults.secondary_limit(), 403, "You have exceeded a secondary rate limit"),
        (faults.secondary_limit(status=429, retry_after=1), 429, "You have exceeded a secondary rate limit"),
        (faults.primary_limit(), 403, "API rate limit exceeded"),
        (faults.server_error(500), 500, "Server Error"),
        (faults.empty_repository(), 409, "Git Repository is empty."),
        (faults.bad_credentials(), 401, "Bad credentials"),
        (faults.not_permitted_to_create_pull_requests(), 403, "GitHub Actions is not permitted to create or approve"),
        (faults.not_accessible(), 403, "Resource not accessible by integration"),
        (faults.workflow_refused(), 422, "refusing to allow a GitHub App to create or update workflow"),
        (faults.reference_exists(), 422, "Reference already exists"),
        (faults.reference_missing(), 422, "Reference does not exist"),
        (faults.not_fast_forward(), 422, "Update is not a fast forward"),
        (faults.reference_raced(), 422, "Reference cannot be updated"),
        (faults.rule_violation(), 422, "Changes must be made through a pull request."),
        (faults.pull_exists("o:b"), 422, "A pull request already exists for o:b."),
        (faults.no_commits("a", "b"), 422, "No commits between a and b"),
        (faults.body_too_long(), 422, "body is too long (maximum is 65536 characters)"),
        (faults.fork_collaboration(), 422, "Fork collab can't be granted"),
        (faults.not_resolved(), 422, "Could not resolve to a node with the global id of"),
    ],
)
def test_a_failure_is_told_once_and_has_no_effect(
    github: GitHubTwin, client: Client, failure: Failure, status: int, message: str
) -> None:
    sha = client.commit()
    github.fail(failure)

    got = client.call("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha})

    assert got.status == status
    assert message in got.message
    assert github.head("x") is None
    assert client.call("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha}).status == 201


def test_limits_say_how_long_to_wait(github: GitHubTwin, client: Client) -> None:
    github.fail(faults.primary_limit(reset_in=30))
    github.fail(faults.secondary_limit(retry_after=7))
    github.fail(faults.secondary_limit())

    first, second, third, right = (client.call("GET", "") for _ in range(4))

    assert first.headers["x-ratelimit-remaining"] == "0"
    assert 25 <= int(first.headers["x-ratelimit-reset"]) - time.time() <= 31
    assert second.headers["retry-after"] == "7"
    assert "retry-after" not in third.headers
    assert int(third.headers["x-ratelimit-remaining"]) > 0
    assert right.status == 200


def test_a_token_has_only_so_many_calls(github: GitHubTwin) -> None:
    client = Client(github, github.admit(replace(workflow_token("few"), limit=2)))

    left = [client.call("GET", "").headers["x-ratelimit-remaining"] for _ in range(2)]
    refused = client.call("GET", "")

    assert left == ["1", "0"]
    assert refused.status == 403
    assert "API rate limit exceeded" in refused.message


def test_the_rate_limit_can_be_asked(client: Client) -> None:
    found = client.call("GET", "/rate_limit", root="").body

    assert found["rate"]["limit"] == 1000
    assert found["resources"]["core"] == found["rate"]


def test_a_gateway_in_trouble_answers_with_a_page(github: GitHubTwin, client: Client) -> None:
    github.fail(faults.server_error(502))

    got = client.call("GET", "")

    assert (got.status, got.headers["content-type"]) == (502, "text/html")
    assert "Unicorn" in got.body


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_drops_before_or_after_the_effect(github: GitHubTwin, client: Client, after: bool) -> None:
    sha = client.commit()
    github.fail(faults.dropped(), on="git/create-ref", after=after)

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.call("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha})

    assert github.head("x") == (sha if after else None)
    assert github.calls[-1].status == 0


@pytest.mark.parametrize(
    ("on", "at", "failing"),
    [
        ("", 3, [3]),
        ("repos/get", None, [1, 3]),
        ("GET /repos/octo-org/fleet/branches", None, [2, 4]),
        ("repos/list-branches", 4, [4]),
        ("repos", None, []),
    ],
)
def test_failures_meet_the_calls_that_they_are_for(
    github: GitHubTwin, client: Client, on: str, at: int | None, failing: list[int]
) -> None:
    github.forget_calls()
    github.fail(faults.server_error(500), on=on, at=at, times=2)

    for path in ("", "/branches", "", "/branches"):
        client.call("GET", path)

    assert [call.number for call in github.calls if call.status == 500] == failing


def test_graphql_fails_by_the_name_of_what_is_asked(github: GitHubTwin, client: Client) -> None:
    github.fail(faults.server_error(500), on="graphql/viewer")

    assert client.call("POST", "/graphql", {"query": "{ viewer { login } }"}, root="").status == 500
    assert client.graphql("{ viewer { login } }") == {"data": {"viewer": {"login": "github-actions[bot]"}}}


def test_the_wire_itself_can_be_spoilt(github: GitHubTwin, client: Client) -> None:
    github.inject(Fault(cut=5, path="/branches"))

    with pytest.raises(http.client.IncompleteRead):
        client.call("GET", "/branches")


def test_calls_are_counted_and_told(github: GitHubTwin, client: Client) -> None:
    sha = client.commit()
    github.forget_calls()
    client.call("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha})
    client.call("GET", "/pulls/9")

    assert github.calls == (
        SeenCall(
            number=1,
            method="POST",
            path="/repos/octo-org/fleet/git/refs",
            operation="git/create-ref",
            body={"ref": "refs/heads/x", "sha": sha},
            login="github-actions[bot]",
            status=201,
        ),
        SeenCall(
            number=2,
            method="GET",
            path="/repos/octo-org/fleet/pulls/9",
            operation="pulls/get",
            body=None,
            login="github-actions[bot]",
            status=404,
        ),
    )


def test_a_base_can_move_between_two_calls(github: GitHubTwin, client: Client) -> None:
    sha = client.commit()

    def move(call: SeenCall) -> None:
        if call.operation == "git/update-ref":
            github.push("main", {"by-hand.txt": "1"})

    github.before = move

    assert client.call("PATCH", "/git/refs/heads/main", {"sha": sha}).message == "Update is not a fast forward"
    assert "by-hand.txt" in github.tree("main")


def test_what_is_called_before_can_let_the_call_fail(github: GitHubTwin, client: Client) -> None:
    sha = client.commit()
    github.before = lambda call: faults.dropped() if call.operation == "git/create-ref" else None

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.call("POST", "/git/refs", {"ref": "refs/heads/x", "sha": sha})

    assert github.head("x") is None


def test_what_is_called_after_sees_the_effect(github: GitHubTwin, client: Client) -> None:
    seen: list[tuple[int, int, str | None]] = []
    sha = client.commit()
    github.after = lambda call: seen.append((call.number, call.status, github.head("x")))
    number = len(github.calls)

    client.post("/git/refs", {"ref": "refs/heads/x", "sha": sha})

    assert seen == [(number + 1, 201, sha)]


CLIENT = """
import http.client, json, sys
for number in range(3):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    headers = {"User-Agent": "client", "Authorization": "token " + sys.argv[2]}
    body = json.dumps({"ref": f"refs/heads/x{number}", "sha": sys.argv[3]})
    connection.request("POST", "/repos/octo-org/fleet/git/refs", body, headers)
    connection.getresponse().read()
"""


@pytest.mark.parametrize(("after", "made"), [(False, {"main", "x0"}), (True, {"main", "x0", "x1"})])
def test_a_client_can_be_killed_at_any_call(github: GitHubTwin, after: bool, made: set[str]) -> None:
    given = [str(github.port), github.workflow.value, str(github.head("main"))]
    ended = threading.Event()
    with subprocess.Popen([sys.executable, "-c", CLIENT, *given]) as process:

        def kill(call: SeenCall) -> Failure | None:
            if call.number != 2:
                return None
            process.kill()
            process.wait()
            return None if after else faults.dropped()

        github.before = kill
        github.after = lambda call: ended.set() if call.number == 2 else None
        assert ended.wait(20)

    assert process.returncode == -signal.SIGKILL
    assert set(github.branches()) == made
    assert len(github.calls) == 2


def test_a_hook_that_fails_is_loud(github: GitHubTwin, client: Client) -> None:
    def broken(_: SeenCall) -> None:
        raise ValueError("in the hook")

    github.before = broken

    assert client.call("GET", "").status == 500
    assert "in the hook" in github.breaches[0]
    github.breaches.clear()
