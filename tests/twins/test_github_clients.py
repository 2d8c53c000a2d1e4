"""Real clients get along with the twin: PyGithub, the git program, and eight of them at once."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from github import Auth, Github, GithubException, InputGitTreeElement

from tests.twins.github import GitHubTwin, Rules, Token, workflow_token
from tests.twins.github.objects import environment
from tests.twins.github_client import Client

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[False, True], ids=["github.com", "enterprise"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GitHubTwin]:
    with GitHubTwin(tmp_path / "r.git", enterprise=request.param) as github:
        github.push("main", {"apps/podinfo.yaml": "tag: 1.0.0\n", "run.sh": "#!/bin/sh\n"}, modes={"run.sh": "100755"})
        yield github


def pygithub(github: GitHubTwin, token: Token) -> Github:
    return Github(
        base_url=github.api_url,
        auth=Auth.Token(token.value),
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


def test_pygithub_goes_from_a_commit_to_a_merged_pull_request(either: GitHubTwin) -> None:
    either.add_team("platform")
    milestone = either.add_milestone("v2")
    with pygithub(either, either.app) as api:
        repository = api.get_repo("octo-org/fleet")
        head = repository.get_git_commit(repository.get_git_ref("heads/main").object.sha)
        element = InputGitTreeElement("apps/podinfo.yaml", "100644", "blob", content="tag: 1.0.1\n")
        tree = repository.create_git_tree([element], head.tree)
        commit = repository.create_git_commit("Update", tree, [head])
        repository.create_git_ref("refs/heads/imgupdate/main", commit.sha)
        pull = repository.create_pull(base="main", head="octo-org:imgupdate/main", title="Update", body="Text")
        pull.add_to_labels("images")
        pull.add_to_assignees("alice")
        pull.create_review_request(reviewers=["alice"], team_reviewers=["platform"])
        pull.as_issue().edit(milestone=repository.get_milestones()[0])
        comment = pull.create_issue_comment("Hello")
        comment.edit("Hello again")
        pull.edit(title="Update images", body="More text")
        pull.convert_to_draft()
        pull.mark_ready_for_review()
        found = list(repository.get_pulls(state="open", head="octo-org:imgupdate/main", base="main"))
        comparison = repository.compare("main", "imgupdate/main")
        files = [file.filename for file in repository.get_commit(commit.sha).files]
        merged = pull.merge(merge_method="squash", sha=commit.sha)

    assert commit.verification.verified
    assert [each.number for each in found] == [1]
    assert (comparison.ahead_by, files) == (1, ["apps/podinfo.yaml"])
    assert merged.merged
    assert either.head("main") == merged.sha
    assert either.tree("main")["apps/podinfo.yaml"] == b"tag: 1.0.1\n"
    assert either.modes("main")["run.sh"] == "100755"
    (made,) = either.pulls()
    assert (made.title, made.body, made.merged, made.draft) == ("Update images", "More text", True, False)
    assert either.world.decorations(made) == {
        "labels": ["images"],
        "assignees": ["alice"],
        "reviewers": ["alice"],
        "teams": ["platform"],
    }
    assert made.milestone is not None
    assert made.milestone.number == milestone
    assert either.comments(1) == ["Hello again"]


def test_pygithub_swaps_refs_and_hears_of_errors(either: GitHubTwin) -> None:
    first = either.head("main")
    second = either.push("topic", {"a": "1"})
    update = {"name": "refs/heads/main", "beforeOid": second, "afterOid": second}
    with pygithub(either, either.workflow) as api:
        node = api.get_repo("octo-org/fleet").node_id
        with pytest.raises(GithubException, match="is at"):
            api.requester.graphql_named_mutation(
                "updateRefs", {"repositoryId": node, "refUpdates": [update]}, "clientMutationId"
            )
        api.requester.graphql_named_mutation(
            "updateRefs", {"repositoryId": node, "refUpdates": [{**update, "beforeOid": first}]}, "clientMutationId"
        )

    assert either.head("main") == second


# -- the git program --------------------------------------------------------------------------------------------------


def git(directory: Path, *arguments: str, token: Token | None = None, check: bool = True) -> str:
    """What git prints, errors included."""
    given = ["-c", "user.name=Git", "-c", "user.email=git@example.com", "-c", "protocol.version=2"]
    if token is not None:
        secret = base64.b64encode(f"x-access-token:{token.value}".encode()).decode()
        given += ["-c", f"http.extraHeader=Authorization: Basic {secret}"]
    done = subprocess.run(
        ["git", *given, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env=environment(GIT_TERMINAL_PROMPT="0"),
    )
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def clone(github: GitHubTwin, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", github.clone_url, "clone", token=github.person)
    return tmp_path / "clone"


def commit(clone: Path, path: str, text: str) -> None:
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text(text)
    git(clone, "add", path)
    git(clone, "commit", "-q", "-m", f"Write {path}")


def test_git_clones_and_pushes_over_http(github: GitHubTwin, client: Client, clone: Path) -> None:
    client.propose("topic")
    assert (clone / "apps" / "podinfo.yaml").read_text() == "tag: 1.0.0\n"
    commit(clone, "big.bin", "x" * 3_000_000)

    git(clone, "push", "-q", "-o", "ci.skip", "-o", 'a "b" $c', "origin", "HEAD:main", token=github.workflow)
    git(clone, "fetch", "-q", "origin", token=github.workflow)
    git(clone, "checkout", "-q", "topic")
    commit(clone, "more.txt", "1")
    git(clone, "push", "-q", "origin", "topic", token=github.workflow)

    assert len(github.tree("main")["big.bin"]) == 3_000_000
    assert github.push_options() == ["ci.skip", 'a "b" $c']
    assert github.pulls()[0].head_sha == github.head("topic")
    assert client.get("/pulls/1/commits")[1]["commit"]["author"]["name"] == "Git"


def test_git_pushes_to_the_directory_as_well(github: GitHubTwin, client: Client, clone: Path) -> None:
    github.protect("main", Rules(pull_request=True))
    commit(clone, ".github/workflows/ci.yaml", "on: push\n")

    git(clone, "push", "-q", str(github.directory), "HEAD:main", "HEAD:other")

    assert client.get("/git/ref/heads/other")["object"]["sha"] == github.head("main")
    assert client.get("/contents/.github/workflows/ci.yaml")["size"] == 9


def test_git_is_asked_for_a_token_and_refused_without_one(github: GitHubTwin, clone: Path) -> None:
    stranger = workflow_token("stranger")
    reader = github.admit(workflow_token("reader", contents="read"))
    commit(clone, "a", "1")

    assert "could not read Username" in git(clone, "fetch", "origin", check=False)
    assert "could not read Username" in git(clone, "fetch", "origin", token=stranger, check=False)
    assert "The requested URL returned error: 403" in git(clone, "push", "origin", "HEAD:x", token=reader, check=False)
    git(clone, "fetch", "-q", "origin", token=reader)
    blind = github.admit(workflow_token("blind", contents=""))
    assert "error: 403" in git(clone, "fetch", "origin", token=blind, check=False)
    other = f"{github.url}/octo-org/other.git"
    assert "not found" in git(clone, "ls-remote", other, token=reader, check=False)


def test_git_with_two_credentials_is_refused(github: GitHubTwin, clone: Path) -> None:
    git(clone, "config", "http.extraHeader", "Authorization: Basic eDp5")

    assert "error: 400" in git(clone, "fetch", "origin", token=github.person, check=False)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Rules(pull_request=True), "- Changes must be made through a pull request."),
        (Rules(signatures=True), "- Commits must have verified signatures."),
    ],
)
def test_git_is_refused_what_a_protected_branch_refuses(
    github: GitHubTwin, clone: Path, rules: Rules, message: str
) -> None:
    before = github.head("main")
    github.protect("main", rules)
    commit(clone, "a", "1")

    told = git(clone, "push", "origin", "HEAD:main", token=github.workflow, check=False)

    assert "remote: error: GH013: Repository rule violations found for refs/heads/main." in told
    assert message in told
    assert github.head("main") == before
    git(clone, "push", "-q", "origin", "HEAD:other", token=github.workflow)


def test_git_is_refused_workflows_without_their_permission(github: GitHubTwin, clone: Path) -> None:
    commit(clone, ".github/workflows/ci.yaml", "on: push\n")

    told = git(clone, "push", "origin", "HEAD:x", token=github.workflow, check=False)

    assert "refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yaml`" in told
    git(clone, "push", "-q", "origin", "HEAD:x", token=github.app)
    git(clone, "push", "-q", "origin", ":x", token=github.workflow)


# -- many at once, and by itself --------------------------------------------------------------------------------------


def test_eight_clients_at_once_lose_nothing(github: GitHubTwin) -> None:
    def work(number: int) -> int:
        client = Client(github, github.workflow)
        tries = 0
        while True:
            tries += 1
            sha = client.commit(path=f"{number}.yaml")
            if client.call("PATCH", "/git/refs/heads/main", {"sha": sha}).status == 200:
                break
        client.propose(f"topic-{number}")
        github.push("main", {f"{number}.txt": "by hand"})
        return tries

    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(work, range(8)))

    assert sum(tries) >= 8
    tree = github.tree("main")
    assert {f"{number}.{kind}" for number in range(8) for kind in ("yaml", "txt")} <= tree.keys()
    assert len(github.log("main")) == 17
    assert sorted(pull.number for pull in github.pulls()) == list(range(1, 9))
    assert len(github.calls) == len({call.number for call in github.calls})
    done = subprocess.run(["git", "fsck", "--strict"], cwd=github.directory, capture_output=True, check=True)
    assert b"error" not in done.stderr


def test_it_runs_by_itself(tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    (seed / "bin").mkdir(parents=True)
    (seed / "a.yaml").write_text("a: 1\n")
    (seed / "bin" / "run").write_text("#!/bin/sh\n")
    (seed / "bin" / "run").chmod(0o755)
    command = [sys.executable, "-m", "tests.twins.github", "--root", str(tmp_path / "r.git"), "--seed", str(seed)]
    with subprocess.Popen(
        [*command, "--no-pull-requests"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        given = json.loads(process.stdout.readline())
        told = git(tmp_path / "r.git", "ls-tree", "-r", "main")
        with Github(base_url=given["api_url"], auth=Auth.Token(given["tokens"]["workflow"]), retry=None) as api:
            branch = api.get_repo(given["repository"]).get_branch("main").commit.sha
        out, _ = process.communicate()

    summary = json.loads(out)
    assert told.split()[0::4] == ["100644", "100755"]
    assert summary["branches"] == {"main": branch}
    assert summary["calls"] == ["repos/get 200", "repos/get-branch 200"]
    assert (summary["breaches"], process.returncode) == ([], 0)
